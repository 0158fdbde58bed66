"""Is the store sound, and a copy of it while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from broker.disk import to_disk
from broker.store.database import NAMES, StoreError
from broker.store.invariants import ALWAYS, DEEP
from broker.store.schema import migrations

Told = Callable[[int, int], None]
"""Is told how much of something is done, and of how much."""
STEP_PAGES: Final = 2_000
"""Pages of the store copied at a time: 8 MB."""

COUNTED: Final = ("visits", "alerts", "journal", "seen", "crossings", "rejected", "devices", "watches", "people", "screens")
"""The tables whose rows `check` counts."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was found. `broken` maps each rule that does not hold to how often; `damage` is what SQLite says.

    `odd` names tables, columns and indexes that are not as this version makes them.
    """

    schema: tuple[str, ...]
    counts: dict[str, int]
    broken: dict[str, int]
    damage: tuple[str, ...]
    bytes: int
    odd: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.broken and not self.damage and not self.odd


def check(db: Database, *, deep: bool = False) -> Soundness:
    """Look the store over, as it stands in one instant; changes nothing.

    *deep* looks at every row and compares every index with its table as well, which takes minutes for a large store.
    """
    db.execute("BEGIN")
    try:
        return _look(db, deep)
    finally:
        db.execute("ROLLBACK")


def _look(db: Database, deep: bool) -> Soundness:
    question = "PRAGMA integrity_check" if deep else "PRAGMA quick_check"
    damage = [row[0] for row in db.execute(question).fetchall() if row[0] != "ok"]
    damage += [f"{row[0]}: row {row[1]} points to nothing" for row in db.execute("PRAGMA foreign_key_check").fetchall()]
    counts = {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in COUNTED}
    asked = ALWAYS | DEEP if deep else ALWAYS
    found = {rule: int(db.execute(question).fetchone()[0]) for rule, question in asked.items()}
    size = db.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").fetchone()[0]
    broken = {rule: n for rule, n in found.items() if n}
    return Soundness(tuple(sorted(NAMES)), counts, broken, tuple(damage), int(size), oddities(db) if deep else ())


def oddities(db: Database) -> tuple[str, ...]:
    """Return what of the store's tables, columns and indexes is not as the code makes them, such as by an earlier working copy."""
    fresh = Database(memory=True)
    migrations.apply(fresh)
    wanted, there = _shape(fresh), _shape(db)
    fresh.close()
    lacking = [f"{thing} is missing or other than it should be" for thing in sorted(wanted - there)]
    return (*lacking, *(f"{thing} is not of this version" for thing in sorted(there - wanted)))


def planted(db: Database) -> tuple[str, ...]:
    """Return the triggers and views of the store that the code does not make: they act by themselves, whoever wrote them."""
    fresh = Database(memory=True)
    migrations.apply(fresh)
    ours, there = _acting(fresh), _acting(db)
    fresh.close()
    return tuple(f"{thing} is not of this version" for thing in sorted(there - ours))


def _acting(db: Database) -> set[str]:
    found = db.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall()
    return {f"{kind} {name}: {' '.join(sql.split())}" for kind, name, sql in found}


def _shape(db: Database) -> set[str]:
    """Return each column and index of the store in words; the order of columns does not matter, they are asked for by name."""
    found = set()
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE '\\_sqlite%' ESCAPE '\\'").fetchall()
    for kind, name, table, sql in rows:
        if kind == "index" and sql:
            found.add(f"index {name} of {table}: {' '.join(sql.split())}")
        elif kind == "table" and not name.startswith("sqlite_"):
            columns = db.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', [name]).fetchall()
            found |= {f"column {name}.{each}: {form}{' NOT NULL' * must}{' key' * bool(key)}" for each, form, must, key in columns}
    return found


def backup(db: Database, target: Path, *, told: Told = lambda *_: None) -> None:
    """Copy the store to *target* as it stands in one instant, while it is in use. Raises StoreError.

    The copy is checked and safely on the disk before it takes its name, so *target* is whole or was not touched. *told*
    is called with how many pages are copied and how many there are.
    """
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(db, fresh, told)
        to_disk(fresh)
        fresh.replace(target)
        to_disk(target.parent)
    except (OSError, sqlite3.Error) as wrong:
        raise StoreError(f"{target}: the copy could not be made: {wrong}.", hint="Look at the free space there.") from wrong
    finally:
        fresh.unlink(missing_ok=True)


def _copy(db: Database, fresh: Path, told: Told) -> None:
    copy = sqlite3.connect(fresh)
    try:
        _copy_pages(db, copy, fresh, told)
        # One file that can be carried away, instead of one with a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        copy.close()
    if said != "ok":
        raise sqlite3.DatabaseError(said)


def _copy_pages(db: Database, copy: sqlite3.Connection, fresh: Path, told: Told) -> None:
    def stepped(_: int, left: int, pages: int) -> None:
        # Step by step: a gigabyte that goes to the disk at the end would keep every commit of the shop waiting.
        to_disk(fresh)
        told(pages - left, pages)

    # A reader that stands still: without it every commit of somebody else would make the copy begin anew.
    db.execute("BEGIN")
    try:
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
        db.conn.backup(copy, pages=STEP_PAGES, progress=stepped)
    finally:
        db.execute("ROLLBACK")
        # While we stood still the log could not be emptied. Whoever commits next would do it all, with a customer waiting.
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
