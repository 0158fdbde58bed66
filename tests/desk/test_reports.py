"""The greeting report against a second reckoning that shares no code with it, on days when the clocks change, and on few visits."""

from __future__ import annotations

import statistics
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.desk.reports import Report, greeting_report
from broker.domain.facts import Fact, FactKind
from broker.domain.kpi import Seen
from broker.domain.opening import Hours
from broker.domain.period import LONGEST_DAYS, BadPeriod, Period, common, joined, opening, period, seconds, seconds_by_hour, slots
from broker.domain.visit import State, Visit
from broker.settings import OpeningSettings, StoreSettings
from broker.shop import Shop
from broker.store import devices, history, journal, visits
from broker.store.database import change
from broker.store.devices import Device
from tests.builders import NOON, ZONES, TurnableClock, a_visit, make_shop
from tests.history import a_camera, a_pause, a_shift, fill, some_rejected

OSLO = ZoneInfo("Europe/Oslo")
SHORT = date(2026, 3, 29)
"""The day that has 23 hours in Oslo."""
LONG = date(2026, 10, 25)
"""The day that has 25."""
TODAY = date(2026, 11, 21)
TEN_TO_EIGHT = OpeningSettings.model_validate({day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")})


def of(shop: Shop, text: str = "7d", zone: str | None = None) -> Report:
    return greeting_report(shop, period=period(text, shop.hours.business_day(shop.clock())), zone=zone)


def keep(shop: Shop, *some: Visit) -> None:
    with change(shop.db):
        visits.save(shop.db, *some)


def greeted(n: int, after: float, *, at: datetime = NOON - timedelta(hours=1), zone: str = "entrance") -> Visit:
    met = at + timedelta(seconds=after)
    return replace(a_visit(t0=at, id=f"g{n}", zone=zone), state=State.CLOSED, acknowledged_at=met, ended_at=met)


# --- which days


def test_seven_days_end_with_today_and_are_compared_with_the_seven_before() -> None:
    week = period("7d", TODAY)
    assert (week.first, week.last, week.name) == (date(2026, 11, 15), TODAY, "7d")
    assert week.before() == Period(date(2026, 11, 8), date(2026, 11, 14))


def test_one_day_is_compared_with_the_same_weekday() -> None:
    assert period("today", TODAY).before() == Period(date(2026, 11, 14), date(2026, 11, 14))
    assert period("2026-11-01..2026-11-10", TODAY).before() == Period(date(2026, 10, 18), date(2026, 10, 27))


def test_days_may_be_given_in_any_order_and_days_to_come_are_left_out() -> None:
    assert period("2026-11-30..2026-11-20", TODAY) == Period(date(2026, 11, 20), TODAY)
    assert period("2026-11-03", TODAY).days == 1


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-11-01..", "..", "7", f"2020-01-01..{TODAY}"])
def test_what_is_not_a_period_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadPeriod, match=rf"is not a period|at most {LONGEST_DAYS} days"):
        period(text, TODAY)


def test_no_such_zone_is_refused(shop: Shop) -> None:
    with pytest.raises(KeyError):
        of(shop, zone="cellar")


# --- spans of time

MOMENTS = st.integers(0, 200).map(lambda n: NOON + timedelta(minutes=n))
SPANS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=8).map(joined)


def minutes_in(spans: list[tuple[datetime, datetime]]) -> set[int]:
    return {n for n in range(200) for begin, end in spans if begin <= NOON + timedelta(minutes=n) < end}


@given(SPANS, SPANS)
def test_what_two_lists_of_spans_share_is_what_their_minutes_share(some: Any, others: Any) -> None:
    assert minutes_in(common(some, others)) == minutes_in(some) & minutes_in(others)
    assert seconds(common(some, others)) == 60 * len(minutes_in(some) & minutes_in(others))


@pytest.mark.parametrize(("day", "hours"), [(SHORT, 23), (LONG, 25), (TODAY, 24)])
def test_a_shop_that_never_closes_is_open_as_long_as_its_day(shop: Shop, day: date, hours: int) -> None:
    spans = opening(shop.hours, day)
    assert seconds(spans) == hours * 3600
    by_hour = seconds_by_hour(spans, OSLO)
    assert sum(by_hour.values()) == hours * 3600
    assert by_hour.get(2, 0.0) == {23: 0, 24: 3600, 25: 7200}[hours]


# --- figures


