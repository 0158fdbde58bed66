"""What everybody does about their own sign-in: see where they are signed in, end it everywhere, choose a password."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import passwords, push, shifts, standards_page
from broker.desk.roles import Refused
from broker.desk.shifts import Proof
from broker.web import access, languages
from broker.web.access import current_person, current_screen, current_shift, needs
from broker.web.languages import say
from broker.web.problems import refuse
from broker.web.stores import current_shop

own = Blueprint("own", __name__)


@own.get("/me")
@needs("floor.see")
def me() -> ResponseReturnValue:
    """Show where whoever is signed in is signed in, and what else they may change of it."""
    shop, here, screen = current_shop(), current_shift(), current_screen()
    rows = [
        {
            "screen": on.name, "this": session.id == here.session.id,
            "since": f"{languages.day(session.began, weekday=False)} {languages.clock_time(session.began)}",
            "seen": f"{languages.day(session.seen_at, weekday=False)} {languages.clock_time(session.seen_at)}",
        }
        for session, on in shifts.running(shop, here.person.id)
    ]  # fmt: skip
    password = passwords.stands_in_the_office(screen) and passwords.may_have(here.person)
    return render_template(
        "me.html", rows=rows, person=here.person, password=password, chosen="chosen" in request.args,
        push_key=push.public_key(shop), push_on=push.is_on(shop, here.person.id, screen.id),
    )  # fmt: skip


@own.post("/me/push")
@needs("floor.see")
def push_on() -> ResponseReturnValue:
    """Tell whoever is signed in by notices of this browser, with the address and the keys that it gave."""
    if not push.public_key(current_shop()):
        return refuse(HTTPStatus.NOT_FOUND)
    given = {name: request.form.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    try:
        push.subscribe(current_shop(), current_person().id, current_screen().id, **given)
    except Refused:
        return refuse(HTTPStatus.BAD_REQUEST)
    return Response(status=HTTPStatus.NO_CONTENT)


@own.post("/me/push/off")
@needs("floor.see")
def push_off() -> ResponseReturnValue:
    """Tell whoever is signed in nothing more by notices of this browser."""
    push.unsubscribe(current_shop(), current_person().id, current_screen().id)
    return Response(status=HTTPStatus.NO_CONTENT)


@own.post("/me/sign-out-everywhere")
@needs("floor.see")
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of whoever is signed in, this one too."""
    shifts.sign_out_everywhere(current_shop(), person_id=current_person().id, by=current_person().id)
    answer = Response("", HTTPStatus.SEE_OTHER, {"Location": "/signin"})
    access.drop_cookie(answer, "shift")
    return answer


@own.get("/password")
@needs("floor.see")
def password() -> ResponseReturnValue:
    """Ask for the password that somebody chooses for the office."""
    if not _may_choose():
        return redirect("/me")
    return _password_page()


@own.post("/password")
@needs("floor.see")
def choose() -> ResponseReturnValue:
    """Take the chosen password; every session of the person ends, and a new one begins here."""
    if not _may_choose():
        return redirect("/me", HTTPStatus.SEE_OTHER)
    shop, shift, screen = current_shop(), current_shift(), current_screen()
    typed, current = request.form.get("password", ""), request.form.get("current", "")
    try:
        if _asks_current():
            shifts.prove_again(shop, screen, shift, current)
        passwords.choose(shop, shift.person, typed)
    except shifts.WrongPin:
        return _password_page(say("password.wrong"))
    except shifts.MustWait as must:
        return _password_page(say("password.wait", time=languages.clock_time(must.until, seconds=True)))
    except (passwords.BadPassword, Refused) as no:
        return _password_page(say(f"password.no_{no.why}"))
    token = shifts.begin(shop, shift.person, screen, Proof.PASSWORD)
    unread = standards_page.to_read(shop, shift.person.id)
    answer = Response("", HTTPStatus.SEE_OTHER, {"Location": "/standards" if unread else "/me?chosen=1"})
    access.set_cookie(answer, "shift", token, lasts=shifts.lasts(screen)[1])
    return answer


def _may_choose() -> bool:
    return passwords.stands_in_the_office(current_screen()) and passwords.may_have(current_person())


def _asks_current() -> bool:
    """Return whether the password of now is asked for: not where there is none of one's own, nor where another house vouched."""
    return not passwords.must_choose(current_shop(), current_person()) and current_shift().session.proof != Proof.PROVIDER


def _password_page(said: str = "") -> ResponseReturnValue:
    page = render_template(
        "password.html", said=said, current=_asks_current(), first=passwords.must_choose(current_shop(), current_person()),
        person=current_person(), least=passwords.MIN_LETTERS, most=passwords.MAX_LETTERS,
    )  # fmt: skip
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if said else HTTPStatus.OK
