"""Each text that the settings file had, in the order in which it had them."""

from __future__ import annotations

from typing import Final

CHANGES: Final = (
    """CREATE TABLE settings_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, kind TEXT NOT NULL,
        was TEXT NOT NULL, became TEXT NOT NULL, text TEXT NOT NULL
    )""",
    "CREATE INDEX settings_changes_became ON settings_changes (became)",
)
