"""A real Chromium with the rules that an installation gives a screen: it shows its page, and does nothing else.

Chromium reads them in one place of the machine, so it runs where that place is another: in a mount namespace.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy import tls_checks
from deploy.install import trust
from deploy.install.plan import POLICIES, policies
from tests.conftest import FLAGS
from tests.deploy.caddy_parts import behind_caddy, needs_caddy
from tests.deploy.machines import an_authority, der
from tests.service.parts import wait_until

PLACE = POLICIES.parents[2]
SETTLES_S = 4.0
"""Longer than a Chromium without rules takes to go elsewhere."""
IN_ITS_PLACE = f"mount -t tmpfs none {PLACE} && mkdir -p {POLICIES.parent} && cp $0 {POLICIES} && exec $@"
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c")
SHOWN = """<!doctype html><title>Kiosk</title><script>
fetch("/shown").then(() => { location = "/file"; setTimeout(() => { location = "%s" }, 1000) })
</script>"""

pytestmark = pytest.mark.slow


class Door(ThreadingHTTPServer):
    """Counts those who come and then do not believe who answers."""

    refused = 0

    def get_request(self) -> tuple[Any, Any]:
        try:
            return super().get_request()
        except OSError:
            self.refused += 1
            raise

    def handle_error(self, *_: object) -> None:
        """Say nothing of those who hang up later."""


class Asked(BaseHTTPRequestHandler):
    """Notes what it is asked for. Its page takes a file, and then leads elsewhere."""

    def __init__(self, site: Site, *more: object) -> None:
        self.site = site
        super().__init__(*more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        if self.path == "/file":
            self.send_header("Content-Disposition", 'attachment; filename="taken.html"')
        self.end_headers()
        self.wfile.write((SHOWN % self.site.leads_to).encode() if self.path == "/kiosk" else b"<!doctype html>here")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Site:
    """A server by HTTPS, with the certificate in *tls*."""

    tls: Path
    leads_to: str = ""
    asked: list[str] = field(default_factory=list)
    port: int = 0
    door: Door | None = None

    @property
    def refused(self) -> int:
        """How many came and did not believe it."""
        return self.door.refused if self.door else 0

    @property
    def page(self) -> str:
        return f"https://127.0.0.1:{self.port}/kiosk"

    @contextmanager
    def open(self) -> Iterator[Site]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls / "web.crt", self.tls / "web.key")
        with Door(("127.0.0.1", 0), partial(Asked, self)) as server:  # type: ignore[arg-type]
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.door, self.port = server, server.server_port
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield self
            finally:
                server.shutdown()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def root(tls: Path) -> bytes:
    return der(tls)


@pytest.fixture
def sites(tls: Path) -> Iterator[tuple[Site, Site]]:
    """The shop, whose page leads to the other."""
    with Site(tls).open() as other, Site(tls, leads_to=other.page).open() as shop:
        yield shop, other


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Begins a Chromium with rules in the place of this machine's: `screen(rules, page)`; what is given back is its home."""
    if shutil.which("chromium") is None or not PLACE.is_dir():
        pytest.skip(f"no chromium here that reads {PLACE}")
    tried = subprocess.run([*APART, f"mount -t tmpfs none {PLACE}"], capture_output=True, text=True, timeout=60)
    if tried.returncode:
        pytest.skip(f"this needs root and mount namespaces: {tried.stderr.strip()}")
    begun: list[subprocess.Popen[bytes]] = []

    def begin(rules: str, page: str) -> Path:
        home = tmp_path / f"home{len(begun)}"
        home.mkdir()
        (home / "rules.json").write_text(rules)
        begun.append(subprocess.Popen(
            [*APART, IN_ITS_PLACE, str(home / "rules.json"), "chromium", *FLAGS, f"--user-data-dir={home}/profile", page],
            env={**os.environ, "HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        ))  # fmt: skip
        return home

    yield begin
    for each in begun:
        assert each.poll() is None, "it ended by itself, and what it did not do proves nothing"
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.wait(timeout=60)


def taken(home: Path) -> list[Path]:
    return list(home.rglob("taken*"))


def test_without_rules_it_takes_files_and_goes_elsewhere(
    screen: Callable[..., Path], sites: tuple[Site, Site], root: bytes
) -> None:
    shop, other = sites
    rules = json.loads(policies(shop.page, [root]))
    home = screen(json.dumps({trust.RULE: rules[trust.RULE]}), shop.page)
    wait_until(lambda: "/kiosk" in other.asked and taken(home), "it has gone, and has taken the file with it")


def test_it_shows_its_page_and_neither_takes_files_nor_goes_elsewhere(
    screen: Callable[..., Path], sites: tuple[Site, Site], root: bytes
) -> None:
    shop, other = sites
    home = screen(policies(shop.page, [root]), shop.page)
    wait_until(lambda: "/file" in shop.asked, "it shows the page, and the page has told it what to do")
    time.sleep(SETTLES_S)
    assert (other.asked, taken(home)) == ([], [])


def test_without_the_authority_it_does_not_show_its_page(screen: Callable[..., Path], sites: tuple[Site, Site]) -> None:
    shop, _ = sites
    screen(policies(shop.page), shop.page)
    wait_until(lambda: shop.refused, "it has come, and does not believe who answers")
    time.sleep(SETTLES_S)
    assert shop.asked == []


@needs_caddy
def test_what_a_shop_behind_caddy_gives_out_is_what_its_doctor_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with behind_caddy(tmp_path) as behind:
        monkeypatch.setattr(trust, "PLAIN_PORT", behind.plain)
        said = next(each.says for each in tls_checks.certificates(behind.settings) if each.about == "root")
        page = f"https://127.0.0.1:{behind.tls}/kiosk"
        told = trust.authorities(page, trust.read_fingerprint(said), tmp_path / "none")
    assert told == (ssl.PEM_cert_to_DER_cert(behind.root.read_text()),)
