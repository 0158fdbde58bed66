"""A shop behind a real Caddy: the staff's screens as a program of their own, HTTPS with the shop's own certificates."""

from __future__ import annotations

import http.client
import shutil
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from deploy import caddy, certs
from tests.service.parts import PATIENCE_S, Process, free_port, listens, wait_until
from tests.web.parts import begun, paired, person

needs_caddy = pytest.mark.skipif(not shutil.which("caddy"), reason="no caddy here")
NAME = "shop.local"


@dataclass
class Behind:
    """One shop behind Caddy."""

    folder: Path
    tls: int = field(default_factory=free_port)
    plain: int = field(default_factory=free_port)
    screens: int = field(default_factory=free_port)
    programs: list[Process] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "greetline.toml"

    @property
    def settings(self) -> Settings:
        return read(Settings, self.file, environment={})

    @property
    def root(self) -> Path:
        return self.folder / "tls/authority.crt"

    def make(self) -> None:
        self.file.write_text(
            f'[store]\nid = "oslo-city"\nname = "Oslo City"\ndata = "{self.folder}/var"\n[mqtt]\nport = {free_port()}\n'
            f'[dashboard]\nport = {self.screens}\nhttps = true\nbehind_proxy = "127.0.0.1"\n'
        )
        reach = certs.Reach.of([NAME, "localhost", "127.0.0.1"])
        certs.make_authority(self.folder / "tls", shop="Oslo City")
        certs.make_server(self.folder / "tls", "web", reach)
        site = caddy.Site(
            reach=reach, certificate=self.folder / "tls/web.crt", key=self.folder / "tls/web.key",
            dashboard=f"127.0.0.1:{self.screens}", kiosk=None, staff_port=self.tls, plain_port=self.plain,
        )  # fmt: skip
        (self.folder / "Caddyfile").write_text(caddy.caddyfile(site))
        (self.folder / "var").mkdir()
        with closing(open_shop(self.settings, create=True).db.conn):
            pass

    def start_screens(self) -> Process:
        program = Process(sys.executable, "-m", "dashboard", "--settings", str(self.file))
        self.programs.append(program)
        wait_until(lambda: listens(self.screens), program.said)
        return program

    def start_caddy(self) -> Process:
        there = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        program = Process(
            "caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile", environment=there
        )  # fmt: skip
        self.programs.append(program)
        wait_until(lambda: listens(self.tls) or not program.alive, "Caddy listens")
        assert program.alive, program.said
        return program

    @contextmanager
    def shop(self) -> Iterator[Shop]:
        made = open_shop(self.settings, create=False)
        with closing(made.db.conn):
            yield made

    def tablet(self, role: str = "staff", who: str = "Kari") -> dict[str, str]:
        """A paired screen with somebody on shift: the cookies of its browser."""
        with self.shop() as shop:
            screen, token = paired(shop, "Tablet", role, "")
            return {"__Host-device": token, "__Host-shift": begun(shop, person(shop, who, role), screen)}

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.root))

    @contextmanager
    def line(self, *, source: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[http.client.HTTPSConnection]:
        made = http.client.HTTPSConnection(
            "localhost", self.tls, timeout=PATIENCE_S, context=context or self.trusting, source_address=(source, 0)
        )  # fmt: skip
        with closing(made):
            yield made

    def ask(self, path: str, *, method: str = "GET", body: bytes = b"", **more: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request by HTTPS; *more* are headers, with `_` for `-`, and `source`, the address it comes from."""
        source = more.pop("source", "127.0.0.1")
        with self.line(source=source) as line:
            with suppress(ConnectionError, ssl.SSLEOFError):  # Whoever sends too much may be hung up on: the answer is there.
                line.request(method, path, body or None, {name.replace("_", "-"): value for name, value in more.items()})
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()

    def ask_plain(self, path: str, *, method: str = "GET", body: bytes = b"") -> tuple[int, http.client.HTTPMessage, bytes]:
        with closing(http.client.HTTPConnection("localhost", self.plain, timeout=PATIENCE_S)) as line:
            with suppress(ConnectionError):
                line.request(method, path, body or None)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()


@contextmanager
def behind_caddy(folder: Path) -> Iterator[Behind]:
    """Make and run one; everything ends with the block."""
    made = Behind(folder)
    made.make()
    try:
        made.start_screens()
        made.start_caddy()
        yield made
    finally:
        for program in reversed(made.programs):
            program.stop()


def cookies(of: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in of.items())
