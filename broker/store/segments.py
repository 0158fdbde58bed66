"""The files of the archive in which the store's commits are kept: records of changed pages, each sealed to the one before.

A segment is a header and records. A record holds the pages that one look at the log found changed, packed, with the moment
it was seen and where in the log it ends. Its seal is a digest over the seal before it and itself, and a segment begins with
the last seal of the one before: what is missing, in the wrong place or damaged is seen.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Self

from broker.failpoints import passing
from broker.store.wal import Frame, Position

MAGIC: Final = b"greetline log 1\n"
SEAL_BYTES: Final = 16
PACK_LEVEL: Final = 1
MAX_RECORD_BYTES: Final = 64 * 1024 * 1024
"""No record is larger; one that says so is damaged."""
_BEGIN: Final = struct.Struct(f">16sI{SEAL_BYTES}s")
_RECORD: Final = struct.Struct(">2sBIIIQ5I")
_RECORD_MAGIC: Final = b"GR"
_NUMBER: Final = struct.Struct(">I")


def seal_of(run: int) -> bytes:
    """Return what the first segment of *run* begins with: of no other run, so that nothing is said of two that are empty."""
    return run.to_bytes(SEAL_BYTES, "big")


class Damaged(Exception):
    """A segment cannot be read further. `torn`: its last record was not written to its end, as when power was cut."""

    def __init__(self, text: str, *, torn: bool) -> None:
        super().__init__(text)
        self.torn = torn


@dataclass(frozen=True, slots=True)
class Record:
    """Pages that changed. `whole`: a transaction ends here; else the next record belongs to it. `size` is the store's, in pages.

    `seen` is the moment in milliseconds since 1970, `ends` the byte of the file behind the record.
    """

    whole: bool
    size: int
    seen: int
    after: Position
    seal: bytes
    packed: bytes
    ends: int
    page_bytes: int
    count: int

    def pages(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and content of each page. Raises Damaged."""
        stride, unpacking = _NUMBER.size + self.page_bytes, zlib.decompressobj()
        try:
            # Not further than it was said to go: a small record may unpack to more than any machine holds.
            raw = unpacking.decompress(self.packed, self.count * stride)
        except zlib.error as wrong:
            raise Damaged(f"a record cannot be unpacked: {wrong}", torn=False) from None
        if len(raw) != self.count * stride:
            raise Damaged("a record does not hold what it says", torn=False)
        for begin in range(0, len(raw), stride):
            yield _NUMBER.unpack_from(raw, begin)[0], raw[begin + _NUMBER.size : begin + stride]


class Segment:
    """A segment that is being written. `bytes` is its length so far, all of it on the disk after `keep`."""

    def __init__(self, path: Path, file: BinaryIO, seal: bytes) -> None:
        self.path = path
        self._file = file
        self._kept, self.bytes = seal, file.seek(0, os.SEEK_END)
        self._seal, self._length = seal, self.bytes

    @classmethod
    def begin(cls, path: Path, page_bytes: int, seal: bytes) -> Self:
        """Make the segment *path* that follows the record with *seal*. Raises OSError."""
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
        segment = cls(path, file, seal)
        segment._write(_BEGIN.pack(MAGIC, page_bytes, seal))
        segment.keep()
        return segment

    @classmethod
    def again(cls, path: Path, last: Record | None, seal: bytes) -> Self:
        """Go on with the segment *path* behind *last*; *seal* is what it begins with. What was half written is taken away."""
        file = path.open("r+b", buffering=0)
        file.truncate(last.ends if last else _BEGIN.size)
        return cls(path, file, last.seal if last else seal)

    @property
    def seal(self) -> bytes:
        """The seal of the last record."""
        return self._seal

    def add(self, frames: list[Frame], seen: int, *, whole: bool) -> None:
        """Write a record of *frames*; of a page that is in it twice, the last is what counts. Raises OSError."""
        pages = {frame.number: frame.page for frame in frames}
        packed = zlib.compress(b"".join(_NUMBER.pack(number) + page for number, page in sorted(pages.items())), PACK_LEVEL)
        last = frames[-1]
        head = _RECORD.pack(
            _RECORD_MAGIC, whole, len(pages), last.size if whole else 0, len(packed), seen, *last.after.salts, last.after.frame,
            *last.after.sums,
        )  # fmt: skip
        self._seal = _sealed(self._seal, head, packed)
        self._write(head + packed[: len(packed) // 2])
        passing("archive.half")
        self._write(packed[len(packed) // 2 :] + self._seal)
        passing("archive.written")

    def keep(self) -> None:
        """See that what was added is on the disk. Raises OSError."""
        os.fsync(self._file.fileno())
        self._kept, self._length = self._seal, self.bytes
        passing("archive.kept")

    def take_back(self) -> None:
        """Take away what was added since the last `keep`. Raises OSError."""
        self._file.truncate(self._length)
        self._file.seek(self._length)
        self._seal, self.bytes = self._kept, self._length

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self.bytes += len(data)


def begins(path: Path) -> tuple[int, bytes]:
    """Return the bytes of a page and the seal before the first record. Raises Damaged and OSError."""
    with path.open("rb") as file:
        return _begins(file.read(_BEGIN.size), path)


def _begins(raw: bytes, path: Path) -> tuple[int, bytes]:
    if len(raw) < _BEGIN.size:
        raise Damaged(f"{path.name}: it has no begin", torn=True)
    magic, page_bytes, seal = _BEGIN.unpack(raw)
    if magic != MAGIC or page_bytes not in {2**n for n in range(9, 17)}:
        raise Damaged(f"{path.name}: this is no segment of an archive", torn=False)
    return page_bytes, seal


def records(path: Path) -> Iterator[Record]:
    """Yield the records of the segment *path* whose seals hold. Raises Damaged behind the last good one, and OSError."""
    with path.open("rb") as file:
        page_bytes, seal = _begins(file.read(_BEGIN.size), path)
        while head := file.read(_RECORD.size):
            if len(head) < _RECORD.size:
                raise Damaged(f"{path.name}: its last record is not whole", torn=True)
            magic, whole, count, size, length, seen, *place = _RECORD.unpack(head)
            if magic != _RECORD_MAGIC or length > MAX_RECORD_BYTES:
                raise Damaged(f"{path.name}: it is damaged at byte {file.tell() - len(head)}", torn=False)
            body = file.read(length + SEAL_BYTES)
            if len(body) < length + SEAL_BYTES:
                raise Damaged(f"{path.name}: its last record is not whole", torn=True)
            seal = _sealed(seal, head, body[:length])
            if seal != body[length:]:
                raise Damaged(f"{path.name}: it is damaged at byte {file.tell() - len(head) - len(body)}", torn=False)
            after = Position((place[0], place[1]), place[2], (place[3], place[4]))
            yield Record(bool(whole), size, seen, after, seal, body[:length], file.tell(), page_bytes, count)


def whole_ones(path: Path) -> list[Record]:
    """Return the records of the segment *path* with which a transaction ends, as far as it can be read. Raises OSError."""
    found: list[Record] = []
    with suppress(Damaged):
        found.extend(replace(record, packed=b"") for record in records(path) if record.whole)
    return found


def _sealed(before: bytes, head: bytes, packed: bytes) -> bytes:
    return hashlib.blake2b(before + head + packed, digest_size=SEAL_BYTES).digest()
