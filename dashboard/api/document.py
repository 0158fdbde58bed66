"""The OpenAPI 3.1 document: what the views say of themselves, and what is true of all of them."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import Any

from flask import Response
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from broker.web.access import needs
from dashboard.answers import KEY_CHARACTERS
from dashboard.api import moving, reading
from dashboard.api.answers import Problem
from dashboard.api.door import LEAST_KEY_CHARACTERS, bp, tagged

API = bp
"""The blueprint with every view on it: importing the modules of VIEWS is what puts them there."""
VIEWS = (reading, moving)

_ABOUT = "Queues of one shop. Errors are problem+json (RFC 9457); times are RFC 3339 UTC; waits are seconds."
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "Names what is done. The same request with the same key changes nothing and is answered with how it stands.",
    "schema": {
        "type": "string", "minLength": LEAST_KEY_CHARACTERS, "maxLength": KEY_CHARACTERS, "pattern": "^[ -~]*$",
    },
}  # fmt: skip


@lru_cache(1)
def whole() -> dict[str, Any]:
    """Return the document."""
    described = OpenAPI(
        "greetline", info=Info(title="Greetline", version=version("greetline"), description=_ABOUT), doc_ui=False,
        security_schemes={"key": {"type": "http", "scheme": "bearer", "description": "`greetline keys add`"}},
        validation_error_model=Problem,
    )  # fmt: skip
    described.paths, described.tags, described.components_schemas = dict(bp.paths), bp.tags, dict(bp.components_schemas)
    found = described.api_doc
    found["components"]["parameters"] = {"IdempotencyKey": _KEY}
    for path in found["paths"].values():
        if "post" in path:
            path["post"].setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    return found


@bp.get("/openapi.json", doc_ui=False)
@needs("public")
def document() -> Response:
    """The document itself"""
    return tagged(whole())
