"""The write-ahead log of SQLite, read as its file format says: https://sqlite.org/fileformat2.html#walformat.

A log is a header of 32 bytes and frames, each of them 24 bytes and one whole page. A frame belongs to the log when it has the
two salts of the header and when the checksum that runs through header and frames comes out as it says; the last frame of
a transaction says how many pages the store then has. A log that was copied into the store is begun anew from its first
frame: the first salt is then one more, and the second another.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

HEADER_BYTES: Final = 32
FRAME_BYTES: Final = 24
"""Of a frame, before its page."""
READ_FRAMES: Final = 64
"""Frames read at a time: 256 KiB of the usual pages."""
_MAGIC: Final = 0x377F0682
"""The lowest bit says in which order of bytes the checksum takes its words."""
_MASK: Final = 0xFFFFFFFF
_FRAME: Final = struct.Struct(">6I")
_HEADER: Final = struct.Struct(">8I")
_TAIL: Final = struct.Struct(">2I")

Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a log: its salts, how many frames lie before it, and the checksum up to it."""

    salts: tuple[int, int]
    frame: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Log:
    """What the header of a log says, and where its first frame begins."""

    page_bytes: int
    order: str
    begin: Position

    @property
    def stride(self) -> int:
        """Bytes from one frame to the next."""
        return FRAME_BYTES + self.page_bytes

    def offset(self, frame: int) -> int:
        """Return where the frame behind the first *frame* ones begins in the file."""
        return HEADER_BYTES + frame * self.stride

    def follows(self, before: Position) -> bool:
        """Return whether this log is the very next one after that of *before*."""
        return self.begin.salts[0] == (before.salts[0] + 1) & _MASK


@dataclass(frozen=True, slots=True)
class Frame:
    """One page as a transaction left it. `size` is that of the store in pages when the transaction ends here, else 0."""

    number: int
    size: int
    page: bytes
    after: Position


def read_log(handle: int) -> Log | None:
    """Return what the header in the file *handle* says, or None while there is none, or it is being written."""
    raw = os.pread(handle, HEADER_BYTES, 0)
    if len(raw) < HEADER_BYTES:
        return None
    magic, _, page_bytes, _, first, second, *said = _HEADER.unpack(raw)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _run(raw[:24], (0, 0), order) != tuple(said):
        return None
    return Log(page_bytes, order, Position((first, second), 0, (said[0], said[1])))


def frames(handle: int, log: Log, position: Position) -> Iterator[Frame]:
    """Yield the frames behind *position*, as far as the checksum holds; the last ones may be of nothing that is committed."""
    while block := os.pread(handle, READ_FRAMES * log.stride, log.offset(position.frame)):
        for begin in range(0, len(block) - log.stride + 1, log.stride):
            frame = _frame(block[begin : begin + log.stride], log, position)
            if frame is None:
                return
            yield frame
            position = frame.after
        if len(block) < READ_FRAMES * log.stride:
            return


def _frame(raw: bytes, log: Log, position: Position) -> Frame | None:
    number, size, first, second, *said = _FRAME.unpack_from(raw)
    if (first, second) != position.salts or number == 0:
        return None
    sums = _run(raw[FRAME_BYTES:], _run(raw[:8], position.sums, log.order), log.order)
    if sums != tuple(said):
        return None
    return Frame(number, size, raw[FRAME_BYTES:], replace(position, frame=position.frame + 1, sums=sums))


def last_commit(handle: int, log: Log, position: Position) -> int:
    """Return behind how many frames the last transaction seems to end, 0 for none behind *position*: pages are not looked at."""
    at, found = position.frame, 0
    while len(raw := os.pread(handle, FRAME_BYTES, log.offset(at))) == FRAME_BYTES:
        _, size, *salts, _, _ = _FRAME.unpack(raw)
        if tuple(salts) != position.salts:
            break
        at += 1
        found = at if size else found
    return found


def stands(handle: int, log: Log, position: Position) -> bool:
    """Return whether the frame before *position* is still the one that was read."""
    if position.frame == 0:
        return log.begin == position
    raw = os.pread(handle, 16, log.offset(position.frame - 1) + 8)
    return len(raw) == 16 and (_TAIL.unpack(raw[:8]), _TAIL.unpack(raw[8:])) == (position.salts, position.sums)


def _run(raw: bytes, sums: Sums, order: str) -> Sums:
    """Take the words of *raw* into the checksum, as "Checksum Algorithm" of the file format has it."""
    first, second = sums
    words = struct.unpack(f"{order}{len(raw) // 4}I", raw)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return first, second
