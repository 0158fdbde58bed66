"""The customers' screens as one application. Nobody signs in here: a screen is paired, a customer is nobody's business."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from broker.settings import Settings
from broker.shop import Shop
from broker.web import app as web
from broker.web import own_words
from broker.web.problems import refuse
from kiosk import display, join, phone, sheet, sorry, speech, touch
from kiosk.printing import asked

STAFF_ONLY: Final = frozenset(f"web.{page}" for page in ("signin", "sign_in", "sign_out", "events"))
"""Shared pages that have no place here: nobody tries PINs on a screen of the customers."""


def create(settings: Settings, *, shop: Shop | None = None) -> Flask:
    """Return the application of the customers' screens. Raises StoreError and OSError."""
    blueprints = [touch.bp, asked.bp, display.bp, phone.bp, join.bp, sheet.bp, speech.bp]
    app = web.create(
        settings, name="kiosk", blueprints=blueprints, shop=shop, served=settings.kiosk, home=_home, cookies="kiosk-"
    )  # fmt: skip
    own_words.set_up(app, settings)
    # Before the guard, which would lead a stranger to a page that is not here.
    app.before_request_funcs.setdefault(None, []).insert(0, _customers_only)
    app.register_error_handler(HTTPException, _sorry)
    app.register_error_handler(CSRFError, _sorry)
    return app


def _sorry(error: HTTPException) -> Response:
    return phone.answer(error) if phone.is_on_phone() else sorry.answer(error)


def _home(role: str) -> str:
    return "/display" if role == "display" else "/kiosk"


def _customers_only() -> Response | None:
    return refuse(404) if request.endpoint in STAFF_ONLY else None
