"""The staff screens as one application: floor, reports, administration."""

from __future__ import annotations

from flask import Flask

from broker.settings import Settings
from broker.shop import Shop
from broker.web import app as web
from dashboard import admin, cameras, counter, floor, matters, reports, standards, tallies
from dashboard.api.document import API


def create(settings: Settings, *, shop: Shop | None = None) -> Flask:
    """Return the application of the staff screens. Raises StoreError and OSError."""
    blueprints = [floor.bp, counter.bp, matters.bp, reports.bp, admin.bp, cameras.bp, tallies.bp, standards.bp, API]
    app = web.create(settings, name="dashboard", blueprints=blueprints, shop=shop)
    app.jinja_env.globals["has_counters"] = bool(settings.counters)
    return app
