"""One way to open the store and one way to change it."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from broker.store import arrivals, rejected, visits
from broker.store.database import StoreError, change, moment, open_store, text
from tests.builders import NOON, a_visit, later


def test_a_store_opened_again_has_everything(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    with change(db):
        visits.save(db, a_visit())
    db.close()
    assert visits.get(open_store(tmp_path / "a.db"), "v1") == a_visit()


def test_what_is_committed_survives_a_power_cut_by_the_settings_of_the_file(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2, "2 is FULL"


def test_a_change_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    with pytest.raises(RuntimeError), change(db):
        visits.save(db, a_visit())
        raise RuntimeError("in the middle")
    assert visits.open_ones(db) == []


def test_a_change_holds_the_write_lock_from_its_first_line(tmp_path: Path) -> None:
    first, second = open_store(tmp_path / "a.db"), open_store(tmp_path / "a.db")
    second.conn.execute("PRAGMA busy_timeout = 50")
    with change(first), pytest.raises(sqlite3.OperationalError, match="locked"), change(second):
        pass


def test_threads_of_one_process_take_turns_instead_of_sleeping_until_the_lock_is_free(tmp_path: Path) -> None:
    first, second = open_store(tmp_path / "a.db"), open_store(tmp_path / "a.db")
    second.execute("PRAGMA busy_timeout = 0")  # Whoever meets SQLite's own lock is refused at once.
    tried, done = threading.Event(), []

    def other() -> None:
        tried.set()
        with change(second):
            done.append(visits.open_ones(second))

    thread = threading.Thread(target=other)
    with change(first):
        thread.start()
        assert tried.wait(10)
        thread.join(0.2)
        visits.save(first, a_visit())
    thread.join(10)
    assert done == [[a_visit()]]


def test_a_file_that_is_not_a_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear shop, " * 500)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path)
    assert path.read_text().startswith("Dear shop")


def test_a_store_of_a_later_version_is_refused_by_name(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('greetline', 'm999_teleport', '2030')")
    db.conn.commit()
    with pytest.raises(StoreError, match="m999_teleport"):
        open_store(tmp_path / "a.db")


def test_no_store_is_made_where_one_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store here"):
        open_store(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()


def test_times_are_written_in_one_width_so_that_text_order_is_time_order() -> None:
    oslo = timezone(timedelta(hours=1))
    moments = [datetime(2026, 11, 21, 13, 4, 31, 7000, oslo), datetime(2026, 11, 21, 12, 4, 31, 70000, UTC), NOON]
    written = [text(m) for m in moments]
    assert len({len(w or "") for w in written}) == 1
    assert sorted(moments) == [moment(w) for w in sorted(w or "" for w in written)]
    assert (text(None), moment(None)) == (None, None)


def _open_and_write(path: str, number: int) -> None:
    db = open_store(path)
    for i in range(25):
        with change(db):
            visits.save(db, a_visit(id=f"p{number}-{i}"))


def test_four_programs_may_make_and_fill_a_new_store_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=_open_and_write, args=(path, n)) for n in range(4)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0, 0, 0, 0]
    assert len(visits.open_ones(open_store(path))) == 100


def test_only_the_last_thousand_rejected_messages_are_kept(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    for begin in range(0, 1500, 500):
        rejected.keep(db, [(NOON, f"topic {n % 8}", f"reason {n}", b"x" * 20_000) for n in range(begin, begin + 500)])
    kept = rejected.newest(db)
    assert (len(kept), kept[0].reason, kept[-1].reason) == (1000, "reason 1499", "reason 500")
    assert len(kept[0].payload) == rejected.KEPT_BYTES


def test_people_inside_are_never_fewer_than_none(tmp_path: Path) -> None:
    presence = arrivals.Presence(NOON.date())
    for inward in (False, True, False, False):
        presence.count(inward=inward)
    assert (presence.inside, presence.ins, presence.outs) == (0, 1, 3)


def test_visits_are_found_by_the_day_they_came_in(tmp_path: Path) -> None:
    db = open_store(tmp_path / "a.db")
    with change(db):
        visits.save(db, *(a_visit(id=f"v{n}", t0=later(n * 3600)) for n in range(5)))
    assert [v.id for v in visits.between(db, later(3600), later(3 * 3600))] == ["v1", "v2"]
