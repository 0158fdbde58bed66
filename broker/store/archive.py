"""The folder of the archive: copies of the store, what was committed since each, and for how long both are kept.

A run is a time in which nothing of the log was missed. It has copies of the store and segments with numbers; a copy has the
number of the segment from which on the log goes further, and the moment from which on every moment can be had.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from broker.store.line_file import write_over

SEEN_FILE: Final = "seen"
HALF: Final = ".half-made"
"""Begins the name of what is being made."""
_NAME: Final = re.compile(r"(\d{17})-(\d{6})(?:\.log|-(\d{17})\.store\.gz)")
_WRITTEN: Final = "%Y%m%d%H%M%S"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where in an archive something is: the run, by the milliseconds of its begin, and the number of the segment."""

    run: int
    number: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the archive: a segment, or a copy of the store from whose moment `seen` on every moment can be had."""

    path: Path
    place: Place
    bytes: int
    seen: int | None = None


def written(milliseconds: int) -> str:
    """Return a moment as it stands in names: digits alone, UTC."""
    at = as_moment(milliseconds)
    return f"{at:{_WRITTEN}}{at.microsecond // 1000:03d}"


def as_moment(milliseconds: int) -> datetime:
    """Return the aware UTC moment that many milliseconds after 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def milliseconds(moment: datetime) -> int:
    """Return how many whole milliseconds after 1970 *moment* is."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _read(digits: str) -> int:
    moment = datetime.strptime(digits[:-3], _WRITTEN).replace(tzinfo=UTC)
    return milliseconds(moment) + int(digits[-3:])


def segment_at(folder: Path, place: Place) -> Path:
    """Return the name of the segment at *place*."""
    return folder / f"{written(place.run)}-{place.number:06d}.log"


def copy_at(folder: Path, place: Place, seen: int) -> Path:
    """Return the name of the copy that the segments from *place* on lead further, and that stands for moments from *seen* on."""
    return folder / f"{written(place.run)}-{place.number:06d}-{written(seen)}.store.gz"


def pieces(folder: Path) -> list[Piece]:
    """Return what is in the archive in order, a copy before its segment; what has another name is not ours. Raises OSError."""
    found = []
    for path in folder.iterdir():
        if (named := _NAME.fullmatch(path.name)) and path.is_file():
            with suppress(ValueError):  # Digits that are no moment.
                seen = _read(named[3]) if named[3] else None
                found.append(Piece(path, Place(_read(named[1]), int(named[2])), path.stat().st_size, seen))
    return sorted(found, key=lambda piece: (piece.place, piece.seen is None))


def forget(folder: Path, before: int, most_bytes: int, *, most_aged: int | None = None) -> int:
    """Delete copies made before *before*, in milliseconds, and the oldest while there are more than *most_bytes*.

    For their age alone no more than *most_aged* go. With a copy goes what leads from it to the next one. The newest copy and what
    leads on from it stay. Return the bytes that are left. Raises OSError.
    """
    there = pieces(folder)
    left = sum(piece.bytes for piece in there)
    copies = [piece for piece in there if piece.seen is not None]
    made = [piece.seen or 0 for piece in copies]
    for n, (_, newer) in enumerate(pairwise(copies)):
        # A copy of a moment to come was made while the clock was wrong: it is no younger than those after it.
        aged = min(made[n:]) < before and (most_aged is None or n < most_aged)
        if not aged and left <= most_bytes:
            break
        gone = [piece for piece in there if piece.place < newer.place]
        for piece in gone:
            piece.path.unlink(missing_ok=True)
        there = [piece for piece in there if piece not in gone]
        left -= sum(piece.bytes for piece in gone)
    return left


def discard(folder: Path, run: int) -> None:
    """Delete the segments of *run* when no copy of it was made: nothing can be had of them. Raises OSError."""
    ours = [piece for piece in pieces(folder) if piece.place.run == run]
    if all(piece.seen is None for piece in ours):
        for piece in ours:
            piece.path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Take away what was being made when something ended; `upkeep.backup` puts a dot more before it. Raises OSError."""
    for left in folder.glob(f"*{HALF}*"):
        left.unlink(missing_ok=True)


def tell_seen(folder: Path, seal: bytes, seen: int) -> None:
    """Write that up to the moment *seen* nothing came after the record with *seal*. Raises OSError."""
    write_over(folder / SEEN_FILE, f"{seal.hex()} {written(seen)}")


def seen(folder: Path) -> tuple[bytes, int]:
    """Return the seal and the moment of the last `tell_seen`; nothing and nought when they cannot be read."""
    try:
        seal, moment = (folder / SEEN_FILE).read_text(encoding="utf-8").split()
        return bytes.fromhex(seal), _read(moment)
    except (OSError, ValueError):
        return b"", 0
