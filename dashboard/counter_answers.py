"""What a counter may say, and how it is told no: request bodies, and the words for what the rules refuse."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from broker.desk.board import Row
from broker.desk.cases import MOST_CHARACTERS, plain
from broker.domain.ticket import Outcome
from broker.web.languages import say
from dashboard.answers import Problem, Tapped

Id = Annotated[str, Field(min_length=1, max_length=60)]
Words = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(plain)]
"""What somebody wrote, without what could hide or reorder text on a screen; it may be empty."""


def _said(words: str) -> str:
    if not words:
        raise ValueError("words that can be read")
    return words


Said = Annotated[Words, AfterValidator(_said)]
"""The same, and not empty."""


class Called(Tapped):
    """Call one chosen ticket; out of order it needs a reason."""

    ticket: Id
    reason: Words = ""


class Held(Tapped):
    """On hold until somebody comes back, and why."""

    needs: ClassVar[str] = "counter.hold_needs"
    until: AwareDatetime
    reason: Said


class Updated(Tapped):
    """The customer was told how it stands; perhaps it takes longer."""

    until: AwareDatetime | None = None
    reason: Words = ""


class Sent(Tapped):
    """On to another service, with the note for whoever comes next."""

    service: Id
    note: Said


class Finished(Tapped):
    """How it ended; `reason` says where to and what was done already when they were referred."""

    outcome: Outcome
    reason: Words = ""


class Recapped(Tapped):
    """What was heard, in the customer's words, and what happens next."""

    heard: Said
    has: Words = ""
    tried: Words = ""
    next: Words = ""


class Confirmed(Tapped):
    """Whether the customer said "Yes, right", or it was skipped."""

    said_yes: bool


class Briefed(Tapped):
    """What the lead reads before they come."""

    happened: Said
    tried: Said
    wanted: Said


class Recorded(Tapped):
    """A problem: its kind, what was heard, who owns it, what is done, and by when."""

    kind: Literal["product", "service", "wait", "price", "other"]
    heard: Said
    owner: Id
    action: Words = ""
    promised_by: AwareDatetime | None = None


MOVED_ON: Final = frozenset({"finished", "cancelled", "expired"})


def refusal(ticket: Row | None, counter: Row | None, asked: str, why: str = "") -> Problem:
    """Return why *asked* is not possible, in words that name who has the ticket, with both rows as they stand."""
    return Problem(409, _words(ticket, counter, asked) or why or say("floor.refused"), ticket=ticket, counter=counter)


def _words(ticket: Row | None, counter: Row | None, asked: str) -> str:
    here = counter["here"] if counter else None
    if asked in ("call", "next", "resume", "undo") and here and (ticket is None or here["id"] != ticket["id"]):
        return say("counter.no_busy", number=here["shown"])
    if asked in ("undo", "reopen"):
        return say("floor.too_old")
    if ticket is None:
        return ""
    own = counter is not None and ticket["counter"] == counter["counter"]
    return _of_state(ticket, asked, own)


def _of_state(ticket: Row, asked: str, own: bool) -> str:
    values: dict[str, Any] = {
        "number": ticket["shown"], "name": ticket["staff"] or "", "counter": ticket["counter_name"] or "",
    }  # fmt: skip
    state = ticket["state"]
    if state == "called" and asked == "recall" and own:
        return say("counter.no_recall", **values)
    if state in ("called", "serving"):
        return say("counter.no_has", **values)
    if state == "held":
        return say("counter.no_held", **values)
    if state in MOVED_ON:
        return say("counter.no_over", **values)
    if state == "waiting" and asked == "call":
        return say("counter.no_order", **values)
    return say("counter.no_waits", **values) if state == "waiting" else ""
