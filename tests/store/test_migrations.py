"""A store of an earlier schema: how a test opens one, what cannot be brought up to date, and what a deep look finds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from broker.store import upkeep
from broker.store.database import StoreError, open_store
from tests.store.make_fixtures import FIXTURES

OLD = sorted(FIXTURES.glob("*.sql"))


def an_old_store(folder: Path, dump: Path) -> Path:
    path = folder / "greetline.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(dump.read_text(encoding="utf-8"))
    return path


def contents(path: Path) -> dict[str, list[dict[str, object]]]:
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()]
        return {
            name: sorted((dict(row) for row in db.execute(f"SELECT * FROM {name}")), key=lambda row: [*map(str, row.values())])
            for name in names
            if not name.startswith(("sqlite_", "_sqlite"))
        }


def test_a_store_of_an_earlier_working_copy_is_named_for_what_it_lacks(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    db.execute("DROP INDEX visits_due")
    db.execute("ALTER TABLE visits ADD COLUMN mood TEXT")
    found = upkeep.check(db, deep=True)
    assert not found.sound
    assert any("index visits_due" in odd and "missing" in odd for odd in found.odd)
    assert any("visits.mood" in odd and "not of this version" in odd for odd in found.odd)
    assert upkeep.check(db).sound, "only the deep look compares"
    db.conn.close()


def test_a_migration_that_cannot_be_done_leaves_the_old_store_as_it_was(tmp_path: Path) -> None:
    path = an_old_store(tmp_path, OLD[0])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE tickets (what TEXT)")
    before = contents(path)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path)
    assert contents(path) == before


BREAKS = {
    "UPDATE visits SET state = 'entered'": "a visit's state and its times say the same",
    "UPDATE visits SET own_size = 3": "a visit's times follow each other and its people add up",
    "UPDATE visits SET acknowledged_at = '2026-12-24T00:00:00.000Z'": "a visit's times follow each other and its people add up",
    "UPDATE visits SET due_at = t0": "nothing is due of what has ended",
    "UPDATE tickets SET state = 'cancelled'": "a ticket stands where its last move left it",
    "DELETE FROM ticket_moves WHERE move = 'finish'": "a ticket stands where its last move left it",
    "DELETE FROM ticket_moves WHERE move = 'call'": "each move of a ticket begins where the one before ended",
    "UPDATE tickets SET ended_at = NULL": "a ticket's state and its times say the same",
    "UPDATE alerts SET state = 'raised'": "an alert's state and its times say the same",
    "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'journal'": "facts are numbered on and on",
}


@pytest.mark.parametrize(("harm", "rule"), BREAKS.items(), ids=list(BREAKS))
def test_a_deep_look_finds_what_a_quick_one_does_not_ask(tmp_path: Path, harm: str, rule: str) -> None:
    db = open_store(an_old_store(tmp_path, OLD[-1]))
    db.execute(harm)
    assert rule in upkeep.check(db, deep=True).broken
    db.conn.close()
