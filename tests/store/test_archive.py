"""The archive gives back the store as it was at each moment, and says so when it cannot."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.store import archive, archiver, rewind, segments
from broker.store.archiver import Broken, Limits, NoRoom
from broker.store.rewind import NoSuchMoment
from tests.store.archives import Kept, Rows, everything, joined, small_store


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def kept(store: Path, tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(store, tmp_path / "archive")
    yield kept
    kept.end()


def filled(kept: Kept, store: Path, turns: int, letter: str = "x") -> dict[int, Rows]:
    """Change the store and turn, so many times; return what the store was at each moment."""
    was = {}
    with closing(small_store(store)) as db:
        for n in range(turns):
            db.execute("INSERT INTO items (body) VALUES (?)", [f"{letter}{n}" * 400])
            was[kept.turn()] = everything(store)
    return was


def test_each_moment_comes_back_as_it_was(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        was = {}
        for n in range(12):
            db.execute("INSERT INTO items (body) VALUES (?)", [f"{n}" * 3000])
            if n % 5 == 3:
                db.execute("DELETE FROM items WHERE id < ?", [n - 2])
                db.execute("PRAGMA incremental_vacuum")
            was[kept.turn()] = everything(store)
        db.execute("VACUUM")
        was[kept.turn()] = everything(store)
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was
    assert kept.at(max(was) - 1, tmp_path / "was.db") == was[max(was) - 1000], "a moment in between is that of the turn before it"
    assert kept.taken_up == [False]


def test_nobody_may_read_it_but_its_owner(store: Path, kept: Kept) -> None:
    with closing(small_store(store)):
        kept.founded()
    for path in kept.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_log_that_grows_is_begun_anew_and_nothing_of_it_is_missed(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        was = {}
        for n in range(40):
            db.execute("INSERT INTO items (body) VALUES (?)", [f"{n}" * 100_000])
            was[kept.turn()] = everything(store)
        log = store.with_name("shop.db-wal").stat().st_size
    assert kept.taken_up == [False], "it was one run all the time"
    assert log < 3 * archiver.RENEW_FRAMES * 4120, "the log was begun anew, again and again"
    assert sum(len(rows["items"]) for rows in was.values()) == sum(range(1, 41))
    for moment in list(was)[::8]:
        assert kept.at(moment, tmp_path / "was.db") == was[moment]


def test_a_log_that_was_begun_anew_without_us_is_noticed_and_answered_with_a_copy(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        first = filled(kept, store, 3)
        assert kept.archiver
        kept.archiver.hold.let_go()
        db.execute("INSERT INTO items (body) VALUES ('nobody saw this')")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("INSERT INTO items (body) VALUES ('nor this')")
        with pytest.raises(Broken, match="let go of"):
            kept.turn()
        kept.end()
        missed = kept.now
        kept.founded()
        second = filled(kept, store, 3)
    assert kept.taken_up == [False, False]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in first | second} == first | second
    with pytest.raises(NoSuchMoment, match="nothing was kept between"):
        kept.at(missed, tmp_path / "was.db")


def test_it_is_taken_up_where_it_was_left_when_nothing_was_missed(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        was = filled(kept, store, 2)
        kept.end()
        db.execute("INSERT INTO items (body) VALUES ('while nobody looked')")
        was |= {kept.turn(): everything(store)} | filled(kept, store, 2)
        kept.end()
        was |= filled(kept, store, 1)
    assert kept.taken_up == [False, True, True]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


def test_a_log_that_is_begun_anew_just_after_it_was_taken_up_is_noticed(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        was = filled(kept, store, 2)
        kept.end()
        db.execute("INSERT INTO items (body) VALUES (?)", ["while nobody looked" * 400])
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        kept.begin()
        db.execute("INSERT INTO items (body) VALUES ('over what nobody has read')")
        with pytest.raises(Broken, match="begun anew"):
            kept.turn()
        kept.end()
        kept.founded()
        was |= filled(kept, store, 2)
    assert kept.taken_up == [False, True, False]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


def test_a_disk_that_hangs_in_the_middle_of_a_turn_leaves_no_gap(
    store: Path, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "RENEW_FRAMES", 1)
    with closing(small_store(store)) as db:
        kept.founded()
        was = filled(kept, store, 2)
        assert kept.archiver
        hold, say = kept.archiver.hold, archive.tell_seen

        def hangs(*said: Any) -> None:
            say(*said)
            hold.let_go()
            db.execute("INSERT INTO items (body) VALUES (?)", ["while it hung" * 400])
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
            db.execute("INSERT INTO items (body) VALUES ('over what nobody has read')")

        monkeypatch.setattr(archive, "tell_seen", hangs)
        db.execute("INSERT INTO items (body) VALUES ('before it hung')")
        with pytest.raises(Broken, match="let go of"):
            kept.turn()
        monkeypatch.setattr(archive, "tell_seen", say)
        kept.end()
        kept.founded()
        was |= filled(kept, store, 2)
    assert kept.taken_up == [False, False]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


def test_what_is_not_committed_is_never_in_it(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        db.execute("PRAGMA cache_size = 5")
        db.execute("BEGIN")
        db.executemany("INSERT INTO items (body) VALUES (?)", [[f"{n}" * 3000] for n in range(60)])
        assert store.with_name("shop.db-wal").stat().st_size > 40 * 4120, "it is in the log already"
        moment = kept.turn()
        db.execute("ROLLBACK")
        assert kept.at(moment, tmp_path / "was.db")["items"] == []
        was = filled(kept, store, 2)
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


def test_moments_before_after_and_what_can_be_had_are_said(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)):
        kept.founded()
        was = filled(kept, store, 2)
        (span,) = rewind.spans(kept.folder)
        assert span.ends == max(was)
        for moment, said in ((span.begins - 1, "it begins at"), (span.ends + 1, "it ends at")):
            with pytest.raises(NoSuchMoment, match=said):
                kept.at(moment, tmp_path / "was.db")
    with pytest.raises(NoSuchMoment, match="there is nothing whole"):
        rewind.rewind(tmp_path, archive.as_moment(kept.now), tmp_path / "was.db")


def test_a_damaged_segment_is_noticed_and_what_was_before_it_can_be_had(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)):
        kept.founded()
        was = filled(kept, store, 6)
    kept.end()
    (segment,) = kept.folder.glob("*.log")
    whole = segment.read_bytes()
    for place in (len(whole) // 2, len(whole) - 30):
        segment.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        (span,) = rewind.spans(kept.folder)
        assert "damaged at byte" in span.ended
        assert kept.at(span.ends, tmp_path / "was.db") == was[span.ends]
        with pytest.raises(NoSuchMoment, match="damaged at byte"):
            kept.at(max(was), tmp_path / "was.db")


def test_a_segment_that_lost_its_end_promises_nothing_behind_it(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)):
        kept.founded()
        was = filled(kept, store, 3)
        kept.turn()
        assert rewind.spans(kept.folder)[0].ends == kept.now, "nothing was committed, and that is known"
    kept.end()
    (segment,) = kept.folder.glob("*.log")
    before = [record.ends for record in segments.records(segment)][-2]
    os.truncate(segment, before)
    (span,) = rewind.spans(kept.folder)
    assert span.ends == sorted(was)[-2]
    assert kept.at(span.ends, tmp_path / "was.db") == was[span.ends]


@pytest.mark.parametrize("gone", ["the begin", "the middle"])
def test_a_segment_that_is_missing_is_noticed(
    store: Path, kept: Kept, tmp_path: Path, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "SEGMENT_BYTES", 500)
    with closing(small_store(store)):
        kept.founded()
        was = filled(kept, store, 20)
    found = sorted(kept.folder.glob("*.log"))
    assert len(found) > 3
    found[0 if gone == "the begin" else 2].unlink()
    (span,) = rewind.spans(kept.folder)
    assert "is missing" in span.ended
    with pytest.raises(NoSuchMoment, match="is missing"):
        kept.at(max(was), tmp_path / "was.db")


def test_a_damaged_copy_is_passed_over_for_an_older_one(
    store: Path, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "COPY_EVERY_MS", 4_000)
    with closing(small_store(store)):
        kept.founded()
        was = filled(kept, store, 3)
        kept.founded()
        was |= filled(kept, store, 3)
    kept.end()
    copies = sorted(kept.folder.glob("*.store.gz"))
    assert len(copies) >= 2
    for copy in copies[1:]:
        copy.write_bytes(gzip.compress(b"no store")[:-3])
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


@pytest.mark.parametrize("why", ["age", "size"])
def test_the_oldest_goes_by_age_and_by_size_and_never_the_newest(
    store: Path, kept: Kept, tmp_path: Path, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "COPY_EVERY_MS", 5_000)
    monkeypatch.setattr(archiver, "AGED_EVERY_S", 0.0)
    kept.limits = Limits(most_bytes=10**9, keep_ms=5_000 if why == "age" else 10**10)
    with closing(small_store(store)):
        began = kept.founded()
        for _ in range(4):
            filled(kept, store, 5)
            kept.founded()
        was = filled(kept, store, 2)
        kept.end()
    (span,) = rewind.spans(kept.folder)
    assert (span.begins > began) == (why == "age"), "by age it went by itself"
    archive.forget(kept.folder, kept.now if why == "age" else 0, 10**9 if why == "age" else 10)
    assert len(list(kept.folder.glob("*.store.gz"))) == 1
    assert kept.at(max(was), tmp_path / "was.db") == was[max(was)]


def test_a_clock_that_is_set_a_year_ahead_again_and_again_takes_one_copy_an_hour_and_what_was_made_then_keeps_nothing(
    store: Path, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "COPY_EVERY_MS", 5_000)
    kept.limits = Limits(most_bytes=10**9, keep_ms=60_000)
    with closing(small_store(store)):
        kept.founded()
        was = {}
        for _ in range(4):
            was |= filled(kept, store, 5)
            kept.founded()
        right, copies = kept.now, len(list(kept.folder.glob("*.store.gz")))
        for flip in range(1, 4):
            kept.now = right + 365 * 86_400_000 + flip
            kept.founded()
            kept.turn()
            kept.now = right + 5_000 * flip
            kept.founded()
        assert len(list(kept.folder.glob("*.store.gz"))) >= copies + 3
        kept.end()
        assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was
        monkeypatch.setattr(archiver, "AGED_EVERY_S", 0.0)
        kept.now = right + 10 * 86_400_000
        kept.founded()
        for _ in range(20):
            kept.now += 1_000
            kept.turn()
        kept.end()
    (span,) = [span for span in rewind.spans(kept.folder) if span.ends][-1:]
    assert span.begins > right, "a copy of next year does not keep those before it"


def test_without_room_for_a_new_copy_the_old_ones_go_as_they_age_one_after_the_other(
    store: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "COPY_EVERY_MS", 5_000)
    kept.limits = Limits(most_bytes=10**9, keep_ms=60_000)
    with closing(small_store(store)):
        kept.founded()
        for _ in range(4):
            filled(kept, store, 5)
            kept.founded()
        kept.end()
    left = len(list(kept.folder.glob("*.store.gz")))
    monkeypatch.setattr(archiver, "AGED_EVERY_S", 0.05)
    kept.ages = archiver.Ages()
    kept.limits = Limits(most_bytes=10**9, keep_ms=60_000, free_bytes=2**62)
    kept.now += 200 * 86_400_000
    with closing(small_store(store)):
        for _ in range(left + 2):
            with pytest.raises(NoRoom):
                kept.founded()
            kept.end()
            time.sleep(0.06)
    assert len(list(kept.folder.glob("*.store.gz"))) == 1


def test_an_archive_that_can_lose_nothing_stops_at_twice_its_limit(
    store: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "SEGMENT_BYTES", 10_000)
    kept.limits = Limits(most_bytes=20_000, keep_ms=10**10)
    with closing(small_store(store)) as db:
        kept.founded()
        with pytest.raises(NoRoom, match="larger than its limit"):
            for _ in range(20):
                db.execute("INSERT INTO items (body) VALUES (?)", [os.urandom(5_000).hex()])
                kept.turn()
        assert sum(piece.bytes for piece in archive.pieces(kept.folder)) < 3 * 20_000


def test_without_room_it_stops_and_says_so_and_the_log_is_free(store: Path, kept: Kept, tmp_path: Path) -> None:
    with closing(small_store(store)) as db:
        kept.founded()
        was = filled(kept, store, 2)
        assert kept.archiver
        kept.archiver._limits = Limits(most_bytes=10**9, keep_ms=10**10, free_bytes=2**62)
        db.execute("INSERT INTO items (body) VALUES ('no room for this')")
        with pytest.raises(NoRoom, match="MB are free"):
            kept.turn()
        kept.end()
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "nobody holds the log"
        db.execute("INSERT INTO items (body) VALUES ('there is room again')")
        kept.founded()
        was |= filled(kept, store, 2)
    assert kept.taken_up == [False, False]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in was} == was


def test_a_store_that_was_put_back_to_an_earlier_day_is_another_run(store: Path, kept: Kept, tmp_path: Path) -> None:
    files = ("shop.db", "shop.db-wal")
    with closing(small_store(store)):
        kept.founded()
        first = filled(kept, store, 2)
        (tmp_path / "aside").mkdir()
        for name in files:
            shutil.copyfile(tmp_path / name, tmp_path / "aside" / name)
        first |= filled(kept, store, 2)
    kept.end()
    for name in files:
        shutil.copyfile(tmp_path / "aside" / name, tmp_path / name)
    kept.founded()
    second = filled(kept, store, 2, letter="y")
    assert kept.taken_up == [False, False]
    assert {moment: kept.at(moment, tmp_path / "was.db") for moment in first | second} == first | second


STEPS = st.lists(
    st.sampled_from(["write", "write", "write", "big", "delete", "passive", "truncate", "reader", "rest", "turn", "turn", "stop"]),
    min_size=4, max_size=40,
)  # fmt: skip


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_each_moment_that_can_be_had_is_right(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("any")
    store, was = folder / "shop.db", dict[int, Rows]()
    kept = Kept(store, folder / "archive")
    with closing(small_store(store)) as ours, closing(joined(store)) as other:
        kept.founded()
        for n, step in enumerate(steps):
            changed(ours if n % 2 else other, step, n)
            if step == "stop":
                kept.end()
            elif step == "turn":
                turned(kept)
                was[kept.now] = everything(store)
        kept.end()
    spans = rewind.spans(kept.folder)
    assert spans
    for moment, rows in was.items():
        if any(span.begins <= moment <= span.ends for span in spans):
            assert kept.at(moment, folder / "was.db") == rows, (moment, steps)
    if "stop" not in steps and "truncate" not in steps:
        assert all(spans[0].begins <= moment <= spans[0].ends for moment in was)


def turned(kept: Kept) -> None:
    try:
        kept.turn()
    except Broken:
        kept.end()
        kept.founded()
        kept.turn()


def changed(db: sqlite3.Connection, step: str, n: int) -> None:
    if step == "write":
        db.execute("INSERT INTO items (body) VALUES (?)", [f"{n}" * 50])
    elif step == "big":
        db.execute("INSERT INTO items (body) VALUES (?)", [os.urandom(1_500_000)])
    elif step == "delete":
        db.execute("DELETE FROM items WHERE id % 3 = 0")
    elif step == "passive":
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    elif step == "truncate":
        db.execute("PRAGMA busy_timeout = 1")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    elif step == "reader" and not db.in_transaction:
        db.execute("INSERT INTO marks VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1", [f"m{n % 3}"])
