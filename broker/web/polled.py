"""What a screen without a stream asks for again and again: whole, or 304 while nothing of it has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, jsonify, request


def etag_of(value: object) -> str:
    """Return what tells *value*, which JSON can hold, from any other; keys in whatever order."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def edition() -> str:
    """Return what tells the pages that are served now from those of other settings or of another version."""
    return str(current_app.jinja_env.globals["edition"])


def polled(row: Mapping[str, Any], still: object = None) -> Response:
    """Answer with *row*, or 304 when *still* is as this screen knows it. Either has `Greetline-Now`, the row's `now`, and
    `Greetline-Edition`, that of the pages which are served now: a page of another one loads anew.

    *still* is what of the row must change for a screen to be told; without it everything but `now`.
    """
    answer = jsonify(row)
    answer.set_etag(etag_of({name: value for name, value in row.items() if name != "now"} if still is None else still))
    answer.headers["Greetline-Now"] = row["now"]
    answer.headers["Greetline-Edition"] = edition()
    answer.make_conditional(request)
    return answer
