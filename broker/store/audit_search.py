"""Rows of the audit log that somebody looks for: by whom, of what kind, about what, on which day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from broker.store.audit import PAGE_ROWS, SELECT, Entry, entry
from broker.store.database import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; what is empty is any. `what` is a kind or what kinds begin with before their dot.

    `begin` and `end` are the moments between which a row was written, the second one outside.
    """

    by: str = ""
    what: str = ""
    about: str = ""
    begin: datetime | None = None
    end: datetime | None = None


def found(db: Database, search: Search, *, limit: int, before: int | None = None) -> list[Entry]:
    """Return at most *limit* rows, newest first, of those whose id is less than *before*."""
    where, values = _where(search)
    if before is not None:
        where, values = [*where, "id < :before"], values | {"before": before}
    rows = db.execute(f"{SELECT}{_and(where)} ORDER BY id DESC LIMIT :limit", values | {"limit": limit}).fetchall()
    return [entry(row) for row in rows]


def every(db: Database, search: Search) -> Iterator[Entry]:
    """Yield every row that is looked for, oldest first, a page at a time."""
    where, values = _where(search)
    asked = f"{SELECT}{_and([*where, 'id > :last'])} ORDER BY id LIMIT :limit"
    last = -1
    while rows := db.execute(asked, values | {"last": last, "limit": PAGE_ROWS}).fetchall():
        yield from map(entry, rows)
        last = int(rows[-1][0])


def kinds(db: Database) -> list[str]:
    """Return what kinds of rows begin with before their dot, in order."""
    rows = db.execute("SELECT DISTINCT substr(what, 1, instr(what || '.', '.') - 1) FROM audit_log ORDER BY 1").fetchall()
    return [str(kind) for (kind,) in rows]


def doers(db: Database) -> list[str]:
    """Return by whom there are rows, in order; nobody, as for a wrong PIN, is not among them."""
    return [str(by) for (by,) in db.execute("SELECT DISTINCT by FROM audit_log WHERE by != '' ORDER BY 1").fetchall()]


def count(db: Database) -> int:
    """Return how many rows there are."""
    return int(db.execute("SELECT count(*) FROM audit_log").fetchone()[0])


def _where(search: Search) -> tuple[list[str], dict[str, object]]:
    wanted = {
        "by": ("by = :by", search.by), "about": ("subject = :about", search.about),
        "what": ("(what = :what OR substr(what, 1, length(:what) + 1) = :what || '.')", search.what),
        "begin": ("at >= :begin", text(search.begin)), "end": ("at < :end", text(search.end)),
    }  # fmt: skip
    given = {name: each for name, each in wanted.items() if each[1]}
    return [where for where, _ in given.values()], {name: value for name, (_, value) in given.items()}


def _and(where: list[str]) -> str:
    return f" WHERE {' AND '.join(where)}" if where else ""
