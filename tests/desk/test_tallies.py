"""Counting along: taps count once and by when they were made; the camera is judged by the same minutes, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.desk import arrivals, cameras, devices, tallies
from broker.desk.tallies import CannotTally, NoSuchTally, Tally, Tap
from broker.domain.accuracy import FORMULA, UNWATCHED_SECONDS, Counts
from broker.domain.facts import FactKind
from broker.domain.kpi import FEW
from broker.settings import CameraSettings, LineSettings
from broker.shop import Shop
from broker.store import journal
from tests.builders import NOON, TurnableClock, crossed, later, make_shop

ID = "0123456789abcdef"
DOOR = CameraSettings(
    id="door", source="scene:door", lines=(LineSettings(zone="entrance", points=((0, 0.5), (1, 0.5)), inside="up"),)
)


def watching(shop: Shop, camera: str = "door", *, plan: int | None = None, watch: str = "watching") -> None:
    now, figures = shop.clock(), {} if plan is None else {"plan": plan}
    devices.heard(shop, camera, watch=watch, since=now, zones=("entrance",), said_at=now, figures=figures)


def begun(shop: Shop, *, minutes: int = 10, by: str = "maria", id: str = ID) -> Tally:
    return tallies.begin(shop, "door", line="door", minutes=minutes, by=by, id=id)


def taps(n: int, *, way: str = "in", since: datetime = NOON, first: int = 0) -> list[Tap]:
    return [
        Tap(key=f"{way}-{first + number:012}", at=later(1 + number, since=since), inward=way == "in") for number in range(n)
    ]  # fmt: skip


def walked(shop: Shop, ins: int, outs: int, *, at: datetime = NOON, first: int = 0) -> None:
    ways = [True] * ins + [False] * outs
    news = [crossed(first + n, at=later(1 + n, since=at), inward=way) for n, way in enumerate(ways, start=1)]
    arrivals.take(shop, news)


def test_the_camera_is_measured_by_what_was_tapped_in_the_same_minutes(shop: Shop, clock: TurnableClock) -> None:
    watching(shop)
    walked(shop, 1, 0, at=NOON - timedelta(seconds=30), first=900)
    tally = begun(shop)
    tallies.tap(shop, tally.id, taps(23) + taps(21, way="out"), by="maria")
    walked(shop, 22, 21)
    clock.turn(seconds=600)
    walked(shop, 1, 0, at=clock() + timedelta(seconds=5), first=950)
    done = tallies.finish(shop, tally.id, by="maria", at=clock())
    assert (done.hand_in, done.hand_out, done.camera_in, done.camera_out, done.unwatched) == (23, 21, 22, 21, 0)
    assert done.counts.accuracy == pytest.approx(43 / 44)
    assert tallies.newest(shop) == [done]
    assert tallies.running(shop, "door") is None
    [fact] = journal.newest(shop.db, "door", FactKind.TALLIED)
    assert (fact.by, fact.body["hand_in"], fact.body["camera_in"]) == ("maria", 23, 22)
    assert shop.db.execute("SELECT count(*) FROM tally_taps").fetchone() == (0,)


def test_a_tap_that_is_sent_twice_counts_once_and_one_too_many_is_taken_back(shop: Shop) -> None:
    tally = begun(shop)
    tallies.tap(shop, tally.id, taps(3), by="maria")
    tallies.tap(shop, tally.id, taps(3)[::-1], by="maria")
    back = Tap(key="back-0000000000", at=later(9), inward=True, step=-1)
    assert tallies.tap(shop, tally.id, [back, back], by="maria").hand_in == 2
    many = [Tap(key=f"less-{n:012}", at=later(9), inward=False, step=-1) for n in range(3)]
    assert tallies.tap(shop, tally.id, many, by="maria").hand_out == 0


def test_taps_outside_the_minutes_do_not_count_whenever_they_come(shop: Shop, clock: TurnableClock) -> None:
    tally = begun(shop, minutes=2)
    early, late = Tap(key="early-00000000", at=later(-1), inward=True), Tap(key="late-000000000", at=later(121), inward=True)
    clock.turn(seconds=3600)
    tallies.tap(shop, tally.id, [early, late, *taps(4)], by="maria")
    done = tallies.finish(shop, tally.id, by="maria", at=clock())
    assert (done.hand_in, done.ended) == (4, tally.until)


def test_ending_twice_changes_nothing_and_taps_after_the_end_are_not_taken(shop: Shop, clock: TurnableClock) -> None:
    tally = begun(shop)
    tallies.tap(shop, tally.id, taps(2), by="maria")
    clock.turn(seconds=200)
    done = tallies.finish(shop, tally.id, by="maria", at=clock())
    assert done.ended == clock()
    assert tallies.tap(shop, tally.id, taps(5, first=50), by="maria") == done
    assert tallies.finish(shop, tally.id, by="maria", at=later(9999)) == done
    tallies.abandon(shop, tally.id, by="maria")
    assert tallies.newest(shop) == [done]


def test_too_short_a_count_says_nothing_and_an_abandoned_one_is_gone(shop: Shop, clock: TurnableClock) -> None:
    tally = begun(shop)
    tallies.tap(shop, tally.id, taps(2), by="maria")
    clock.turn(seconds=119)
    with pytest.raises(CannotTally) as no:
        tallies.finish(shop, tally.id, by="maria", at=clock())
    assert no.value.why == "short"
    tallies.abandon(shop, tally.id, by="maria")
    with pytest.raises(NoSuchTally):
        tallies.tap(shop, tally.id, taps(1), by="maria")
    assert tallies.newest(shop) == []
    assert shop.db.execute("SELECT count(*) FROM tally_taps").fetchone() == (0,)


@pytest.mark.parametrize("minutes", [1, 31])
def test_a_count_takes_two_to_thirty_minutes(shop: Shop, minutes: int) -> None:
    with pytest.raises(CannotTally) as no:
        begun(shop, minutes=minutes)
    assert no.value.why == "minutes"


def test_one_counts_at_a_camera_at_a_time_until_theirs_is_long_over(shop: Shop, clock: TurnableClock) -> None:
    tally = begun(shop)
    assert begun(shop) == tally, "the same request again begins nothing"
    for change in (lambda: begun(shop, by="kari", id="f" * 16), lambda: tallies.tap(shop, ID, taps(1), by="kari")):
        with pytest.raises(CannotTally) as no:
            change()
        assert no.value.why in ("running", "other")
    with pytest.raises(CannotTally):
        tallies.abandon(shop, ID, by="kari")
    clock.turn(seconds=601)
    tallies.abandon(shop, ID, by="kari")
    assert begun(shop, by="kari", id="f" * 16).by == "kari"
    clock.turn(seconds=2 * 86400)
    assert tallies.running(shop, "door") is None
    assert begun(shop, id="e" * 16).by == "maria"


def test_a_camera_that_did_not_watch_is_not_judged(shop: Shop, clock: TurnableClock) -> None:
    watching(shop)
    tally = begun(shop)
    tallies.tap(shop, tally.id, taps(30), by="maria")
    clock.turn(seconds=60)
    watching(shop, watch="frozen")
    clock.turn(seconds=UNWATCHED_SECONDS + 1)
    watching(shop)
    clock.turn(seconds=300)
    done = tallies.finish(shop, tally.id, by="maria", at=clock())
    assert done.unwatched == UNWATCHED_SECONDS + 1
    assert done.counts.accuracy is None


def test_staff_whom_the_camera_knew_are_not_in_its_count(shop: Shop, clock: TurnableClock) -> None:
    from dataclasses import replace

    watching(shop)
    tally = begun(shop)
    arrivals.take(shop, [replace(crossed(1, at=later(5)), staff=True), crossed(2, at=later(6))])
    clock.turn(seconds=200)
    assert tallies.finish(shop, tally.id, by="maria", at=clock()).camera_in == 1


@pytest.mark.parametrize(
    ("counts", "accuracy"),
    [
        (Counts(23, 21, 22, 21), 43 / 44),
        (Counts(10, 10, 11, 9), 18 / 20),
        (Counts(5, 5, 0, 0), 0.0),
        (Counts(5, 5, 30, 30), 0.0),
        (Counts(5, 4, 5, 4), None),
        (Counts(20, 20, 20, 20, unwatched=60), None),
    ],
)
def test_the_formula(counts: Counts, accuracy: float | None) -> None:
    assert counts.accuracy == (None if accuracy is None else pytest.approx(accuracy))


def test_the_page_of_the_report_has_the_formula_and_its_numbers() -> None:
    text = (Path(__file__).parents[2] / "docs/reports.md").read_text(encoding="utf-8")
    assert FORMULA in text
    assert f"Below {FEW} by hand" in text
    assert f"more than {UNWATCHED_SECONDS:.0f} s of it" in text
    assert f"from {tallies.SHORTEST_MINUTES} to {tallies.LONGEST_MINUTES} minutes" in text


def test_the_lines_of_a_camera_whose_plan_is_not_known_here_are_those_it_counted_at(shop: Shop, clock: TurnableClock) -> None:
    walked(shop, 1, 1)
    assert tallies.lines(shop, "door") == ["door"]
    assert tallies.lines(shop, "moon") == []
    clock.turn(seconds=8 * 86400)
    assert tallies.lines(shop, "door") == []


def test_more_taps_than_one_count_holds_are_refused(shop: Shop) -> None:
    tally = begun(shop)
    some = taps(tallies.MAX_TAPS)
    tallies.tap(shop, tally.id, some, by="maria")
    with pytest.raises(CannotTally) as no:
        tallies.tap(shop, tally.id, taps(1, way="out"), by="maria")
    assert no.value.why == "taps"


# --- the cameras a manager looks after


def test_which_plan_a_camera_follows_and_since_when(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, cameras=(DOOR,))
    watching(shop, plan=0)
    clock.turn(seconds=60)
    watching(shop, plan=1)
    taken = clock()
    clock.turn(seconds=60)
    watching(shop, plan=1)
    devices.heard(shop, "door", watch="offline", since=clock(), reason="the line to the device is cut")
    clock.turn(seconds=60)
    watching(shop, plan=1)
    camera = cameras.find(shop, "door")
    assert camera is not None
    assert (camera.taken, camera.taken_at, camera.known, camera.watching) == (1, taken, True, True)


def test_a_camera_that_is_gone_is_forgotten_and_old_word_does_not_bring_it_back(shop: Shop, clock: TurnableClock) -> None:
    watching(shop)
    with pytest.raises(ValueError, match="still speaks"):
        cameras.forget(shop, "door", by="maria")
    said = clock()
    devices.heard(shop, "door", watch="offline", since=said, said_at=said, reason="gone")
    clock.turn(seconds=60)
    cameras.forget(shop, "door", by="maria")
    assert cameras.everyone(shop) == []
    [fact] = journal.newest(shop.db, "door", FactKind.DEVICE, limit=1)
    assert (fact.by, fact.body["watch"]) == ("maria", "forgotten")
    devices.heard(shop, "door", watch="offline", since=said, said_at=said, reason="the retained last will")
    assert cameras.everyone(shop) == []
    clock.turn(seconds=60)
    watching(shop)
    assert [camera.id for camera in cameras.everyone(shop)] == ["door"]
    with pytest.raises(KeyError):
        cameras.forget(shop, "moon", by="maria")


def test_a_camera_of_the_settings_is_not_forgotten(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, cameras=(DOOR,))
    devices.heard(shop, "door", watch="offline", since=clock(), said_at=clock())
    with pytest.raises(ValueError, match="settings"):
        cameras.forget(shop, "door", by="maria")
