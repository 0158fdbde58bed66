"""Where the marks of the charts stand: axes from zero, time to the right, nothing outside the drawing, few visits dashed."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.desk.reports import Bin, HourRow, Report, ZoneRow, greeting_report
from broker.desk.trust import Trust
from broker.domain.kpi import Greeting, Seen, greeting
from broker.domain.period import Period, period
from broker.settings import OpeningSettings
from broker.shop import Shop
from dashboard import charts, strip
from dashboard.drawing import NARROW, WIDE, Dot, Plot, Rect, Scale, Text, step_of
from dashboard.drawing import Path as Line
from dashboard.wording import Words
from tests.builders import NOON, TurnableClock, make_shop
from tests.history import a_camera, fill

OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.of("en", OSLO)


def figures(*times: float, left: int = 0) -> Greeting:
    seen = [Seen(t0=NOON, zone="a", greeted=each) for each in times] + [Seen(t0=NOON, zone="a", left=300.0)] * left
    return greeting(seen, within=30)


def hour(n: int, *times: float, unwatched: float = 0) -> HourRow:
    return HourRow(n, figures(*times), 3600, unwatched)


def marks(plot: Plot, kind: type) -> list:
    return [mark for group in plot.groups for mark in group.marks if isinstance(mark, kind)]


def cams(report: Report) -> tuple[Trust, Period]:
    return report.trust, report.period


def inside(plot: Plot) -> bool:
    rects = all(
        0 <= m.x <= m.x + m.width <= plot.width + 1 and 0 <= m.y <= m.y + m.height <= plot.height for m in marks(plot, Rect)
    )
    texts = all(-1 <= m.x <= plot.width + 1 and 0 <= m.y <= plot.height for m in marks(plot, Text))
    numbers = [float(n) for m in marks(plot, Line) for n in re.findall(r"-?\d+\.?\d*", m.d.split("l")[0])]
    return rects and texts and all(-1 <= n <= max(plot.width, plot.height) + 1 for n in numbers)


# --- by hour


def test_the_golden_hour(words: Words) -> None:
    """Ten visits, median 15 and P90 40, on a scale from 0 at y 232 to 45 at y 22."""
    row = hour(14, *[10.0, 10, 10, 10, 15, 15, 20, 40, 40, 40])
    plot = charts.by_hour([row], 30, words)
    assert marks(plot, Dot) == [Dot(394.0, 162.0, 7.0, "dot")]
    assert marks(plot, Rect) == [Rect(381.0, 45.3, 26.0, 125.8, 9.0, "bar1")]
    assert [m.d for m in marks(plot, Line) if m.look == "goal"] == ["M52 92L736 92"]
    assert Text(394.0, 186.0, "15", "big") in marks(plot, Text)
    assert Text(394.0, 37.3, "40") in marks(plot, Text)
    assert plot.groups[0].title == "14: median 15\u00a0s, P90 40\u00a0s, 10 visits."


def test_the_axis_of_the_hours_begins_at_zero_and_the_promise_is_labelled(words: Words) -> None:
    plot = charts.by_hour([hour(10, *[20.0] * 12)], 30, words)
    assert Text(42, 236.0, "0\u00a0s", "e") in marks(plot, Text)
    assert [m.text for m in marks(plot, Text) if "goalt" in m.look] == ["promise", "30\u00a0s"]


def test_fewer_than_ten_greetings_are_a_dashed_outline_and_ten_are_a_bar(words: Words) -> None:
    plot = charts.by_hour([hour(10, *[20.0] * 9), hour(11, *[20.0] * 10)], 30, words)
    assert [mark.look for mark in marks(plot, Rect)] == ["few", "bar1"]
    assert [mark.look for mark in marks(plot, Dot)] == ["dot dim", "dot"]


def test_few_visits_do_not_squash_the_other_hours(words: Words) -> None:
    plot = charts.by_hour([hour(10, *[20.0] * 10), hour(11, 500.0)], 30, words)
    assert "↑ 8:20" in [mark.text for mark in marks(plot, Text)]
    assert inside(plot)
    assert marks(plot, Dot)[0].y < 200


def test_the_hatch_of_an_hour_is_as_wide_as_its_part_that_was_not_watched(words: Words) -> None:
    plot = charts.by_hour([hour(10, *[20.0] * 10, unwatched=1800)], 30, words)
    gap = next(mark for mark in marks(plot, Rect) if mark.look == "gap")
    assert gap.width == (736 - 52) / 2
    assert plot.groups[0].title.endswith("Nobody was counted for 30 min.")


def test_hours_run_to_the_right_on_both_drawings(words: Words) -> None:
    rows = [hour(n, *[20.0 + n] * 12) for n in range(24)]
    for width in (WIDE, NARROW):
        plot = charts.by_hour(rows, 30, words, width=width)
        across = [mark.x for mark in marks(plot, Dot)]
        assert across == sorted(across)
        assert len(across) == 24
        assert inside(plot)


@given(
    st.lists(st.lists(st.floats(0, 5000), max_size=14), min_size=0, max_size=24),
    st.integers(2, 3600),
    st.sampled_from([WIDE, NARROW]),
)
def test_whatever_the_hours_hold_every_mark_is_inside(times: list[list[float]], promise: int, width: int) -> None:
    compiled = Words.of("lv", OSLO)
    plot = charts.by_hour([hour(n, *each) for n, each in enumerate(times)], promise, compiled, width=width)
    assert inside(plot)


@given(st.floats(1, 20_000))
def test_the_lines_of_an_axis_are_few_and_round(top: float) -> None:
    step = step_of(top)
    assert top / step <= 4
    assert step % 5 == 0


def test_a_value_above_the_scale_stands_at_its_top() -> None:
    assert Scale(60, 20, 220).at(90) == 20
    assert Scale(60, 20, 220).at(0) == 220


# --- distribution


def bins(*counts: int, width: int = 5) -> list[Bin]:
    return [Bin(n * width, (n + 1) * width if n < 12 else None, count) for n, count in enumerate([*counts, *[0] * 13][:13])]


def test_bars_within_the_promise_end_at_its_line(words: Words) -> None:
    plot = charts.distribution(bins(*[10] * 13), 4, 134, 30, words)
    looks = [mark.look for mark in marks(plot, Rect)]
    assert looks == ["bar2"] * 6 + ["bar3"] * 7 + ["lost"]
    goal = float(next(mark.d for mark in marks(plot, Line) if mark.look == "goal").split()[0][1:])
    rects = marks(plot, Rect)
    assert rects[5].x + rects[5].width < goal < rects[6].x + 1
    assert "45\u00a0% before, 52\u00a0% after" in [mark.text for mark in marks(plot, Text)]


def test_those_who_left_stand_apart_and_are_counted(words: Words) -> None:
    plot = charts.distribution(bins(10, 20), 14, 44, 30, words)
    lost = next(mark for mark in marks(plot, Rect) if mark.look == "lost")
    assert lost.x > 470 - 50
    assert lost.height == pytest.approx(14 / 20 * 206, abs=0.1)
    assert "14 left without a greeting." in plot.description


def test_a_distribution_of_few_is_dashed(words: Words) -> None:
    assert {mark.look for mark in marks(charts.distribution(bins(5, 4), 0, 9, 30, words), Rect)} == {"few"}


@given(st.lists(st.integers(0, 10_000), min_size=13, max_size=13), st.integers(0, 5000), st.sampled_from([470, NARROW]))
def test_whatever_the_distribution_every_mark_is_inside(counts: list[int], left: int, width: int) -> None:
    compiled = Words.of("nl", OSLO)
    assert inside(charts.distribution(bins(*counts), left, sum(counts) + left, 30, compiled, width=width))


# --- zones


def zone(name: str, kept: int, of: int) -> ZoneRow:
    return ZoneRow(name, name, figures(*[10.0] * kept, *[50.0] * (of - kept)))


def test_a_zone_five_points_below_the_shop_is_a_triangle(words: Words) -> None:
    plot = charts.by_zone([zone("Shoes", 90, 100), zone("Kids", 70, 100), zone("Cellar", 1, 9)], 0.8, words)
    assert [mark.look for mark in marks(plot, Line)].count("late") == 1
    assert [mark.look for mark in marks(plot, Dot)] == ["dot", "dot dim"]
    assert [mark.text for mark in marks(plot, Text) if mark.look == "big e"] == ["90\u00a0%", "70\u00a0%", "–"]


def test_a_long_name_of_a_zone_is_shortened_in_the_drawing_and_whole_in_its_title(words: Words) -> None:
    name = "Everything for the garden and the terrace"
    plot = charts.by_zone([zone(name, 90, 100), zone("Kids", 70, 100)], 0.8, words, width=NARROW)
    assert next(mark for mark in marks(plot, Text) if mark.look == "s big").text == "Everything…"
    assert plot.groups[0].title.startswith(name)


# --- cameras


@pytest.fixture
def watched(tmp_path: Path) -> Shop:
    days = {day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
    shop = make_shop(tmp_path, TurnableClock(NOON + timedelta(hours=7)), opening=OpeningSettings.model_validate(days))
    a_camera(shop, "Front", "entrance", gaps=((NOON - timedelta(hours=1), NOON),))
    return shop


def report_of(shop: Shop, text: str) -> Report:
    return greeting_report(shop, period=period(text, shop.hours.business_day(shop.clock())))


def test_an_hour_not_watched_is_a_tenth_of_a_day_of_ten_hours(watched: Shop, words: Words) -> None:
    plot = strip.cameras(*cams(report_of(watched, "today")), words)
    assert marks(plot, Rect) == [Rect(248.8, 3, 116.8, 18, 4.0, "gap")]
    assert Text(373.6, 30, "11:00–12:00, 1 h 0 min", "s") in marks(plot, Text)
    assert [mark.text for mark in marks(plot, Text)][-1] == "20:00"


def test_the_line_of_a_camera_ends_now_and_a_closed_day_is_blank(watched: Shop, words: Words) -> None:
    green = [mark.d for mark in marks(strip.cameras(*cams(report_of(watched, "today")), words), Line) if mark.look == "okl"]
    assert green == ["M132 12L1183.2 12"]
    week = [mark.d for mark in marks(strip.cameras(*cams(report_of(watched, "7d")), words), Line) if mark.look == "okl"]
    assert len(week) == 6
    assert week[0].startswith("M298.9 ")


def test_a_short_gap_in_a_long_period_is_still_seen(tmp_path: Path, words: Words) -> None:
    shop = make_shop(tmp_path, TurnableClock())
    a_camera(shop, "Front", "entrance", gaps=((NOON - timedelta(hours=1), NOON - timedelta(minutes=59)),))
    plot = strip.cameras(*cams(report_of(shop, "28d")), words)
    assert [mark.width for mark in marks(plot, Rect)] == [3.0]


def test_a_camera_that_flickers_does_not_fill_the_page(tmp_path: Path, words: Words) -> None:
    shop = make_shop(tmp_path, TurnableClock())
    minute = timedelta(minutes=1)
    a_camera(shop, "Front", "entrance", gaps=tuple((NOON - n * minute, NOON - n * minute + minute / 2) for n in range(3000, 0, -1)))
    assert len(marks(strip.cameras(*cams(report_of(shop, "7d")), words), Rect)) < 450


@pytest.mark.parametrize("text", ["today", "7d", "28d", "2026-10-24..2026-10-26", "2026-03-28..2026-03-30"])
@pytest.mark.parametrize("width", [strip.STRIP_WIDTH, NARROW])
def test_every_gap_is_inside_on_days_of_any_length(tmp_path: Path, words: Words, text: str, width: int) -> None:
    shop = make_shop(tmp_path, TurnableClock())
    a_camera(
        shop,
        "Front",
        "entrance",
        gaps=((NOON - timedelta(days=300), NOON - timedelta(days=20)), (NOON - timedelta(hours=30), None)),
    )
    fill(shop, 1)
    plot = strip.cameras(*cams(report_of(shop, text)), words, width=width)
    assert marks(plot, Rect) or text == "today"
    assert inside(plot)
