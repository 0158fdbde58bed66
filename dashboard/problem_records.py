"""Problems that somebody owns and promised to see to: written down on the floor, told to the customer, closed.

None is closed without an outcome, and none before the customer was told how it stands: the server refuses it.
"""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, jsonify

from broker.desk import cases, people, problems, visits
from broker.domain.moves import IllegalMove
from broker.shop import Shop
from broker.store.cases import Problem as Record
from broker.web.access import current_person, current_screen, needs
from broker.web.languages import say
from broker.web.stores import current_shop
from dashboard.answers import Problem, Tapped, body_of, key_of
from dashboard.counter_answers import Id, Recorded
from dashboard.counter_moves import check_ahead
from dashboard.matters import PROMISE_LONGEST

bp = Blueprint("problem_records", __name__)


class OnTheFloor(Recorded):
    """A problem somebody told of on the floor, about a visit if it is known which."""

    visit: Id | None = None


class Closed(Tapped):
    """How a problem ended; absent, the answer says what is missing."""

    outcome: Literal["solved", "partly", "not_solved"] | None = None


@bp.get("/api/v1/problems")
@needs("floor.see")
def every() -> Response:
    """Answer with the open problems: those promised soonest first."""
    return jsonify(problems=problems.rows(current_shop()))


@bp.post("/api/v1/problems")
@needs("visit.answer")
def opened() -> tuple[Response, int]:
    """Write down a problem with its owner and what was promised: 201, and again 201 with the same one for the same key."""
    body, me, shop, key = body_of(OnTheFloor), current_person().id, current_shop(), key_of(current_screen().id)
    if body.owner not in {each.id for each in people.everybody(shop)}:
        raise Problem(422, say("counter.no_owner"))
    if body.promised_by:
        check_ahead(body.promised_by, within=PROMISE_LONGEST)
    if body.visit:
        _check_visit(shop, body.visit)
    made = cases.open_problem(
        shop, kind=body.kind, heard=body.heard, owner=body.owner, action=body.action, promised_by=body.promised_by, by=me,
        visit=body.visit, key=key,
    )  # fmt: skip
    return _answer(shop, made), 201


@bp.post("/api/v1/problems/<problem_id>/told")
@needs("visit.answer")
def told(problem_id: str) -> Response:
    """The customer was told how it stands."""
    body_of(Tapped)
    key_of(current_screen().id)
    shop = current_shop()
    try:
        return _answer(shop, cases.tell_customer(shop, problem_id, by=current_person().id))
    except cases.NoSuchProblem:
        raise Problem(404, say("floor.no_problem")) from None
    except IllegalMove:
        raise Problem(409, say("floor.problem_closed_already"), problems=problems.rows(shop)) from None


@bp.post("/api/v1/problems/<problem_id>/close")
@needs("visit.answer")
def closed(problem_id: str) -> Response:
    """Close it with its outcome, once the customer was told."""
    body, shop = body_of(Closed), current_shop()
    key_of(current_screen().id)
    if body.outcome is None:
        raise Problem(422, say("floor.problem_outcome_first"))
    try:
        return _answer(shop, cases.close_problem(shop, problem_id, outcome=body.outcome, by=current_person().id))
    except cases.NoSuchProblem:
        raise Problem(404, say("floor.no_problem")) from None
    except IllegalMove:
        raise Problem(409, say("floor.problem_tell_first"), problems=problems.rows(shop)) from None


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()


def _answer(shop: Shop, problem: Record) -> Response:
    return jsonify(problem=problems.row(shop, problem), problems=problems.rows(shop))


def _check_visit(shop: Shop, visit: str) -> None:
    try:
        visits.find(shop, visit)
    except visits.NoSuchVisit:
        raise Problem(404, say("floor.no_visit")) from None
