"""A web site on loopback that serves files and misbehaves as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Trick = Callable[["Request"], None]
"""Answers one request."""


@dataclass
class Site:
    """Files by their path, and what is done with the next requests; when no trick is left, they are served."""

    files: dict[str, bytes] = field(default_factory=dict)
    tricks: list[Trick] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Range) of each request."""
    sent: int = 0
    """Bytes of files, over all requests."""
    address: str = ""

    @property
    def ranges(self) -> list[str | None]:
        return [wanted for _, wanted in self.asked]


class Request(BaseHTTPRequestHandler):
    """One request, with what the tricks are made of."""

    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        self.site.asked.append((self.path, self.headers.get("Range")))
        trick = self.site.tricks.pop(0) if self.site.tricks else serve
        trick(self)

    @property
    def whole(self) -> bytes:
        return self.site.files[self.path.partition("?")[0]]

    @property
    def begin(self) -> int:
        wanted = self.headers.get("Range")
        return int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0

    def head(self, status: int, **headers: Any) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def pour(self, content: bytes) -> None:
        # Counted first: whoever has it all looks at the count at once.
        self.site.sent += len(content)
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *arguments: Any) -> None:
        pass


def serve(request: Request, upto: int | None = None) -> None:
    """Serve as one should; break off at byte *upto*."""
    whole, begin = request.whole, request.begin
    if begin >= len(whole) and begin:
        request.head(416, Content_Range=f"bytes */{len(whole)}", Content_Length=0)
        return
    if begin:
        request.head(206, Content_Range=f"bytes {begin}-{len(whole) - 1}/{len(whole)}", Content_Length=len(whole) - begin)
    else:
        request.head(200, Content_Length=len(whole))
    request.pour(whole[begin:upto])


def breaks_off(at: int) -> Trick:
    return lambda request: serve(request, at)


def ignores_range(upto: int | None = None) -> Trick:
    def answer(request: Request) -> None:
        request.head(200, Content_Length=len(request.whole))
        request.pour(request.whole[:upto])

    return answer


def says(status: int, content: bytes = b"", **headers: Any) -> Trick:
    def answer(request: Request) -> None:
        request.head(status, Content_Length=len(content), **headers)
        request.pour(content)

    return answer


def hangs(seconds: float, after: int | None = None) -> Trick:
    """Say nothing more after so many bytes, or nothing at all; longer than anybody waits."""

    def answer(request: Request) -> None:
        if after is not None:
            serve(request, after)
        time.sleep(seconds)

    return answer


def hangs_up(request: Request) -> None:
    """Close the connection without a word."""


@contextmanager
def site(**files: bytes) -> Iterator[Site]:
    served = Site(files={f"/{path}": content for path, content in files.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Request", (Request,), {"site": served}))
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
