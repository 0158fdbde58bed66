"""The loop that keeps the archive: what is in its way it waits out, it says how it is, and it never keeps the shop waiting."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from broker.service import archiving
from broker.service.archiving import Guard, _Keeping
from broker.settings import Settings
from broker.shop import STORE_FILE
from broker.store import archive, archived, rewind
from broker.store.archived import ArchiveState
from broker.store.wal_hold import LogHold
from tests.faults.test_disk import small_disk
from tests.service.parts import Process, wait_until
from tests.store.archives import everything, small_store

EVERY = 0.2
"""Seconds; the least that the settings take."""
RETRY, STALL = 0.3, 0.8
THAWS_AFTER = 30
"""Seconds after which a frozen disk is let go of whatever becomes of us."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    (tmp_path / "var").mkdir()
    with closing(small_store(tmp_path / "var" / STORE_FILE)) as store:
        yield store


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def settings(tmp_path: Path, every: float = EVERY) -> Settings:
    return Settings.model_validate({
        "store": {"id": "oslo", "data": tmp_path / "var"},
        "backup": {"archive_to": tmp_path / "stick", "archive_every_seconds": every}, "health": {"free_megabytes": 20},
    })  # fmt: skip


class Going:
    """The loop in a thread of its own, as the program runs it but for how long it waits."""

    def __init__(self, tmp_path: Path, every: float = EVERY, stall: float = STALL) -> None:
        self.data, self.folder = tmp_path / "var", tmp_path / "stick/greetline-oslo"
        self._stop = threading.Event()
        chosen = settings(tmp_path, every)
        keeping = _Keeping(chosen, self.folder, self._stop, retry=RETRY, stall=stall)
        self._thread = threading.Thread(target=keeping.go_on, name="keeping")

    def begin(self) -> None:
        self._thread.start()

    def stop(self, within: float = 20) -> float:
        """Stop it; return after how many seconds it had ended."""
        began = time.monotonic()
        self._stop.set()
        self._thread.join(within)
        assert not self._thread.is_alive(), "it does not end"
        return time.monotonic() - began

    def end(self) -> None:
        """Stop it if it was begun, and wait for a copy that is being made."""
        if self._thread.ident:
            self.stop()
        for thread in threading.enumerate():
            if thread.name == "copy":
                thread.join(20)

    def is_so(self, state: ArchiveState) -> None:
        """Wait until it says that it is so."""
        wait_until(lambda: (said := archived.look(self.data)) and said.state is state, f"the archive is {state}", within=20)

    def has_all(self) -> None:
        """Wait until everything that is committed now can be had."""
        now = time.time_ns() // 1_000_000
        wait_until(lambda: any(span.ends > now for span in rewind.spans(self.folder)), "all is in it", within=20)

    def last(self, target: Path) -> list[tuple[object, ...]]:
        """Return the items of the store as they were at the last moment that can be had."""
        rewind.rewind(self.folder, archive.as_moment(rewind.spans(self.folder)[-1].ends), target)
        return everything(target)["items"]


@pytest.fixture
def going(tmp_path: Path, store: sqlite3.Connection, stick: Path) -> Iterator[Going]:
    going = Going(tmp_path)
    yield going
    going.end()


def add(store: sqlite3.Connection, body: str) -> None:
    store.execute("INSERT INTO items (body) VALUES (?)", [body])


