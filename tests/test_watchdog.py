"""systemd hears from the loop of each program, and from nobody else of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from broker.settings import MqttSettings
from broker.watchdog import ALLOWED, OF, SOCKET, Watchdog
from broker.web.access import needs
from broker.web.server import SPARE_THREADS
from dashboard.app import create
from tests.builders import NOON, TurnableClock, make_shop
from tests.service.parts import free_port, settings_file
from tests.web.parts import served

PATIENCE_S = 30.0
STREAMS = 4


class Systemd:
    """The end that listens."""

    def __init__(self, address: str) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(address.replace("@", "\0", 1))

    def hears(self, seconds: float = PATIENCE_S) -> str:
        """Return the next word, "" when none comes in time."""
        self.line.settimeout(seconds)
        try:
            return self.line.recv(200).decode()
        except (TimeoutError, BlockingIOError):
            return ""


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd(str(tmp_path / "notify"))
    yield listening
    listening.line.close()


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_turn_says_ready_and_the_later_ones_that_it_lives_four_times_in_what_is_allowed(
    systemd: Systemd, tmp_path: Path
) -> None:
    ticks = Ticks()
    watchdog = Watchdog({SOCKET: str(tmp_path / "notify"), ALLOWED: "20000000", OF: str(os.getpid())}, ticks)
    watchdog.turned()
    assert systemd.hears() == "READY=1\nWATCHDOG=1"
    for ticks.now in (1.0, 4.9):
        watchdog.turned()
    assert systemd.hears(0) == ""
    ticks.now = 5.0
    watchdog.turned()
    assert systemd.hears() == "WATCHDOG=1"


def test_what_is_allowed_to_another_process_is_not_ours(systemd: Systemd, tmp_path: Path) -> None:
    ticks = Ticks()
    watchdog = Watchdog({SOCKET: str(tmp_path / "notify"), ALLOWED: "20000000", OF: "1"}, ticks)
    watchdog.turned()
    assert systemd.hears().startswith("READY=1")
    ticks.now = 1000.0
    watchdog.turned()
    assert systemd.hears(0) == ""


def test_an_address_outside_of_the_file_system_is_spoken_to() -> None:
    address = f"@greetline-test-{os.getpid()}"
    listening = Systemd(address)
    Watchdog({SOCKET: address}).turned()
    assert listening.hears().startswith("READY=1")
    listening.line.close()


def test_without_systemd_and_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    Watchdog({}).turned()
    Watchdog({SOCKET: str(tmp_path / "nobody")}).turned()


@contextmanager
def program(tmp_path: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    told = {SOCKET: str(tmp_path / "notify"), ALLOWED: "2000000"}
    process = subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, **told}, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(PATIENCE_S)


def commands(tmp_path: Path) -> dict[str, list[str]]:
    nobody = free_port()
    file = str(settings_file(tmp_path, MqttSettings(host="127.0.0.1", port=nobody)))
    screens = ["--settings", file, "--port", str(free_port())]
    return {
        "broker": ["broker", "run", "--settings", file],
        "dashboard": ["dashboard", *screens],
        "kiosk": ["kiosk", *screens],
        "edge": ["edge", "run", "--camera", "scene:door", "--mqtt-port", str(nobody), "--data", str(tmp_path)],
    }


@pytest.mark.parametrize("name", ["broker", "dashboard", "kiosk", "edge"])
def test_each_program_says_when_it_is_ready_and_goes_on_saying_that_it_lives(name: str, systemd: Systemd, tmp_path: Path) -> None:
    wanted = commands(tmp_path)[name]
    if name in ("dashboard", "kiosk"):
        make_shop(tmp_path, TurnableClock(NOON)).db.close()
    with program(tmp_path, *wanted):
        assert systemd.hears() == "READY=1\nWATCHDOG=1"
        assert systemd.hears() == "WATCHDOG=1"


def test_a_server_whose_threads_all_hang_says_nothing_although_its_loop_turns(
    systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, str(tmp_path / "notify"))
    monkeypatch.setenv(ALLOWED, "400000")
    shop = make_shop(tmp_path, TurnableClock(NOON))
    app, going_on = create(shop.settings), threading.Event()
    _add_hanging(app, going_on)
    with served(app, max_streams=STREAMS) as server, ExitStack() as asking:
        assert systemd.hears().startswith("READY=1")
        assert systemd.hears() == "WATCHDOG=1"
        for _ in range(SPARE_THREADS + STREAMS):
            line = asking.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
        words = 0
        while systemd.hears(2.5):  # what was on its way when the last thread began to hang
            words += 1
            assert words < 100, "it goes on saying that it lives"
        going_on.set()
        assert systemd.hears() == "WATCHDOG=1"


def _add_hanging(app: Flask, going_on: threading.Event) -> None:
    @app.get("/hangs")
    @needs("public")
    def hangs() -> str:
        going_on.wait(PATIENCE_S)
        return "at last"
