"""What is asked all day long reads what is open now: a store in which a year lies answers as one that is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

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


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = open_store(tmp_path / "greetline.db")
    yield made
    made.conn.close()


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_all_day_is_found_by_its_index(what: str, db: Database) -> None:
    ask, index = ASKED[what]
    said: list[str] = []
    db.conn.set_trace_callback(said.append)
    ask(db)
    db.conn.set_trace_callback(None)
    asked = [each for each in said if each.startswith(("SELECT", "WITH", "DELETE", "UPDATE", "INSERT"))]
    assert asked, said
    plan = [row[3] for each in asked for row in db.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()]
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
