"""What goes with a simulated service: the recap, the lead who is called, the problem that is promised, the verdict."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from broker.domain.ticket import State, Ticket
from broker.store.cases import Briefing, Problem, Recap
from deploy.shop_plan import seconds_later

if TYPE_CHECKING:
    from deploy.shop_truth import Diary

RECAP, LEAD, PROBLEM, FEEDBACK = 0.3, 0.015, 0.012, 0.3
"""Shares of the services."""
KINDS: Final = {"product": 40, "service": 20, "wait": 20, "price": 10, "other": 10}
VERDICTS: Final = {"good": 71, "fair": 20, "poor": 9}


class Cases:
    """The part of a day at the counters that is not about places in a line."""

    tickets: dict[str, Ticket]
    diary: Diary

    def __init__(self, chance: random.Random) -> None:
        """Begin a day without any."""
        self.chance = chance
        self.recaps: dict[str, Recap] = {}
        self.briefings: dict[str, Briefing] = {}
        self.feedback: dict[str, tuple[str, str, datetime]] = {}
        self.problems: dict[str, Problem] = {}

    def _later(self, at: datetime, what: str, *about: Any) -> None:
        raise TypeError("a day has its own")  # pragma: no cover

    def _do(self, at: datetime, what: str, **said: Any) -> None:
        raise TypeError("a day has its own")  # pragma: no cover

    def _during(self, at: datetime, ticket_id: str, desk: str, seconds: float) -> None:
        chance, by = self.chance, f"at {desk}"
        if ticket_id not in self.recaps and chance.random() < RECAP:
            self._later(seconds_later(at, seconds * 0.2), "writes", ticket_id, by)
        if ticket_id not in self.briefings and chance.random() < LEAD:
            self._later(seconds_later(at, seconds * 0.3), "calls_lead", ticket_id, by)

    def _writes(self, at: datetime, ticket_id: str, by: str) -> None:
        self._do(at, "recap", ticket=ticket_id, by=by)
        recap = Recap(ticket=ticket_id, heard="The zip came apart", has="", tried="", next="", by=by, at=at)
        self.recaps[ticket_id] = recap
        chosen = self.chance.random()
        if chosen < 0.92:
            said_yes = chosen < 0.74
            self._later(seconds_later(at, self.chance.uniform(3, 12)), "confirms", ticket_id, by, said_yes)
        self.diary.recaps[ticket_id] = "open"

    def _confirms(self, at: datetime, ticket_id: str, by: str, said_yes: bool) -> None:
        self._do(at, "confirm", ticket=ticket_id, by=by, said_yes=said_yes)
        said = "yes" if said_yes else "skipped"
        self.recaps[ticket_id] = replace(self.recaps[ticket_id], confirmed=said, confirmed_at=at)
        self.diary.recaps[ticket_id] = said

    def _calls_lead(self, at: datetime, ticket_id: str, by: str) -> None:
        if self.tickets[ticket_id].state is not State.SERVING:
            return
        self._do(at, "call_lead", ticket=ticket_id, by=by)
        self.briefings[ticket_id] = Briefing(
            ticket=ticket_id, by=by, at=at, happened="The second repair failed", tried="An exchange", wanted="The money back"
        )
        self.diary.escalations[ticket_id] = None
        self._later(seconds_later(at, self.chance.lognormvariate(3.9, 0.6)), "lead_comes", ticket_id, at)

    def _lead_comes(self, at: datetime, ticket_id: str, called: datetime) -> None:
        self._do(at, "lead_comes", ticket=ticket_id)
        self.briefings[ticket_id] = replace(self.briefings[ticket_id], answered_by="the lead", answered_at=at)
        self.diary.escalations[ticket_id] = round((at - called).total_seconds(), 3)

    def _afterwards(self, at: datetime, ticket_id: str, by: str) -> None:
        chance = self.chance
        if chance.random() < PROBLEM:
            key = f"problem of {ticket_id} at {at.isoformat()}"
            kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
            self._do(at, "problem", ticket=ticket_id, kind=kind, by=by, key=key, until=seconds_later(at, 7200))
            self._problem(at, ticket_id, kind, by, key)
        if chance.random() < FEEDBACK and ticket_id not in self.feedback:
            verdict = chance.choices(list(VERDICTS), list(VERDICTS.values()))[0]
            self._later(seconds_later(at, chance.uniform(5, 50)), "judges", ticket_id, verdict)

    def _problem(self, at: datetime, ticket_id: str, kind: str, by: str, key: str) -> None:
        ticket = self.tickets[ticket_id]
        self.problems[key] = Problem(
            id=key, ticket=ticket_id, visit=ticket.visit, service=ticket.service, kind=kind, heard="It broke again", owner=by,
            action="", promised_by=seconds_later(at, 7200), opened_at=at, opened_by=by,
        )  # fmt: skip
        self.diary.problems[kind] += 1
        if self.chance.random() < 0.9:
            self._later(seconds_later(at, self.chance.uniform(300, 9000)), "tells", key, by)

    def _tells(self, at: datetime, key: str, by: str) -> None:
        self._do(at, "tell", problem=key, by=by)
        told = replace(self.problems[key], told_at=at, outcome="solved", closed_at=at, closed_by=by)
        self.problems[key] = told

    def _judges(self, at: datetime, ticket_id: str, verdict: str) -> None:
        if self.tickets[ticket_id].ended_at is not None:
            self._do(at, "feedback", ticket=ticket_id, verdict=verdict)
            self.feedback[ticket_id] = (self.tickets[ticket_id].service, verdict, at)
            self.diary.verdicts[ticket_id] = verdict
