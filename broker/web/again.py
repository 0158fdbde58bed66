"""Asking for the password once more before people, screens or keys are changed, without losing what was typed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, current_app, render_template, request

from broker.desk import passwords, shifts
from broker.desk.people import Screen
from broker.desk.roles import Refused
from broker.desk.shifts import Shift
from broker.web import languages
from broker.web.languages import say
from broker.web.problems import for_script, refuse
from broker.web.stores import current_shop

FIELD: Final = "again"
"""The field of the page that holds the password; no form of ours has another of that name."""
_OWN: Final = frozenset({FIELD, "csrf_token"})


def asked(shift: Shift, screen: Screen) -> Response | None:
    """Return the page that asks for the password, or None when the change may go on.

    The page sends what was typed before once more, with the password beside it.
    """
    shop = current_shop()
    if not passwords.stands_in_the_office(screen) or shifts.proved_lately(shop, shift.session):
        return None
    if for_script():
        return refuse(HTTPStatus.UNAUTHORIZED, detail=say("password.again_hint"), go="/me")
    if FIELD not in request.form:
        return _page(shift, "")
    # The guard runs before the check of the form's token: nobody else's page may try passwords here.
    current_app.extensions["csrf"].protect()
    try:
        shifts.prove_again(shop, screen, shift, request.form[FIELD])
    except shifts.WrongPin:
        return _page(shift, say("password.wrong"))
    except shifts.MustWait as must:
        return _page(shift, say("password.wait", time=languages.clock_time(must.until, seconds=True)))
    except Refused as no:
        return _page(shift, say(f"password.no_{no.why}"))
    return None


def _page(shift: Shift, said: str) -> Response:
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    page = render_template(
        "again.html", carried=carried, said=said, person=shift.person, has_password=passwords.has(current_shop(), shift.person)
    )
    return Response(page, HTTPStatus.FORBIDDEN if said else HTTPStatus.OK)
