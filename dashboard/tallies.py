"""Counting along: the page for whoever stands at the door and taps, and what it sends. It shows no picture.

The camera's count is not sent before the end: whoever sees it counts towards it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from flask import Blueprint, Response, abort, jsonify, render_template
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, Field

from broker.desk import cameras, plans, screens, tallies
from broker.desk.cameras import Camera
from broker.desk.tallies import CannotTally, NoSuchTally, Tally, Tap
from broker.domain.accuracy import UNWATCHED_SECONDS
from broker.domain.kpi import FEW
from broker.shop import Shop
from broker.store.database import text
from broker.web import languages
from broker.web.access import current_person, needs
from broker.web.languages import language_tag, say
from broker.web.stores import current_shop
from dashboard import camera_words
from dashboard.answers import Body, Problem, body_of
from dashboard.wording import Words, words_here

bp = Blueprint("tallies", __name__, template_folder="templates")

LENGTHS: Final = (2, 5, tallies.USUAL_MINUTES, 15, 20, tallies.LONGEST_MINUTES)
"""Minutes to choose from."""

Id = Annotated[str, Field(min_length=16, max_length=60, pattern=r"^[a-z0-9-]+$")]
Line = Annotated[str, Field(min_length=1, max_length=32)]


class Begun(Body):
    """Count along at a line. `id` is made by the page, so that asking twice begins once."""

    id: Id
    line: Line
    minutes: Annotated[int, Field(ge=tallies.SHORTEST_MINUTES, le=tallies.LONGEST_MINUTES)]


class OneTap(Body):
    """One tap, at a moment of the server's clock; a step of -1 takes one back."""

    key: Id
    at: AwareDatetime
    way: Annotated[str, Field(pattern="^(in|out)$")]
    step: Annotated[int, Field(ge=-1, le=1)] = 1


class Taps(Body):
    """Some taps; those that are known already change nothing."""

    taps: Annotated[tuple[OneTap, ...], Field(max_length=tallies.MAX_TAPS_AT_ONCE)]


class Ended(Body):
    """The count is over, as of a moment of the server's clock."""

    at: AwareDatetime


class Nothing(Body):
    """No more needs to be said."""


@bp.get("/admin/cameras/<camera_id>/count")
@needs("cameras.count")
def page(camera_id: str) -> ResponseReturnValue:
    """Show the page for counting along, with what was counted before."""
    shop = current_shop()
    camera = cameras.find(shop, camera_id) or abort(404)
    words, running = words_here(shop.hours.zone), tallies.running(shop, camera_id)
    lines = _lines(shop, camera)
    here = {
        "camera": camera_id, "language": language_tag(), "me": current_person().id, "now": text(shop.clock()),
        "tally": _row(shop, running) if running else None,
    }  # fmt: skip
    return render_template(
        "camera_count.html", camera=camera, state=camera_words.state(shop, camera), lines=lines, lengths=LENGTHS, here=here,
        usual=tallies.USUAL_MINUTES, earlier=[_found(shop, each, words) for each in tallies.of_camera(shop, camera_id)], few=FEW,
        staff=_staff_signs(shop, camera_id),
    )  # fmt: skip


@bp.post("/api/v1/cameras/<camera_id>/tallies")
@needs("cameras.count")
def begin(camera_id: str) -> tuple[Response, int]:
    """Begin to count along: 201 and the tally."""
    shop, body = current_shop(), body_of(Begun)
    if cameras.find(shop, camera_id) is None:
        abort(404)
    try:
        tally = tallies.begin(shop, camera_id, line=body.line, minutes=body.minutes, by=current_person().id, id=body.id)
    except CannotTally as no:
        raise _no(no) from None
    return _answer(shop, tally), 201


@bp.get("/api/v1/tallies/<tally_id>")
@needs("cameras.count")
def standing(tally_id: str) -> Response:
    """Answer with how a tally stands."""
    shop = current_shop()
    tally = tallies.find(shop, tally_id)
    return _answer(shop, tallies.standing(shop, tally)) if tally else abort(404)


