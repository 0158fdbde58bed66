"""What lies in the folder of the archive: what was half made goes, the old goes in time, and a run says nothing of another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from broker.store import archive, archiver, rewind, segments
from broker.store.archiver import Limits, NoRoom
from broker.store.base_copy import BaseCopy, CopyFailed
from tests.store.archives import PLENTY, Kept, everything, small_store

DIES_WHILE_IT_COPIES = """
import os, signal, sqlite3, sys
from pathlib import Path
from sqlite_utils import Database
from broker.store import upkeep

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
upkeep.backup(Database(connection), Path(sys.argv[2]), told=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def kept(store: Path, tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(store, tmp_path / "archive")
    yield kept
    kept.end()


def test_a_copy_in_the_middle_of_which_everything_stopped_is_taken_away(store: Path, kept: Kept) -> None:
    with closing(small_store(store)):
        half = kept.folder / f"{archive.HALF}-{archive.written(kept.now)}-1.store"
        done = subprocess.run([sys.executable, "-c", DIES_WHILE_IT_COPIES, store, half], check=False, timeout=30)
        assert done.returncode == -signal.SIGKILL
        assert list(kept.folder.iterdir()), "all pages of the store, for nothing"
        kept.founded()
        kept.end()
    assert sorted(path.suffix for path in kept.folder.iterdir()) == ["", ".gz", ".log"]


def test_a_copy_that_nobody_waits_for_ends_in_the_middle_of_packing(store: Path, kept: Kept) -> None:
    with closing(small_store(store)) as db:
        db.execute("INSERT INTO items (body) VALUES (?)", [os.urandom(1_000_000)])
        copy = BaseCopy(store, kept.folder, archive.Place(kept.now, 1))
        copy.stop()
        with pytest.raises(CopyFailed, match="nobody follows"):
            copy._pack(store, kept.folder / "packed")
    assert (kept.folder / "packed").stat().st_size < 100_000


def test_a_copy_that_hangs_keeps_no_page_of_the_log_once_it_is_let_go_of(
    store: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, answers, copied = threading.Event(), threading.Event(), BaseCopy._copied

    def stands_still(copy: BaseCopy, *_: int) -> None:
        hangs.set()
        answers.wait(20)
        copied(copy)

    monkeypatch.setattr(BaseCopy, "_copied", stands_still)
    with closing(small_store(store)) as db:
        db.execute("INSERT INTO items (body) VALUES (?)", [os.urandom(10_000_000)])
        archived = kept.begin()
        try:
            assert hangs.wait(20)
            db.execute("INSERT INTO items (body) VALUES ('while it hung')")
            db.execute("PRAGMA busy_timeout = 0")
            assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 1, "the log is held"
            archived.let_go()
            assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        finally:
            answers.set()
        with pytest.raises(archiver.Broken, match="let go of"):
            kept.turn()
        kept.end()
    assert not list(kept.folder.glob("*.store*")), "nothing of it is left"


def test_what_is_too_old_makes_room_for_a_new_beginning(
    store: Path, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(small_store(store)) as db:
        for _ in range(3):
            kept.founded()
            kept.end()
            db.execute("INSERT INTO items (body) VALUES ('unread')")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert len(list(kept.folder.glob("*.store.gz"))) == 3
        kept.now += 10_000_000
        kept.limits = Limits(most_bytes=10**9, keep_ms=5_000_000, free_bytes=2**62)
        monkeypatch.setattr(archiver, "AGED_EVERY_S", 0.0)
        kept.ages = archiver.Ages()
        for left in (2, 1, 1):
            with pytest.raises(NoRoom):
                kept.begin()
            kept.end()
            assert len(list(kept.folder.glob("*.store.gz"))) == left, "the newest stays until there is another"
        kept.limits = PLENTY
        kept.founded()
        assert kept.at(kept.now, tmp_path / "was.db") == everything(store)


def test_a_run_in_which_nothing_was_committed_promises_nothing_of_the_next(store: Path, kept: Kept, tmp_path: Path) -> None:
    small_store(store).close()
    kept.founded()
    kept.end()
    with closing(small_store(store)) as db:
        db.execute("INSERT INTO items (body) VALUES ('between two runs')")
    missed = kept.now + 1
    kept.now += 10_000
    kept.founded()
    assert kept.taken_up == [False, False]
    first, second = rewind.spans(kept.folder)
    assert [span.segments[-1].bytes for span in (first, second)] == [segments._BEGIN.size] * 2, "both have nothing but a copy"
    assert first.ends < missed < second.begins
    with pytest.raises(rewind.NoSuchMoment, match="nothing was kept between"):
        kept.at(missed, tmp_path / "was.db")


def test_a_run_whose_newest_segment_follows_on_nothing_is_not_taken_up(
    store: Path, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "SEGMENT_BYTES", 1)
    with closing(small_store(store)) as db:
        kept.founded()
        db.execute("INSERT INTO items (body) VALUES ('read')")
        kept.turn()
        kept.end()
        last = max(kept.folder.glob("*.log"))
        last.write_bytes(segments._BEGIN.pack(segments.MAGIC, 4096, b"another seal...."))
        kept.begin()
        assert kept.archiver
        assert not kept.archiver.founded, "of the new run nothing can be had yet"
        kept.founded()
        assert kept.at(kept.now, tmp_path / "was.db") == everything(store)
    assert kept.taken_up == [False, False]
