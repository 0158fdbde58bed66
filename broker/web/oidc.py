"""Signing in with the company's identity provider: the way there, and the way back.

The provider sends the browser back from another site, and browsers send no SameSite=Strict cookie then. What the browser
was sent away with is therefore in a Lax cookie of its own, works once, and opens nothing but this way back. Pages of ours
lead on by themselves, since a redirect from there would still count as the other site's.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import pairing, passwords, shifts, vouching
from broker.desk.people import Person, Screen
from broker.desk.roles import Refused
from broker.desk.shifts import Proof
from broker.settings import Settings
from broker.store.database import change
from broker.web import access
from broker.web.access import current_screen, needs, screen_here, signed_in
from broker.web.languages import say
from broker.web.pages import first_page
from broker.web.problems import refuse
from broker.web.provider import NotBelieved, Provider
from broker.web.stores import current_shop

log = logging.getLogger(__name__)
COOKIE: Final = "oidc"
PROVIDER: Final = "greetline-provider"

oidc = Blueprint("oidc", __name__)


def set_up(app: Flask, settings: Settings) -> None:
    """Let people sign in with the provider of `[oidc]`, where there is one. Raises BadSettings without the extra `oidc`."""
    if settings.oidc.issuer:
        app.extensions[PROVIDER] = Provider(settings.oidc, app.extensions["greetline-stores"].clock)
    app.jinja_env.globals["provider_here"] = provider_here


def provider_here() -> str:
    """Return what the provider is called on a screen that may use it, or nothing."""
    screen = screen_here()
    found: Provider | None = current_app.extensions.get(PROVIDER)
    return found.settings.name if found and screen and passwords.stands_in_the_office(screen) else ""


@oidc.post("/oidc/go")
@needs("screen")
def go() -> ResponseReturnValue:
    """Send this browser to the provider; somebody who is signed in only proves again who they are."""
    provider: Provider | None = current_app.extensions.get(PROVIDER)
    if provider is None or not provider_here():
        return refuse(HTTPStatus.NOT_FOUND)
    session = access.current_shift().session if signed_in() else None
    try:
        secret = vouching.begin(current_shop(), current_screen().id, session=session.id if session else "")
        address = provider.address(secret, again=session is not None)
    except (NotBelieved, Refused) as no:
        return _nobody(no.why, str(no))
    answer = Response(render_template("oidc.html", to=address, name=provider.settings.name, stage="away"))
    access.set_cookie(answer, COOKIE, secret, lasts=timedelta(minutes=vouching.TRY_MINUTES), same_site="Lax")
    return answer


@oidc.get("/oidc/back")
@needs("public")
def back() -> ResponseReturnValue:
    """Take what the provider says, once, and sign in whom it vouches for."""
    provider: Provider | None = current_app.extensions.get(PROVIDER)
    secret = request.cookies.get(access.cookie_name(COOKIE), "")
    if provider is None:
        return refuse(HTTPStatus.NOT_FOUND)
    shop, screen = current_shop(), None
    try:
        tried = vouching.come_back(shop, secret)
        screen = next((each for each in pairing.screens(shop) if each.id == tried.screen), None)
        if screen is None:
            raise Refused("again", "The screen was revoked meanwhile.")
        since: datetime | None = tried.made_at if tried.session else None
        vouched = provider.vouched(secret, {name: request.args[name] for name in request.args}, since=since)
        person = vouching.person(shop, vouched)
        answer = _again(person, tried) if tried.session else _in(person, screen)
    except (NotBelieved, Refused) as no:
        if screen is not None:
            vouching.refused(shop, no.why, screen=screen.id)
        answer = _nobody(no.why, str(no))
    access.drop_cookie(answer, COOKIE, same_site="Lax")
    return answer


def _in(person: Person, screen: Screen) -> Response:
    token = shifts.begin(current_shop(), person, screen, Proof.PROVIDER)
    answer = _page(to=first_page(person, screen, Proof.PROVIDER))
    access.set_cookie(answer, "shift", token, lasts=shifts.lasts(screen)[1])
    return answer


def _again(person: Person, tried: vouching.Try) -> Response:
    shop = current_shop()
    if tried.session not in {session.id for session, _ in shifts.running(shop, person.id)}:
        raise Refused("again", "Somebody else signed in there, or the session has ended.")
    with change(shop.db):
        shifts.proved(shop, tried.session, Proof.PROVIDER)
    return _page(to="/admin")


def _page(*, to: str) -> Response:
    name = current_app.extensions[PROVIDER].settings.name
    return Response(render_template("oidc.html", to=to, name=name, stage="in"))


def _nobody(why: str, text: str) -> Response:
    log.warning("nobody was signed in by the provider: %s", text)
    name = current_app.extensions[PROVIDER].settings.name
    page = render_template("oidc.html", to="/signin", name=name, stage="no", said=say(f"oidc.no_{why}", name=name))
    return Response(page, HTTPStatus.FORBIDDEN)
