"""A browser's push service: a real HTTPS server on this machine, and the browser behind it that opens what is sealed."""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broker.identity import authority
from broker.shop import now

CREATED = 201
STALLS = 0


def plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The keys of one browser, as it makes them when it allows notices."""

    def __init__(self, port: int = 443, name: str = "one") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"sixteen letters!"
        self.endpoint = f"https://127.0.0.1:{port}/push/{name}"

    def allows(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": plain(point), "auth": plain(self.auth)}

    def opens(self, body: bytes) -> Any:
        """Open what was sealed for this browser, by RFC 8291 as it does."""
        import http_ece

        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@dataclass
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def says(self) -> dict[str, Any]:
        """Check the signature with the public key beside it, and return its claims and the key as `k`."""
        from py_vapid import Vapid02

        said = self.headers["authorization"]
        assert Vapid02.verify(said)
        words = dict(part.split("=", 1) for part in said.removeprefix("vapid ").split(","))
        claims: dict[str, Any] = json.loads(raw(words["t"].split(".")[1]))
        return claims | {"k": words["k"]}


@dataclass
class PushService:
    """Answers as `answers` says, one after the other, and then with `then`; what is named in `stalls` is not answered."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    then: int = CREATED
    stalls: set[str] = field(default_factory=set)
    heard: list[Heard] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return [heard.path.removeprefix("/push/") for heard in self.heard]


class _Request(BaseHTTPRequestHandler):
    service: PushService

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.service.heard.append(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.path.removeprefix("/push/") in self.service.stalls:
            self.service.ended.wait(20)
            return
        self.send_response(self.service.answers.pop(0) if self.service.answers else self.service.then)
        self.send_header("Location", f"https://127.0.0.1:{self.service.port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def a_push_service(folder: Path) -> Iterator[tuple[PushService, Path]]:
    """A push service on a free port of 127.0.0.1, and the file of the authority that vouches for it."""
    root = authority.make("A browser maker", now=now())
    made = root.server([], [ipaddress.ip_address("127.0.0.1")], now=now())
    (folder / "root.crt").write_bytes(root.pem)
    (folder / "push.pem").write_bytes(made.key + made.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "push.pem")
    service = PushService()

    class Request(_Request):
        pass

    Request.service = service
    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service, folder / "root.crt"
    finally:
        service.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
