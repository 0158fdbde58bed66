"""Setting up cameras: the list, the page on which a manager draws, and what that page asks of the camera's box.

A still passes through here on its way from the box to the page and is kept nowhere: no file, no cache, no log. Whatever
cannot be done is problem+json in the person's language, with the box's own reason where it gave one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Annotated, Any, Final, TypeVar

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from broker import inquiry
from broker.desk import cameras, plans
from broker.desk.cameras import Camera
from broker.domain.moves import IllegalMove
from broker.settings import Plan
from broker.shop import Shop
from broker.store.database import text
from broker.web.access import current_person, needs
from broker.web.languages import language_tag, say
from broker.web.stores import current_shop
from dashboard import camera_words, sentences
from dashboard.answers import Body, Problem, body_of
from dashboard.wording import Words, words_here

bp = Blueprint("cameras", __name__, template_folder="templates")

HISTORY_SHOWN: Final = 10
"""Versions of a plan that the page offers; all that are kept stand in the store."""
COUNTING_AT_ONCE: Final = 8
"""Live counts that this web process passes on at a time; each holds a thread for up to a minute."""

_counting: Final = BoundedSemaphore(COUNTING_AT_ONCE)

Version = Annotated[int, Field(ge=0, le=1_000_000)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Answer = TypeVar("Answer")


class Drawing(Body):
    """A plan as it is drawn on the page."""

    plan: Plan


class Saved(Drawing):
    """A plan to be saved, and the version it was drawn over."""

    base: Version


class PutBack(Body):
    """An older version to be used again, and the version that is the newest on the page."""

    version: Version
    base: Version


class Box(Body):
    """Two opposite corners in the last still."""

    box: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]


@bp.get("/admin/cameras")
@needs("cameras.count")
def everyone() -> ResponseReturnValue:
    """List the cameras."""
    return _list_page()


@bp.get("/api/v1/cameras")
@needs("cameras.count")
def states() -> Response:
    """Answer with how each camera is now, in words."""
    shop = current_shop()
    return jsonify(cameras=[_state(shop, camera) for camera in cameras.everyone(shop)])


@bp.post("/admin/cameras/<camera_id>/forget")
@needs("cameras.change")
def forget(camera_id: str) -> ResponseReturnValue:
    """Take a camera that is gone off every screen."""
    shop, camera = current_shop(), _camera(camera_id)
    try:
        cameras.forget(shop, camera_id, by=current_person().id)
    except ValueError:
        return _list_page(bad=say("camera.still_there", name=camera.name))
    return _list_page(said=say("camera.forgotten", name=camera.name))


@bp.get("/admin/cameras/<camera_id>")
@needs("cameras.change")
def page(camera_id: str) -> ResponseReturnValue:
    """Show the page on which a camera is set up. The picture comes when the page asks for it."""
    shop, camera = current_shop(), _camera(camera_id)
    known = plans.current(shop, camera_id)
    here = {
        "camera": camera_id, "language": language_tag(), "timezone": shop.settings.store.timezone,
        "zones": [{"id": zone, "name": name} for zone, name in shop.zones.items()],
        "promise": shop.standards.greet_within, "plan": known.model_dump(mode="json") if known else None,
        "standing": _standing(shop, camera),
    }  # fmt: skip
    return render_template("camera.html", camera=camera, here=here, state=camera_words.state(shop, camera))


@bp.get("/api/v1/cameras/<camera_id>")
@needs("cameras.change")
def standing(camera_id: str) -> Response:
    """Answer with how the camera is, which plan is in force, and who drew the last ones."""
    return jsonify(_standing(current_shop(), _camera(camera_id)))


@bp.post("/api/v1/cameras/<camera_id>/still")
@needs("cameras.change")
def still(camera_id: str) -> Response:
    """Answer with one picture. `Greetline-Size` is the size of the camera's whole picture."""
    shop, _ = current_shop(), _camera(camera_id)
    found = _asked(lambda: inquiry.still(shop.settings, camera_id))
    answer = Response(found.jpeg, content_type="image/jpeg")
    answer.headers["Greetline-Size"] = f"{found.width}x{found.height}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/api/v1/cameras/<camera_id>/shown")
@needs("cameras.change")
def shown(camera_id: str) -> Response:
    """Answer with the plan that the camera follows, for one whose settings stand on another box."""
    shop, _ = current_shop(), _camera(camera_id)
    found = _asked(lambda: inquiry.shown(shop.settings, camera_id))
    return jsonify(plan=found.model_dump(mode="json"))


@bp.post("/api/v1/cameras/<camera_id>/trial")
@needs("cameras.change")
def trial(camera_id: str) -> Response:
    """Answer with what a plan would have counted over what the box remembers."""
    shop, _, plan = current_shop(), _camera(camera_id), body_of(Drawing).plan
    found = _asked(lambda: inquiry.trial(shop.settings, camera_id, plan))
    return jsonify(found.model_dump(mode="json", exclude={"request"}) | {"now": text(shop.clock())})


@bp.post("/api/v1/cameras/<camera_id>/uniform")
@needs("cameras.change")
def uniform(camera_id: str) -> Response:
    """Answer with the colours in a box of the last still."""
    shop, _, box = current_shop(), _camera(camera_id), body_of(Box).box
    return jsonify(uniform=_asked(lambda: inquiry.uniform(shop.settings, camera_id, box)))


