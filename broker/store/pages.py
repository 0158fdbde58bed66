"""The tokens in the addresses of customers' own pages, and how they are put out of the store."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlite_utils import Database

_OVER: Final = "length(token) = 22 AND day < ? AND ended_at IS NOT NULL"
"""Written as the index of pages is, or SQLite would read every ticket there ever was."""


def any_before(db: Database, day: date) -> bool:
    """Return whether an ended ticket of a day before *day* still has its token."""
    return db.execute(f"SELECT 1 FROM tickets WHERE {_OVER} LIMIT 1", [day.isoformat()]).fetchone() is not None


def forget(db: Database, day: date) -> int:
    """Put something that is no address in place of the tokens of ended tickets of days before *day*; return how many."""
    # Never empty: the column is unique. The blank makes it longer than a token, and no address of ours has one.
    return db.conn.execute(f"UPDATE tickets SET token = 'gone, ticket ' || id WHERE {_OVER}", [day.isoformat()]).rowcount