def test_every_figure_equals_a_reckoning_that_reads_whole_visits(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=TEN_TO_EIGHT)
    fill(shop, 60, seed=7, a_day=90)
    report = of(shop, "28d")
    begin, end = datetime(2026, 10, 25, tzinfo=OSLO), datetime(2026, 11, 22, tzinfo=OSLO)
    mine = [visit for visit in visits.between(shop.db, begin, end) if visit.state not in (State.DISMISSED, State.MERGED)]
    mine = [visit for visit in mine if not visit.late]
    times = sorted((v.acknowledged_at - v.t0).total_seconds() for v in mine if v.acknowledged_at)
    assert len(mine) > 1500
    found = report.figures
    assert (found.visits, found.greeted, found.longest) == (len(mine), len(times), times[-1])
    assert found.median == pytest.approx(statistics.median(times))
    assert found.p90 == pytest.approx(statistics.quantiles(times, n=10, method="inclusive")[8])
    assert found.p95 == pytest.approx(statistics.quantiles(times, n=20, method="inclusive")[18])
    assert found.within == sum(t <= 30 for t in times)
    assert found.left == sum(v.state is State.LEFT for v in mine)
    answers = [(v.acknowledged_at - v.overdue_at).total_seconds() for v in mine if v.acknowledged_at and v.overdue_at]
    assert found.response == pytest.approx(statistics.median(answers))
    assert sum(row.figures.visits for row in report.hours) == len(mine)
    assert sum(row.figures.visits for row in report.zones) == len(mine)
    assert sum(part.visits for part in report.bins) == len(times)
    assert sum(part.visits for part in report.bins if part.upto is not None and part.upto <= 30) == found.within


def test_each_hour_and_each_hour_of_the_week_holds_its_own_visits(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=TEN_TO_EIGHT)
    fill(shop, 28, seed=3, a_day=150)
    report = of(shop, "28d")
    everyone = [v for v in visits.between(shop.db, *report.span) if v.acknowledged_at and not v.late]
    for row in report.hours:
        times = [v.greet_seconds for v in everyone if v.t0.astimezone(OSLO).hour == row.hour]
        assert row.figures.median == pytest.approx(statistics.median(times))  # type: ignore[type-var]
    for cell in report.week:
        local = [v.t0.astimezone(OSLO) for v in everyone]
        times = [
            v.greet_seconds for v, at in zip(everyone, local, strict=True) if (at.weekday(), at.hour) == (cell.weekday, cell.hour)
        ]
        assert cell.visits == len(times)
        assert (cell.median is None) == (len(times) < 10)
        if cell.median is not None:
            assert cell.median == pytest.approx(statistics.median(times))  # type: ignore[type-var]
    assert [row.hour for row in report.hours] == list(range(10, 20))
    assert {cell.weekday for cell in report.week if cell.visits} == {0, 1, 2, 3, 4, 5}


SECONDS = st.floats(0, 900).map(lambda s: round(s, 3))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(-3 * 86400, 86399), SECONDS, st.sampled_from("mglxzdu"), st.sampled_from([30, 45])), max_size=40)
)
def test_any_visits_around_a_day_are_counted_once_and_on_the_local_day(many: list[tuple[int, float, str, int]]) -> None:
    noon = datetime.combine(LONG, time(12), tzinfo=OSLO).astimezone(UTC)
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    with TemporaryDirectory() as folder:
        shop = make_shop(Path(folder), TurnableClock(noon + timedelta(hours=12)), opening={"sun": ["10:00-18:30"]})
        made = [_made(n, begin + timedelta(seconds=at), took, fate) for n, (at, took, fate, _) in enumerate(many)]
        keep(shop, *made)
        report = of(shop, LONG.isoformat())
        shop.db.conn.close()
    opened, closed = datetime(2026, 10, 25, 9, tzinfo=UTC), datetime(2026, 10, 25, 17, 30, tzinfo=UTC)
    here = [v for v in made if opened <= v.t0 < closed]
    counted = [v for v in here if not v.late and v.state not in (State.DISMISSED, State.MERGED)]
    assert report.figures.visits == len(counted)
    assert report.figures.dismissed == sum(v.state is State.DISMISSED for v in here)
    assert report.figures.late == sum(v.late for v in here)
    assert report.figures.left_early == sum(v.state is State.LEFT and (v.ended_at - v.t0).total_seconds() < 30 for v in counted)
    assert report.figures.waiting == sum(v.ended_at is None and v.acknowledged_at is None for v in counted)
    assert sum(row.figures.visits for row in report.hours) == len(counted)


def _made(n: int, t0: datetime, took: float, fate: str) -> Visit:
    visit, end = a_visit(t0=t0, id=f"v{n}"), t0 + timedelta(seconds=took)
    match fate:
        case "g":
            return replace(visit, state=State.ACKNOWLEDGED, acknowledged_at=end)
        case "l":
            return replace(visit, state=State.LEFT, ended_at=end)
        case "d":
            return replace(visit, state=State.DISMISSED, ended_at=end)
        case "m":
            return replace(visit, state=State.MERGED, ended_at=end, acknowledged_at=end)
        case "z":
            return replace(visit, state=State.CLOSED, late=True, acknowledged_at=end, ended_at=end)
        case "x":
            return replace(visit, state=State.CLOSED, acknowledged_at=end, ended_at=end, untrusted=True)
    return visit


