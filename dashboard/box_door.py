"""Where a camera box asks to be let in with a code, and where a tablet is told how to trust the shop.

Both are for machines that nobody knows yet, so both are open to everybody. A box and the shop show each other that they know
the code (`broker.identity.code`); whoever does not learns nothing, is counted, and soon waits.
"""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Annotated, Any, Final

from flask import Blueprint, Response, current_app, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from broker.desk.roles import Refused
from broker.shop import Shop
from broker.web.access import needs
from broker.web.languages import say
from broker.web.problems import problem, refuse
from broker.web.stores import current_shop
from dashboard.api.pace import Pace

TRIES_A_MINUTE: Final = 6
"""From one address: a box asks once."""
PACE: Final = "greetline-box-pace"
CERTIFICATE: Final = "application/x-x509-ca-cert"
_NOT_HERE: Final = (
    "This shop has no certificates yet. On its machine: sudo greetline install, or greetline mqtt renew where it is not installed."
)

bp = Blueprint("box_door", __name__, template_folder="templates")


class Asked(BaseModel):
    """What a box says: its name, a signing request (PEM) for the key that it has made, and the proof that it knows the code."""

    model_config = ConfigDict(extra="forbid")
    device: Annotated[str, Field(min_length=1, max_length=32)]
    request: Annotated[str, Field(min_length=1, max_length=4_096)]
    proof: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@bp.record_once
def _settle(state: BlueprintSetupState) -> None:
    state.app.extensions[PACE] = Pace()
    # No cookie is asked for and nobody is signed in there: a box shows by a proof over its words that it knows a code.
    state.app.extensions["csrf"].exempt(join)


@bp.post("/box/join")
@needs("public")
def join() -> ResponseReturnValue:
    """Let a box in that knows its code, once; the answer is sealed, so that the box knows that it speaks to the shop."""
    shop = current_shop()
    wait = current_app.extensions[PACE].wait(request.remote_addr or "", TRIES_A_MINUTE, shop.clock())
    if wait:
        answer = problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many tries", f"Ask again in {math.ceil(wait)} s.")
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer
    try:
        asked = Asked.model_validate_json(request.get_data(cache=False))
    except ValidationError:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Not understood", "Ask as `greetline join` does.")
    try:
        return _joined(shop, asked)
    except ModuleNotFoundError:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not set up", "On the shop's machine: pip install 'greetline[tls]'")
    except Refused as no:
        return problem(HTTPStatus.FORBIDDEN, "Not let in", str(no))


def _joined(shop: Shop, asked: Asked) -> ResponseReturnValue:
    from broker.desk import boxes
    from broker.identity import code, welcome

    root = _root(shop)
    if root is None:
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not set up", _NOT_HERE)
    joined = boxes.join(shop, asked.device, asked.request, asked.proof)
    boxes.tell(shop)
    host = request.host.rpartition(":")[0] if ":" in request.host.rpartition("]")[2] else request.host
    told: dict[str, Any] = {
        "certificate": joined.made.certificate.decode(),
        "authority": root.decode(),
        "settings": welcome.edge_settings(shop.settings, asked.device, host.strip("[]"), in_the_open=True),
    }
    said = json.dumps(told)
    return {"answer": said, "proof": code.seal(joined.seal, "answer", asked.proof, said)}


@bp.get("/root")
@needs("public")
def trust() -> ResponseReturnValue:
    """Say how each kind of tablet is told to trust this shop, once."""
    root = _root(current_shop())
    if root is None:
        return refuse(HTTPStatus.NOT_FOUND, detail=say("tls.none"))
    return render_template("trust.html", fingerprint=_fingerprint(root))


@bp.get("/root.crt")
@needs("public")
def root_certificate() -> ResponseReturnValue:
    """Give the certificate of the shop's authority, which is no secret."""
    shop = current_shop()
    root = _root(shop)
    if root is None:
        return refuse(HTTPStatus.NOT_FOUND, detail=say("tls.none"))
    name = f'inline; filename="greetline-{shop.settings.store.id}.crt"'
    return Response(root, content_type=CERTIFICATE, headers={"Content-Disposition": name})


def _root(shop: Shop) -> bytes | None:
    try:
        return (shop.settings.tls.folder / "authority.crt").read_bytes()
    except OSError:
        return None


def _fingerprint(root: bytes) -> list[str]:
    """Return the SHA-256 of it in eight groups, as the doctor of the shop's machine says it; none where nothing reads it."""
    try:
        from broker.identity import authority

        pairs = authority.fingerprint(root).split(":")
    except (ModuleNotFoundError, ValueError):
        return []
    return [" ".join(pairs[n : n + 4]) for n in range(0, len(pairs), 4)]
