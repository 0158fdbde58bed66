"""The outbox: nothing lost, nothing numbered twice, whatever happens to the disk or the process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.spool import MAX_IN_MEMORY, Spool, SpoolError


def payload(name: str) -> bytes:
    return f"about {name}".encode()


def fill(spool: Spool, events: int) -> list[str]:
    return [spool.append(payload) for _ in range(events)]


def ids(spool: Spool, limit: int = 10_000) -> list[str]:
    return [name for name, _ in spool.oldest(limit)]


def full(spool: Spool, *, yes: bool) -> None:
    """Let the disk of *spool* be full: SQLite then answers just as it does on a real one."""
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages if yes else 1_000_000}")


def test_an_event_waits_until_it_is_forgotten_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    names = fill(spool, 5)
    assert spool.oldest(3) == [(name, payload(name)) for name in names[:3]]
    spool.forget([names[1], "unknown-7"])
    assert ids(spool) == [names[0], *names[2:]]
    assert len(spool) == 4


def test_an_id_is_the_epoch_and_a_number_and_is_never_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    given: list[str] = []
    for _ in range(3):
        spool = Spool(path)
        names = fill(spool, 4)
        spool.forget(names)
        assert len(spool) == 0
        spool.close()
        given += names
    assert len(set(given)) == 12
    assert {name.split("-")[0] for name in given} == {given[0].split("-")[0]}
    assert [int(name.split("-")[1]) for name in given] == list(range(1, 13))


def test_two_files_have_two_epochs(tmp_path: Path) -> None:
    assert fill(Spool(tmp_path / "one.db"), 1) != fill(Spool(tmp_path / "two.db"), 1)


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    names = fill(spool, 7)
    spool.close()
    assert ids(Spool(tmp_path / "spool.db")) == names


def test_a_killed_process_loses_nothing_and_repeats_no_number(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    program = (
        "import sys; from pathlib import Path; from edge.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1]))\n"
        "while True: print(spool.append(lambda name: name.encode()), flush=True)"
    )
    said: list[str] = []
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            said += [child.stdout.readline().strip() for _ in range(30)]
            os.kill(child.pid, signal.SIGKILL)
            said += [line.strip() for line in child.stdout if line.endswith("\n")]
    spool = Spool(path)
    kept = ids(spool, 100_000)
    assert len(said) == len(set(said)) >= 90
    assert set(said) <= set(kept)
    assert len(kept) == len(set(kept))


def test_a_second_process_on_the_same_spool_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.spool.OPEN_S", 0.1)
    first = Spool(tmp_path / "spool.db")
    fill(first, 1)
    with pytest.raises(SpoolError, match="is in use: this camera is already being watched"):
        Spool(tmp_path / "spool.db")
    first.close()
    assert len(Spool(tmp_path / "spool.db")) == 1


@pytest.mark.parametrize("damage", [b"not a database at all, not at all" * 40, None])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "spool.db"
    old = Spool(path)
    names = fill(old, 200)
    old.close()
    content = path.read_bytes()
    path.write_bytes(damage or content[:4096] + b"\xff" * 8192 + content[12288:])
    new = Spool(path)
    assert len(new) == 0
    assert fill(new, 1)[0].split("-")[0] != names[0].split("-")[0]
    assert len(list(tmp_path.glob("spool.db.damaged-*"))) == 1


def test_beyond_its_limit_the_oldest_are_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path, max_events=10)
    names = fill(spool, 14)
    assert ids(spool) == names[4:]
    assert (len(spool), spool.dropped) == (10, 4)
    assert "the oldest are lost, 1 so far" in caplog.text
    spool.close()
    assert Spool(path).dropped == 4


def test_on_a_full_disk_events_wait_in_memory_and_are_written_down_later(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    spool = Spool(path)
    before = fill(spool, 3)
    full(spool, yes=True)
    during = [spool.append(lambda name: payload(name) + b"x" * 5000) for _ in range(5)]
    assert "wait in memory" in spool.trouble
    assert ids(spool) == before + during
    assert len(spool) == 8
    full(spool, yes=False)
    spool.settle()
    assert spool.trouble == ""
    after = fill(spool, 2)
    assert ids(spool) == before + during + after
    assert len(spool) == 10
    spool.close()
    assert ids(Spool(path)) == before + during + after


def test_the_next_event_takes_those_in_memory_with_it_to_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    full(spool, yes=True)
    waiting = [spool.append(lambda name: b"x" * 9000) for _ in range(3)]
    full(spool, yes=False)
    newest = fill(spool, 1)
    assert ids(spool) == waiting + newest
    assert (len(spool), spool.trouble) == (4, "")


def test_memory_has_a_limit_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    fill(spool, 1)
    full(spool, yes=True)
    names = [spool.append(lambda name: b"x" * 9000) for _ in range(MAX_IN_MEMORY + 5)]
    assert spool.dropped == 5
    assert ids(spool)[-1] == names[-1]
    assert len(spool) <= MAX_IN_MEMORY + 1 + 5


def test_what_waits_in_memory_can_be_acknowledged_there(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    full(spool, yes=True)
    names = [spool.append(lambda name: b"x" * 9000) for _ in range(3)]
    spool.forget(names[:2])
    assert ids(spool) == names[2:]


def test_trouble_is_over_though_the_service_has_what_waited_and_nobody_comes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    fill(spool, 3)
    full(spool, yes=True)
    spool.append(lambda name: b"x" * 9000)
    spool.forget(ids(spool))
    assert (len(spool), "wait in memory" in spool.trouble) == (0, True)
    full(spool, yes=False)
    spool.settle()
    assert spool.trouble == ""
    assert (fill(spool, 1), len(spool)) == (ids(spool), 1)


def test_a_directory_that_cannot_be_made_is_a_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match=r"cannot be made.*Give --spool PATH"):
        Spool(tmp_path / "file" / "spool.db")


def test_every_event_is_on_the_disk_when_append_returns(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    assert spool._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert spool._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert sqlite3.sqlite_version_info >= (3, 35)
