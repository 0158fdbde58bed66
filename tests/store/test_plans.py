"""What is asked all day long reads what is open now: a store in which a year lies answers as one that is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from broker.shop import STORE_FILE
from broker.store import answers, finished, tickets
from broker.store.database import open_store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKED: dict[str, tuple[Callable[[Database], object], str]] = {
    "whom a counter serves": (lambda db: tickets.at_counter(db, "1"), "tickets_counter"),
    "whom each counter serves": (tickets.at_counters, "tickets_counter"),
    "the line": (tickets.open_ones, "tickets_open"),
    "who is next": (lambda db: tickets.first_waiting(db, "repair"), "tickets_open"),
    "how many wait": (tickets.tally, "tickets_open"),
    "which numbers are taken": (lambda db: tickets.kept_numbers(db, "repair", date(2026, 11, 23)), "tickets_open"),
    "the newest number": (lambda db: tickets.newest_number(db, "repair", date(2026, 11, 23)), "tickets_number"),
    "who is called on the wall": (lambda db: tickets.newest_calls(db, NOW, limit=12), "ticket_moves_at"),
    "the last call": (tickets.last_call, "ticket_moves_calls"),
    "what is due": (lambda db: tickets.due(db, NOW), "tickets_due"),
    "the months of finished hours": (finished.months_of_hours, "finished_days"),
    "a tap that is answered": (lambda db: answers.keep(db, "key", NOW), ""),
}
"""What is asked, and the index by which SQLite finds it; "" where nothing may be read at all."""


class Heard(sqlite3.Connection):
    """A connection that writes down what it is asked, with what is bound apart: written out, SQLite plans otherwise."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.asked: list[tuple[str, Sequence[Any]]] = []

    def execute(self, question: str, values: Sequence[Any] = (), /) -> sqlite3.Cursor:
        if question.startswith(("SELECT", "WITH", "DELETE", "UPDATE", "INSERT")):
            self.asked.append((question, values))
        return super().execute(question, values)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_store(tmp_path / STORE_FILE)
    yield made
    made.conn.close()


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_all_day_is_found_by_its_index(what: str, db: Database, tmp_path: Path) -> None:
    ask, index = ASKED[what]
    heard = sqlite3.connect(tmp_path / STORE_FILE, factory=Heard)
    ask(Database(heard))
    heard.close()
    assert heard.asked
    plan = [row[3] for asked, values in heard.asked for row in db.execute(f"EXPLAIN QUERY PLAN {asked}", values).fetchall()]
    if not index:
        assert plan == []
        return
    first = [step for step in plan if step.startswith(("SCAN", "SEARCH"))]
    assert all(index in step or step.startswith(("SCAN first", "SCAN (")) for step in first), plan
    assert any(index in step for step in first), plan


def test_the_months_of_finished_hours_are_each_month_once_in_their_order(db: Database) -> None:
    assert finished.months_of_hours(db) == []
    for day in ("2026-03-31", "2024-12-31", "2025-01-01", "2025-01-31", "2026-03-01", "2025-12-31"):
        hour = ["zone", "door", f"{day}T08", f"{day}T09", day, 1, 9, "{}", "[]", b""]
        db.conn.execute(f"INSERT INTO finished VALUES ({', '.join('?' * 10)})", hour)
    assert finished.months_of_hours(db) == ["2024-12", "2025-01", "2025-12", "2026-03"]
