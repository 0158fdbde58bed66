"""Trouble of the world, told apart from a mistake of ours: a full disk is waited out, a mistake is not."""

from __future__ import annotations

import sqlite3
from typing import Final

_TROUBLE: Final = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    )
)
_PRIMARY: Final = 0xFF
"""An extended result code carries the primary one in its lowest byte."""


def is_trouble(wrong: BaseException) -> bool:
    """Return whether *wrong* says that the store cannot be used just now, so that trying again can help."""
    if not isinstance(wrong, sqlite3.Error):
        return False
    code: int | None = getattr(wrong, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _TROUBLE