@bp.post("/api/v1/cameras/<camera_id>/counting")
@needs("cameras.change")
def counting(camera_id: str) -> Response:
    """Stream the live count by a plan for a minute: a JSON object a line, until the page is left."""
    shop, _, plan = current_shop(), _camera(camera_id), body_of(Drawing).plan
    if not _counting.acquire(blocking=False):
        raise Problem(503, say("camera.no_busy"))
    try:
        words = inquiry.counting(shop.settings, camera_id, plan)
        first = _asked(lambda: next(words))
    except BaseException:
        _counting.release()
        raise
    gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", lambda: False)
    answer = Response(_lines(first, words, gone), content_type="application/x-ndjson")
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(words.close)  # type: ignore[attr-defined]
    answer.call_on_close(_counting.release)
    return answer


def _lines(first: Any, words: Iterator[Any], gone: Callable[[], bool]) -> Iterator[bytes]:
    said = first
    while said is not None and not gone():
        yield json.dumps(said.model_dump(mode="json", exclude={"request"})).encode() + b"\n"
        try:
            said = next(words, None)
        except (inquiry.NoAnswer, inquiry.NotDone):
            yield b'{"cut": true}\n'
            return


@bp.post("/api/v1/cameras/<camera_id>/plan")
@needs("cameras.change")
def save(camera_id: str) -> Response:
    """Save a plan; 409 with who was first when somebody else saved meanwhile."""
    body = body_of(Saved)
    return _write(camera_id, lambda shop, me: plans.save(shop, camera_id, body.plan, me, base=body.base))


@bp.post("/api/v1/cameras/<camera_id>/put-back")
@needs("cameras.change")
def put_back(camera_id: str) -> Response:
    """Make an older version the newest again."""
    body = body_of(PutBack)
    return _write(camera_id, lambda shop, me: plans.put_back(shop, camera_id, body.version, me, base=body.base))


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()


def _write(camera_id: str, write: Callable[[Shop, str], Plan]) -> Response:
    shop = current_shop()
    _camera(camera_id)
    try:
        plan = write(shop, current_person().id)
    except IllegalMove:
        camera = _camera(camera_id)
        name = camera.drawn.name if camera.drawn else ""
        when = camera_words.moment(shop, camera.drawn.saved_at) if camera.drawn else ""
        theirs = camera.drawn.plan.model_dump(mode="json") if camera.drawn else None
        standing = _standing(shop, camera)
        raise Problem(409, say("camera.no_conflict", name=name, when=when), plan=theirs, standing=standing) from None
    except plans.BadPlan as wrong:
        raise Problem(422, say("camera.no_plan"), reason=str(wrong)) from None
    except KeyError:
        raise Problem(404, say("camera.no_version")) from None
    return jsonify(plan=plan.model_dump(mode="json"), standing=_standing(shop, _camera(camera_id)))


def _asked(ask: Callable[[], Answer]) -> Answer:
    """Return what the camera's box answers. Raises Problem: 502 when nobody does, 422 when the box says why not."""
    try:
        return ask()
    except inquiry.NoAnswer as none:
        raise Problem(HTTPStatus.BAD_GATEWAY, say(f"camera.no_{none.why}"), why=none.why) from None
    except inquiry.NotDone as no:
        raise Problem(422, say("camera.no_box"), reason=no.reason, why="box") from None


def _camera(camera_id: str) -> Camera:
    return cameras.find(current_shop(), camera_id) or abort(404)


def _standing(shop: Shop, camera: Camera) -> dict[str, Any]:
    """Return what the page shows beside the drawing and asks for again."""
    drawn = plans.history(shop, camera.id)[: HISTORY_SHOWN + 1]
    return _state(shop, camera) | {
        "now": text(shop.clock()), "version": camera.version, "taken": camera.taken,
        "history": [
            {"version": each.plan.version, "name": each.name or each.by, "when": camera_words.moment(shop, each.saved_at),
             "plan": each.plan.model_dump(mode="json")}
            for each in drawn
        ],
    }  # fmt: skip


def _state(shop: Shop, camera: Camera) -> dict[str, Any]:
    return {
        "id": camera.id, "watching": camera.watching, "state": camera_words.state(shop, camera), "reason": camera.reason,
        "force": camera_words.force(shop, camera), "skew": camera.skew if camera.wrong_clock else None,
    }  # fmt: skip


def _list_page(*, said: str = "", bad: str = "") -> ResponseReturnValue:
    shop, words = current_shop(), words_here(current_shop().hours.zone)
    rows = [_row(shop, camera, words) for camera in cameras.everyone(shop)]
    return render_template("cameras.html", rows=rows, said=said, bad=bad), 422 if bad else 200


def _row(shop: Shop, camera: Camera, words: Words) -> dict[str, Any]:
    measured = [(tally.line if len(camera.tallies) > 1 else "", sentences.measured(tally, words)) for tally in camera.tallies]
    skew = say("camera.skewed", s=words.number(abs(camera.skew or 0), 1)) if camera.wrong_clock else ""
    return {
        "camera": camera, "state": camera_words.state(shop, camera), "plan": camera_words.plan(shop, camera), "skew": skew,
        "force": camera_words.force(shop, camera), "measured": measured,
        "zones": words.listed([shop.zones.get(zone, zone) for zone in camera.zones]),
    }  # fmt: skip
