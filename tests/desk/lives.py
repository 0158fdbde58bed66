"""A random life of a shop, lived through the desk: whatever may happen to visits and tickets, in whatever order."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

from broker.desk import arrivals, cases, counters, tickets, visits
from broker.domain.arrivals import Crossed
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import Move, Outcome, Said
from broker.shop import Shop
from broker.store import tickets as stored
from broker.store import visits as stored_visits
from tests.builders import TurnableClock

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "shoes"}, {"id": "collect", "letter": "C", "name": "Collect"},
)  # fmt: skip
COUNTERS = ({"id": "d1", "name": "Desk 1"}, {"id": "d2", "name": "Desk 2", "services": ["collect"]})


class Life:
    """Turns the clock by itself and does one thing after the other."""

    def __init__(self, shop: Shop, clock: TurnableClock, seed: int) -> None:
        self.shop, self.clock, self.chance = shop, clock, random.Random(seed)
        self._number = 0

    def live(self, steps: int, *, mean_seconds: float = 60) -> None:
        for _ in range(steps):
            self.clock.turn(seconds=round(self.chance.expovariate(1 / mean_seconds), 3))
            visits.run_due(self.shop)
            tickets.run_due(self.shop)
            with suppress(IllegalMove, QueueClosed):
                getattr(self, "_" + self.chance.choice(self.WHAT))()

    WHAT = (
        "come", "come", "greet", "dismiss", "merge", "undo", "reopen_visit", "late",
        *("take",) * 4, *("call",) * 4, *("move",) * 6, "transfer", "finish", "finish", "after", "shift",
    )  # fmt: skip

    def _come(self, late: float = 0) -> None:
        self._number += 1
        at = self.clock() - timedelta(seconds=late)
        event = f"e-{self._number}"
        zone = self.chance.choice(list(self.shop.zones))
        crossed = Crossed(event=event, device="door", at=at, zone=zone, line="door", inward=True, party=event, decided_at=at)
        arrivals.take(self.shop, [crossed])

    def _late(self) -> None:
        self._come(late=self.chance.choice((200, 4000, 90000)))

    def _some_visit(self) -> str:
        found = stored_visits.between(self.shop.db, self.clock() - timedelta(hours=3), self.clock())
        if not found:
            raise IllegalMove("visit", "none", "find")
        return self.chance.choice(found).id

    def _greet(self) -> None:
        visits.greet(self.shop, self._some_visit(), by="kari")

    def _dismiss(self) -> None:
        visits.dismiss(self.shop, self._some_visit(), by="kari", reason="courier")

    def _merge(self) -> None:
        visits.merge(self.shop, self._some_visit(), into=self._some_visit(), by="kari")

    def _undo(self) -> None:
        visits.undo(self.shop, self._some_visit(), by="kari")

    def _reopen_visit(self) -> None:
        visits.reopen(self.shop, self._some_visit(), by="kari")

    def _take(self) -> None:
        told = self.chance.choice([None, (60.0, 240.0), (0.0, 60.0)])
        tickets.issue(self.shop, tickets.Wish(service=self.chance.choice(("returns", "collect")), told=told))

    def _shift(self) -> None:
        what = self.chance.choice((counters.open_, counters.open_, counters.rest, counters.close))
        what(self.shop, self.chance.choice(("d1", "d2")), by="kari")

    def _call(self) -> None:
        counter = self.chance.choice(("d1", "d2"))
        ticket = tickets.call_next(self.shop, counter, by="kari")
        if ticket and self.chance.random() < 0.8:
            self.clock.turn(seconds=7)
            tickets.move(self.shop, ticket.id, Move.START, Said(by="kari"))

    def _some_ticket(self) -> str:
        found = stored.between(self.shop.db, self.clock() - timedelta(hours=6), self.clock())
        if not found:
            raise IllegalMove("ticket", "none", "find")
        return self.chance.choice(found).id

    def _move(self) -> None:
        what = self.chance.choice([each for each in Move if each not in (Move.CALL, Move.TRANSFER)])
        said = Said(
            by="kari", reason="why", until=self.clock() + timedelta(seconds=self.chance.uniform(30, 600)),
            outcome=self.chance.choice(list(Outcome)),
        )  # fmt: skip
        tickets.move(self.shop, self._some_ticket(), what, said)

    def _transfer(self) -> None:
        service = self.chance.choice(("returns", "collect"))
        tickets.transfer(self.shop, self._some_ticket(), service=service, note="please", by="kari")

    def _finish(self) -> None:
        tickets.finish(self.shop, self._some_ticket(), Outcome.SOLVED, by="kari")

    def _after(self) -> None:
        ticket = self._some_ticket()
        match self.chance.randint(0, 3):
            case 0:
                cases.give_feedback(self.shop, ticket, self.chance.choice(("good", "fair", "poor")))
            case 1:
                cases.write_recap(self.shop, ticket, heard=f"words {self._number}", by="kari")
            case 2:
                cases.confirm_recap(self.shop, ticket, said_yes=self.chance.random() < 0.5, by="kari")
            case _:
                cases.call_lead(self.shop, ticket, happened="a", tried="b", wanted="c", by="kari")
                self.clock.turn(seconds=20)
                cases.answer_lead(self.shop, ticket, by="maria")
