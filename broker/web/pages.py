"""The pages every screen has: pairing, the first link, sign-in. Those of the floor and the office are elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_from_directory, session
from flask.typing import ResponseReturnValue

from broker.desk import pairing, passwords, people, pins, shifts, standards_page
from broker.desk.people import Person, Screen
from broker.desk.roles import Refused, Role
from broker.desk.shifts import Proof
from broker.shop import Shop
from broker.web import access, languages
from broker.web.access import current_screen, needs, screen_here, signed_in
from broker.web.languages import say
from broker.web.problems import refuse
from broker.web.stores import current_shop

HERE: Final = Path(__file__).parent
LONG_NAME: Final = 24
LONG_WORD: Final = 11
"""Letters above which a name gets a wider button, so that no word of it is broken."""
_WORDS_OF_NO: Final = {"wrong": "sign.wrong", "wrong_password": "password.wrong", "made_old": "password.no_made_old"}
PAIRING_LASTS: Final = timedelta(minutes=pairing.CODE_MINUTES)

web = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")


@web.get("/")
@needs("public")
def home() -> ResponseReturnValue:
    """Lead to where this screen stands: paired, signed in, at work."""
    screen = screen_here()
    return redirect("/pair" if screen is None else _home(screen.role))


def staff_home(role: str) -> str:
    """Return where a screen of the staff begins, whatever its *role*."""
    return "/floor" if signed_in() else "/signin"


def _home(role: str) -> str:
    home: Callable[[str], str] = current_app.extensions["greetline-home"]
    return home(role)


@web.get("/favicon.ico")
@needs("public")
def favicon() -> ResponseReturnValue:
    """Give browsers that ask by habit what the pages link to."""
    return send_from_directory(HERE / "static", "mark.svg")


@web.get("/pair")
@needs("public")
def pair() -> ResponseReturnValue:
    """Show the code by which somebody lets this screen in; the same one until it expires."""
    if screen_here() is not None:
        return redirect("/")
    shop = current_shop()
    held = request.cookies.get(access.cookie_name("pairing"), "")
    asked, claim = pairing.asked(shop, held), None
    if asked is None:
        try:
            _, claim = pairing.ask(shop)
            held = claim
        except Refused:
            return refuse(503, detail=say("pair.busy"))
        asked = pairing.asked(shop, claim)
        assert asked is not None
    seconds = int((asked.expires_at - shop.clock()).total_seconds())
    until = languages.clock_time(asked.expires_at)
    page = render_template(
        "pair.html", code=pairing.code_of(held), until=until, seconds=seconds, too_soon="too_soon" in request.args
    )
    answer = Response(page)
    if claim is not None:
        access.set_cookie(answer, "pairing", claim, lasts=PAIRING_LASTS)
    return answer


@web.get("/pair/state")
@needs("public")
def pair_state() -> ResponseReturnValue:
    """Say whether somebody has let this screen in."""
    asked = pairing.asked(current_shop(), request.cookies.get(access.cookie_name("pairing"), ""))
    return {"asked": asked is not None, "approved": asked is not None and asked.screen is not None}


@web.post("/pair")
@needs("public")
def collect() -> ResponseReturnValue:
    """Give the screen that was let in its secret, once."""
    collected = pairing.collect(current_shop(), request.cookies.get(access.cookie_name("pairing"), ""))
    if collected is None:
        return redirect("/pair?too_soon=1", HTTPStatus.SEE_OTHER)
    answer = _paired(*collected)
    access.drop_cookie(answer, "pairing")
    return answer


def _paired(screen: Screen, token: str, where: str = "/") -> Response:
    session.permanent = True
    answer = Response("", HTTPStatus.SEE_OTHER, {"Location": where})
    access.set_cookie(answer, "device", token, lasts=timedelta(days=access.DEVICE_DAYS))
    return answer


@web.get("/enter/<secret>")
@needs("public")
def enter(secret: str) -> ResponseReturnValue:
    """Show what a link would do; opening it changes nothing."""
    found = pairing.entrance(current_shop(), secret)
    if found is None:
        return refuse(404, detail=say("enter.used"))
    return render_template("enter.html", entrance=found, first=not people.everybody(current_shop()), name="", said="")


@web.post("/enter/<secret>")
@needs("public")
def entered(secret: str) -> ResponseReturnValue:
    """Pair this browser by a link; in a new shop, its first manager also comes in."""
    shop = current_shop()
    found = pairing.entrance(shop, secret)
    if found is None:
        return refuse(404, detail=say("enter.used"))
    first = not people.everybody(shop)
    if screen_here() is not None and not first:
        # One browser may show the touch screen and the wall, each by its own link.
        return redirect("/" if Role(found.role).reaches(Role.STAFF) else _home(found.role), HTTPStatus.SEE_OTHER)
    name, pin, password = (request.form.get(field, "") for field in ("name", "pin", "password"))
    try:
        opens = pairing.First(name=name, pin=pin, password=password) if first else None
        screen, token = pairing.enter(shop, secret, first=opens)
    except (pins.BadPin, passwords.BadPassword, Refused) as no:
        said = say(f"password.no_{no.why}" if isinstance(no, passwords.BadPassword) else f"admin.no_{no.why}")
        return render_template("enter.html", entrance=found, first=first, name=name, said=said), HTTPStatus.UNPROCESSABLE_ENTITY
    answer = _paired(screen, token)
    if first and Role(screen.role).reaches(Role.STAFF):
        _, shift = shifts.first_manager(shop, screen)
        access.set_cookie(answer, "shift", shift, lasts=shifts.lasts(screen)[1])
    return answer


@web.get("/signin")
@needs("screen")
def signin() -> ResponseReturnValue:
    """Ask who is on shift."""
    shop, screen = current_shop(), current_screen()
    here = people.everybody(shop)
    asked = here[0].id if len(here) == 1 else request.args.get("person")
    chosen = next((person for person in here if person.id == asked), None)
    having = passwords.who_has(shop) if passwords.stands_in_the_office(screen) else set()
    by_password = chosen is not None and chosen.id in having
    said, wait = _said(shop, chosen, last=session.pop("signin", ""), password=by_password)
    shown = [_shown(person, password=person.id in having) for person in here if person.pin or person.id in having]
    return render_template(
        "signin.html", people=shown, chosen=chosen, said=said, wait=wait, password=by_password,
        digits=pins.digits(chosen.pin) if chosen else pins.MIN_DIGITS, where=_where(shop, screen),
        today=languages.day(shop.clock()), most=passwords.MAX_LETTERS,
    )  # fmt: skip


def _shown(person: Person, *, password: bool) -> dict[str, object]:
    role = "" if person.role == Role.STAFF else languages.role_name(person.role)
    shown = say("sign.name_role", name=person.name, role=role) if role else person.name
    return {
        "id": person.id, "name": person.name, "digits": pins.digits(person.pin), "secret": "password" if password else "pin",
        "ask": say("password.of" if password else "sign.pin_of", name=person.name),
        "shown": shown, "long": len(person.name) > LONG_NAME or any(len(word.strip(",")) > LONG_WORD for word in shown.split()),
    }  # fmt: skip


def _where(shop: Shop, screen: Screen) -> str:
    paired = languages.day(screen.paired_at, weekday=False)
    if screen.zone:
        return say("sign.screen", name=screen.name, zone=shop.zones.get(screen.zone, screen.zone), date=paired)
    return say("sign.screen_all", name=screen.name, date=paired)


def _said(shop: Shop, chosen: Person | None, *, last: str, password: bool) -> tuple[str, int]:
    """Return what to say about the *last* attempt, and for how many seconds the next one is not looked at."""
    until = shifts.waits_until(shop, current_screen(), chosen) if chosen else None
    if until is None:
        return (say(_WORDS_OF_NO[last]) if last in _WORDS_OF_NO else ""), 0
    seconds = int((until - shop.clock()).total_seconds()) + 1
    return say("password.wait" if password else "sign.wait", time=languages.clock_time(until, seconds=True)), seconds


@web.post("/signin")
@needs("screen")
def sign_in() -> ResponseReturnValue:
    """Let somebody in who knows their PIN, or in the office their password."""
    shop, screen = current_shop(), current_screen()
    person = request.form.get("person", "")[:40]
    pin, password = request.form.get("pin", "")[: pins.MAX_DIGITS + 1], request.form.get("password", "")
    try:
        known, token = shifts.sign_in(shop, screen, person, password or pin)
    except shifts.WrongPin:
        session["signin"] = "wrong_password" if password else "wrong"
    except shifts.MustWait:
        pass  # the page that follows says until when
    except Refused as no:
        if no.why not in _WORDS_OF_NO:
            return redirect("/signin", HTTPStatus.SEE_OTHER)
        session["signin"] = no.why
    else:
        where = first_page(known, screen, Proof.PASSWORD if passwords.asked_of(shop, screen, known) else Proof.PIN)
        answer = Response("", HTTPStatus.SEE_OTHER, {"Location": where})
        access.set_cookie(answer, "shift", token, lasts=shifts.lasts(screen)[1])
        return answer
    return Response("", HTTPStatus.SEE_OTHER, {"Location": f"/signin?person={person}"})


def first_page(person: Person, screen: Screen, proof: Proof) -> str:
    """Return where somebody who signed in on *screen* is led: to choose a password, to read the standards, or to work."""
    shop, office = current_shop(), passwords.stands_in_the_office(screen) and passwords.may_have(person)
    if office and proof is not Proof.PROVIDER and passwords.must_choose(shop, person):
        return "/password"
    # Whoever has not read the standards as they stand is shown them; the floor is one tap away, read or not.
    return "/standards" if standards_page.to_read(shop, person.id) else "/floor"


@web.post("/signout")
@needs("screen")
def sign_out() -> ResponseReturnValue:
    """End the shift of whoever is signed in here."""
    shifts.sign_out(current_shop(), request.cookies.get(access.cookie_name("shift"), ""))
    answer = Response("", HTTPStatus.SEE_OTHER, {"Location": "/signin"})
    access.drop_cookie(answer, "shift")
    return answer


@web.app_template_global("initials")
def initials(name: str) -> str:
    """Return two letters for the round face of somebody: of both names, or the first two of one."""
    words = name.split()
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else name[:2]
    return letters.upper()
