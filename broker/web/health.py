"""How this machine is, for programs that watch it: alive, ready, which version, and its figures."""

from __future__ import annotations

import hmac
import importlib.metadata
import ipaddress
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from broker.desk import health as desk
from broker.desk.health import State
from broker.store.database import StoreError, text
from broker.web.access import needs
from broker.web.metrics import KIND, Figures
from broker.web.problems import problem
from broker.web.stores import current_shop, stores

FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")
"""What a proxy on this machine adds: who asks through it does not ask from here."""
LEAST_TOKEN: Final = 16
"""Letters a token for the figures must have."""

health = Blueprint("health", __name__)


@health.get("/healthz")
@needs("public")
def healthz() -> ResponseReturnValue:
    """Say that this process answers."""
    return {"status": "ok"}


@health.get("/readyz")
@needs("public")
def readyz() -> ResponseReturnValue:
    """Say how each part of the shop is; 503 when one is down without which nothing goes. No name of anything is in it."""
    try:
        found = desk.looks(current_shop())
    except StoreError:
        found = [desk.Look("store", State.DOWN, "it cannot be opened", needed=True)]
    status = desk.overall(found)
    parts = [{"name": look.name, "state": str(look.state), "since": text(look.since), "says": look.says} for look in found]
    return {"status": str(status), "parts": parts}, HTTPStatus.SERVICE_UNAVAILABLE if status is State.DOWN else HTTPStatus.OK


@health.get("/version")
@needs("public")
def version() -> ResponseReturnValue:
    """Say which Greetline this is."""
    return {"greetline": importlib.metadata.version("greetline"), "python": sys.version.split()[0]}


@health.get("/metrics")
@needs("public")
def metrics() -> ResponseReturnValue:
    """Give the figures to whoever brings the token, or without one to programs on this machine."""
    file = stores().settings.health.metrics_token_file
    if not (_has_token(file) if file is not None else _from_here()):
        detail = "Bring the token of [health] metrics_token_file as a Bearer token." if file else "Only this machine may read them."
        return problem(403, "Not for everybody", detail)
    figures: Figures = current_app.extensions.setdefault("greetline-figures", Figures())
    return Response(figures.text(), content_type=KIND)


def _has_token(file: Path) -> bool:
    try:
        wanted = (file.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError):
        return False
    scheme, _, brought = request.headers.get("Authorization", "").partition(" ")
    right = hmac.compare_digest(brought.strip().encode(), wanted.encode())
    return right and scheme.lower() == "bearer" and len(wanted) >= LEAST_TOKEN


def _from_here() -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
