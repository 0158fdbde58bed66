"""Waiting at the counters in the report: what is reckoned, what is shown, and the same numbers in every file."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from broker.desk import arrivals
from broker.desk.people import LANGUAGES
from broker.desk.reports import greeting_report
from broker.desk.waits import CounterRow
from broker.domain.arrivals import Counted, Stayed
from broker.domain.period import period
from broker.domain.unticketed import FORMULAS
from broker.settings import AreaSettings, CameraSettings, OpeningSettings, ZoneSettings
from broker.shop import Shop
from dashboard.cli_report import _text, plain
from dashboard.wording import Words
from tests.builders import NOON, TurnableClock, make_shop
from tests.dashboard.reading import page_of, reader, rows_of, table_of, words_of
from tests.dashboard.test_report_words import catalogue
from tests.history import a_camera

TILL = ZoneSettings(id="till", name="Till", queue_people=4)
EVENING = NOON + timedelta(hours=7)
TEN = NOON - timedelta(hours=2)
"""Ten in the morning in Oslo: the shop opens."""
HOURS = OpeningSettings.model_validate({"sat": ["10:00-20:00"]})
EVENTS = count(1)


@pytest.fixture
def till(tmp_path: Path) -> Shop:
    """A shop in the evening whose till was watched all day."""
    shop = make_shop(tmp_path, TurnableClock(EVENING), zones=(TILL, ZoneSettings(id="shoes", name="Shoes")), opening=HOURS)
    a_camera(shop, "cam", "till")
    return shop


def waited(
    shop: Shop, seconds: float, outcome: str, *, at: datetime = NOON, n: int = 1, kind: str = "queue", zone: str = "till"
) -> None:  # fmt: skip
    arrivals.take(shop, [
        Stayed(
            event=f"s-{next(EVENTS)}", device="cam", at=at, zone=zone, area=kind, seconds=seconds, kind=kind, outcome=outcome
        )
        for _ in range(n)
    ])  # fmt: skip


def counted(shop: Shop, at: datetime, people: int, *, area: str = "line", device: str = "cam") -> None:
    arrivals.take(shop, [Counted(event=f"c-{next(EVENTS)}", device=device, at=at, zone="till", area=area, people=people)])


def found(shop: Shop, days: str = "today", *, zone: str | None = None) -> CounterRow:
    (row,) = greeting_report(shop, period=period(days, shop.hours.business_day(shop.clock())), zone=zone).counters
    return row


def longest(shop: Shop) -> dict[int, int | None]:
    return dict(found(shop).longest)


# --- what is reckoned


def test_waits_services_and_walk_aways_are_those_of_the_zone_and_the_day(till: Shop) -> None:
    waited(till, 120, "served", n=6)
    waited(till, 60, "left", n=2)
    waited(till, 45, "", kind="service", n=5)
    waited(till, 999, "served", at=NOON - timedelta(days=1))
    figures = found(till).figures
    assert (figures.served, figures.left, figures.median, figures.services, figures.service_median) == (6, 2, 120, 5, 45)
    assert figures.walk_away == 0.25


def test_a_wait_that_began_before_the_shop_opened_does_not_count(till: Shop) -> None:
    waited(till, 120, "served", at=TEN + timedelta(seconds=60))
    waited(till, 120, "served", at=TEN + timedelta(seconds=180))
    assert found(till).figures.served == 1


def test_a_shop_without_queue_areas_has_no_such_section(till: Shop) -> None:
    assert greeting_report(till, period=period("today", till.hours.business_day(NOON))).counters == ()
    html = page_of(reader(till), "?period=today", what="waiting")
    assert "h-waits" not in html
    assert "table=queues" not in html


def test_the_longest_queue_of_an_hour_is_the_most_at_one_moment_in_all_areas_together(till: Shop) -> None:
    counted(till, TEN + timedelta(minutes=5), 2)
    counted(till, TEN + timedelta(minutes=10), 3, area="other")
    counted(till, TEN + timedelta(minutes=20), 0)
    counted(till, TEN + timedelta(minutes=30), 4)
    counted(till, TEN + timedelta(minutes=40), 0)
    counted(till, TEN + timedelta(minutes=50), 0, area="other")
    assert longest(till)[10] == 7


def test_a_queue_goes_on_into_the_next_hours_until_it_is_counted_again(till: Shop) -> None:
    counted(till, TEN + timedelta(minutes=50), 6)
    counted(till, TEN + timedelta(minutes=130), 1)
    assert {hour: longest(till)[hour] for hour in (10, 11, 12, 13)} == {10: 6, 11: 6, 12: 6, 13: 1}


def test_while_its_camera_is_blind_nobody_counts_and_the_time_is_stated(tmp_path: Path) -> None:
    shop = make_shop(tmp_path, TurnableClock(EVENING), zones=(TILL,), opening=HOURS)
    blind = (TEN + timedelta(minutes=55), TEN + timedelta(minutes=130))
    a_camera(shop, "cam", "till", gaps=(blind,))
    counted(shop, TEN + timedelta(minutes=50), 6)
    counted(shop, TEN + timedelta(minutes=135), 2)
    row = found(shop)
    assert row.unwatched == 75 * 60
    assert {hour: dict(row.longest)[hour] for hour in (10, 11, 12)} == {10: 6, 11: None, 12: 2}
    assert "Till was not watched for 1 h 15 min." in words_of(page_of(reader(shop), "?period=today", what="waiting"))


def test_two_who_swap_places_in_one_moment_are_not_counted_double(till: Shop) -> None:
    at = TEN + timedelta(minutes=5)
    counted(till, at, 3, area="a")
    counted(till, at, 0, area="b")
    for n in range(4):
        later = at + timedelta(minutes=n + 1)
        one, other = (0, 3) if n % 2 == 0 else (3, 0)
        counted(till, later, one, area="a")
        counted(till, later, other, area="b")
    assert longest(till)[10] == 3


def test_a_queue_drawn_in_the_settings_and_never_heard_of_has_not_been_watched_at_all(tmp_path: Path) -> None:
    area = AreaSettings(id="till", kind="queue", points=((0.1, 0.1), (0.9, 0.1), (0.9, 0.9)))
    shop = make_shop(
        tmp_path,
        TurnableClock(EVENING),
        zones=(TILL,),
        opening=HOURS,
        cameras=(CameraSettings(id="cam", source="0", areas=(area,)),),
    )
    row = found(shop)
    assert row.unwatched == 9 * 3600, "from ten to seven"
    assert {people for _, people in row.longest} == {None}


# --- what is shown


@pytest.fixture
def busy(till: Shop) -> Shop:
    for n in range(40):
        at = TEN + timedelta(minutes=11 * n + 7)
        waited(till, 60 + 7 * n, "left" if n % 8 == 0 else "served", at=at)
        waited(till, 50 + n, "", kind="service", at=at + timedelta(minutes=2))
        counted(till, at, n % 9)
    return till


def test_the_page_has_each_zone_its_figures_and_their_formulas(busy: Shop) -> None:
    html = page_of(reader(busy), "?period=today", what="waiting")
    said = words_of(html)
    assert "Waiting at the counters: at Till half wait at most 3:20" in said
    heat = rows_of(reader(busy), "period=today&table=queue_hours", what="waiting")
    assert heat[0][1:4] == ["10", "11", "12"]
    assert table_of(html, "h-queues")[1][:5] == ["Till", "35", "5", "12", "3:20"]
    assert "Till 35 5 12 3:20" in said
    for formula in FORMULAS.values():
        assert formula in said


def test_fewer_than_ten_are_a_dash(till: Shop) -> None:
    waited(till, 100, "served", n=9)
    counted(till, NOON, 1)
    html = page_of(reader(till), "?period=today", what="waiting")
    assert "Waiting at the counters: at" not in words_of(html)
    (row,) = rows_of(reader(till), "period=today&table=queues", what="waiting")[1:]
    assert row[:8] == ["Till", "9", "0", "", "", "", "", ""]
    waited(till, 100, "served")
    (row,) = rows_of(reader(till), "period=today&table=queues", what="waiting")[1:]
    assert row[:6] == ["Till", "10", "0", "0", "100", "100"]


def test_the_file_and_the_json_hold_the_numbers_of_the_page(busy: Shop) -> None:
    client = reader(busy)
    head, row = rows_of(client, "period=today&table=queues", what="waiting")
    report = greeting_report(busy, period=period("today", busy.hours.business_day(NOON)))
    (said,) = plain(report)["counters"]
    assert json.loads(json.dumps(said)) == said
    assert (said["zone"], said["served"], said["left"], said["queue_people"]) == ("till", 35, 5, 4)
    assert row[:3] == ["Till", "35", "5"]
    assert float(row[4]) == round(said["median"])
    assert sum(part["waits"] for part in said["bins"]) == said["waits"] == 35
    assert len(head) == len(row)
    longest = rows_of(client, "period=today&table=queue_hours", what="waiting")
    shown = dict(zip(longest[0][1:], longest[1][1:], strict=True))
    assert {hour: n or None for hour, n in shown.items()} == {
        str(each["hour"]): None if each["longest_queue"] is None else str(each["longest_queue"]) for each in said["hours"]
    }


def test_one_zone_can_be_asked_for(busy: Shop) -> None:
    waited(busy, 30, "served", zone="shoes")
    assert found(busy, zone="shoes").figures.served == 1
    assert found(busy, zone="till").figures.served == 35


def test_the_terminal_shows_the_table(busy: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    report = greeting_report(busy, period=period("today", busy.hours.business_day(NOON)))

    _text(report, Words.of("en", busy.hours.zone))
    assert re.search(r"Till\s+35\s+5\s+12\s+3:20", capsys.readouterr().out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_it_without_a_key_or_a_hole(busy: Shop, language: str) -> None:
    client = reader(busy, language=language)
    said = words_of(page_of(client, "?period=today", what="waiting"))
    assert not re.search(r"waits\.[a-z]+_|waits\.[a-z]{3,}\b|%\(|%%|None", said)
    assert "waits." not in client.get("/reports/waiting.csv?period=today&table=queues").text


def test_the_english_formulas_are_those_of_the_rules() -> None:
    english = catalogue("en")
    assert {name: english[f"waits.formula_{name}"] for name in FORMULAS} == FORMULAS