def is_free(store: sqlite3.Connection) -> bool:
    """Return whether nobody holds the log: all of it goes into the store, and it may be begun anew."""
    store.execute("PRAGMA busy_timeout = 0")
    return bool(store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def nowhere(stick: Path) -> Callable[[], object]:
    stick.rmdir()
    return stick.mkdir


def a_file_in_its_place(stick: Path) -> Callable[[], object]:
    (stick / "greetline-oslo").write_text("no folder")
    return (stick / "greetline-oslo").unlink


@pytest.mark.parametrize("absent", [nowhere, a_file_in_its_place])
def test_a_folder_that_is_refused_is_waited_for(
    going: Going, store: sqlite3.Connection, stick: Path, tmp_path: Path, absent: Callable[[Path], Callable[[], object]]
) -> None:
    comes = absent(stick)
    going.begin()
    going.is_so(ArchiveState.REFUSED)
    add(store, "while it was away")
    assert is_free(store), "what has no archive holds no log"
    comes()
    going.is_so(ArchiveState.GOES_ON)
    going.stop()
    assert going.last(tmp_path / "was.db") == everything(going.data / STORE_FILE)["items"]


def test_a_stick_that_is_pulled_out_is_waited_for(
    going: Going, store: sqlite3.Connection, stick: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    going.begin()
    going.is_so(ArchiveState.GOES_ON)
    stick.rename(tmp_path / "pocket")
    going.is_so(ArchiveState.REFUSED)
    since = archived.look(going.data)
    add(store, "while it was out")
    time.sleep(3 * RETRY)
    assert archived.look(going.data) == since, "it says since when"
    assert len([line for line in caplog.messages if "STANDS STILL" in line]) == 1, "and in the log it says so once"
    (tmp_path / "pocket").rename(stick)
    going.is_so(ArchiveState.GOES_ON)
    going.has_all()
    going.stop()
    assert going.last(tmp_path / "was.db") == everything(going.data / STORE_FILE)["items"]


@pytest.mark.fault
def test_a_disk_that_is_full_is_waited_out_and_the_log_is_free_meanwhile(
    going: Going, store: sqlite3.Connection, stick: Path, tmp_path: Path
) -> None:
    with small_disk(stick, megabytes=40):
        going.begin()
        going.is_so(ArchiveState.GOES_ON)
        with (stick / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 65_536)
            except OSError:
                pass
        add(store, "while it was full")
        going.is_so(ArchiveState.FULL)
        full = everything(going.data / STORE_FILE)
        wait_until(lambda: is_free(store), "nobody holds the log")
        (stick / "ballast").unlink()
        going.is_so(ArchiveState.GOES_ON)
        add(store, "when there was room again")
        going.has_all()
        going.stop()
        assert len(full["items"]) == 1
        assert going.last(tmp_path / "was.db") == everything(going.data / STORE_FILE)["items"]


@contextmanager
def disk_that_can_hang(folder: Path, image: Path) -> Iterator[Callable[[str], None]]:
    """A file system of its own on *folder*; gives what says `freeze` and `unfreeze` to it. Only root may make one."""
    if os.geteuid() != 0 or not (shutil.which("mkfs.ext4") and shutil.which("fsfreeze")):
        pytest.skip("a disk that hangs needs root, mkfs.ext4 and fsfreeze")
    with image.open("wb") as file:
        file.truncate(80 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a file as a disk")
    with ExitStack() as stack:
        stack.callback(subprocess.run, ["umount", "-l", folder], check=True)

        def say(word: str) -> None:
            subprocess.run(["fsfreeze", f"--{word}", folder], check=word == "freeze", capture_output=True)

        stack.callback(say, "unfreeze")
        # Whoever waits for a frozen disk cannot be ended, not even by force.
        thaws = subprocess.Popen(
            ["sh", "-c", f"sleep {THAWS_AFTER}; fsfreeze --unfreeze {folder}"], stderr=subprocess.DEVNULL, start_new_session=True
        )
        stack.callback(thaws.wait)
        stack.callback(os.killpg, thaws.pid, signal.SIGKILL)
        yield say


@pytest.mark.fault
def test_a_disk_that_hangs_lets_go_of_the_log_and_the_archive_begins_anew(
    going: Going, store: sqlite3.Connection, stick: Path, tmp_path: Path
) -> None:
    with disk_that_can_hang(stick, tmp_path / "image") as say:
        going.begin()
        going.is_so(ArchiveState.GOES_ON)
        add(store, "before it hung")
        going.has_all()
        say("freeze")
        add(store, "while it hung")
        wait_until(lambda: is_free(store), "the log is let go of, though nobody answers")
        missed = time.time_ns() // 1_000_000
        add(store, "in a log that nobody read")
        assert is_free(store)
        say("unfreeze")
        going.is_so(ArchiveState.GOES_ON)
        wait_until(lambda: len(rewind.spans(going.folder)) == 2, "a run of its own")
        add(store, "when it answered again")
        going.has_all()
        going.stop()
        first, second = rewind.spans(going.folder)
        assert first.ends < missed < second.begins, "of what was missed nothing is pretended"
        assert going.last(tmp_path / "was.db") == everything(going.data / STORE_FILE)["items"]


def test_who_waits_long_between_two_looks_does_not_hang(
    tmp_path: Path, store: sqlite3.Connection, stick: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", str(400_000))
        going = Going(tmp_path, every=2, stall=0.4)
        going.begin()
        try:
            assert systemd.recv(100).startswith(b"READY=1")
            began = time.monotonic()
            for _ in range(8):
                assert systemd.recv(100) == b"WATCHDOG=1"
            assert time.monotonic() - began < 2, "it says so while it waits"
            going.is_so(ArchiveState.GOES_ON)
        finally:
            going.end()
    assert not [line for line in caplog.messages if "let go of" in line]


def test_stopped_it_ends_with_everything_up_to_the_last_commit(tmp_path: Path, store: sqlite3.Connection, stick: Path) -> None:
    going = Going(tmp_path, every=0.5)
    going.begin()
    try:
        going.is_so(ArchiveState.GOES_ON)
        for n in range(50):
            add(store, f"{n}" * 2_000)
        assert going.stop() < 5
    finally:
        going.end()
    assert going.last(tmp_path / "was.db") == everything(going.data / STORE_FILE)["items"]
    assert is_free(store)


def test_a_damaged_store_is_no_want_of_room_and_a_copy_that_fails_each_time_is_not_said_to_be_made(
    going: Going, store: sqlite3.Connection, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, write = list[str](), archived.write_over
    monkeypatch.setattr(archived, "write_over", lambda path, line: (said.append(line.split()[0]), write(path, line)))
    add(store, "of a store with a fault")
    store.execute("CREATE INDEX bodies ON items (body)")
    store.execute("PRAGMA writable_schema = ON")
    store.execute("UPDATE sqlite_master SET sql = 'CREATE INDEX bodies ON items (id)' WHERE name = 'bodies'")
    store.execute("PRAGMA writable_schema = RESET")
    going.begin()
    going.is_so(ArchiveState.UNSOUND)
    time.sleep(5 * RETRY)
    # Where the copy fails at once, nobody has said by then that it is being made.
    assert said in (["copying", "unsound"], ["unsound"]), "not in turn, again and again"
    store.execute("DROP INDEX bodies")
    going.is_so(ArchiveState.GOES_ON)
    assert set(said) == {"copying", "unsound", "goes-on"}


def test_the_guard_outlives_a_log_that_is_closed_in_its_moment(store: sqlite3.Connection, tmp_path: Path) -> None:
    guard, path = Guard(0.05), tmp_path / "var" / STORE_FILE
    closed = LogHold(path)
    closed.take()
    closed.close()
    guard.watch(closed)
    time.sleep(0.3)
    hold = LogHold(path)
    try:
        hold.take()
        guard.watch(hold)
        wait_until(lambda: hold.lost, "a log that nobody reads is let go of", within=5)
    finally:
        hold.close()


@pytest.mark.parametrize("taken", [True, False], ids=["a second one", "no folder"])
def test_the_program_says_why_it_keeps_no_archive(tmp_path: Path, stick: Path, taken: bool) -> None:
    (tmp_path / "var").mkdir()
    told = '[backup]\narchive_to = "stick"\n' if taken else ""
    (tmp_path / "greetline.toml").write_text(f'[store]\nid = "oslo"\ndata = "var"\n{told}')
    with ExitStack() as stack:
        if taken:
            stack.enter_context(archiving.sole_archiver(tmp_path / "var"))
        process = Process(sys.executable, "-m", "broker", "archive", "--settings", str(tmp_path / "greetline.toml"))
        stack.callback(process.kill)
        assert process.ends(30) not in (0, -9)
    wanted = (
        f"another program already keeps the archive of this store (process {os.getpid()})" if taken else "There is no archive_to"
    )
    assert wanted in process.said
    assert not list(stick.iterdir())
