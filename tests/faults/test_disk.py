"""A disk that takes no more: nothing is acknowledged that is not safe, the service stays, and it recovers by itself."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.settings import MqttSettings
from tests.faults.rows import Row
from tests.service.parts import Device, Process, count, own_broker, read_store, service, settings_file, wait_until

pytestmark = pytest.mark.fault

EVENTS = 2_000


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


@contextmanager
def small_disk(folder: Path, megabytes: int = 16) -> Iterator[None]:
    """A file system of so many MiB on *folder*; only root may mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine does not let root mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_waited_out_and_nothing_is_lost(mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]) -> None:
    data = tmp_path / "small"
    data.mkdir()
    with small_disk(data):
        ballast = data / "ballast"

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass

        found("disk-full", **_fill_and_free(mqtt, data, lambda _: fill(), lambda _: ballast.unlink(), events=EVENTS))


def test_a_file_that_may_not_grow_is_waited_out_and_nothing_is_lost(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]
) -> None:
    def hold(process: Process) -> None:
        largest = max(path.stat().st_size for path in tmp_path.glob("greetline.db*"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def let_go(process: Process) -> None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    found("no-growth", **_fill_and_free(mqtt, tmp_path, hold, let_go, events=EVENTS))


def _fill_and_free(
    mqtt: MqttSettings, data: Path, fill: Callable[[Process], None], free: Callable[[Process], None], *, events: int
) -> dict[str, float]:
    names = [f"ab-{n}" for n in range(events)]
    with service(settings_file(data, mqtt)) as process, Device(mqtt) as camera:
        camera.say(camera.crossing("before"))
        camera.wait_acknowledged("before")
        fill(process)
        waiting = iter(names)
        said = []
        while not any("THE STORE CANNOT BE WRITTEN" in line for line in process.lines) and (name := next(waiting, None)):
            camera.say(camera.crossing(name))
            said.append(name)
        process.wait_for("THE STORE CANNOT BE WRITTEN")
        camera.listen()
        kept = {event for (event,) in read_store(data, "SELECT event FROM seen")}
        assert set(camera.acknowledged) <= kept, "nothing is acknowledged that is not safe"
        assert process.alive
        free(process)
        began = time.monotonic()
        camera.wait_acknowledged(*said)
        recovery = time.monotonic() - began
        process.wait_for("the service goes on")
        camera.say(camera.crossing("after"))
        camera.wait_acknowledged("after")
    visits = count(data, "visits")
    assert visits == len(said) + 2
    assert read_store(data, "PRAGMA integrity_check") == [("ok",)]
    return {"lost": max(0, len(said) + 2 - visits), "doubled": max(0, visits - len(said) - 2), "recovery": recovery}


def test_a_store_that_is_locked_for_a_while_is_waited_for(mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]) -> None:
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        camera.say(camera.crossing("ab-1"))
        camera.wait_acknowledged("ab-1")
        program = (
            f"import sqlite3, time; db = sqlite3.connect({str(tmp_path / 'greetline.db')!r}, isolation_level=None);"
            "db.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(1.5)"
        )
        held = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        try:
            assert held.stdout
            assert held.stdout.readline().strip() == "held"
            camera.say(camera.crossing("ab-2"))
            camera.wait_acknowledged("ab-2")
        finally:
            held.wait(10)
            if held.stdout:
                held.stdout.close()
    wait_until(lambda: count(tmp_path, "visits") >= 2)
    found("locked", lost=0, doubled=count(tmp_path, "visits") - 2)  # Fewer than two were waited for above.
    assert count(tmp_path, "visits") == 2
