"""The queues and the wall as boards of others read them: retained messages that follow the store.

The journal says that something happened, so an idle shop costs one question to an index now and then. They are said again
on every new connection: an MQTT broker that was started afresh has kept nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from broker.contract.boards import Display, Queue, ServiceLine, WallCall
from broker.contract.messages import Mirror
from broker.desk import board, prospects, tickets
from broker.desk.board import Row
from broker.domain.estimate import Told
from broker.domain.moves import QueueClosed
from broker.domain.ticket import State, Ticket
from broker.settings import ServiceSettings
from broker.shop import Shop
from broker.store import counters, journal
from broker.store import tickets as stored
from broker.store.database import moment

LOOK_SECONDS: Final = 0.2
SAY_SECONDS: Final = 1.0
"""Each is said so often at most, and a change so late at most."""
CLOCK_SECONDS: Final = 10.0
"""What only the clock changes (a wait, closing time) is looked at so often."""


class Mirrors:
    """Follows one shop and says its queues and its wall when they have changed."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = time.monotonic) -> None:
        """Follow *shop*, from now on."""
        self._shop = shop
        self._ticks = ticks
        self._next_look = self._next_word = self._next_by_clock = ticks()
        self._seen = -1
        self._connection = 0
        self._said: dict[type[Mirror], Mirror] = {}

    def turn(self, connection: int, say: Callable[[Mirror], bool]) -> None:
        """Say what has changed, if it is time, on the *connection* of that number; *say* returns whether it was taken."""
        now = self._ticks()
        if not self._shop.settings.services or now < max(self._next_look, self._next_word):
            return
        self._next_look = now + LOOK_SECONDS
        newest = journal.last_id(self._shop.db)
        if connection != self._connection:
            self._connection, self._said = connection, {}
        elif newest == self._seen and now < self._next_by_clock:
            return
        self._seen, self._next_by_clock = newest, now + CLOCK_SECONDS
        for body in (queue(self._shop), display(self._shop)):
            if self._said.get(type(body)) != body:
                self._next_word = now + SAY_SECONDS
                if say(body):
                    self._said[type(body)] = body
                else:
                    self._seen = -1


def queue(shop: Shop) -> Queue:
    """Return who waits for what."""
    now, shifts = shop.clock(), counters.now(shop.db)
    line = [ticket for ticket in stored.open_ones(shop.db) if ticket.state is State.WAITING]
    serving = [
        tickets.skills_of(shop, counter.id)
        for counter in shop.settings.counters
        if (shift := shifts.get(counter.id)) and shift.kind == counters.OPEN
    ]
    services = tuple(
        _line(shop, service, [t for t in line if t.service == service.id], sum(service.id in skills for skills in serving))
        for service in shop.settings.services
    )
    return Queue(open=shop.hours.open_at(now), services=services)


def _line(shop: Shop, service: ServiceSettings, waiting: list[Ticket], serving: int) -> ServiceLine:
    found = prospects.prospect(shop, service.id)
    told = found.range if isinstance(found.range, Told) else None
    try:
        tickets.check_open(shop, service.id, shop.clock())
        given = not found.closes_first
    except QueueClosed:
        given = False
    return ServiceLine(
        service=service.id, letter=service.letter, open=given, waiting=len(waiting), counters=serving,
        oldest=min((ticket.t0 for ticket in waiting), default=None),
        wait_from=told.low if told else None, wait_to=told.high if told else None,
    )  # fmt: skip


def display(shop: Shop) -> Display:
    """Return what the wall shows."""
    wall = board.display(shop)
    return Display(
        open=wall["open"], closes_at=moment(wall["closes_at"]), opens_at=moment(wall["opens_at"]), waiting=wall["waiting"],
        calls=tuple(_call(row) for row in wall["calls"]),
    )  # fmt: skip


def _call(row: Row) -> WallCall:
    at = moment(row["at"])
    assert at is not None
    return WallCall(
        call=row["id"], shown=row["shown"], counter=row["counter"], counter_name=row["counter_name"], at=at, again=row["again"],
        state="calling" if row["calling"] else "serving" if row["serving"] else "over",
    )  # fmt: skip
