"""Days of tickets lived through the desk, the same for the same seed: for the reports' tests and their pictures."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

from broker.desk import cases, counters, tickets
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import Move, Outcome, Said
from broker.shop import Shop
from tests.builders import TurnableClock

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns"}, {"id": "collect", "letter": "C", "name": "Collect"},
    {"id": "repairs", "letter": "P", "name": "Repairs"},
)  # fmt: skip
COUNTERS = (
    {"id": "d1", "name": "Desk 1"}, {"id": "d2", "name": "Desk 2"}, {"id": "d3", "name": "Desk 3", "services": ["repairs"]},
)  # fmt: skip
SERVED_SECONDS = {"returns": 80.0, "collect": 55.0, "repairs": 220.0}


class Days:
    """Turns the clock of *shop* through days of tickets."""

    def __init__(self, shop: Shop, clock: TurnableClock, seed: int = 1) -> None:
        self.shop, self.clock, self.chance = shop, clock, random.Random(seed)
        self.free_at: dict[str, datetime] = {}
        # A past that is made up need not outlive a power cut.
        shop.db.execute("PRAGMA synchronous=OFF")

    def live(self, begins: datetime, ends: datetime, *, every: float) -> None:
        """Take a ticket about *every* seconds from *begins* to *ends*, and serve them."""
        self.clock.at = begins
        for counter in COUNTERS:
            counters.open_(self.shop, str(counter["id"]), by="kari")
        while self.clock.at < ends:
            self.clock.turn(seconds=round(self.chance.expovariate(1 / every), 3))
            tickets.run_due(self.shop)
            with suppress(IllegalMove, QueueClosed):
                self._take()
            for counter in COUNTERS:
                with suppress(IllegalMove):
                    self._serve(str(counter["id"]))
        for counter in COUNTERS:
            counters.close(self.shop, str(counter["id"]), by="kari")

    def _take(self) -> None:
        service = self.chance.choices(list(SERVED_SECONDS), [5, 4, 2])[0]
        ticket = tickets.issue(self.shop, tickets.Wish(service=service, told=self.chance.choice([None, (60.0, 420.0)])))
        if self.chance.random() < 0.05:
            tickets.move(self.shop, ticket.id, Move.CANCEL, Said(by="kari"))

    def _serve(self, counter: str) -> None:
        now = self.clock()
        if self.free_at.get(counter, now) > now:
            return
        ticket = tickets.call_next(self.shop, counter, by="kari")
        if ticket is None:
            return
        self.clock.turn(seconds=round(self.chance.uniform(4, 15), 3))
        began = self.clock.at
        tickets.move(self.shop, ticket.id, Move.START, Said(by="kari"))
        lasts = round(self.chance.lognormvariate(0, 0.4) * SERVED_SECONDS[ticket.service], 3)
        fate = self.chance.random()
        self.clock.turn(seconds=lasts)
        if fate < 0.08:
            self._hold(ticket.id)
        elif fate < 0.12:
            self._lead(ticket.id)
        if fate > 0.7:
            cases.write_recap(self.shop, ticket.id, heard="The sole came off", by="kari")
            cases.confirm_recap(self.shop, ticket.id, said_yes=fate > 0.75, by="kari")
        tickets.finish(self.shop, ticket.id, Outcome.SOLVED if fate > 0.1 else Outcome.PARTLY, by="kari")
        if fate > 0.5:
            cases.give_feedback(self.shop, ticket.id, self.chance.choices(("good", "fair", "poor"), [7, 2, 1])[0])
        if fate < 0.06:
            kind = self.chance.choice(cases.KINDS)
            cases.open_problem(self.shop, kind=kind, heard="It broke", owner="kari", by="kari", ticket=ticket.id)
        # The others went on meanwhile: time was turned for one counter only.
        self.free_at[counter], self.clock.at = self.clock.at, began

    def _hold(self, ticket: str) -> None:
        until = self.clock.at + timedelta(seconds=120)
        tickets.move(self.shop, ticket, Move.HOLD, Said(by="kari", reason="asks the workshop", until=until))
        self.clock.turn(seconds=self.chance.choice((60, 90, 200)))
        tickets.move(self.shop, ticket, Move.RESUME, Said(by="kari"))
        self.clock.turn(seconds=20)

    def _lead(self, ticket: str) -> None:
        cases.call_lead(self.shop, ticket, happened="It broke twice", tried="A new one", wanted="The money", by="kari")
        self.clock.turn(seconds=self.chance.choice((30, 60, 150)))
        cases.answer_lead(self.shop, ticket, by="maria")
