"""Out of the archive: which moments can be had, and the store as it was at one of them."""

from __future__ import annotations

import gzip
import logging
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, Final

from broker.store import archive, segments
from broker.store.archive import Piece, as_moment
from broker.store.database import StoreError
from broker.store.segments import Damaged, Record

log = logging.getLogger(__name__)

BLOCK_BYTES: Final = 1024 * 1024


@dataclass(slots=True)
class Span:
    """A time of which every moment can be had, in milliseconds since 1970. `ended` says what is wrong behind it, if anything."""

    begins: int
    ends: int
    ended: str = ""
    copies: list[Piece] = field(default_factory=list)
    segments: list[Piece] = field(default_factory=list)


class NoSuchMoment(StoreError):
    """The moment that was asked for cannot be had."""


class _BadCopy(Exception):
    """A copy of the store is damaged."""


def spans(folder: Path) -> list[Span]:
    """Return the times that can be had, oldest first; every record is looked at. Raises StoreError."""
    try:
        there = archive.pieces(folder)
        told = archive.seen(folder)
        found = [span for _, run in groupby(there, key=lambda piece: piece.place.run) for span in _of_run(list(run), told)]
    except OSError as wrong:
        raise StoreError(
            f"{folder}: the archive cannot be read: {wrong.strerror or wrong}.", hint="Is its disk there, and may you read it?"
        ) from None
    return found


def _of_run(run: list[Piece], told: tuple[bytes, int]) -> Iterator[Span]:
    span: Span | None = None
    seal, number = b"", 0
    for piece in run:
        if piece.seen is not None:
            if span is None:
                span = Span(piece.seen, piece.seen)
            span.copies.append(piece)
            continue
        if span is None:
            continue
        number = number + 1 if span.segments else span.copies[0].place.number
        if number == piece.place.number:
            seal = _look(piece, span, seal)
        else:
            span.ended = f"segment {number} is missing"
        if span.ended:
            yield span
            span = None
    if span is not None:
        if told[0] == seal:
            span.ends = max(span.ends, told[1])
        yield span


def _look(piece: Piece, span: Span, seal: bytes) -> bytes:
    """Take the segment *piece* into *span* as far as it is good; return its last seal."""
    try:
        _, begun = segments.begins(piece.path)
        if span.segments and begun != seal:
            span.ended = f"{piece.path.name}: it does not follow the segment before it"
            return seal
        span.segments.append(piece)
        seal = begun
        for record in segments.records(piece.path):
            seal = record.seal
            if record.whole:
                span.ends = max(span.ends, record.seen)
    except Damaged as wrong:
        # What was being written when everything stopped is not missed: nothing behind it was ever promised.
        span.ended = str(wrong)
    return seal


def rewind(folder: Path, moment: datetime, target: Path) -> datetime:
    """Write the store as it was at *moment* to *target*; return the moment of its last change, or of the copy.

    Raises NoSuchMoment, when no span of the archive has the moment, and StoreError.
    """
    at, found = archive.milliseconds(moment), spans(folder)
    span = next((each for each in reversed(found) if each.begins <= at <= each.ends), None)
    if span is None:
        raise _no_such(folder, at, found)
    bases = [copy for copy in reversed(span.copies) if copy.seen is not None and copy.seen <= at]
    for base in bases:
        try:
            return _rewind(span, base, at, target)
        except _BadCopy as wrong:
            # From an older copy the log leads there as well.
            log.warning("%s", wrong)
        except OSError as wrong:
            raise StoreError(
                f"{target}: it cannot be written: {wrong.strerror or wrong}.", hint="Look at the free space there."
            ) from None
        except Damaged as wrong:
            raise StoreError(f"{folder}: {wrong}.", hint="`greetline restore --list` says what can be had.") from None
    raise StoreError(f"{folder}: no copy of the store before that moment is good.", hint="Give a moment of a later day.")


def _rewind(span: Span, base: Piece, at: int, target: Path) -> datetime:
    assert base.seen is not None
    with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "r+b") as file:
        _unpack(base.path, file)
        count, seen = _wanted(span, base, at)
        for record in islice(_records(span, base), count):
            _apply(record, file)
        file.flush()
        os.fsync(file.fileno())
    return as_moment(max(seen, base.seen))


def _unpack(path: Path, file: BinaryIO) -> None:
    try:
        with gzip.open(path, "rb") as packed:
            while block := packed.read(BLOCK_BYTES):
                file.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as wrong:
        raise _BadCopy(f"{path}: this copy of the store is damaged: {wrong}") from None


def _records(span: Span, base: Piece) -> Iterator[Record]:
    for piece in span.segments:
        if piece.place >= base.place:
            try:
                yield from segments.records(piece.path)
            except Damaged:
                return  # Where the span ends.


def _wanted(span: Span, base: Piece, at: int) -> tuple[int, int]:
    """Return how many records are to be taken, and when the last was seen: not those of a transaction that ends after *at*."""
    # The last that was seen by then, not the first that was not: the clock may have been set back in between.
    count, seen = 0, 0
    for number, record in enumerate(_records(span, base), start=1):
        if record.whole and record.seen <= at:
            count, seen = number, record.seen
    return count, seen


def _apply(record: Record, file: BinaryIO) -> None:
    for number, page in record.pages():
        file.seek((number - 1) * record.page_bytes)
        file.write(page)
    if record.whole:
        file.truncate(record.size * record.page_bytes)


def _no_such(folder: Path, at: int, found: list[Span]) -> NoSuchMoment:
    asked = f"{as_moment(at).isoformat(timespec='milliseconds')} cannot be had from {folder}"
    if not found:
        return NoSuchMoment(f"{asked}: there is nothing whole in it.", hint="Restore the newest file of `greetline backup`.")
    before = [span for span in found if span.ends < at]
    after = [span for span in found if span.begins > at]
    if not before:
        return NoSuchMoment(f"{asked}: it begins at {_said(after[0].begins)}.", hint="Give that moment, or an older backup file.")
    last = max(before, key=lambda span: span.ends)
    why = f" ({last.ended})" if last.ended else ""
    if not after:
        return NoSuchMoment(f"{asked}: it ends at {_said(last.ends)}{why}.", hint="Give that moment or an earlier one.")
    first = min(after, key=lambda span: span.begins)
    return NoSuchMoment(
        f"{asked}: nothing was kept between {_said(last.ends)}{why} and {_said(first.begins)}.",
        hint="Give one of these two moments.",
    )


def _said(at: int) -> str:
    return as_moment(at).isoformat(timespec="milliseconds")
