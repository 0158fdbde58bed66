"""People: who works here, their roles and their PINs."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import people, pins
from broker.desk.people import LANGUAGES
from broker.desk.roles import OF_PEOPLE, Refused, Role
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin.office import bp


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
        "admin/people.html", page="people", said=said, bad=bad, people=people.everybody(current_shop()), roles=roles,
        languages=LANGUAGES, form=form or {"name": "", "role": "staff", "language": ""}, me=current_person(),
    )  # fmt: skip
    return page, 422 if bad else 200
