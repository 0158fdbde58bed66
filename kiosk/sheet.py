"""The look of the customers' screens: one style sheet, with the true size of this shop's touch screen in it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request
from markupsafe import Markup

import broker.web
from broker.settings import KioskSettings
from broker.web.access import needs
from broker.web.app import STATIC_SECONDS
from broker.web.stores import stores

OURS: Final = Path(__file__).parent / "static"
SHARED: Final = Path(broker.web.__path__[0])

bp = Blueprint("sheet", __name__)


@bp.get("/kiosk.css")
@needs("public")
def sheet() -> Response:
    """Give the sheet: tokens and parts of the house, then the customers' screens, then how large a millimetre is here."""
    return _given(composed(stores().settings.kiosk))


@bp.get("/phone.css")
@needs("public")
def phone_sheet() -> Response:
    """Give the sheet of a customer's own phone, which is smaller: tokens and parts of the house, then the phone's."""
    return _given(for_phones())


def _given(text: str) -> Response:
    answer = Response(text, content_type="text/css; charset=utf-8")
    fresh = request.args.get("v") == digest(text)
    answer.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable" if fresh else "no-cache"
    return answer


@bp.app_template_global("sheet_address")
def address() -> str:
    """Return the address of the sheet as it is now; another sheet has another."""
    return f"/kiosk.css?v={digest(composed(stores().settings.kiosk))}"


@bp.app_template_global("phone_sheet_address")
def phone_address() -> str:
    """Return the address of the phone's sheet as it is now, from the root."""
    return f"phone.css?v={digest(for_phones())}"


def for_phones() -> str:
    """Return the sheet for a phone."""
    base, phone = SHARED / "static" / "base.css", OURS / "phone.css"
    return f"{_read(base, base.stat().st_mtime_ns)}{_read(phone, phone.stat().st_mtime_ns)}"


def composed(screen: KioskSettings) -> str:
    """Return the sheet for a touch screen."""
    base, kiosk = SHARED / "static" / "base.css", OURS / "kiosk.css"
    size = f"@layer tokens {{ .kiosk {{ --mm: {screen.pixels_a_millimetre:.3f}px }} }}\n"
    return f"{_read(base, base.stat().st_mtime_ns)}{_read(kiosk, kiosk.stat().st_mtime_ns)}{size}"


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def digest(text: str) -> str:
    """Return what tells one sheet from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@bp.app_template_global("signs")
def signs(*names: str) -> Markup:
    """Return the symbols *names* of the house's sheet, for a page that uses only these."""
    known = _symbols()
    return Markup(f'<svg hidden aria-hidden="true">{"".join(known[name] for name in names)}</svg>')  # noqa: S704 - our own file


@lru_cache(maxsize=1)
def _symbols() -> dict[str, str]:
    parts = (SHARED / "templates" / "web" / "icons.svg").read_text(encoding="utf-8").split("<symbol ")[1:]
    whole = [f"<symbol {part.split('</symbol>')[0]}</symbol>" for part in parts]
    return {each.split('id="', 1)[1].split('"', 1)[0]: each for each in whole}
