"""Nothing is asked for outside of the machine but what the settings name, by any program of a shop."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
from pathlib import Path

import pytest

from tests.deploy.running import greetline, wait_until
from tests.deploy.test_up import get
from tests.service.parts import usual_ports
from tests.web.parts import eventually

GUARD = """
import json, os, sys

def _seen(event, told):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        what = told[1] if event.startswith(("socket.connect", "socket.send")) else told[0]
        line = json.dumps([event, what if isinstance(what, str) else list(what) if isinstance(what, tuple) else repr(what)])
        number = os.open(os.environ["GREETLINE_TEST_SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(number, (str(os.getpid()) + " " + line + "\\n").encode())
        os.close(number)

sys.addaudithook(_seen)
"""
"""Loaded by every Python program that is started below: writes down whom it speaks to."""
HERE = {"localhost", "127.0.0.1", "::1", "", "0.0.0.0", "::"}


def outside(line: str) -> bool:
    """Whether what was written down is somebody else than this machine."""
    event, what = json.loads(line.partition(" ")[2])
    if event.startswith(("socket.connect", "socket.send")) and isinstance(what, str):
        return False  # A socket in the file system, such as systemd's.
    name = str(what[0] if isinstance(what, list) else what)
    try:
        return not (name in HERE or ipaddress.ip_address(name).is_loopback)
    except ValueError:
        return name not in HERE


@pytest.mark.slow
def test_a_whole_shop_asks_for_nothing_outside_of_its_machine(tmp_path: Path) -> None:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard/sitecustomize.py").write_text(GUARD, encoding="utf-8")
    seen = tmp_path / "seen"
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "guard"), str(Path(__file__).parents[2])]),
                   "GREETLINE_TEST_SEEN": str(seen)}  # fmt: skip
    with usual_ports(), greetline("demo", cwd=tmp_path, environment=environment) as running:
        wait_until(lambda: "Stop with Ctrl-C" in running.said, "it runs", running, within=120)
        pages = [line for line in running.said.split() if line.startswith("http://127.0.0.1:")]
        assert len(pages) >= 6
        for page in pages:
            assert 200 <= get(page) < 400

        def programs() -> set[str]:
            return {line.partition(" ")[0] for line in seen.read_text(encoding="utf-8").splitlines()}

        eventually(lambda: seen.exists() and len(programs()) >= 4, 20)
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.ends() == 0
    lines = seen.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if outside(line)] == []
    assert any("socket.connect" in line for line in lines), "else the guard was not there"


@pytest.mark.parametrize(
    ("line", "away"),
    [
        ('1 ["socket.connect", ["127.0.0.1", 1883]]', False), ('1 ["socket.connect", ["::1", 1883, 0, 0]]', False),
        ('1 ["socket.connect", "/run/notify"]', False), ('1 ["socket.connect", ["192.0.2.1", 443]]', True),
        ('1 ["socket.getaddrinfo", "localhost"]', False), ('1 ["socket.getaddrinfo", "example.org"]', True),
        ('1 ["socket.sendto", ["224.0.0.1", 5353]]', True),
    ],
)  # fmt: skip
def test_the_guard_knows_who_is_outside(line: str, away: bool) -> None:
    assert outside(line) == away
