"""What is known of a customer's matter, as the counter writes it down: recap, briefing of the lead, problem."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response

from broker.desk import cases, people
from broker.shop import Shop
from broker.web.access import current_person, current_screen, needs
from broker.web.languages import say
from broker.web.stores import current_shop
from dashboard import counter_answers as answers
from dashboard.answers import Problem, Tapped, body_of, key_of
from dashboard.counter_moves import about, check_ahead, whole

bp = Blueprint("matters", __name__)

PROMISE_LONGEST: Final = timedelta(days=90)


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/recap")
@needs("ticket.serve")
def recap(counter: str, ticket: str) -> Response:
    """Write down what was heard; the same words again change nothing."""
    body, me = body_of(answers.Recapped), current_person().id
    heard = {"heard": body.heard, "has": body.has, "tried": body.tried, "next_": body.next}
    return about(counter, ticket, "recap", lambda shop: cases.write_recap(shop, ticket, **heard, by=me))


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/confirm")
@needs("ticket.serve")
def confirm(counter: str, ticket: str) -> Response:
    """The customer said "Yes, right", or it was skipped."""
    body, me = body_of(answers.Confirmed), current_person().id
    return about(counter, ticket, "confirm", lambda shop: cases.confirm_recap(shop, ticket, said_yes=body.said_yes, by=me))


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/lead")
@needs("ticket.serve")
def lead(counter: str, ticket: str) -> Response:
    """Call the lead, who reads the briefing with the call."""
    body, me = body_of(answers.Briefed), current_person().id
    told = {"happened": body.happened, "tried": body.tried, "wanted": body.wanted}
    return about(counter, ticket, "lead", lambda shop: cases.call_lead(shop, ticket, **told, by=me))


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/lead-came")
@needs("ticket.serve")
def lead_came(counter: str, ticket: str) -> Response:
    """The lead has come; whoever said that they were coming is who came."""
    body_of(Tapped)

    def made(shop: Shop) -> object:
        coming = (whole(shop, counter)["here"] or {}).get("lead") or {}
        return cases.answer_lead(shop, ticket, by=coming.get("acknowledged_by") or current_person().id)

    return about(counter, ticket, "lead", made)


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/problem")
@needs("ticket.serve")
def problem(counter: str, ticket: str) -> Response:
    """Write down a problem with its owner and what was promised."""
    body, me, shop = body_of(answers.Recorded), current_person().id, current_shop()
    key = key_of(current_screen().id)
    if body.owner not in {each.id for each in people.everybody(shop)}:
        raise Problem(422, say("counter.no_owner"))
    if body.promised_by:
        check_ahead(body.promised_by, within=PROMISE_LONGEST)
    record = {"kind": body.kind, "heard": body.heard, "owner": body.owner, "action": body.action, "key": key}

    return about(
        counter, ticket, "problem",
        lambda shop: cases.open_problem(shop, **record, promised_by=body.promised_by, by=me, ticket=ticket),
    )  # fmt: skip


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()
