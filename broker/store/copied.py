"""When the store was last copied to a backup: one line in a file beside it, so that the office can say how old the newest is."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.store.database import text

COPIED_FILE: Final = "backup-made"


def mark(data: Path, at: datetime) -> None:
    """Write that a backup was made at *at*. Where that is refused, the line stays as it was: the backup is there all the same."""
    half = data / f".{COPIED_FILE}.{os.getpid()}"
    with suppress(OSError):
        half.write_text(f"{text(at)}\n", encoding="utf-8")
        half.replace(data / COPIED_FILE)


def newest(data: Path) -> datetime | None:
    """Return when the newest backup was made, or None when none was, or the line says nothing that can be read."""
    try:
        found = datetime.fromisoformat((data / COPIED_FILE).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None
    return found if found.tzinfo else None
