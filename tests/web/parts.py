"""A browser as the application meets it, and the application as a browser meets it over a real socket."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

from babel.support import Translations
from flask import Flask
from werkzeug.test import TestResponse

import broker.web
from broker.desk import pairing, passwords, people, shifts
from broker.desk.people import Person, Screen
from broker.shop import Shop
from broker.store.database import change
from broker.web.server import Server

PIN = "2580"
PASSWORD = "seven grey herons"
WRONG = "7193"
WITHIN_SECONDS = 20


def said(page: str) -> str:
    """What the page tells its reader at once: the text of what has the role `alert`, without marks."""
    [told] = re.findall(r'role="alert"[^>]*>(.*?)</p>', page, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", told)).strip()


def words(key: str, **values: object) -> str:
    """A message in English, whatever its wording is today."""
    folder = Path(broker.web.__path__[0]) / "translations"
    return str(Translations.load(folder, ["en"]).ugettext(key)) % values


def person(shop: Shop, name: str, role: str = "staff", *, language: str = "") -> Person:
    """Somebody who works here, with the PIN `PIN`."""
    return people.named(shop, name) or people.add(shop, name, role=role, pin=PIN, by="test", language=language)


def paired(shop: Shop, name: str = "Tablet", role: str = "staff", zone: str = "") -> tuple[Screen, str]:
    """A paired screen and its secret."""
    if not people.everybody(shop):
        person(shop, "Ada", "admin")
    return pairing.enter(shop, pairing.make_entrance(shop, reusable=False, name=name, role=role, zone=zone))


def begun(shop: Shop, who: Person, screen: Screen) -> str:
    """Somebody is on shift, without a page and without hashing: in the office by a password, elsewhere by a PIN."""
    if not (passwords.stands_in_the_office(screen) and passwords.may_have(who)):
        return shifts.begin(shop, who, screen, shifts.Proof.PIN)
    if not passwords.has(shop, who):
        with change(shop.db):
            passwords.insert(shop, who.id, "not looked at")
    return shifts.begin(shop, who, screen, shifts.Proof.PASSWORD)


class Visitor:
    """A browser with its own cookies. It keeps the token of the forms as a page does, and says that it is on our own site."""

    def __init__(self, app: Flask, shop: Shop) -> None:
        self.app = app
        self.shop = shop
        self.client = app.test_client()
        self.screen: Screen | None = None

    def pair(self, role: str = "staff", *, name: str = "Tablet", zone: str = "") -> Visitor:
        self.screen, token = paired(self.shop, name, role, zone)
        self.client.set_cookie("device", token)
        return self

    def sign_in(self, name: str = "Kari", role: str = "staff") -> Visitor:
        """Somebody is on shift here, without the page."""
        assert self.screen is not None
        self.client.set_cookie("shift", begun(self.shop, person(self.shop, name, role), self.screen))
        return self

    def token(self) -> str:
        """The token of the forms: every page carries it, also the one which says that there is no such page."""
        page = self.client.get("/no-such-page").get_data(as_text=True)
        found = re.search(r'<meta name="csrf" content="([^"]+)">', page)
        assert found
        return found[1]

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, form: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token()} | (form or {}), **more)

    def type_pin(self, who: Person, pin: str) -> TestResponse:
        """Choose a name and type a PIN on the sign-in page."""
        return self.post("/signin", {"person": who.id, "pin": pin})

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(name)
        return found.value if found else ""


@contextmanager
def served(app: Flask, *, max_streams: int = 12) -> Iterator[Server]:
    """*app* behind a real waitress on a free port of 127.0.0.1."""
    server = Server(app, host="127.0.0.1", port=0, max_streams=max_streams)
    thread = threading.Thread(target=server.run, name="served", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(WITHIN_SECONDS)
        assert not thread.is_alive(), "the server did not stop"


class Stream:
    """One reader of /events over a socket of its own."""

    def __init__(
        self, port: int, cookies: str, *, last: str = "", receive_bytes: int | None = None, path: str = "/events",
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_SECONDS)
        self.socket = self._line.sock = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(WITHIN_SECONDS)
        self.socket.connect(("127.0.0.1", port))
        said = {"Cookie": cookies, "Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {}) | (headers or {})
        self._line.request("GET", path, headers=said)
        self.answer = self._line.getresponse()
        self.status = self.answer.status

    def next(self) -> dict[str, str]:
        """The next event as its fields; {} when the stream has ended."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if not text and fields:
                return fields
            key, _, value = text.partition(": ")
            if key:
                fields[key] = value
        return fields

    def until(self, event: str) -> dict[str, str]:
        """The next event of this name. Fails when the stream ends first."""
        while found := self.next():
            if found.get("event") == event:
                return found
        raise AssertionError(f"the stream ended before {event}")

    def first(self) -> dict[str, str]:
        """The first event, after the word on when to come again."""
        assert self.next() == {"retry": "2000"}
        return self.next()

    def close(self) -> None:
        self.answer.close()
        self._line.close()
        self.socket.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def eventually(true: Callable[[], bool], seconds: float = WITHIN_SECONDS) -> float:
    """Wait until something holds and return how many seconds that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"did not happen within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - began
