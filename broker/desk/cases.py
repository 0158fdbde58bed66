"""A customer's matter: the recap in their words, the briefed lead, the problem that is owned until it is told."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.domain import numbering
from broker.domain.alerts import AlertKind
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.domain.ticket import ENDED, Ticket
from broker.shop import Shop
from broker.store import alerts, cases, journal, tickets
from broker.store.cases import Briefing, Problem, Recap
from broker.store.cases import NoSuchProblem as NoSuchProblem
from broker.store.database import change

MOST_CHARACTERS: Final = 500
KINDS: Final = ("product", "service", "wait", "price", "other")
VERDICTS: Final = ("good", "fair", "poor")
OUTCOMES: Final = ("solved", "partly", "not_solved")


def write_recap(shop: Shop, ticket_id: str, *, heard: str, has: str = "", tried: str = "", next_: str = "", by: str) -> Recap:
    """Write what was heard. A changed recap is to be confirmed anew; the same words again change nothing.

    Raises NoSuchTicket, IllegalMove without words.
    """
    with change(shop.db):
        ticket = tickets.get(shop.db, ticket_id)
        heard = plain(heard)
        if not heard:
            raise IllegalMove("recap", ticket.state, "write", "a recap says what was heard, in the customer's words")
        recap = Recap(
            ticket=ticket.id, heard=heard, has=plain(has), tried=plain(tried), next=plain(next_), by=by, at=shop.clock()
        )  # fmt: skip
        known = cases.recap(shop.db, ticket.id)
        if known and (known.heard, known.has, known.tried, known.next) == (recap.heard, recap.has, recap.tried, recap.next):
            return known
        cases.save(shop.db, recap)
        _tell(shop, FactKind.RECAP, ticket, by, {"what": "written"})
    return recap


def confirm_recap(shop: Shop, ticket_id: str, *, said_yes: bool, by: str) -> Recap:
    """The customer said "Yes, right", or it was skipped; both are counted. Raises IllegalMove without a recap."""
    with change(shop.db):
        ticket = tickets.get(shop.db, ticket_id)
        recap = cases.recap(shop.db, ticket_id)
        if recap is None:
            raise IllegalMove("recap", "missing", "confirm", "write down what was heard first")
        said = "yes" if said_yes else "skipped"
        if recap.confirmed == said:
            return recap
        recap = replace(recap, confirmed=said, confirmed_at=shop.clock())
        cases.save(shop.db, recap)
        _tell(shop, FactKind.RECAP, ticket, by, {"what": recap.confirmed})
    return recap


def call_lead(shop: Shop, ticket_id: str, *, happened: str, tried: str, wanted: str, by: str) -> Briefing:
    """Call the lead, who reads the briefing with the call. Raises IllegalMove when a field is empty or the ticket ended."""
    with change(shop.db):
        ticket, now = tickets.get(shop.db, ticket_id), shop.clock()
        parts = [plain(part) for part in (happened, tried, wanted)]
        if ticket.state in ENDED or not all(parts):
            why = "a briefing says what happened, what was tried and what they want" if ticket.state not in ENDED else ""
            raise IllegalMove("ticket", ticket.state, "call the lead", why)
        briefing = Briefing(ticket=ticket.id, happened=parts[0], tried=parts[1], wanted=parts[2], by=by, at=now)
        cases.save(shop.db, briefing)
        shown = _shown(shop, ticket)
        desk_alerts.raise_(shop, AlertKind.HELP, ticket.id, _zone(shop, ticket), since=now, at=now, by=by, detail=shown)
        _tell(shop, FactKind.TICKET_MOVED, ticket, by, {"move": "escalate", "version": ticket.version})
    return briefing


def answer_lead(shop: Shop, ticket_id: str, *, by: str) -> Briefing:
    """The lead has come: the call is over. Raises IllegalMove without a briefing: nobody comes unprepared."""
    with change(shop.db):
        ticket, briefing, now = tickets.get(shop.db, ticket_id), cases.briefing(shop.db, ticket_id), shop.clock()
        if briefing is None:
            raise IllegalMove("ticket", ticket.state, "answer", "a lead comes after a briefing, not before")
        briefing = replace(briefing, answered_by=briefing.answered_by or by, answered_at=briefing.answered_at or now)
        cases.save(shop.db, briefing)
        for alert in alerts.live(shop.db, kind=AlertKind.HELP, subject=ticket.id):
            desk_alerts.clear(shop, alert, now)
        _tell(shop, FactKind.TICKET_MOVED, ticket, by, {"move": "lead came", "version": ticket.version})
    return briefing


def open_problem(
    shop: Shop, *, kind: str, heard: str, owner: str, action: str = "", promised_by: datetime | None = None, by: str,
    ticket: str | None = None, visit: str | None = None, service: str = "", key: str = "",
) -> Problem:  # fmt: skip
    """Write down a problem with its owner; the same idempotency *key* again is the same problem.

    Raises IllegalMove for an unknown kind or without words or owner.
    """
    heard = plain(heard)
    if kind not in KINDS or not heard or not owner:
        why = f"a problem has a kind ({', '.join(KINDS)}), what was heard, and an owner"
        raise IllegalMove("problem", "new", "open", why)
    id_ = hashlib.sha256(key.encode()).hexdigest()[:16] if key else secrets.token_hex(8)
    with change(shop.db):
        with suppress(NoSuchProblem):
            return cases.problem(shop.db, id_)
        about = tickets.get(shop.db, ticket) if ticket else None
        problem = Problem(
            id=id_, ticket=ticket, visit=visit or (about.visit if about else None),
            service=service or (about.service if about else ""), kind=kind, heard=heard, owner=owner, action=plain(action),
            promised_by=promised_by, opened_at=shop.clock(), opened_by=by,
        )  # fmt: skip
        _keep(shop, problem, by, "opened")
    return problem


def tell_customer(shop: Shop, problem_id: str, *, by: str) -> Problem:
    """The customer was told how it stands. Raises NoSuchProblem, and IllegalMove for one that is closed."""
    with change(shop.db):
        problem = cases.problem(shop.db, problem_id)
        if problem.closed_at is not None:
            raise IllegalMove("problem", "closed", "tell", "the problem is closed")
        problem = replace(problem, told_at=shop.clock())
        _keep(shop, problem, by, "told")
    return problem


def close_problem(shop: Shop, problem_id: str, *, outcome: str, by: str) -> Problem:
    """Close a problem. Raises NoSuchProblem, and IllegalMove without an outcome or before the customer was told."""
    with change(shop.db):
        problem = cases.problem(shop.db, problem_id)
        if outcome not in OUTCOMES:
            raise IllegalMove("problem", "open", "close", f"a problem ends with an outcome: {', '.join(OUTCOMES)}")
        if problem.closed_at is not None:
            return problem
        if problem.told_at is None:
            raise IllegalMove("problem", "open", "close", "tell the customer first; a problem nobody told of is not solved")
        problem = replace(problem, outcome=outcome, closed_at=shop.clock(), closed_by=by)
        _keep(shop, problem, by, "closed")
    return problem


def give_feedback(shop: Shop, ticket_id: str, verdict: str) -> None:
    """One tap of the customer: good, fair or poor. Raises NoSuchTicket, IllegalMove for anything else or before the end."""
    with change(shop.db):
        ticket = tickets.get(shop.db, ticket_id)
        if verdict not in VERDICTS or ticket.state not in ENDED:
            raise IllegalMove("ticket", ticket.state, "feedback", f"feedback is one of {', '.join(VERDICTS)}, once it is over")
        cases.save_feedback(shop.db, ticket.id, ticket.service, verdict, shop.clock())


def plain(words: str) -> str:
    """Return *words* without what could hide or reorder text on a screen, in one line's breaks, of bounded length."""
    some = (" " if letter.isspace() and letter != "\n" else letter for letter in words[: 4 * MOST_CHARACTERS])
    kept = "".join(letter for letter in some if letter == "\n" or letter.isprintable())
    lines = [" ".join(line.split()) for line in kept.splitlines()]
    return "\n".join(line for line in lines if line)[:MOST_CHARACTERS]


def _keep(shop: Shop, problem: Problem, by: str, what: str) -> None:
    cases.save(shop.db, problem)
    fact = Fact(kind=FactKind.PROBLEM, subject=problem.id, at=shop.clock(), by=by, body={"what": what, "kind": problem.kind})
    journal.append(shop.db, fact)


def _tell(shop: Shop, kind: FactKind, ticket: Ticket, by: str, body: dict[str, object]) -> None:
    journal.append(shop.db, Fact(kind=kind, subject=ticket.id, at=shop.clock(), zone=_zone(shop, ticket), by=by, body=body))


def _shown(shop: Shop, ticket: Ticket) -> str:
    letter = next((service.letter for service in shop.settings.services if service.id == ticket.issued_for), "?")
    return numbering.shown(letter, ticket.number)


def _zone(shop: Shop, ticket: Ticket) -> str:
    return next((service.zone or "" for service in shop.settings.services if service.id == ticket.service), "")
