"""A store of every earlier schema, with rows in every table, becomes this one: nothing is lost, and it is sound.

There are two of each: the one that is kept as a fixture, and the one that today's migrations make. When a schema has become
an earlier one: `python -m tests.store.make_fixtures NAME`, with the name of its last migration.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from broker.desk import audit, finished
from broker.shop import STORE_FILE
from broker.store import upkeep, visits
from broker.store.database import NAMES, change, schema_of
from broker.store.schema.begun import BEGUN
from tests.builders import TurnableClock, a_visit, later, make_shop
from tests.store.make_fixtures import AUDIT_KEY, DAY, EARLIER, SETTINGS, made, tables
from tests.store.make_fixtures import NAMES as IN_ORDER
from tests.store.test_migrations import OLD, an_old_store, contents

Rows = dict[str, list[dict[str, object]]]

ADDED = {
    "area_counts.kind": "queue", "area_stays.kind": "queue", "area_stays.outcome": "", "sessions.proof": "pin",
    "sessions.proved_at": None,
}  # fmt: skip
"""What a row says in a column that a later schema added."""
UNSAID = {"answers.body": "an answer is only known by its key"}
"""Columns in which no row says anything, and why."""
HARMS = {
    "a value": "UPDATE people SET pin = ''", "a row": "DELETE FROM api_keys WHERE revoked_at IS NOT NULL",
    "a table": "DROP TABLE announced", "a number": "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'deliveries'",
    "a column": "ALTER TABLE printers DROP COLUMN held_by", "an unnamed column": "ALTER TABLE plans ADD COLUMN mood TEXT",
    "what seals the audit log": "UPDATE audit_ends SET seal = ''",
}  # fmt: skip


def made_now(folder: Path, last: str) -> Path:
    path = folder / STORE_FILE
    with closing(made(last).conn) as old, closing(sqlite3.connect(path)) as there:
        old.backup(there)
    return path


def numbers(path: Path) -> dict[str, int]:
    """The newest number of each table that never gives one twice."""
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())


def brought_up(path: Path) -> Rows:
    """Open an earlier store as a shop does, see that it is sound and that its audit log holds, and return what is in it."""
    (path.parent / audit.KEY_FILE).write_bytes(AUDIT_KEY)
    shop = make_shop(path.parent, TurnableClock())
    with closing(shop.db.conn):
        found = upkeep.check(shop.db, deep=True)
        assert (found.broken, found.damage, found.odd) == ({}, (), ())
        assert schema_of(shop.db) == NAMES
        assert audit.verify(shop).whole
        return contents(path)


def goes_on(path: Path, audited: int) -> None:
    """What is written from now on goes behind what was there: a visit, and a row behind the *audited* of the audit log."""
    shop = make_shop(path.parent, TurnableClock())
    with closing(shop.db.conn):
        was = audit.verify(shop)
        with change(shop.db):
            visits.save(shop.db, a_visit(id="new"))
            audit.write(shop, "test.done", "new", by="test")
        assert (was.rows, audit.verify(shop)) == (audited, replace(was, rows=audited + 1))
        assert upkeep.check(shop.db, deep=True).sound


def sees_nothing_lost(path: Path) -> None:
    """Bring the store at *path* up to date and compare all of it."""
    before, counted = contents(path), numbers(path)
    assert [table for table, rows in before.items() if not rows] == [], "nobody sees whether a row of these is kept"
    after = brought_up(path)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
        new = {(f"{table}.{name}", value) for row in after[table] for name, value in row.items() if name not in rows[0]}
        assert new <= set(ADDED.items()), table
    assert numbers(path).items() >= counted.items()
    goes_on(path, audited=len(before.get("audit_log", [])))


def test_every_earlier_schema_is_kept() -> None:
    assert [path.stem for path in OLD] == sorted(EARLIER), "python -m tests.store.make_fixtures NAME"


@pytest.mark.parametrize("dump", OLD, ids=lambda path: path.stem)
def test_a_store_that_is_kept_of_every_earlier_schema_becomes_this_one_and_loses_nothing(tmp_path: Path, dump: Path) -> None:
    sees_nothing_lost(an_old_store(tmp_path, dump))


@pytest.mark.parametrize("last", EARLIER)
def test_a_store_that_stopped_at_any_migration_becomes_this_one_and_loses_nothing(tmp_path: Path, last: str) -> None:
    sees_nothing_lost(made_now(tmp_path, last))


def sums(folder: Path, last: str) -> list[tuple[object, ...]]:
    """The figures of every hour, once all of them are over, of a store that stopped at *last*."""
    folder.mkdir()
    made_now(folder, last)
    shop = make_shop(folder, TurnableClock(later(4 * DAY)), **SETTINGS)
    with closing(shop.db.conn):
        finished.finish_all(shop)
        found: list[tuple[object, ...]] = shop.db.execute("SELECT * FROM finished ORDER BY kind, part, began").fetchall()
        return found


def test_a_store_from_before_hours_were_summed_up_has_the_same_figures(tmp_path: Path) -> None:
    before = IN_ORDER[IN_ORDER.index("m009_finished_hours") - 1]
    known = sums(tmp_path / "new", IN_ORDER[-1])
    assert len(known) > 20
    assert sums(tmp_path / "old", before) == known


@pytest.mark.parametrize("dump", OLD, ids=lambda path: path.stem)
def test_a_kept_store_is_what_its_migrations_still_make(tmp_path: Path, dump: Path) -> None:
    asked = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE '\\_sqlite%' ESCAPE '\\' ORDER BY type, name"
    with closing(made(dump.stem).conn) as now, closing(sqlite3.connect(an_old_store(tmp_path, dump))) as kept:
        assert kept.execute(asked).fetchall() == now.execute(asked).fetchall()


def test_the_shop_that_lived_has_something_in_every_column_of_every_table() -> None:
    store = made(IN_ORDER[-1])
    with closing(store.conn):
        said = {
            f"{table}.{name}": store.execute(f"SELECT count(*) FROM {table} WHERE {name} <> ''").fetchone()[0]
            for table in tables(store)
            for name in store[table].columns_dict
        }
    assert {where for where, times in said.items() if not times} == set(UNSAID), "write it in tests/store/make_fixtures.py"


@pytest.mark.parametrize("harm", HARMS.values(), ids=list(HARMS))
def test_a_migration_that_loses_or_changes_something_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:  # fmt: skip
    path = made_now(tmp_path, IN_ORDER[IN_ORDER.index("m021_begun") - 1])
    monkeypatch.setattr("broker.store.schema.BEGUN", (*BEGUN, harm))
    with pytest.raises((AssertionError, KeyError)):
        sees_nothing_lost(path)
