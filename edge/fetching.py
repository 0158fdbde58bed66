"""A model file brought from its address: what broke off is taken up again, and only the right file is kept.

The standard library's urllib: it honours the proxies of the environment and the system's certificates. No library was
found that is in wide use, small, and takes up a broken download again and checks its digest.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import random
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from broker.disk import to_disk
from edge.models import ModelFile

SITE: Final = "https://raw.githubusercontent.com"
"""Where the addresses of the catalogue are, for good: a commit never changes."""
PART: Final = ".part"
"""Ends the name of a file that is not whole yet."""
CHUNK_BYTES: Final = 1 << 16
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others in a moment."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Tell = Callable[[int], None]
"""Hears how many bytes of the file are here."""


class NotFetched(Exception):
    """A file could not be had. The text says why and what to do."""


class _BrokeOff(Exception):
    """It did not come whole, and trying again can help."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited and how often tried again."""

    timeout_s: float = 20.0
    """For an answer, and between two pieces of it."""
    tries: int = 6
    """In a row that bring nothing new."""
    first_pause_s: float = 0.5
    """Doubled with every try in vain."""
    longest_pause_s: float = 10.0
    most_tries: int = 60
    """In all, however little each brings."""
    least_bytes_s: int = 500
    """A connection slower than this over `timeout_s` is given up and another tried."""


def is_right(path: Path, file: ModelFile) -> bool:
    """Whether *path* holds *file*. Raises OSError when it cannot be read."""
    return path.is_file() and path.stat().st_size == file.size and digest(path) == file.sha256


def digest(path: Path) -> str:
    """Return the sha256 of the file at *path*."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fetch(file: ModelFile, folder: Path, base: str = SITE, patience: Patience = Patience(), tell: Tell = lambda here: None) -> None:
    """Bring *file* into *folder* from *base*. Raises NotFetched; what came so far is kept, and gone on with next time."""
    address = file.address(base)
    with _part(file, folder) as part:
        resumed = 0 < _size(part) <= file.size
        if not _fits(part, file):
            _bring(address, part, file, patience, tell)
        if not _fits(part, file) and resumed:
            # What lay here may have been the beginning of something else.
            part.truncate(0)
            _bring(address, part, file, patience, tell)
        _keep(part, file, folder, f"what {urlsplit(address).hostname} sent")


def copy(file: ModelFile, folder: Path, source: Path) -> None:
    """Put the file on disk at *source* into *folder* as *file*. Raises NotFetched."""
    with _part(file, folder) as part, _world(folder / file.name):
        part.truncate(0)
        with source.open("rb") as opened:
            while piece := opened.read(CHUNK_BYTES):
                _write(part, piece)
        _keep(part, file, folder, str(source))


@contextmanager
def _part(file: ModelFile, folder: Path) -> Iterator[FileIO]:
    """Open what is here of *file*, for one process at a time."""
    path = folder / (file.name + PART)
    with _world(path):
        folder.mkdir(parents=True, exist_ok=True)
        opened = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644), "r+")
    with opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotFetched(f"{file.name} is being fetched by another `greetline models fetch`. Wait for that one.") from None
        yield opened


@contextmanager
def _world(path: Path) -> Iterator[None]:
    """Turn what the disk says while the block runs into NotFetched."""
    try:
        yield
    except OSError as wrong:
        reason = wrong.strerror or str(wrong)
        remedy = "Make room on the disk" if wrong.errno in _FULL else "Give a folder that can be written with --dir"
        raise NotFetched(f"{wrong.filename or path}: {reason}. {remedy}, and run it again.") from None


def _size(part: FileIO) -> int:
    return part.seek(0, os.SEEK_END)


def _write(part: FileIO, piece: bytes) -> None:
    # A disk that is nearly full takes a piece of a piece.
    while piece:
        piece = piece[part.write(piece) :]


def _fits(part: FileIO, file: ModelFile) -> bool:
    return _size(part) == file.size and _digest(part) == file.sha256


def _digest(part: FileIO) -> str:
    part.seek(0)
    return hashlib.file_digest(part, "sha256").hexdigest()


def _keep(part: FileIO, file: ModelFile, folder: Path, origin: str) -> None:
    """Give *part* its name, if it is the right one. A wrong one is removed."""
    path = folder / file.name
    got, size = _digest(part), _size(part)
    if (got, size) != (file.sha256, file.size):
        (folder / (file.name + PART)).unlink(missing_ok=True)
        raise NotFetched(
            f"{origin} is not {file.name}: expected {file.size} bytes with sha256 {file.sha256}, got {size} with {got}. "
            "It was removed. Try another network, or copy the right file here with --from FILE."
        )
    with _world(path):
        os.fsync(part.fileno())
        (folder / (file.name + PART)).replace(path)
        to_disk(folder)


def _bring(address: str, part: FileIO, file: ModelFile, patience: Patience, tell: Tell) -> None:
    """Go on with *part* until it is whole, from new connections where one breaks off."""
    in_vain = 0
    for _ in range(patience.most_tries):
        before = _size(part)
        try:
            _connect(address, part, file, patience, tell)
        except _BrokeOff as broke:
            reason = str(broke)
        else:
            return
        in_vain = 0 if _size(part) > before else in_vain + 1
        if in_vain >= patience.tries:
            break
        pause = min(patience.longest_pause_s, patience.first_pause_s * 2**in_vain)
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that many boxes do not come at once.
    raise NotFetched(
        f"{address} could not be fetched: {reason}. {_size(part)} of {file.size} bytes are kept; run it again to go on, "
        "or copy the file from another machine with --from FILE."
    )


def _connect(address: str, part: FileIO, file: ModelFile, patience: Patience, tell: Tell) -> None:
    """Append to *part* what one connection brings. Raises _BrokeOff unless it is whole then, or NotFetched."""
    here = _size(part)
    if here >= file.size:
        part.truncate(0)
        here = 0
    try:
        # A new opener each time: the module's own remembers the proxies of its first use.
        with urllib.request.build_opener().open(_request(address, here), timeout=patience.timeout_s) as answer:
            if answer.status == 206:
                _check_begin(answer, part, here)
            else:
                part.truncate(0)
                here = 0
            _check_length(answer, file, here)
            _pour(answer, part, file, patience, tell)
    except (urllib.error.HTTPError, ssl.SSLCertVerificationError, urllib.error.URLError) as wrong:
        _judge(wrong, address, part)
    except (OSError, http.client.HTTPException, ValueError) as wrong:
        raise _BrokeOff(f"the connection broke off ({_words(wrong)})") from None
    if _size(part) < file.size:
        raise _BrokeOff("the connection broke off")


def _request(address: str, here: int) -> urllib.request.Request:
    headers = {"User-Agent": "greetline", "Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
    return urllib.request.Request(address, headers=headers)  # noqa: S310 - the scheme is checked where it is given.


def _check_begin(answer: Any, part: FileIO, here: int) -> None:
    if not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {here}-"):
        part.truncate(0)
        raise _BrokeOff("another piece came than was asked for")


def _check_length(answer: Any, file: ModelFile, here: int) -> None:
    """Refuse an answer of another length at once: a captive portal's page, a file of the same name."""
    length = answer.headers.get("Content-Length")
    if length is not None and int(length) + here != file.size:
        host = urlsplit(answer.url).hostname
        raise NotFetched(
            f"{host} offers {int(length) + here} bytes for {file.name}, which has {file.size}: this is not the model. "
            "Is there a sign-in page before the Internet? Otherwise copy the file here with --from FILE."
        )


