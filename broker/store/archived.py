"""How far the archive is: one line in a file beside the store, so that the office can say so without looking at another disk."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from broker.store.database import text

ARCHIVED_FILE: Final = "archive-goes-to"
MARK_BYTES: Final = 64
"""The line is written over, never longer: a full disk does not refuse that."""


class ArchiveState(StrEnum):
    """How the archive is."""

    GOES_ON = "goes-on"
    COPYING = "copying"
    FULL = "full"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Archived:
    """How the archive is, and up to which moment everything that was committed is in it."""

    state: ArchiveState
    upto: datetime


def mark(data: Path, state: ArchiveState, upto: datetime) -> None:
    """Write that the archive is so and has everything up to *upto*. Where that is refused, the line stays as it was."""
    line = f"{state} {text(upto)}".ljust(MARK_BYTES - 1) + "\n"
    with suppress(OSError):
        handle = os.open(data / ARCHIVED_FILE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(handle, line.encode(), 0)
        finally:
            os.close(handle)


def look(data: Path) -> Archived | None:
    """Return what was written last, or None when nothing was, or nothing that can be read."""
    try:
        state, upto = (data / ARCHIVED_FILE).read_text(encoding="utf-8").split()
        return Archived(ArchiveState(state), datetime.fromisoformat(upto))
    except (OSError, ValueError):
        return None
