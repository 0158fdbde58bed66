"""One way to make a Flask application for the screens: same guard, same headers, same languages, same look."""

from __future__ import annotations

import hashlib
import hmac
import importlib.metadata
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from broker import log
from broker.desk.keys import key
from broker.settings import DashboardSettings, KioskSettings, Settings
from broker.shop import Shop
from broker.web import access, compressed, languages
from broker.web import live as live
from broker.web.health import health
from broker.web.hub import BOARD, Hub
from broker.web.pages import staff_home, web
from broker.web.problems import answer_error, refuse
from broker.web.stores import Stores, give_back_current
from broker.web.stores import current_shop as current_shop

logger = logging.getLogger(__name__)
MAX_BODY_BYTES: Final = 64 * 1024
MAX_FORM_PARTS: Final = 50
STATIC_SECONDS: Final = 365 * 24 * 3600
KEY_FILE: Final = "forms"
"""Beside the store: signs the tokens of forms."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; media-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), screen-wake-lock=(self), autoplay=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PARTS: Final = frozenset({"text/css", "text/javascript"})
OF_DOCUMENTS: Final = frozenset({"Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"})
"""Browsers heed these of a page, never of the scripts and styles that it is made of: thirty of them made a quarter of the floor's
weight."""


class KeptNumber(IntegerConverter):
    """A number in an address: one that no store can hold leads nowhere."""

    def __init__(self, map: Map) -> None:
        """Take what SQLite takes."""
        super().__init__(map, max=2**63 - 1)


def create(
    settings: Settings, *, name: str, blueprints: Sequence[Blueprint], shop: Shop | None = None,
    served: DashboardSettings | KioskSettings | None = None, home: Callable[[str], str] = staff_home, cookies: str = "",
) -> Flask:  # fmt: skip
    """Return the application *name* with the shared pages and *blueprints*.

    With *shop*, its clock is used; connections are opened as *settings* say. *served* is how it is served, the dashboard's
    way without it; *home* leads from the role of a paired screen to its page; *cookies* begins the names of its cookies.
    Raises StoreError and OSError when the store or the secrets beside it cannot be opened.
    """
    served = served or settings.dashboard
    app = Flask(name, static_folder=None, template_folder=None)
    app.url_map.converters["int"] = KeptNumber
    stores = Stores(settings, shop)
    app.extensions["greetline-stores"] = stores
    edition = _edition(settings)
    app.extensions["greetline-hub"] = Hub(stores, most=served.max_streams, edition=edition)
    app.extensions["greetline-board"] = Hub(stores, most=served.max_streams, picture=BOARD, edition=edition)
    app.extensions["greetline-home"] = home
    app.config.update(
        SECRET_KEY=key(settings.store.data, KEY_FILE),
        COOKIES_BEGIN=cookies,
        SESSION_COOKIE_NAME="__Host-form" if served.https else "form",
        SESSION_COOKIE_SECURE=served.https,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        # A tablet shows the same page for days. The referrer, which the strict check wants, is never sent here.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=access.DEVICE_DAYS),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    languages.set_up(app, settings)
    app.before_request(_named_in_the_log)
    app.before_request(_same_site)
    access.set_up(app)
    CSRFProtect(app)
    _answers(app, settings, served.https)
    compressed.set_up(app)
    app.register_blueprint(web)
    app.register_blueprint(health)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.url_defaults(_versioned(app))
    app.jinja_env.globals["edition"] = edition
    return app


def _edition(settings: Settings) -> str:
    """Return what tells pages drawn from *settings* by this version from any others: a page that hears of another loads anew.

    Signed with the store's key: nobody can find a setting by trying until the digest is the same.
    """
    drawn_from = f"{importlib.metadata.version('greetline')}\n{settings.model_dump_json()}"
    return hmac.new(key(settings.store.data, KEY_FILE), drawn_from.encode(), hashlib.sha256).hexdigest()[:12]


def _answers(app: Flask, settings: Settings, https: bool) -> None:
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(CSRFError, _no_token)
    app.teardown_appcontext(give_back_current)
    app.teardown_request(_unnamed)
    strict_transport = {"Strict-Transport-Security": "max-age=31536000"} if https else {}
    headers = HEADERS | strict_transport

    @app.after_request
    def guarded(answer: Response) -> Response:
        is_file = (request.endpoint or "").endswith(".static")
        for header, value in headers.items():
            if not (is_file and answer.mimetype in PARTS and header in OF_DOCUMENTS):
                answer.headers.setdefault(header, value)
        if is_file:
            _cache(answer)
        else:
            answer.headers.setdefault("Cache-Control", "no-store")
            answer.headers.setdefault("X-Request-Id", g.get("request_id", ""))
        return answer

    app.jinja_env.globals.update(store=settings.store, csrf=generate_csrf)


def _cache(answer: Response) -> None:
    """A file that was asked for by its version never changes; any other is asked for again each time."""
    versioned = "v" in request.args and answer.status_code in (200, 304)
    answer.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable" if versioned else "no-cache"


def _named_in_the_log() -> None:
    """Let every line that is logged for this request name it."""
    g.request_id = secrets.token_hex(6)
    g.end_of_name = log.about(request=g.request_id)


def _unnamed(_: BaseException | None = None) -> None:
    """The thread goes on to another request."""
    end = g.pop("end_of_name", None)
    if end is not None:
        end()


def _no_token(wrong: CSRFError) -> Response:
    why = wrong.description
    logger.warning("a change without the token of a form was refused: %s %s, %s", request.method, request.endpoint, why)
    return refuse(400)


def _same_site() -> Response | None:
    """Refuse a change that another site's page asks for; browsers say where a request comes from."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method in ("GET", "HEAD", "OPTIONS") or site in ("same-origin", "none"):
        return None
    logger.warning("a change from another site was refused: %s %s", request.method, request.endpoint)
    return refuse(403)


def _versioned(app: Flask) -> Callable[[str, dict[str, object]], None]:
    """Put the digest of a static file behind its address."""

    def add_version(endpoint: str, values: dict[str, object]) -> None:
        name = values.get("filename")
        if not endpoint.endswith(".static") or "v" in values or not isinstance(name, str):
            return
        folder = app.blueprints[endpoint.removesuffix(".static")].static_folder
        if folder:
            values["v"] = _digest(Path(folder) / name)

    return add_version


@lru_cache(maxsize=500)
def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    except OSError:
        return "0"
