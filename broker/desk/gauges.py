"""What is measured of a shop that runs: numbers only, of nobody, by sets of names that cannot grow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import IN_LINE, Move
from broker.domain.visit import Move as VisitMove
from broker.settings import SERVICE
from broker.shop import STORE_FILE, Shop
from broker.store import devices, journal, tickets, visits
from broker.store.devices import WATCHING

GREET_BUCKETS: Final = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0)
"""Seconds; the usual promises are among them."""
CATCH_UP_FACTS: Final = 20_000
"""Facts read at one scrape at most; what lies further back is not counted."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand now. Ages and waits are seconds, sizes bytes; `line` is (tickets waiting, oldest wait) by service."""

    visits_open: int
    visits_overdue: int
    line: dict[str, tuple[int, float]]
    cameras: dict[str, Camera]
    service: dict[str, float]
    service_age: float | None
    store_bytes: int
    log_bytes: int


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera: whether it watches, the age of its newest frame, of its newest word, and how many events wait in its spool."""

    watching: bool
    frame_age: float | None
    heard_age: float
    spooled: float | None


def gauges(shop: Shop) -> Gauges:
    """Return how things stand. Raises sqlite3.Error when the store cannot be read."""
    now = shop.clock()
    open_visits = visits.open_ones(shop.db)
    late = sum(1 for visit in open_visits if visit.waiting and visit.overdue_at is not None)
    known = devices.everyone(shop.db)
    service = next((device for device in known if device.id == SERVICE), None)
    cameras = {
        device.id: Camera(
            device.watch == WATCHING, _number(device.figures.get("newest_frame_age")), _seconds(now, device.heard_at),
            _number(device.figures.get("spooled")),
        )
        for device in known
        if device.kind == "camera"
    }  # fmt: skip
    figures = {
        name: number for name, value in (service.figures if service else {}).items() if (number := _number(value)) is not None
    }
    store = shop.settings.store.data / STORE_FILE
    return Gauges(
        len(open_visits), late, _line(shop, now), cameras, figures, _seconds(now, service.heard_at) if service else None,
        _size(store), _size(store.with_name(f"{STORE_FILE}-wal")),
    )  # fmt: skip


def _line(shop: Shop, now: datetime) -> dict[str, tuple[int, float]]:
    found = {service.id: (0, 0.0) for service in shop.settings.services}
    for ticket in tickets.open_ones(shop.db) if found else ():
        if ticket.service in found and ticket.state in IN_LINE:
            number, oldest = found[ticket.service]
            found[ticket.service] = (number + 1, max(oldest, _seconds(now, ticket.t0)))
    return found


def _seconds(now: datetime, since: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(slots=True)
class Tallied:
    """What has happened since somebody first asked, added up from the journal. Counts only grow while the process lives."""

    last: int | None = None
    greetings: list[int] = field(default_factory=lambda: [0] * (len(GREET_BUCKETS) + 1))
    greet_seconds: float = 0.0
    issued: int = 0
    calls: int = 0

    def follow(self, shop: Shop) -> None:
        """Add what the journal has got since the last time. Raises sqlite3.Error."""
        newest = journal.last_id(shop.db)
        if self.last is None or newest < self.last:
            self.last = newest
        self.last = max(self.last, newest - CATCH_UP_FACTS)
        while facts := journal.after(shop.db, self.last):
            self._add(shop, facts)
            self.last = facts[-1].id

    def _add(self, shop: Shop, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if fact.kind is FactKind.TICKET_ISSUED:
                self.issued += 1
            elif fact.kind is FactKind.TICKET_MOVED and fact.body.get("move") == Move.CALL:
                self.calls += 1
            elif fact.kind is FactKind.VISIT_MOVED and fact.body.get("move") == VisitMove.ACKNOWLEDGE:
                self._greeted(shop, fact.subject)

    def _greeted(self, shop: Shop, visit_id: str) -> None:
        try:
            seconds = visits.get(shop.db, visit_id).greet_seconds
        except visits.NoSuchVisit:
            return
        if seconds is None:
            return  # It was taken back in the same breath.
        self.greet_seconds += seconds
        self.greetings[next((n for n, most in enumerate(GREET_BUCKETS) if seconds <= most), len(GREET_BUCKETS))] += 1
