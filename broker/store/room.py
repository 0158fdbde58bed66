"""Room for the store: how much there is, and a mark that can be set when not a byte can be written any more."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from broker.store.database import text
from broker.store.line_file import write_over

MARK_FILE: Final = "room"
FULL_BYTES: Final = 1024 * 1024
"""With less than this a commit may fail any moment."""


class RoomState(StrEnum):
    """How much room there is."""

    ENOUGH = "enough"
    LOW = "low"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Room:
    """How much room the store has: bytes that are free, what that means, and since when, if the service has said so."""

    free: int
    state: RoomState
    since: datetime | None = None


def look(data: Path, least: int) -> Room:
    """Return the room in *data*; less than *least* bytes is low. A write that failed counts for more than what seems free."""
    seen = measured(data, least)
    marked, since = _marked(data)
    if marked is RoomState.FULL:
        return Room(seen.free, marked, since)
    return Room(seen.free, seen.state, since if seen.state is marked else None)


def measured(data: Path, least: int) -> Room:
    """Return the room in *data* by what is free alone. The mark is made of this: of itself it would never end."""
    try:
        free = shutil.disk_usage(data).free
    except OSError:
        return Room(0, RoomState.FULL)
    return Room(free, RoomState.FULL if free < FULL_BYTES else RoomState.LOW if free < least else RoomState.ENOUGH)


def mark(data: Path, state: RoomState, at: datetime) -> bool:
    """Write that the room is so since *at*; return whether that was done. Where even that is refused, the mark stays as it was."""
    try:
        write_over(data / MARK_FILE, f"{state} {text(at)}")
    except OSError:
        return False
    return True


def _marked(data: Path) -> tuple[RoomState | None, datetime | None]:
    try:
        state, since = (data / MARK_FILE).read_text(encoding="utf-8").split()
        return RoomState(state), datetime.fromisoformat(since)
    except (OSError, ValueError):
        return None, None
