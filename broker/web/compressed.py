"""Pages, scripts and answers go out smaller, by what the browser asks for. Live streams never do: each word is sent at once.

Brotli where the browser takes it, which is over TLS only; gzip on a plain line. A file is compressed once and kept.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from flask import Flask, Request, Response, g, request
from flask_compress import Compress

KINDS: Final = (
    "text/html", "text/css", "text/javascript", "application/javascript", "application/json", "application/problem+json",
    "application/manifest+json", "image/svg+xml",
)  # fmt: skip
WAYS: Final = ("br", "gzip")
PAGE_LEVEL: Final = 5
"""Of Brotli. A report takes 3 ms of one core; one level more takes twice that for a hundredth less."""
FILE_LEVEL: Final = 11
"""All files of a floor take 0.15 s of one core, once, and are a twelfth smaller than at the level of pages."""
LEAST_BYTES: Final = 500
"""Less than this fits into one packet as it is."""
KEPT_FILES: Final = 400
"""Compressed files that are kept, each way of each file counted; all of ours are fewer."""


class Kept:
    """Files that were compressed, by way, address and tag. The oldest go first when there are too many."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the file, or None for one that is not kept."""
        return self._files.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep a file."""
        with self._lock:
            self._files[key] = value
            while len(self._files) > KEPT_FILES:
                self._files.pop(next(iter(self._files)))


_KEPT: Final = Kept()
"""For all applications of a process: the tag says which file it is."""


def set_up(app: Flask) -> None:
    """Let every answer of *app* go out compressed that is worth it."""
    pages = _compressor(app, COMPRESS_BR_LEVEL=PAGE_LEVEL)
    files = _compressor(app, COMPRESS_BR_LEVEL=FILE_LEVEL, COMPRESS_CACHE_BACKEND=lambda: _KEPT, COMPRESS_CACHE_KEY=_name_of_file)

    @app.after_request
    def compressed(answer: Response) -> Response:
        """Compress *answer*, and say on each that it might have been."""
        if answer.mimetype in KINDS:
            _weaken(answer)
        if answer.status_code not in (200, 201, 304) or not _may_be_measured():
            answer.vary.add("Accept-Encoding")
            return answer
        if _is_file() and answer.status_code == 200 and answer.mimetype in KINDS:
            # Read whole; it would be sent from the disk piece by piece.
            answer.direct_passthrough = False
            answer.get_data()
            g.compressed_file = f"{request.path}?{answer.get_etag()[0]}"
            return files.after_request(answer)
        return pages.after_request(answer)


def _compressor(app: Flask, **config: Any) -> Compress:
    # It reads its settings off an app, and there are two ways here: each has an app of its own to read.
    apart = Flask(app.import_name, static_folder=None)
    apart.config.update(
        COMPRESS_MIMETYPES=KINDS, COMPRESS_ALGORITHM=WAYS, COMPRESS_MIN_SIZE=LEAST_BYTES, COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False, COMPRESS_REGISTER=False, **config,
    )  # fmt: skip
    return Compress(apart)


def _weaken(answer: Response) -> None:
    """Make the ETag one of the meaning: the same page has other bytes for each way of compressing it.

    Whoever asks whether it has changed is answered by such a tag as by any other.
    """
    tag, weak = answer.get_etag()
    if tag and not weak:
        answer.set_etag(tag, weak=True)


def _is_file() -> bool:
    return (request.endpoint or "").endswith(".static")


def _may_be_measured() -> bool:
    """Return whether nobody learns a secret from how long the answer is.

    A page holds the token of its forms. Where another site can make our own browser ask for a page with words of that
    site's choice in it, the length of the compressed answer tells letter by letter whether they are in the secret too
    (BREACH). Here the cookies are SameSite=Strict, no page repeats what its address says beside a token, and the token is
    signed anew for each page; and what another site asked for, or another program on this host, goes out as it is.
    """
    return _is_file() or request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _name_of_file(_: Request) -> str:
    """Return what the file that is sent is kept under."""
    name: str = g.compressed_file
    return name
