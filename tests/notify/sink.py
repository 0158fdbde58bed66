"""The other side of a webhook: a real HTTP server on this machine that answers well, badly, slowly or not at all."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
FINE = 204
CLOSES = "closes"
STALLS = "stalls"
DRIPS = "drips"
TALKS = "talks without end"


@dataclass
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str
    answer: int | str = FINE

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def read(self) -> Any:
        """Check the signature as the other side would, and return the body."""
        return Webhook(SECRET).verify(self.body, self.headers)


@dataclass
class Sink:
    """Answers as `answers` says, one after the other, and then with `then`."""

    port: int = 0
    answers: list[int | str] = field(default_factory=list)
    then: int | str = FINE
    heard: list[Heard] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?shop=1"

    def settings(self, folder: Path, **more: object) -> dict[str, object]:
        file = folder / "hook.secret"
        file.write_text(SECRET + "\n")
        return {"id": "crm", "url": self.url, "secret_file": file, "allow": ("127.0.0.1",)} | more

    def ids(self) -> list[str]:
        return [heard.id for heard in self.heard]

    def taken(self) -> list[Heard]:
        """Return what it has answered well, in order."""
        return [heard for heard in list(self.heard) if heard.answer == FINE]

    def events(self) -> list[str]:
        return [heard.read()["type"] for heard in self.heard]


class _Request(BaseHTTPRequestHandler):
    sink: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = self.sink.answers.pop(0) if self.sink.answers else self.sink.then
        self.sink.heard.append(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body, answer))
        if isinstance(answer, int):
            self.send_response(answer)
            self.send_header("Location", f"http://127.0.0.1:{self.sink.port}/elsewhere")
            self.end_headers()
        else:
            self._misbehave(answer)

    def do_GET(self) -> None:
        self.sink.heard.append(Heard(self.path, {}, ""))
        self.send_response(FINE)
        self.end_headers()

    def _misbehave(self, how: str) -> None:
        if how == CLOSES:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif how == STALLS:
            self.sink.ended.wait(20)
        elif how == DRIPS:
            for letter in b"HTTP/1.1 200 OK\r\n" * 100:
                self._write(bytes([letter]))
                if self.sink.ended.wait(0.05):
                    return
        else:
            self._write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.sink.ended.is_set() and self._write(b"x" * 65536):
                pass

    def _write(self, some: bytes) -> bool:
        try:
            self.wfile.write(some)
        except OSError:
            return False
        return True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def a_sink(port: int = 0) -> Iterator[Sink]:
    """A sink that listens on 127.0.0.1, on *port* or a free one."""
    sink = Sink()

    class Request(_Request):
        pass

    Request.sink = sink
    server = ThreadingHTTPServer(("127.0.0.1", port), Request)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
