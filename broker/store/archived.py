"""How far the archive is: one line in a file beside the store, so that the office can say so without looking at another disk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from broker.store.database import text
from broker.store.line_file import write_over

ARCHIVED_FILE: Final = "archive-goes-to"


class ArchiveState(StrEnum):
    """How the archive is."""

    GOES_ON = "goes-on"
    COPYING = "copying"
    FULL = "full"
    REFUSED = "refused"
    UNSOUND = "unsound"


@dataclass(frozen=True, slots=True)
class Archived:
    """How the archive is, and up to which moment everything that was committed is in it."""

    state: ArchiveState
    upto: datetime


def mark(data: Path, state: ArchiveState, upto: datetime) -> None:
    """Write that the archive is so and has everything up to *upto*. Where that is refused, the line stays as it was."""
    with suppress(OSError):
        write_over(data / ARCHIVED_FILE, f"{state} {text(upto)}")


def look(data: Path) -> Archived | None:
    """Return what was written last, or None when nothing was, or nothing that can be read."""
    try:
        state, upto = (data / ARCHIVED_FILE).read_text(encoding="utf-8").split()
        return Archived(ArchiveState(state), datetime.fromisoformat(upto))
    except (OSError, ValueError):
        return None
