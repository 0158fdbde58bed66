"""Programs say who they are with `Authorization: Bearer <key>`, and are let in as far as the scopes of that key reach.

A request that brings a key is judged by the key alone: cookies that come with it open nothing.
"""

from __future__ import annotations

from typing import Final

from flask import Response, g, request

from broker.desk import apikeys
from broker.desk.apikeys import ApiKey
from broker.web.problems import problem
from broker.web.stores import current_shop

SCHEME: Final = "bearer "
CHALLENGE: Final = 'Bearer realm="greetline"'


def brought() -> bool:
    """Return whether the request brings a key, good or not. Another scheme is somebody else's: a proxy's, say."""
    return request.headers.get("Authorization", "")[: len(SCHEME)].lower() == SCHEME


def recognise() -> None:
    """Find out which key the request brings."""
    g.api_key = apikeys.recognised(current_shop(), request.headers["Authorization"][len(SCHEME) :].strip())


def key_here() -> ApiKey | None:
    """Return the key that asks, or None."""
    key: ApiKey | None = g.get("api_key")
    return key


def opens(permission: str) -> bool:
    """Return whether the key that the request brings opens what needs *permission*."""
    key = key_here()
    return key is not None and permission in key.scopes


def refusal(permission: str) -> Response:
    """Return why the key does not open it: 401 for one that is none, 403 for one without the scope."""
    if key_here() is None:
        answer = problem(401, "Not a key", "This is not a key of this shop, or it was revoked.")
        answer.headers["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"'
        return answer
    if permission not in apikeys.SCOPES:
        return problem(403, "Not for keys", "This is for people who are signed in on a screen of the shop.")
    answer = problem(403, "Not in its scopes", f"This needs a key with the scope {permission}.", scope=permission)
    answer.headers["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope", scope="{permission}"'
    return answer
