"""The office: its blueprint, and the list of its pages as it stands at the side of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template

from broker.web.access import may, needs

bp = Blueprint("admin", __name__, template_folder="../templates")


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the office. Its name is said by `admin.nav_<page>`, and what it is for by `admin.nav_<page>_for`."""

    page: str
    need: str
    """What whoever opens it must be allowed, a key of PERMISSIONS."""
    to: str
    icon: str


LEFT: Final = (
    Entry("shop", "settings.change", "/admin/shop", "globe"),
    Entry("opening", "settings.change", "/admin/opening", "clock"),
    Entry("standards", "settings.change", "/admin/standards", "target"),
    Entry("services", "settings.change", "/admin/services", "bag"),
    Entry("counters", "settings.change", "/admin/counters", "bell"),
    Entry("cameras", "cameras.count", "/admin/cameras", "cam"),
    Entry("screens", "screens.change", "/admin/screens", "tablet"),
    Entry("devices", "screens.change", "/admin/devices", "cam"),
    Entry("people", "people.change", "/admin/people", "people"),
    Entry("texts", "settings.change", "/admin/texts", "quote"),
    Entry("sound", "settings.change", "/admin/sound", "print"),
    Entry("privacy", "settings.change", "/admin/privacy", "shield"),
    Entry("integrations", "office.see", "/admin/integrations", "swap"),
    Entry("health", "office.see", "/admin/health", "wrench"),
    Entry("audit", "office.see", "/admin/audit", "book"),
    Entry("history", "settings.change", "/admin/history", "undo"),
    Entry("file", "settings.file", "/admin/file", "gear"),
)
"""Every page, in the order of the list."""


def pages_here() -> tuple[Entry, ...]:
    """Return the pages that whoever asks may open on this screen."""
    return tuple(entry for entry in LEFT if may(entry.need))


@bp.get("/admin")
@needs("cameras.count")
def admin() -> str:
    """Show what can be set up; where a screen is too narrow for the list at the side, this is the list."""
    return render_template("admin/overview.html", page="")
