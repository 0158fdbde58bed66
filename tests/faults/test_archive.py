"""Whoever keeps the archive or writes the store is ended at any point: each moment that can be had is the store as of a commit."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from broker.failpoints import VARIABLE
from broker.shop import STORE_FILE
from broker.store import archive, rewind
from tests.faults.archive_writer import digest
from tests.faults.rows import Row
from tests.service.parts import Process, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

ARCHIVER = {
    "archive.half": (1, 9), "archive.written": (2, 7), "archive.kept": (1, 12), "archive.rotated": (1,), "archive.copied": (1,),
    "archive.named": (1,), "archive.settled": (1, 3),
}  # fmt: skip
"""Where the program that keeps the archive ends, and at which times that it stands there."""
FOLDER = "stick/greetline-oslo"
TRIES = 40
"""Moments that are restored of each try, spread over all that can be had."""
KILLS = 12
SEED = 20261122


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    (tmp_path / "greetline.toml").write_text(
        '[store]\nid = "oslo"\ndata = "."\n[backup]\narchive_to = "stick"\narchive_every_seconds = 0.2\n[log]\nform = "text"\n'
    )
    return tmp_path


def writer(shop: Path, letter: str) -> Process:
    return Process(sys.executable, "-m", "tests.faults.archive_writer", str(shop / STORE_FILE), letter, str(shop / "acks"))


def archiver(shop: Path, armed: str = "") -> Process:
    command = (sys.executable, "-m", "broker", "archive", "--settings", str(shop / "greetline.toml"))
    return Process(*command, environment={VARIABLE: armed})


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.kill)
        yield


def reaches(shop: Path, moment: int) -> bool:
    folder = shop / FOLDER
    return folder.is_dir() and any(span.ends > moment for span in rewind.spans(folder))


def now() -> int:
    return time.time_ns() // 1_000_000


def acknowledged(shop: Path) -> list[tuple[int, int]]:
    """Return number and moment of every commit whose writer knew of it."""
    lines = (shop / "acks").read_text().splitlines()
    return [(int(number), int(at)) for number, at in (line.split() for line in lines)]


def looked_through(shop: Path) -> tuple[int, int]:
    """Restore moments all over the archive; return how many commits were lost in them, and how many stores are of no commit."""
    spans, told, lost, odd = rewind.spans(shop / FOLDER), acknowledged(shop), 0, 0
    for span in spans:
        count = max(2, TRIES // len(spans))
        for moment in sorted({span.begins + (span.ends - span.begins) * n // (count - 1) for n in range(count)}):
            target = shop / "was.db"
            reached = archive.milliseconds(rewind.rewind(shop / FOLDER, archive.as_moment(moment), target))
            with closing(sqlite3.connect(target)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                numbers = [number for (number,) in db.execute("SELECT seq FROM oracle ORDER BY seq").fetchall()]
                (said,) = db.execute("SELECT digest FROM oracle ORDER BY seq DESC LIMIT 1").fetchone()
                odd += said != digest(db) or numbers != list(range(1, len(numbers) + 1))
            promised = moment if moment == span.ends else reached
            lost += sum(number > len(numbers) for number, at in told if at <= promised)
    return lost, odd


@pytest.mark.parametrize("armed", [f"{point}:{times}" for point, all_times in ARCHIVER.items() for times in all_times])
def test_the_archive_ends_there_and_goes_on(shop: Path, armed: str, found: Callable[..., Row]) -> None:
    with running(writer(shop, "a"), writer(shop, "b")):
        first = archiver(shop, armed)
        with running(first):
            wait_until((shop / "acks").exists, "somebody writes")
            assert first.ends(120) == -signal.SIGKILL, first.said
        assert f"ended at the failpoint {armed.partition(':')[0]}" in first.said
        began = time.monotonic()
        again = archiver(shop)
        with running(again):
            ended = now()
            wait_until(lambda: reaches(shop, ended), again.said, within=60)
            recovery = time.monotonic() - began
            later = now()
            wait_until(lambda: reaches(shop, later), again.said, within=60)
            os.kill(again.pid, signal.SIGTERM)
            assert again.ends(60) == 0, again.said
    lost, odd = looked_through(shop)
    found("archive", lost=lost, doubled=odd, recovery=recovery)
    assert (lost, odd) == (0, 0)


def test_everybody_is_ended_at_random_again_and_again(shop: Path, found: Callable[..., Row]) -> None:
    dice = random.Random(SEED)
    parts: dict[str, Callable[[], Process]] = {
        "a": lambda: writer(shop, "a"), "b": lambda: writer(shop, "b"), "archive": lambda: archiver(shop),
    }  # fmt: skip
    here = {name: make() for name, make in parts.items()}
    slowest = 0.0
    try:
        wait_until(lambda: reaches(shop, 0), "the first copy", within=60)
        for _ in range(KILLS):
            until = time.monotonic() + dice.uniform(0.1, 1.5)
            wait_until(lambda until=until: time.monotonic() >= until)
            name = dice.choice(sorted(here))
            here[name].kill()
            here[name] = parts[name]()
            if name == "archive":
                began, killed = time.monotonic(), now()
                wait_until(lambda killed=killed: reaches(shop, killed), here[name].said, within=60)
                slowest = max(slowest, time.monotonic() - began)
        last = now()
        wait_until(lambda: reaches(shop, last), here["archive"].said, within=60)
    finally:
        for process in here.values():
            process.kill()
    lost, odd = looked_through(shop)
    found("archive", lost=lost, doubled=odd, recovery=slowest)
    assert (lost, odd) == (0, 0)