def test_the_short_reader_sees_what_the_whole_visit_says(shop: Shop) -> None:
    fill(shop, 3, seed=11)
    every = visits.between(shop.db, NOON - timedelta(days=4), NOON + timedelta(days=1))
    assert len(every) > 200
    short = list(history.seen(shop.db, NOON - timedelta(days=4), NOON + timedelta(days=1)))
    assert sorted(map(repr, short)) == sorted(map(repr, map(Seen.of, every)))
    assert [past.seen for past in history.visits(shop.db, NOON - timedelta(days=4), NOON + timedelta(days=1))] == list(
        map(Seen.of, every)
    )


def test_a_time_of_exactly_the_promise_is_within_it_and_left_of_its_line(shop: Shop) -> None:
    keep(shop, greeted(1, 30.0), greeted(2, 30.001), greeted(3, 0.0), greeted(4, 61.0))
    report = of(shop, "today")
    assert report.figures.within == 2
    assert {part.upto: part.visits for part in report.bins if part.visits} == {5: 1, 30: 1, 35: 1, None: 1}


@pytest.mark.parametrize(("promise", "width"), [(10, 5), (30, 5), (31, 10), (60, 10), (90, 15)])
def test_a_longer_promise_has_wider_bars_and_stays_in_the_picture(
    tmp_path: Path, clock: TurnableClock, promise: int, width: int
) -> None:
    standards = {"warn_seconds": 5, "greet_within_seconds": promise, "escalate_seconds": 120, "call_lead_seconds": 180}
    report = of(make_shop(tmp_path, clock, standards=standards))
    assert report.bins[0].upto == width
    assert promise <= width * 6
    assert report.bins[-1].upto is None


def test_one_zone_has_its_own_figures_and_no_list_of_zones(shop: Shop) -> None:
    keep(shop, greeted(1, 10), greeted(2, 50, zone="shoes"))
    assert [(row.name, row.figures.visits) for row in of(shop).zones] == [("Entrance", 1), ("Shoes", 1), ("Kids", 0)]
    shoes = of(shop, zone="shoes")
    assert (shoes.figures.visits, shoes.figures.median, shoes.zones, shoes.zone_name) == (1, 50.0, (), "Shoes")


def test_an_empty_shop_says_nothing(shop: Shop) -> None:
    report = of(shop, "28d")
    assert (report.figures.visits, report.figures.median, report.hours) == (0, None, ())
    assert all(cell.median is None for cell in report.week)


def test_today_is_compared_up_to_the_same_time_of_day(shop: Shop) -> None:
    last_week = NOON - timedelta(days=7)
    keep(shop, greeted(1, 20, at=last_week - timedelta(minutes=1)), greeted(2, 40, at=last_week + timedelta(minutes=1)))
    assert of(shop, "today").running
    assert of(shop, "today").before.visits == 1
    assert of(shop, "2026-11-14..2026-11-20").before.visits == 0
    assert not of(shop, "2026-11-20").running


# --- trust


def test_minutes_not_watching_count_only_while_the_shop_is_open(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=TEN_TO_EIGHT)
    night, morning = NOON - timedelta(hours=14), NOON - timedelta(hours=1, minutes=30)
    a_camera(shop, "Front door", "entrance", gaps=((night, morning), (NOON - timedelta(minutes=5), None)))
    trust = of(shop, "today").trust
    assert trust.open_seconds == 2 * 3600
    assert trust.cameras[0].seconds == (30 + 5) * 60
    assert {round(s / 60) for s in trust.unwatched_by_hour.values()} == {30, 5}
    assert trust.unwatched_by_hour.keys() == {10, 11}


def test_a_zone_is_unwatched_only_while_none_of_its_cameras_watches(shop: Shop) -> None:
    ten, half_past, eleven = (NOON - timedelta(minutes=m) for m in (120, 90, 60))
    a_camera(shop, "Left", "entrance", gaps=((ten, eleven),))
    a_camera(shop, "Right", "entrance", "shoes", gaps=((half_past, NOON - timedelta(minutes=40)),))
    trust = of(shop, "today").trust
    assert [(gap.zone, gap.begin, gap.end) for gap in trust.unwatched] == [
        ("entrance", half_past, eleven), ("shoes", half_past, NOON - timedelta(minutes=40)),
    ]  # fmt: skip
    assert trust.unwatched_seconds == 50 * 60
    assert trust.camera_seconds == (60 + 50) * 60
    assert [camera.name for camera in of(shop, "today", zone="shoes").trust.cameras] == ["Right"]


