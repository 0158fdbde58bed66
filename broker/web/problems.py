"""How a request that cannot be answered is answered: problem+json for scripts, a page for people."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from broker.web.languages import say

WORDED: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 429, 500, 503})
"""Statuses with words of their own in the catalogues; others use those of 500 or 400."""


def for_script() -> bool:
    """Return whether a script asks, which wants JSON and not a page."""
    return (
        request.path.startswith("/api/")
        or request.path.startswith("/events")
        or request.accept_mimetypes.best == "application/json"
    )


def problem(status: int, title: str, detail: str = "", **more: object) -> Response:
    """Return an RFC 9457 answer. *more* become members beside title, status and detail."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail} | more
    return Response(json.dumps(body, separators=(",", ":")), status, content_type="application/problem+json")


def answer_error(error: HTTPException) -> Response:
    """Answer any HTTP error in the form and the language of who asks."""
    if error.response is not None:
        return error.response if isinstance(error.response, Response) else Response(status=500)
    return refuse(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)


def refuse(status: int, *, detail: str = "", go: str = "") -> Response:
    """Return the answer for *status* with the words of the catalogue; *go* is where the page should lead."""
    worded = status if status in WORDED else (400 if status < 500 else 500)
    title, text = say(f"web.error_{worded}"), detail or say(f"web.error_{worded}_hint")
    if for_script():
        return problem(status, title, text, go=go)
    return Response(render_template("error.html", title=title, text=text, go=go or "/"), status)
