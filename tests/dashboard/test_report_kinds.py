"""Every report: who sees it, what its files hold, an empty shop, names that are markup or formulas, and nobody by name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdf import PdfReader

from broker.desk.people import LANGUAGES
from broker.domain.queue_kpi import KPIS
from broker.settings import OpeningSettings, ReportsSettings, StoreSettings, ZoneSettings
from broker.shop import Shop
from dashboard.reports import asked, kinds
from dashboard.sheets import every_table, number_of
from dashboard.wording import Words
from tests.builders import NOON, TurnableClock, make_shop
from tests.dashboard.reading import page_of, reader, rows_of, words_of
from tests.history import a_camera, a_queue, a_shift, fill
from tests.queue_days import COUNTERS, SERVICES, Days

HOURS = OpeningSettings.model_validate({day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")})
EVENING = NOON + timedelta(hours=7)
NAME = 'Rīgas "Centrs" <b>&</b> šķūnis'
Seen = Callable[..., FlaskClient]
EVERY = [what for what in kinds.MADE if what != kinds.PEOPLE]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with a name that is hard to write, and two days of tickets behind it."""
    folder, clock = tmp_path_factory.mktemp("lived"), TurnableClock(EVENING)
    zones = (ZoneSettings(id="entrance", name="=Ieeja"), ZoneSettings(id="shoes", name="Kurpes"))
    shop = make_shop(
        folder, clock, opening=HOURS, services=SERVICES, counters=COUNTERS, zones=zones,
        store=StoreSettings(id="oslo-city", name=NAME, data=folder),
    )  # fmt: skip
    days = Days(shop, clock)
    for back in (1, 0):
        days.live(NOON - timedelta(days=back, hours=2), NOON - timedelta(days=back, hours=0), every=60)
    clock.at = EVENING
    fill(shop, 14, seed=2, a_day=60)
    a_camera(shop, "Durvis", "entrance", gaps=((NOON - timedelta(minutes=58), NOON - timedelta(minutes=51)),))
    a_queue(shop, "shoes", "durvis", wait=70, most=8)
    a_shift(shop, "Rosalinde", NOON - timedelta(hours=2), None)
    return shop


@pytest.fixture(scope="module")
def seen_by(lived: Shop) -> Seen:
    """The browser of somebody who looks at that shop: `seen_by("lead", language="lv")`; made once for each."""
    made: dict[tuple[str, str], FlaskClient] = {}

    def client(role: str = "lead", *, language: str = "en") -> FlaskClient:
        if (role, language) not in made:
            made[role, language] = reader(lived, role, language=language)
        return made[role, language]

    return client


def sheet_of(shop: Shop, what: str, language: str = "en", **query: str) -> tuple[object, Words]:
    words = Words.of(language, shop.hours.zone)
    return kinds.made(what, shop, asked.read(shop, {"period": "7d"} | query), words), words


# --- who may see it


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("lead", 200), ("manager", 200), ("admin", 200)])
@pytest.mark.parametrize("path", ["", "/waiting", "/traffic", "/waiting.csv", "/service.xlsx", "/cases.pdf"])
def test_leads_and_managers_see_every_report_and_staff_none(lived: Shop, seen_by: Seen, role: str, status: int, path: str) -> None:
    assert seen_by(role).get(f"/reports{path}").status_code == status


def test_what_is_no_report_is_not_found(lived: Shop, seen_by: Seen) -> None:
    client = seen_by()
    for path in (
        "/everything",
        "/everything.pdf",
        "/waiting.csv?table=people",
        "/waiting?service=cellar",
        "/service?counter=%3Cb%3E",
    ):
        assert client.get(f"/reports{path}").status_code == 404, path
    assert client.get("/reports/waiting?period=soon").status_code == 400


# --- what the address asks for


