"""What a screen without a stream asks for again and again: whole, or 304 while nothing of it has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request


def etag_of(value: object) -> str:
    """Return what tells *value*, which JSON can hold, from any other; keys in whatever order."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def polled(row: Mapping[str, Any], still: object = None) -> Response:
    """Answer with *row*, or 304 when *still* is as this screen knows it; either has `Greetline-Now`, the row's `now`.

    *still* is what of the row must change for a screen to be told; without it everything but `now`.
    """
    answer = jsonify(row)
    answer.set_etag(etag_of({name: value for name, value in row.items() if name != "now"} if still is None else still))
    answer.headers["Greetline-Now"] = row["now"]
    answer.make_conditional(request)
    return answer
