"""Is the store sound, and a copy of it while it is in use."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from broker.store.database import NAMES, StoreError

COUNTED: Final = ("visits", "alerts", "journal", "seen", "crossings", "rejected", "devices", "watches", "people", "screens")
"""The tables whose rows `check` counts."""

_INVARIANTS: Final[dict[str, str]] = {
    "every crossing stands for an event that was taken": """
        SELECT count(*) FROM crossings c
        WHERE NOT EXISTS (SELECT 1 FROM seen s WHERE s.device = c.device AND s.event = c.event)""",
    "no event was counted twice": """
        SELECT count(*) FROM (SELECT 1 FROM crossings GROUP BY device, event HAVING count(*) > 1)""",
    "the counts of the days are the crossings": """
        SELECT abs((SELECT coalesce(sum(ins), 0) FROM presence) - (SELECT count(*) FROM crossings WHERE inward))
             + abs((SELECT coalesce(sum(outs), 0) FROM presence) - (SELECT count(*) FROM crossings WHERE NOT inward))""",
    "every crossing's visit is there": """
        SELECT count(*) FROM crossings c
        WHERE c.visit IS NOT NULL AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.id = c.visit)""",
    "nobody is greeted before coming in": "SELECT count(*) FROM visits WHERE acknowledged_at < t0",
    "no visit ends before it begins": "SELECT count(*) FROM visits WHERE ended_at < t0",
    "a merged visit's keeper is there": """
        SELECT count(*) FROM visits m
        WHERE m.merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM visits v WHERE v.id = m.merged_into)""",
    "a device is not watching one span at a time": """
        SELECT count(*) FROM (SELECT 1 FROM watches WHERE ended IS NULL GROUP BY device HAVING count(*) > 1)""",
}
"""What must hold of every store, as questions whose answer must be 0."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was found. `broken` maps each rule that does not hold to how often; `damage` is what SQLite says."""

    schema: tuple[str, ...]
    counts: dict[str, int]
    broken: dict[str, int]
    damage: tuple[str, ...]
    bytes: int

    @property
    def sound(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.broken and not self.damage


def check(db: Database, *, deep: bool = False) -> Soundness:
    """Look the store over; *deep* compares every index with its table as well, which takes minutes for a large one."""
    question = "PRAGMA integrity_check" if deep else "PRAGMA quick_check"
    damage = [row[0] for row in db.execute(question).fetchall() if row[0] != "ok"]
    damage += [f"{row[0]}: row {row[1]} points to nothing" for row in db.execute("PRAGMA foreign_key_check").fetchall()]
    counts = {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in COUNTED}
    found = {rule: int(db.execute(question).fetchone()[0]) for rule, question in _INVARIANTS.items()}
    size = db.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").fetchone()[0]
    return Soundness(tuple(sorted(NAMES)), counts, {rule: n for rule, n in found.items() if n}, tuple(damage), int(size))


def backup(db: Database, target: Path) -> None:
    """Copy the store to *target* as it stands in one instant, while it is in use. Raises StoreError.

    The copy is checked and safely on the disk before it takes its name, so *target* is whole or was not touched.
    """
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(db, fresh)
        _to_disk(fresh)
        fresh.replace(target)
        _to_disk(target.parent)
    except (OSError, sqlite3.Error) as wrong:
        raise StoreError(f"{target}: the copy could not be made: {wrong}.", hint="Look at the free space there.") from wrong
    finally:
        fresh.unlink(missing_ok=True)


def _copy(db: Database, fresh: Path) -> None:
    copy = sqlite3.connect(fresh)
    try:
        db.conn.backup(copy)
        # One file that can be carried away, instead of one with a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        copy.close()
    if said != "ok":
        raise sqlite3.DatabaseError(said)


def _to_disk(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
