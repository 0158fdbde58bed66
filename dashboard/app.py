"""The staff screens as one application: floor, reports, administration."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint, Flask

from broker.settings import Settings
from broker.shop import Shop
from broker.web import app as web


def create(settings: Settings, *, shop: Shop | None = None) -> Flask:
    """Return the application of the staff screens. Raises StoreError and OSError."""
    return web.create(settings, name="dashboard", blueprints=_blueprints(), shop=shop)


def _blueprints() -> list[Blueprint]:
    names = [name for name in ("floor", "reports", "admin") if find_spec(f"dashboard.{name}")]
    return [import_module(f"dashboard.{name}").bp for name in names]
