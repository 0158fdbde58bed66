"""Made-up customers who take numbers, and made-up staff who call them at two desks, so that the wall of a demonstration lives.

The third desk is left to whoever looks. They use the same desk functions as the screens.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from broker.desk import counters, tickets
from broker.desk.people import LANGUAGES, Person
from broker.desk.tickets import Wish
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import Move, Outcome, Said, State
from broker.shop import Shop
from broker.store import counters as shifts
from broker.store import tickets as stored

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
MANNED: Final = 2
"""Desks with made-up staff."""
COMES_SECONDS: Final = (14.0, 34.0)
"""How long after one customer the next takes a number."""
WALKS_SECONDS: Final = (4.0, 14.0)
"""From the call to the desk."""
SERVED_SECONDS: Final = (18.0, 50.0)
RESTS_SECONDS: Final = (2.0, 8.0)
"""Between two customers."""
MOST_WAITING: Final = 7
"""Then nobody else comes: whoever looks wants to see a queue, not a crowd."""


@dataclass(slots=True)
class Desks:
    """The two desks of *crew*, moving on from `turn` to `turn`."""

    shop: Shop
    crew: Sequence[Person]
    chance: random.Random
    _next: dict[str, datetime] = field(default_factory=dict)
    """When each desk does its next thing, and, under "", when the next customer comes."""

    def turn(self) -> None:
        """Do what is due: a customer comes, somebody is called, sits down, or is done."""
        now = self.shop.clock()
        if self._due("", now, COMES_SECONDS):
            self._come()
        for counter, person in zip(self.shop.settings.counters[:MANNED], self.crew, strict=False):
            self._serve(counter.id, person.id, now)

    def _due(self, what: str, now: datetime, pause: tuple[float, float]) -> bool:
        """Return whether *what* is due, and if so put its next time after a *pause*."""
        if now < self._next.get(what, now):
            return False
        self._next[what] = now + timedelta(seconds=self.chance.uniform(*pause))
        return True

    def _come(self) -> None:
        if sum(ticket.state is State.WAITING for ticket in stored.open_ones(self.shop.db)) < MOST_WAITING:
            service = self.chance.choice([service.id for service in self.shop.settings.services])
            tickets.issue(self.shop, Wish(service=service, language=self.chance.choice(LANGUAGES)), by="demonstration")

    def _serve(self, counter: str, person: str, now: datetime) -> None:
        shift = shifts.now(self.shop.db).get(counter)
        if shift is None:
            shift = counters.open_(self.shop, counter, by=person)
        if shift.staff != person:
            return  # Somebody real has taken this desk.
        here = stored.at_counter(self.shop.db, counter)
        if here is None:
            if self._due(counter, now, WALKS_SECONDS) and tickets.call_next(self.shop, counter, by=person) is None:
                self._next.pop(counter)
        elif here.state is State.CALLED and self._due(counter, now, SERVED_SECONDS):
            tickets.move(self.shop, here.id, Move.START, Said(by=person))
        elif here.state is State.SERVING and self._due(counter, now, RESTS_SECONDS):
            tickets.finish(self.shop, here.id, Outcome.SOLVED, by=person)


def work(shop: Shop, crew: Sequence[Person], stop: threading.Event, *, seed: int = 1) -> None:
    """Take numbers and serve until *stop*."""
    desks = Desks(shop, crew[1:], random.Random(seed))  # noqa: S311 - a play, not a secret.
    while not stop.wait(LOOK_SECONDS):
        try:
            desks.turn()
        except (IllegalMove, QueueClosed, stored.NoSuchTicket) as refused:
            # Somebody at a real screen was quicker.
            log.debug("%s", refused)
        except sqlite3.OperationalError as trouble:
            log.warning("the desks look again later: %s", trouble)