@bp.post("/api/v1/tallies/<tally_id>/taps")
@needs("cameras.count")
def tap(tally_id: str) -> Response:
    """Take taps, also those that waited for a connection; sent twice they count once."""
    shop, said = current_shop(), body_of(Taps).taps
    taps = [Tap(key=each.key, at=each.at, inward=each.way == "in", step=-1 if each.step < 0 else 1) for each in said]
    return _changed(shop, lambda me: tallies.tap(shop, tally_id, taps, by=me))


@bp.post("/api/v1/tallies/<tally_id>/finish")
@needs("cameras.count")
def finish(tally_id: str) -> Response:
    """End the count; the answer holds what the camera counted."""
    shop, at = current_shop(), body_of(Ended).at
    return _changed(shop, lambda me: tallies.finish(shop, tally_id, by=me, at=at))


@bp.post("/api/v1/tallies/<tally_id>/abandon")
@needs("cameras.count")
def abandon(tally_id: str) -> Response:
    """Forget the count."""
    shop, _ = current_shop(), body_of(Nothing)
    try:
        tallies.abandon(shop, tally_id, by=current_person().id)
    except CannotTally as no:
        raise _no(no) from None
    return jsonify(tally=None)


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()


def _changed(shop: Shop, change: Callable[[str], Tally]) -> Response:
    try:
        return _answer(shop, change(current_person().id))
    except NoSuchTally:
        raise Problem(404, say("tally.no_such")) from None
    except CannotTally as no:
        raise _no(no) from None


def _no(no: CannotTally) -> Problem:
    return Problem(409, say(f"tally.no_{no.why}", m=tallies.SHORTEST_MINUTES), why=no.why)


def _answer(shop: Shop, tally: Tally) -> Response:
    return jsonify(tally=_row(shop, tally), now=text(shop.clock()))


def _row(shop: Shop, tally: Tally) -> dict[str, Any]:
    """Return a tally for its page; what the camera counted only when it is over."""
    row = {
        "id": tally.id, "line": tally.line, "began": text(tally.began), "until": text(tally.until), "ended": text(tally.ended),
        "by": tally.by, "name": screens.name_of(shop, tally.by), "in": tally.hand_in, "out": tally.hand_out,
    }  # fmt: skip
    return row | {"found": _found(shop, tally, words_here(shop.hours.zone))} if tally.ended else row


def _found(shop: Shop, tally: Tally, words: Words) -> dict[str, Any]:
    """Return what a tally found, in words."""
    counts, ended = tally.counts, tally.ended or tally.until
    share = "" if counts.accuracy is None else words.share_text(counts.accuracy)
    why = ""
    if counts.unwatched > UNWATCHED_SECONDS:
        why = say("tally.unwatched", time=words.duration(counts.unwatched))
    elif counts.accuracy is None:
        why = words.many("tally.too_few", counts.by_hand, few=FEW)
    formula = say("tally.reckoned", wrong=counts.wrong, n=counts.by_hand, share=share) if share else ""
    when = f"{languages.day(tally.began, weekday=False)} {words.clock(tally.began)}–{words.clock(ended)}"
    return {
        "hand": say("tally.by_hand", n_in=tally.hand_in, n_out=tally.hand_out), "when": when, "line": tally.line,
        "camera": say("tally.by_camera", n_in=tally.camera_in, n_out=tally.camera_out), "share": share, "why": why,
        "hand_counts": say("tally.spoken", n_in=tally.hand_in, n_out=tally.hand_out), "formula": formula,
        "camera_counts": say("tally.spoken", n_in=tally.camera_in, n_out=tally.camera_out), "name": screens.name_of(shop, tally.by),
    }  # fmt: skip


def _lines(shop: Shop, camera: Camera) -> list[str]:
    """Return the lines at which one can count along: those of the plan, else those at which the camera counted lately."""
    plan = plans.current(shop, camera.id)
    return [line.id for line in plan.lines] if plan and plan.lines else tallies.lines(shop, camera.id) or ["door"]


def _staff_signs(shop: Shop, camera_id: str) -> bool:
    plan = plans.current(shop, camera_id)
    return bool(plan and (plan.staff.badges or plan.staff.uniform))