def test_every_choice_is_in_the_address_and_every_link_of_the_page_opens(lived: Shop, seen_by: Seen) -> None:
    client = seen_by()
    html = page_of(client, "?from=2026-11-20&to=2026-11-21&service=returns", what="waiting")
    assert 'name="service" value="returns"' in html
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/reports[^"]*)"', html)}
    assert len(links) > 15
    assert any("service=collect" in link for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link


def test_one_service_is_looked_at_alone(lived: Shop) -> None:
    whole, _ = sheet_of(lived, "waiting")
    parts = [sheet_of(lived, "waiting", service=str(each["id"]))[0] for each in SERVICES]
    taken = [int(next(figure for figure in sheet.figures if figure.key == "issued").number) for sheet in (whole, *parts)]
    assert taken[0] == sum(taken[1:]) > 100


# --- every figure has its formula, its n and the health of its numbers


def test_every_figure_of_tickets_is_on_a_page_with_its_formula(lived: Shop) -> None:
    shown: set[str] = set()
    for what in ("waiting", "service", "promises", "cases"):
        sheet, _ = sheet_of(lived, what)
        assert sheet.panels[-1].key == "trust"
        assert all(sheet.formulas[figure.key] for figure in sheet.figures)
        shown |= {figure.key for figure in sheet.figures}
    assert shown == KPIS.keys()


@pytest.mark.parametrize("what", EVERY)
def test_every_chart_has_its_numbers_as_a_table_and_is_small(lived: Shop, seen_by: Seen, what: str) -> None:
    html = page_of(seen_by(), what=what)
    assert len(html.encode()) < 150_000
    plots = re.findall(r"<svg class=\"plot.*?</svg>", html, re.S)
    assert plots
    assert max(len(plot.encode()) for plot in plots) <= 5_000
    for panel in sheet_of(lived, what)[0].panels:
        assert not panel.plots or panel.tables, panel.key
    assert " style=" not in html
    assert "<script" not in html


# --- files hold what the page shows


EACH = [(what, LANGUAGES[n % 5]) for n, what in enumerate(EVERY)] + [("waiting", language) for language in LANGUAGES]
"""Every report in some language, and one of them in every language."""


@pytest.mark.parametrize(("what", "language"), EACH)
def test_the_workbook_holds_the_numbers_of_the_page(lived: Shop, seen_by: Seen, what: str, language: str) -> None:
    answer = seen_by(language=language).get(f"/reports/{what}.xlsx?period=7d")
    assert answer.headers["Content-Disposition"].endswith(f'"rigas-centrs-b-b-skunis-{what}-2026-11-15-2026-11-21.xlsx"')
    book = load_workbook(io.BytesIO(answer.data))
    sheet, words = sheet_of(lived, what, language)
    tables = every_table(sheet, words)
    assert len(book.sheetnames) == len(tables) + 1
    assert NAME in str(book.worksheets[0]["A2"].value)
    for table, page in zip(tables, book.worksheets[1:], strict=True):
        rows = [list(row) for row in page.iter_rows(min_row=2, max_col=len(table.columns), values_only=True)]
        assert len(rows) == len(table.rows), table.key
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, found in zip(cells[1:], row[1:], strict=False):
                number = number_of(cell.text, words)
                assert (found or None) == (number or None if number is not None else cell.text or None), (table.key, cell.text)
        assert not any(isinstance(each, str) and page.cell(1, 1).data_type == "f" for row in rows for each in row)
    charts = sum(len(page._charts) for page in book.worksheets)  # openpyxl reads charts it did not make only in part
    drawn = sum(1 for table in tables if table.drawn and table.rows)
    assert charts == drawn


@pytest.mark.parametrize(("what", "language"), EACH)
def test_the_paper_says_what_the_page_says_with_every_letter(lived: Shop, seen_by: Seen, what: str, language: str) -> None:
    answer = seen_by(language=language).get(f"/reports/{what}.pdf?period=7d")
    assert answer.data.startswith(b"%PDF-")
    paper = PdfReader(io.BytesIO(answer.data))
    said = re.sub(r"\s+", "", "".join(page.extract_text() for page in paper.pages))
    sheet, _ = sheet_of(lived, what, language)
    for text in (sheet.headline, NAME, *(panel.head for panel in sheet.panels), *(each.figure.text for each in sheet.cards)):
        assert re.sub(r"\s+", "", text) in said, text
    assert all(page.mediabox.width == pytest.approx(595.28, abs=0.1) for page in paper.pages)
    assert NAME in str(paper.metadata.title)


@pytest.mark.parametrize(("what", "language"), EACH)
def test_csv_holds_every_table_in_the_numbers_of_its_language(lived: Shop, seen_by: Seen, what: str, language: str) -> None:
    client = seen_by(language=language)
    sheet, words = sheet_of(lived, what, language)
    for table in every_table(sheet, words)[:4]:
        delimiter = ";" if language in ("nb", "nl", "lv") else ","
        rows = rows_of(client, f"period=7d&table={table.key}", delimiter=delimiter, what=what)
        assert len(rows) == len(table.rows) + 1
        for cells, row in zip(table.rows, rows[1:], strict=True):
            assert len(row) == len(cells)
            for cell, found in zip(cells[1:], row[1:], strict=True):
                number = number_of(cell.text, words)
                assert number is None or number_of(found, words) == number, (table.key, cell.text, found)
            assert not row[0].startswith("=")


def test_the_byte_order_mark_can_be_left_out(lived: Shop, seen_by: Seen) -> None:
    client = seen_by()
    with_mark, without = (client.get(f"/reports/waiting.csv{query}").data for query in ("", "?bom=0"))
    assert with_mark == b"\xef\xbb\xbf" + without
    assert next(csv.reader(io.StringIO(without.decode())))[0] == "Figure"


def test_a_name_that_is_markup_is_only_a_name(lived: Shop, seen_by: Seen) -> None:
    html = page_of(seen_by(), what="waiting")
    assert "<b>&</b>" not in html
    assert "Rīgas &#34;Centrs&#34; &lt;b&gt;&amp;&lt;/b&gt;" in html


# --- words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", EVERY)
def test_no_page_shows_a_key_or_a_hole(lived: Shop, seen_by: Seen, what: str, language: str) -> None:
    for query in ("?period=7d", "?from=2020-01-01&to=2020-01-02"):
        said = words_of(page_of(seen_by(language=language), query, what=what))
        assert not re.search(r"report\.[a-z]+_|report\.[a-z]{2,}\b|%\(|%%|None|\bnan\b", said), query


@pytest.mark.parametrize("what", EVERY)
def test_an_empty_shop_says_when_there_will_be_something_to_see(tmp_path: Path, what: str) -> None:
    shop = make_shop(tmp_path, TurnableClock(NOON))
    html = page_of(reader(shop), what=what)
    if what != "greeting":
        assert 'class="note empty"' in html
        assert re.search(r"fills with the first|is here a moment later", words_of(html))
    for ending in ("csv", "xlsx", "pdf"):
        assert reader(shop).get(f"/reports/{what}.{ending}").status_code == 200


def test_few_tickets_are_grey_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    clock = TurnableClock(NOON)
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    Days(shop, clock).live(NOON, NOON + timedelta(minutes=6), every=60)
    html = page_of(reader(shop), "?period=today", what="waiting")
    assert "too few to say how we do" in words_of(html)
    assert "is-ok" not in html
    assert 'class="v few"' in html


# --- nobody by name, unless the shop turned it on


def test_nobody_is_named_by_default(lived: Shop, seen_by: Seen) -> None:
    client = seen_by()
    assert client.get("/reports/people").status_code == 404
    assert client.get("/reports/people.csv").status_code == 404
    for what in EVERY:
        html = page_of(client, "?period=28d", what=what)
        assert "/reports/people" not in html
        assert "rosalinde" not in html.split("<main")[1].casefold()


def test_by_person_is_there_when_it_is_turned_on_with_its_note(tmp_path: Path) -> None:
    shop = make_shop(tmp_path, TurnableClock(EVENING), reports=ReportsSettings(per_person=True))
    a_shift(shop, "Kari", NOON, None)
    fill(shop, 3, a_day=60)
    client = reader(shop)
    html = page_of(client, what="people")
    said = words_of(html)
    assert "Shown because [reports] per_person is true in this shop." in said
    rows = rows_of(client, "table=people", what="people")
    assert [row[0] for row in rows[1:]] == ["Kari"] * 3
    assert sum(int(row[2]) for row in rows[1:]) > 50
    assert "/reports/people" in page_of(client)


def test_slugs_are_letters_that_every_system_takes() -> None:
    assert asked.slug(NAME) == "rigas-centrs-b-b-skunis"
    assert asked.slug("Blåbær & Søn") == "blabaer-son"
    assert asked.slug("店") == ""
    assert replace(asked.Asked(asked.period("2026-11-01", NOON.date())), zone="a").query() == "from=2026-11-01&to=2026-11-01&zone=a"
