"""A small identity provider on loopback: real HTTP, real keys, and whatever a test wants it to say wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "shop-7"
SECRET = "kept-in-a-file"


@dataclass
class Wishes:
    """What is to be other than right: claims laid over those of the token, its header, answers of whole paths."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    drops: set[str] = field(default_factory=set)
    metadata: dict[str, Any] = field(default_factory=dict)
    slow_seconds: float = 0


class IdentityProvider:
    """Knows one person, `sub-1` called Ingrid, of the group `shop-managers`."""

    def __init__(self, now: float) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
        self.other_key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
        self.signs = self.key
        self.now = now
        self.wish = Wishes()
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.handed_in: list[dict[str, str]] = []
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def agrees(self, address: str, *, code: str = "c0de") -> str:
        """Somebody signed in at *address*; return the query with which the browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.codes[code] = asked
        return urlencode({"code": code, "state": asked["state"]})

    def metadata(self) -> dict[str, Any]:
        said = {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys"}  # fmt: skip
        return said | self.wish.metadata

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        self.handed_in.append(form)
        wanted = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != wanted:
            return 401, {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "sub-1", "name": "Ingrid", "nonce": asked["nonce"], "iat": int(self.now),
            "exp": int(self.now) + 300, "auth_time": int(self.now), "groups": ["everybody", "shop-managers"],
        } | self.wish.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if name not in self.wish.drops}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": "first"} | self.wish.header
        if header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (header, claims))
            return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
        return jwt.encode(header, claims, self.signs, algorithms=[header["alg"]])


class _Handler(BaseHTTPRequestHandler):
    provider: IdentityProvider

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/openid-configuration"):
            self.answer(path, 200, self.provider.metadata())
        elif path == "/keys":
            self.answer(path, 200, {"keys": [self.provider.key.as_dict(private=False)]})
        else:
            self.answer(path, 404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        status, said = self.provider.token(form, self.headers.get("Authorization", ""))
        self.answer("/token", status, said)

    def answer(self, path: str, status: int, said: dict[str, Any]) -> None:
        self.provider.asked.append(path)
        headers: dict[str, str] = {}
        body = json.dumps(said).encode()
        if path in self.provider.wish.answers:
            status, headers, body = self.provider.wish.answers[path]
        time.sleep(self.provider.wish.slow_seconds)
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def identity_provider(now: float) -> Iterator[IdentityProvider]:
    made = IdentityProvider(now)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, name="provider", daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join(10)
