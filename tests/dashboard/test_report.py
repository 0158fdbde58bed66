"""The report page and its files: what is asked for is shown, a file holds the numbers of the page, nobody's name is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from broker.desk.people import LANGUAGES
from broker.domain.kpi import FORMULAS
from broker.domain.visit import How, State
from broker.settings import OpeningSettings, ZoneSettings
from broker.shop import Shop
from broker.store import visits
from broker.store.database import change
from dashboard.exports import BYTE_ORDER_MARK, harmless
from tests.builders import NOON, TurnableClock, a_visit, make_shop
from tests.dashboard.reading import page_of, reader, rows_of, table_of, words_of
from tests.history import a_camera, fill

HOURS = OpeningSettings.model_validate({day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")})
EVENING = NOON + timedelta(hours=7)


@pytest.fixture
def past(tmp_path: Path) -> Shop:
    """A shop with two weeks behind it."""
    shop = make_shop(tmp_path, TurnableClock(EVENING), opening=HOURS)
    fill(shop, 14, seed=2, a_day=80)
    return shop


def greeted(shop: Shop, n: int, after: float, *, zone: str = "entrance") -> None:
    at = shop.clock() - timedelta(minutes=30)
    met = at + timedelta(seconds=after)
    with change(shop.db):
        for each in range(n):
            visit = a_visit(t0=at + timedelta(seconds=each), id=f"{zone}-{after}-{each}", zone=zone)
            visits.save(shop.db, replace(visit, state=State.CLOSED, acknowledged_at=met + timedelta(seconds=each), how=How.TAP))


# --- who may see it


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("lead", 200), ("manager", 200)])
@pytest.mark.parametrize("path", ["/reports", "/reports/greeting.csv"])
def test_leads_and_managers_see_the_report_and_staff_do_not(shop: Shop, role: str, status: int, path: str) -> None:
    assert reader(shop, role).get(path).status_code == status


def test_a_browser_that_is_not_paired_gets_no_report(shop: Shop) -> None:
    client = reader(shop)
    client.delete_cookie("device")
    assert client.get("/reports").headers["Location"].endswith("/pair")
    assert client.get("/reports/greeting.csv").status_code == 302


# --- what the address asks for


def test_the_page_opens_on_seven_days_and_says_what_the_figures_say(past: Shop) -> None:
    said = words_of(page_of(reader(past)))
    assert "We greet within 30 s," in said
    assert "15–21 Nov 2026" in said
    assert "Compared with 8–14 Nov 2026, until 19:00 on the last day." in said


@pytest.mark.parametrize("query", ["?period=soon", "?from=2026-11-01&to=x", "?period=2020-01-01..2026-11-01"])
def test_what_is_no_period_is_refused(shop: Shop, query: str) -> None:
    assert reader(shop).get(f"/reports{query}").status_code == 400
    assert reader(shop).get(f"/reports/greeting.csv{query}").status_code == 400


@pytest.mark.parametrize("query", ["?zone=cellar", "?zone=%00"])
def test_no_such_zone_and_no_such_table_are_not_found(shop: Shop, query: str) -> None:
    assert reader(shop).get(f"/reports{query}").status_code == 404
    assert reader(shop).get("/reports/greeting.csv?table=people").status_code == 404


def test_zone_and_days_stay_in_the_address_of_every_link(past: Shop) -> None:
    html = page_of(reader(past), "?from=2026-11-10&to=2026-11-12&zone=shoes")
    assert "/reports?period=28d&amp;zone=shoes" in html
    assert "/reports/greeting.csv?from=2026-11-10&amp;to=2026-11-12&amp;zone=shoes&amp;table=visits" in html
    assert "/reports?from=2026-11-10&amp;to=2026-11-12&amp;zone=kids" in html
    assert '<input type="hidden" name="zone" value="shoes">' in html
    assert "Shoes, 10–12 Nov 2026" in words_of(html)


def test_what_is_shown_is_marked_in_the_picks(past: Shop) -> None:
    html = page_of(reader(past), "?period=28d")
    assert html.count('aria-current="true"') == 2
    assert '<a class="btn" href="/reports?period=28d" aria-current="true">' in html


def test_the_page_has_no_script_of_its_own_and_no_inline_style(past: Shop) -> None:
    html = page_of(reader(past))
    assert "<script" not in html
    assert " style=" not in html
    assert "<style" not in html


# --- honest with few visits


def test_an_empty_day_says_so_and_shows_dashes(shop: Shop) -> None:
    said = words_of(page_of(reader(shop), "?period=today"))
    assert "No visits yet today" in said
    assert "Median greet time –" in said
    assert "%" not in said.split("Median greet time")[1].split("Never greeted")[0]


def test_few_visits_are_shown_grey_and_never_called_good_or_bad(shop: Shop) -> None:
    greeted(shop, 9, 12.0)
    html = page_of(reader(shop), "?period=today")
    assert "9 visits: too few to say how we do" in words_of(html)
    assert html.count('class="v few"') >= 2
    assert "is-ok" not in html
    assert 'class="few"' in html
    assert table_of(html, "h-hours")[4][1:] == ["–"]


def test_ten_visits_are_enough(shop: Shop) -> None:
    greeted(shop, 10, 12.0)
    html = page_of(reader(shop), "?period=today")
    assert "Everybody was greeted within 30 s" in words_of(html)
    assert table_of(html, "h-hours")[4][1:] == ["100"]


def test_time_in_which_nobody_was_counted_is_said_at_the_top(past: Shop) -> None:
    a_camera(past, "Back door", "kids", gaps=((EVENING - timedelta(hours=3), EVENING - timedelta(hours=1)),))
    html = page_of(reader(past), "?period=today")
    assert "Nobody was counted in Kids for 2 h 0 min of the 9 h 0 min open." in words_of(html)
    assert "Back door did not watch 1 time, 2 h 0 min together." in words_of(html)
    assert 'class="gap"' in html
    fine = page_of(reader(past), "?period=today&zone=shoes")
    assert "Nobody was counted" not in words_of(fine.split("</h1>")[1].split("kpis")[0])


def test_every_formula_is_on_the_page_with_what_it_was_reckoned_from(past: Shop) -> None:
    rows = {row[3]: row for row in table_of(page_of(reader(past)), "h-formulas")[1:]}
    assert rows.keys() == set(FORMULAS.values())
    assert all(row[2] for formula, row in rows.items() if "E = visits" not in formula and "before T" not in formula)


# --- files


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_of_the_hours_equals_the_table_on_the_page(past: Shop, language: str) -> None:
    client = reader(past, language=language)
    shown = table_of(page_of(client, "?period=7d"), "h-hours")
    delimiter = "," if language in ("en", "ms") else ";"
    rows = rows_of(client, "table=hours&period=7d", delimiter=delimiter)
    assert [list(column) for column in zip(*rows, strict=True)] == [["" if c == "–" else c for c in row] for row in shown]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_of_all_figures_equals_the_figures_on_the_page(past: Shop, language: str) -> None:
    client = reader(past, language=language)
    html = page_of(client, "?period=7d")
    delimiter = "," if language in ("en", "ms") else ";"
    rows = {row[0]: row for row in rows_of(client, "table=summary&period=7d", delimiter=delimiter)}
    for label, value, n, formula in table_of(html, "h-formulas")[1:]:
        number = value.replace("\u00a0", " ").split(" ")[0]
        if ":" in number:
            minutes, seconds = number.split(":")
            number = str(int(minutes) * 60 + int(seconds))
        assert rows[label][1] == number.replace("–", ""), label
        assert (rows[label][3], rows[label][5]) == (n.replace("\u00a0", " "), formula), label
    for label, row in list(rows.items())[1:]:
        assert label.replace("\u00a0", " ").casefold() in words_of(html).casefold() or row[1] == "0", label
        assert len(row) == 6


def test_the_file_of_the_visits_has_each_one_and_why_it_does_not_count(past: Shop) -> None:
    heads, *rows = rows_of(reader(past), "table=visits&period=7d")
    every = visits.between(past.db, NOON - timedelta(days=6, hours=12), NOON + timedelta(days=1))
    assert len(rows) == len(every)
    assert len(heads) == len(rows[0]) == 10
    assert {row[8] for row in rows} == {"", "not a customer", "part of another visit", "heard of late"}
    assert rows[0][0] == "2026-11-16 10:" + rows[0][0][14:]
    counted = [row for row in rows if row[7] == "yes"]
    shown = {row[0]: row for row in rows_of(reader(past), "table=summary&period=7d")}
    assert len(counted) == int(shown["Visits"][1])
    assert max(round(float(row[3])) for row in counted if row[3]) == int(shown["Longest greet time"][1])


def test_a_file_begins_with_a_byte_order_mark_and_is_never_cached(past: Shop) -> None:
    answer = reader(past).get("/reports/greeting.csv?table=hours&zone=kids")
    assert answer.data.startswith(BYTE_ORDER_MARK.encode())
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="oslo-city-greeting-hours-kids-2026-11-15-2026-11-21.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"\r\n" in answer.data


@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_a_zone_whose_name_is_a_formula_reckons_nothing_in_a_spreadsheet(tmp_path: Path, clock: TurnableClock, name: str) -> None:
    shop = make_shop(tmp_path, clock, zones=(ZoneSettings(id="shoes", name=name),))
    greeted(shop, 1, 3.0, zone="shoes")
    rows = rows_of(reader(shop), "table=visits&period=today")
    # The settings take the white space off a name; what is left is made harmless.
    assert rows[1][1] == f"'{name.strip()}"
    assert harmless(name) == f"'{name}"
    assert harmless("Shoes = boots") == "Shoes = boots"


def test_a_zone_whose_name_is_markup_is_only_a_name(tmp_path: Path, clock: TurnableClock) -> None:
    name = "<b onclick=x>&</b>"
    shop = make_shop(tmp_path, clock, zones=(ZoneSettings(id="shoes", name=name), ZoneSettings(id="kids", name="Kids")))
    greeted(shop, 12, 3.0, zone="shoes")
    html = page_of(reader(shop), "?period=today")
    assert "<b onclick" not in html
    assert "&lt;b onclick=x&gt;&amp;&lt;/b&gt;" in html


def test_no_name_of_staff_is_in_the_report_or_its_files(past: Shop) -> None:
    client = reader(past)
    html = page_of(client, "?period=28d")
    files = "".join(client.get(f"/reports/greeting.csv?period=28d&table={table}").text for table in ("summary", "hours", "visits"))
    assert "kari" not in (html.split("<main")[1] + files).lower()


def test_a_file_gives_its_connection_back_even_when_nobody_reads_it(past: Shop) -> None:
    client = reader(past)
    stores = client.application.extensions["greetline-stores"]
    opened = []
    open_one = stores.open
    stores.open = lambda: opened.append(open_one()) or opened[-1]
    answer = client.get("/reports/greeting.csv?" + urlencode({"table": "visits", "period": "28d"}), buffered=False)
    next(iter(answer.response))
    answer.close()
    with pytest.raises(Exception, match="closed"):
        opened[-1].db.conn.execute("SELECT 1")