def test_a_camera_that_was_never_heard_of_has_not_watched_at_all(tmp_path: Path, clock: TurnableClock) -> None:
    line = {"zone": "kids", "points": [[0, 0.5], [1, 0.5]], "inside": "down"}
    shop = make_shop(tmp_path, clock, cameras=[{"id": "back", "source": "0", "lines": [line]}])
    trust = of(shop, "today").trust
    assert (trust.cameras[0].name, trust.cameras[0].seconds) == ("Kids", trust.open_seconds)
    assert {gap.zone for gap in trust.unwatched} == {"kids"}


def test_pauses_and_messages_not_understood_are_told(shop: Shop) -> None:
    a_pause(shop, "kids", NOON - timedelta(minutes=40), 15)
    some_rejected(shop, 3)
    shop.clock.turn(seconds=1)  # type: ignore[attr-defined]
    trust = of(shop, "today").trust
    assert (trust.paused_seconds, trust.rejected, trust.rejected_full) == (15 * 60, 3, False)
    assert of(shop, "today", zone="shoes").trust.paused_seconds == 0


# --- alerts a person


def test_alerts_a_person_need_somebody_who_was_signed_in(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=TEN_TO_EIGHT)
    fill(shop, 1, seed=5)
    alone = of(shop, "today").alerts
    assert alone is not None
    assert alone.alerts > 0
    assert alone.per_person is None
    a_shift(shop, "Kari", NOON - timedelta(hours=5), None)
    a_shift(shop, "Ola", NOON - timedelta(hours=1), NOON - timedelta(minutes=30))
    load = of(shop, "today").alerts
    assert load is not None
    assert load.hours == 2.5
    assert load.per_person == load.alerts / 2.5


def test_a_session_nobody_ended_is_no_shift_for_days(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=TEN_TO_EIGHT)
    a_shift(shop, "Kari", NOON - timedelta(days=2), NOON - timedelta(days=2))
    with change(shop.db):
        shop.db.conn.execute("UPDATE sessions SET ended = NULL")
    load = of(shop, "7d").alerts
    assert load is not None
    assert load.hours == 8.0
    assert of(shop, "7d", zone="kids").alerts is None


def test_a_store_elsewhere_has_its_own_days(tmp_path: Path) -> None:
    clock = TurnableClock(datetime(2026, 11, 21, 17, 0, tzinfo=UTC))
    store = StoreSettings(id="kl", name="Kuala Lumpur", data=tmp_path, timezone="Asia/Kuala_Lumpur")
    shop = make_shop(tmp_path, clock, store=store, zones=ZONES)
    keep(
        shop,
        greeted(1, 5, at=datetime(2026, 11, 21, 15, 59, tzinfo=UTC)),
        greeted(2, 9, at=datetime(2026, 11, 21, 16, 1, tzinfo=UTC)),
    )
    report = of(shop, "today")
    assert (report.period.first, report.figures.visits, report.hours[0].hour) == (date(2026, 11, 22), 1, 0)


ANY_TIME = st.times(min_value=time(0, 0), max_value=time(23, 59, 59)).map(lambda clock: clock.replace(microsecond=0))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Europe/Oslo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]),
    st.sampled_from([SHORT, LONG, date(2026, 4, 5), date(2026, 11, 1), TODAY]), ANY_TIME, ANY_TIME,
    st.lists(st.integers(0, 3 * 86400), max_size=50),
)  # fmt: skip
def test_a_slot_says_what_the_clock_and_the_hours_say(zone: str, day: date, one: time, two: time, at: list[int]) -> None:
    span = tuple(sorted((one, two)))
    hours = Hours(ZoneInfo(zone), dict.fromkeys(range(7), (span,)))  # type: ignore[arg-type]
    days = Period(day - timedelta(days=1), day + timedelta(days=1))
    found, begin = slots(hours, days), hours.day_begins(days.first)
    for moment in (begin + timedelta(seconds=n) for n in at):
        local = moment.astimezone(hours.zone)
        inside = moment < hours.day_ends(days.last)
        assert found.at(moment) == ((local.weekday(), local.hour) if inside and hours.open_at(moment) else None)
    assert found.at(begin - timedelta(seconds=1)) is None


def test_before_the_shop_was_opened_nobody_watched(shop: Shop) -> None:
    with change(shop.db):
        door = Device(id="door", kind="camera", name="Door", zones=("entrance",), watch="watching", since=NOON, heard_at=NOON)
        devices.save(shop.db, door)
        journal.append(shop.db, Fact(kind=FactKind.DEVICE, subject="door", at=NOON - timedelta(hours=2), zone="entrance"))
    trust = of(shop, "7d").trust
    assert trust.cameras[0].gaps[-1][1] == NOON - timedelta(hours=2)
    assert trust.open_seconds - trust.camera_seconds == 2 * 3600
