"""People: who works here, their roles, their PINs and passwords, and where they are signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import passwords, people, pins, shifts
from broker.desk.people import LANGUAGES, Person
from broker.desk.roles import OF_PEOPLE, Refused, Role
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import clock_time, day, say
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


@bp.post("/admin/people/<person_id>/password")
@needs("people.change")
def make_password(person_id: str) -> ResponseReturnValue:
    """Make a manager a password for one sign-in and show it once: theirs was lost."""
    try:
        _may_change(person_id)
        person = people.known(current_shop(), person_id)
        password = passwords.make(current_shop(), person, by=current_person().id)
    except Refused as no:
        return _people_page(bad=say(f"password.no_{no.why}" if no.why == "no_password" else f"admin.no_{no.why}"))
    return _people_page(said=say("password.made", name=person.name, password=password, hours=passwords.MADE_HOURS))


@bp.post("/admin/people/<person_id>/sign-out")
@needs("people.change")
def sign_out(person_id: str) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    try:
        _may_change(person_id)
        person = people.known(current_shop(), person_id)
    except Refused as no:
        return _people_page(bad=say(f"admin.no_{no.why}"))
    shifts.sign_out_everywhere(current_shop(), person_id=person.id, by=current_person().id)
    return _people_page(said=say("sign.out_of", name=person.name))


@bp.post("/admin/sign-everybody-out")
@needs("people.change")
def sign_everybody_out() -> ResponseReturnValue:
    """End every session there is, this one too."""
    shifts.sign_out_everywhere(current_shop(), by=current_person().id)
    return redirect("/signin", HTTPStatus.SEE_OTHER)


def _may_give(role: str) -> None:
    """Nobody makes somebody who may do more than they themselves. Raises Refused."""
    if role in OF_PEOPLE and not Role(current_person().role).reaches(Role(role)):
        raise Refused("role", "This role is above your own.")


def _may_change(person_id: str) -> None:
    person = people.find(current_shop(), person_id)
    if person is not None:
        _may_give(person.role)


def _people_page(*, said: str = "", bad: str = "", form: dict[str, str] | None = None) -> ResponseReturnValue:
    me, shop = current_person(), current_shop()
    roles = [role for role in OF_PEOPLE if Role(me.role).reaches(role)]
    having = passwords.who_has(shop)
    page = render_template(
        "admin/people.html", page="people", people=[_row(person, having) for person in people.everybody(shop)], roles=roles,
        languages=LANGUAGES, said=said, bad=bad, form=form or {"name": "", "role": "staff", "language": ""}, me=me,
    )  # fmt: skip
    return page, 422 if bad else 200


def _row(person: Person, having: set[str]) -> dict[str, Any]:
    return {
        "id": person.id, "name": person.name, "role": person.role, "language": person.language,
        "office": passwords.may_have(person), "password": person.id in having,
        "signed_in": [
            say("sign.on", screen=screen.name, seen=f"{day(session.seen_at, weekday=False)} {clock_time(session.seen_at)}")
            for session, screen in shifts.running(current_shop(), person.id)
        ],
    }  # fmt: skip