def _pour(answer: Any, part: FileIO, file: ModelFile, patience: Patience, tell: Tell) -> None:
    began, came = time.monotonic(), 0
    while piece := answer.read1(CHUNK_BYTES):
        came += len(piece)
        if _size(part) + len(piece) > file.size:
            part.truncate(0)
            raise NotFetched(f"{file.name} is longer than the {file.size} bytes it has: this is not the model. Nothing was kept.")
        with _world(Path(file.name)):
            _write(part, piece)
        tell(_size(part))
        took = time.monotonic() - began
        if took > patience.timeout_s and came < patience.least_bytes_s * took:
            raise TimeoutError(f"{came} bytes in {took:.0f} s")


def _judge(wrong: OSError, address: str, part: FileIO) -> None:
    """Say of an error that it may pass (_BrokeOff), or that it will not (NotFetched)."""
    host = urlsplit(address).hostname
    if isinstance(wrong, urllib.error.HTTPError):
        wrong.close()
        if wrong.code == 416:
            part.truncate(0)
            raise _BrokeOff("what was here did not fit what is there")
        if wrong.code in _PASSING:
            raise _BrokeOff(f"{host} answers {wrong.code} {wrong.reason}")
        raise NotFetched(f"{address}: {host} answers {wrong.code} {wrong.reason}. Give a mirror with --base-url, or --from FILE.")
    reason = wrong.reason if isinstance(wrong, urllib.error.URLError) else wrong
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise NotFetched(
            f"the certificate of {host} is not trusted ({reason.verify_message}). If a proxy of yours looks into connections, "
            "name its certificate in SSL_CERT_FILE; is the clock right? Otherwise copy the file here with --from FILE."
        )
    raise _BrokeOff(f"{host} cannot be reached ({_words(reason)})")


def _words(wrong: BaseException | str) -> str:
    return (getattr(wrong, "strerror", None) or str(wrong) or type(wrong).__name__).strip()
