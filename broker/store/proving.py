"""Whether rows from outside may be taken: an empty store of their own must be sound with them in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlite_utils import Database

from broker.store import invariants
from broker.store.database import open_store

_OF_OTHERS: Final = frozenset({"a merged visit's keeper is there", "a counter has one customer at a time"})
"""Rules about a row and another one, which may be in the store or come with a later line."""
_RULES: Final = {rule: asked for rule, asked in (invariants.ALWAYS | invariants.DEEP).items() if rule not in _OF_OTHERS}


class Proof:
    """Tries rows by the rules of `greetline check --deep`. *save* writes one into a store."""

    def __init__(self, save: Callable[[Database, Any], None]) -> None:
        """Make the empty store, in memory."""
        self._save = save
        self._db = open_store(":memory:")

    def failing(self, rows: Sequence[Any]) -> dict[int, str]:
        """Return the places in *rows* of those that cannot be kept, each with why in a sentence."""
        if self._wrong(rows) is None:
            return {}
        return {place: why for place, row in enumerate(rows) if (why := self._wrong([row])) is not None}

    def _wrong(self, rows: Sequence[Any]) -> str | None:
        self._db.execute("BEGIN")
        try:
            for row in rows:
                self._save(self._db, row)
            return next((f"not so: {rule}" for rule, asked in _RULES.items() if self._db.execute(asked).fetchone()[0]), None)
        except (sqlite3.Error, OverflowError, ValueError) as wrong:
            return f"it cannot be kept: {wrong}"
        finally:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Forget the store."""
        self._db.close()
