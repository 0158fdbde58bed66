"""When something does not work: a page that says what to do, never a dead end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from broker.web.access import screen_here
from broker.web.languages import say
from broker.web.problems import answer_error, for_script
from kiosk.choices import Choices

STALE: Final = frozenset({400, 403, 404, 405})
"""The page behind a tap is gone or too old: beginning anew helps."""


def answer(error: HTTPException) -> Response:
    """Answer any HTTP error on a screen of the customers; the store need not be there for it."""
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    stranger = screen_here() is None and code < HTTPStatus.INTERNAL_SERVER_ERROR
    if for_script() or stranger or error.response is not None:
        return answer_error(error)
    return page(code)


def page(status: int, said: str = "") -> Response:
    """Return the page that says *said*, or what fits *status*, and leads on."""
    # A form that was too large is not read a second time.
    here = Choices.of(request.args if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else request.values)
    g.choices, g.language = here, here.language
    said = said or say("kiosk.stale" if status in STALE else "system.no_tickets")
    return Response(render_template("kiosk/sorry.html", here=here, said=said, known=screen_here() is not None), status)
