"""The office: who works here, and which screens are paired."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import pairing, people, pins, shifts
from broker.desk.people import LANGUAGES, Person, Screen
from broker.desk.roles import OF_PEOPLE, OF_SCREENS, Refused, Role
from broker.web import languages
from broker.web.access import current_person, current_screen, needs
from broker.web.app import current_shop
from broker.web.languages import say

bp = Blueprint("admin", __name__, template_folder="templates")


@bp.get("/admin")
@needs("people.change")
def admin() -> ResponseReturnValue:
    """Lead to the first page of the office."""
    return redirect("/admin/people")


@bp.get("/admin/people")
@needs("people.change")
def everybody() -> ResponseReturnValue:
    """List who works here."""
    return _people_page()


@bp.post("/admin/people")
@needs("people.change")
def add() -> ResponseReturnValue:
    """Add somebody; a PIN that was not chosen is made and shown once."""
    name, typed = request.form.get("name", ""), request.form.get("pin", "").strip()
    role, language = request.form.get("role", ""), request.form.get("language", "")
    pin = typed or pins.new_pin()
    try:
        _may_give(role)
        person = people.add(current_shop(), name, role=role, pin=pin, by=current_person().id, language=language)
    except (pins.BadPin, Refused) as no:
        return _people_page(bad=say(f"admin.no_{no.why}"), form={"name": name, "role": role, "language": language})
    return _people_page(said=say("admin.added" if typed else "admin.added_pin", name=person.name, pin=pin))


@bp.post("/admin/people/<person_id>/pin")
@needs("people.change")
def reset_pin(person_id: str) -> ResponseReturnValue:
    """Make somebody a new PIN and show it once."""
    pin = pins.new_pin()
    try:
        _may_change(person_id)
        person = people.reset_pin(current_shop(), person_id, pin=pin, by=current_person().id)
    except Refused as no:
        return _people_page(bad=say(f"admin.no_{no.why}"))
    return _people_page(said=say("admin.added_pin", name=person.name, pin=pin))


@bp.post("/admin/people/<person_id>/deactivate")
@needs("people.change")
def deactivate(person_id: str) -> ResponseReturnValue:
    """Somebody no longer works here."""
    try:
        _may_change(person_id)
        person = people.deactivate(current_shop(), person_id, by=current_person().id)
    except Refused as no:
        return _people_page(bad=say(f"admin.no_{no.why}"))
    return _people_page(said=say("admin.deactivated", name=person.name))


def _may_give(role: str) -> None:
    """Nobody makes somebody who may do more than they themselves. Raises Refused."""
    if role in OF_PEOPLE and not Role(current_person().role).reaches(Role(role)):
        raise Refused("role", "This role is above your own.")


def _may_change(person_id: str) -> None:
    person = people.find(current_shop(), person_id)
    if person is not None:
        _may_give(person.role)


def _people_page(*, said: str = "", bad: str = "", form: dict[str, str] | None = None) -> ResponseReturnValue:
    roles = [role for role in OF_PEOPLE if Role(current_person().role).reaches(role)]
    page = render_template(
        "people.html", people=people.everybody(current_shop()), roles=roles, languages=LANGUAGES, said=said, bad=bad,
        form=form or {"name": "", "role": "staff", "language": ""}, me=current_person(),
    )  # fmt: skip
    return page, 422 if bad else 200


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
        "screens.html", screens=[_row(screen) for screen in pairing.screens(shop)], roles=OF_SCREENS, zones=shop.zones, said=said,
        bad=bad, form=form or {"code": "", "name": "", "role": "staff", "zone": ""},
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
