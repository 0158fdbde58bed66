"""System health: each part of the shop's machine with how it is in words, since when, and what to do. It looks anew by itself."""

from __future__ import annotations

import importlib.metadata
import sqlite3
from contextlib import suppress
from typing import Any, Final

from flask import render_template
from flask.typing import ResponseReturnValue

from broker.desk import health as desk
from broker.desk import upkeep
from broker.desk.health import Look, State
from broker.web import languages
from broker.web.access import needs
from broker.web.app import current_shop
from broker.web.languages import say, say_many
from dashboard.admin.office import bp

LOOK_SECONDS: Final = 5
"""The page looks anew so often."""
LARGE_MEGABYTES: Final = 10_000
"""From here on gigabytes are easier to read."""
ICONS: Final = {State.OK: "check", State.DEGRADED: "tri", State.DOWN: "stop"}
TONES: Final = {State.OK: "is-ok", State.DEGRADED: "is-warn", State.DOWN: "is-crit"}
LINKS: Final = {"cameras": "/admin/cameras", "printer": "/floor", "events": "/admin/integrations"}
"""Where a part that is not well is looked at more closely."""
COUNTED: Final = frozenset(
    {
        "adminhealth.cameras_ok", "adminhealth.cameras_blind", "adminhealth.cameras_clock",
        "adminhealth.events_wait", "adminhealth.events_many",
        "adminhealth.events_off", "adminhealth.certificates_ok", "adminhealth.certificates_soon",
    }
)  # fmt: skip
"""What is said in the form that its number takes."""


@bp.get("/admin/health")
@needs("office.see")
def health() -> ResponseReturnValue:
    """Show how the machine is."""
    version = importlib.metadata.version("greetline")
    return render_template("admin/health.html", page="health", version=version, every=LOOK_SECONDS, **_found())


@bp.get("/api/v1/office/health")
@needs("office.see")
def health_now() -> ResponseReturnValue:
    """Give the same to the script of the page."""
    return _found()


def _found() -> dict[str, Any]:
    shop = current_shop()
    looks = desk.looks(shop)
    with suppress(sqlite3.Error):  # that the store cannot be read is said by its own row
        looks += upkeep.looks(shop)
    overall = desk.overall(looks)
    at = languages.clock_time(shop.clock(), seconds=True)
    return {
        "parts": [_row(look) for look in looks], "at": say("adminhealth.at", time=at),
        "overall": say(f"adminhealth.all_{overall}"), "tone": TONES[overall], "icon": ICONS[overall],
    }  # fmt: skip


def _row(look: Look) -> dict[str, str]:
    well = look.state is State.OK
    return {
        "name": look.name, "title": say(f"adminhealth.part_{look.name}"), "word": say(f"adminhealth.is_{look.state}"),
        "icon": ICONS[look.state], "tone": TONES[look.state], "says": _says(look), "since": _since(look),
        "do": "" if well else say(f"adminhealth.do_{look.name}"), "go": "" if well else LINKS.get(look.name, ""),
    }  # fmt: skip


def _says(look: Look) -> str:
    key = f"adminhealth.{look.name}_{look.why}"
    if key in COUNTED:
        return say_many(key, look.n, of=look.of)
    if look.name == "disk":
        return say(key, n=_size(look.n), of=_size(look.of))
    return say(key, n=look.n, of=look.of)


def _size(megabytes: int) -> str:
    return f"{megabytes}\u00a0MB" if megabytes < LARGE_MEGABYTES else f"{megabytes // 1000}\u00a0GB"


def _since(look: Look) -> str:
    if look.since is None:
        return ""
    key = "adminhealth.made" if look.name == "backup" else "adminhealth.since"
    return say(key, day=languages.day(look.since, weekday=False), time=languages.clock_time(look.since))
