"""Screens: which are paired with this shop, and letting a new one in."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import pairing, shifts
from broker.desk.people import Person, Screen
from broker.desk.roles import OF_SCREENS, Refused
from broker.web import languages
from broker.web.access import current_person, current_screen, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin.office import bp


@bp.get("/admin/screens")
@needs("screens.change")
def screens() -> ResponseReturnValue:
    """List the paired screens."""
    return _screens_page()


@bp.post("/admin/screens")
@needs("screens.change")
def approve() -> ResponseReturnValue:
    """Let in the screen that shows a code."""
    form = {field: request.form.get(field, "")[:80] for field in ("code", "name", "role", "zone")}
    try:
        screen = pairing.approve(current_shop(), by=current_person().id, **form)
    except Refused as no:
        return _screens_page(bad=say(f"admin.no_{no.why}"), form=form)
    return _screens_page(said=say("admin.approved", name=screen.name))


@bp.post("/admin/screens/<screen_id>/revoke")
@needs("screens.change")
def revoke(screen_id: str) -> ResponseReturnValue:
    """End a screen."""
    try:
        screen = pairing.revoke(current_shop(), screen_id, by=current_person().id)
    except Refused as no:
        return _screens_page(bad=say(f"admin.no_{no.why}"))
    return _screens_page(said=say("admin.revoked", name=screen.name))


def _screens_page(*, said: str = "", bad: str = "", form: dict[str, str] | None = None) -> ResponseReturnValue:
    shop = current_shop()
    page = render_template(
        "admin/screens.html", page="screens", said=said, bad=bad, screens=[_row(screen) for screen in pairing.screens(shop)],
        roles=OF_SCREENS, zones=shop.zones, form=form or {"code": "", "name": "", "role": "staff", "zone": ""},
    )  # fmt: skip
    return page, 422 if bad else 200


def _row(screen: Screen) -> dict[str, Any]:
    shop = current_shop()
    here: Person | None = shifts.on(shop, screen)
    seen = f"{languages.day(screen.seen_at, weekday=False)} {languages.clock_time(screen.seen_at)}"
    return {
        "id": screen.id, "name": screen.name, "role": screen.role, "zone": shop.zones.get(screen.zone, screen.zone),
        "paired": languages.day(screen.paired_at, weekday=False), "seen": seen, "person": here.name if here else "",
        "this": screen.id == current_screen().id,
    }  # fmt: skip
