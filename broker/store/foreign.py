"""The store of another shop, to read it: nothing in it is changed, not even its schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

import sqlite_utils

from broker.store.database import NAMES, StoreError, schema_of

BUSY_MILLISECONDS: Final = 2_000
"""A reader waits for hardly anybody; a page of a report must not."""


def open_to_read(path: Path) -> sqlite_utils.Database:
    """Open the store at *path* so that it cannot be written to. Raises StoreError, also for one of another version."""
    if not path.exists():
        raise StoreError(f"{path}: there is no store here.", hint="Look at `[reports] stores`.")
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000,
            check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA query_only=ON")
        db = sqlite_utils.Database(connection)
        applied = schema_of(db)
    except (sqlite3.Error, OSError) as wrong:
        raise StoreError(f"{path}: the store cannot be read: {wrong}.", hint="Check the path and the permissions.") from wrong
    if applied != NAMES:
        connection.close()
        raise StoreError(f"{path}: was written by another version.", hint="Install the same Greetline in both shops.")
    return db
