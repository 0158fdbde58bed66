"""What was spoken before, on the disk: a WAV for each digest, the least lately asked for go first when room runs out."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

DIGEST: Final = re.compile(r"[0-9a-f]{32}")
LEFT_SHARE: Final = 0.8
"""So much of the room is still filled after making room, so that it is not made for each sound."""

log = logging.getLogger(__name__)


class Shelf:
    """WAV files in one folder, at most `most_bytes` together."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Keep them in *folder*, which need not be there yet."""
        self.folder = folder
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._filled: int | None = None

    def get(self, digest: str) -> bytes | None:
        """Return the sound of *digest*, or None. A file that is not whole counts as none and goes."""
        path = self._path(digest)
        try:
            body = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        # The head of a WAV says how long it is; a disk that filled up, or a crash, must not be heard for ever.
        if body[:4] == b"RIFF" and int.from_bytes(body[4:8], "little") + 8 == len(body):
            return body
        log.warning("%s is not whole and is made again", path)
        path.unlink(missing_ok=True)
        return None

    def put(self, digest: str, body: bytes) -> bytes:
        """Keep *body* under *digest*: all of it or nothing. A full disk is no reason not to speak.

        Return what is heard under *digest* from now on: what was put there in the meantime stays, since whoever heard it keeps it
        for good, and a voice never says the same twice in the very same bytes.
        """
        temporary = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".half-")
            with os.fdopen(handle, "wb") as file:
                file.write(body)
            with self._lock:
                if (first := self.get(digest)) is not None:
                    Path(temporary).unlink()
                    return first
                Path(temporary).replace(self._path(digest))
        except OSError as wrong:
            log.warning("a sound cannot be kept in %s: %s", self.folder, wrong)
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            return body
        with self._lock:
            self._filled = self._size() if self._filled is None else self._filled + len(body)
            if self._filled > self.most_bytes:
                self._make_room()
        return body

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise ValueError("not a digest")
        return self.folder / f"{digest}.wav"

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.iterdir():
            with suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
        return sorted(found)

    def _size(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _make_room(self) -> None:
        files = self._files()
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= LEFT_SHARE * self.most_bytes:
                break
            with suppress(OSError):
                path.unlink()
                left -= size
        self._filled = left
