"""What the report says, chosen by rule, in five languages; and how it writes numbers."""

from __future__ import annotations

import ast
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from broker.desk.alert_report import FORMULAS as ALERT_FORMULAS
from broker.desk.people import LANGUAGES
from broker.desk.reports import Cell, HourRow, Report, greeting_report
from broker.domain.alerts import AlertKind
from broker.domain.kpi import FORMULAS, Seen, greeting
from broker.domain.period import Period, period
from broker.domain.queue_kpi import KPIS
from broker.domain.visit import How
from broker.shop import Shop
from dashboard import exports, sentences
from dashboard.figures import figures
from dashboard.reports import kinds
from dashboard.wording import Words
from tests.builders import NOON, TurnableClock, make_shop
from tests.dashboard.reading import page_of, reader, words_of
from tests.history import a_camera, fill

ROOT = Path(__file__).resolve().parents[2]
OSLO = ZoneInfo("Europe/Oslo")
NBSP = "\u00a0"


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.of("en", OSLO)


def figures_of(kept: int, of: int) -> Any:
    return greeting([Seen(t0=NOON, zone="a", greeted=10.0 if n < kept else 50.0) for n in range(of)], within=30)


class Told:
    """As much of a report as a headline needs."""

    def __init__(self, kept: int, of: int, *, name: str = "7d") -> None:
        self.figures, self.within, self.period = figures_of(kept, of), 30, Period(date(2026, 11, 15), date(2026, 11, 21), name)


@pytest.mark.parametrize(
    ("kept", "of", "said"),
    [
        (0, 0, "No visits in these days"),
        (1, 1, "1 visit: too few to say how we do"),
        (9, 9, "9 visits: too few to say how we do"),
        (10, 10, "Everybody was greeted within 30 s"),
        (0, 10, "We greet within 30 s, 0 times of 100"),
        (735, 862, "We greet within 30 s, 85 times of 100"),
        (999, 1000, "We greet within 30 s, 99 times of 100"),
        (1, 1000, "We greet within 30 s, 1 time of 100"),
    ],
)
def test_the_headline_says_what_the_figures_say(words: Words, kept: int, of: int, said: str) -> None:
    assert sentences.headline(Told(kept, of), words).replace(NBSP, " ") == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("lv", 850, "Mēs sasveicināmies 30 s laikā 85 reizes no 100"),
        ("lv", 810, "Mēs sasveicināmies 30 s laikā 81 reizi no 100"),
        ("lv", 800, "Mēs sasveicināmies 30 s laikā 80 reižu no 100"),
        ("nb", 850, "Vi hilser innen 30 s, 85 av 100 ganger"),
        ("nl", 850, "We begroeten binnen 30 s, 85 van de 100 keer"),
        ("ms", 850, "Kita menyapa dalam 30 s, 85 daripada 100 kali"),
    ],
)
def test_the_headline_in_other_languages(language: str, n: int, said: str) -> None:
    assert sentences.headline(Told(n, 1000), Words.of(language, OSLO)).replace(NBSP, " ") == said  # type: ignore[arg-type]


def hours(**medians: tuple[float, int]) -> list[HourRow]:
    rows = []
    for name, (median, n) in medians.items():
        found = greeting([Seen(t0=NOON, zone="a", greeted=median)] * n, within=30)
        rows.append(HourRow(int(name[1:]), found, 3600, 0))
    return rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (hours(h10=(14, 40), h11=(15, 40), h12=(16, 40)), "Much the same at every hour"),
        (hours(h10=(14, 40), h11=(17, 40), h12=(26, 40), h17=(27, 40)), "Slowest at 12 and 17"),
        (hours(h10=(14, 40), h12=(31, 40), h13=(33, 40), h14=(40, 40), h17=(44, 40)), "Median past 30 s at 12–14 and 17"),
        (hours(h10=(14, 40), h11=(90, 9), h12=(15, 10), h13=(15, 12)), "Much the same at every hour"),
        (hours(h10=(14, 40), h11=(90, 9)), "Greet time by hour"),
        ([], "Greet time by hour"),
    ],
)
def test_the_head_of_the_hours(words: Words, rows: list[HourRow], said: str) -> None:
    assert sentences.hours_head(rows, 30, words).replace(NBSP, " ") == said


def test_the_head_of_the_week(words: Words) -> None:
    cells = [Cell(day, hour, 20, 20.0) for day in range(6) for hour in range(10, 20)]
    assert sentences.week_head(cells, 30, words).replace(NBSP, " ") == "The median is within 30 s at every hour of the week"
    slow = [Cell(4, 12, 20, 33.0), *(Cell(5, hour, 20, 40.0) for hour in (12, 13, 17))]
    assert sentences.week_head([*cells, *slow], 30, words) == "Slow most often: Saturday at 12–13 and 17"
    assert sentences.week_head([Cell(0, 10, 9, None)], 30, words) == "The hours of the week need more visits"


def changed(now: float | None, before: float | None) -> tuple[str, str]:
    change = sentences._seconds(now, before, Words.of("en", OSLO))
    return change.text.replace(NBSP, " "), change.tone


def test_better_and_worse_are_reckoned_from_the_numbers_that_are_shown() -> None:
    assert changed(19.4, 21.6) == ("3 s faster", "ok")
    assert changed(22.4, 21.6) == ("same as before", "dim")
    assert changed(25.0, 21.6) == ("3 s slower", "crit")


def test_too_few_visits_are_compared_with_nothing(shop: Shop, words: Words) -> None:
    report = greeting_report(shop, period=period("7d", date(2026, 11, 21)))
    assert {change.text for change in sentences.changes(report, words).values()} == {"too few to compare"}


# --- numbers


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0"), (1.0, "100"), (0.852, "85"), (0.016, "1.6"), (0.0001, "0.1"), (0.9999, "99.9"), (0.992, "99.2"),
        (0.0949, "9.5"), (0.1, "10"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_nothing_or_all(words: Words, share: float, said: str) -> None:
    assert words.share_number(share) == said


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_share_is_0_or_100_only_when_it_is(part: int, whole: int) -> None:
    part = min(part, whole)
    said = Words.of("en", OSLO).share_number(part / whole)
    assert (said == "0") == (part == 0)
    assert (said == "100") == (part == whole)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (19.4, "19 s"), (119.4, "119 s"), (120, "2:00"), (252.2, "4:12"), (3599.9, "60:00")]
)
def test_seconds_become_minutes_from_two_on(words: Words, seconds: float, said: str) -> None:
    assert words.seconds_text(seconds).replace(NBSP, " ") == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 min"), (0.3, "1 s"), (40, "40 s"), (90, "2 min"), (4140, "1 h 9 min"), (3599, "1 h 0 min")]
)
def test_a_length_of_time(words: Words, seconds: float, said: str) -> None:
    assert words.duration(seconds).replace(NBSP, " ") == said


@pytest.mark.parametrize(("given", "said"), [([10], "10"), ([17, 12, 13], "12–13 and 17"), ([9, 11, 13], "9, 11 and 13"), ([], "")])
def test_hours_beside_each_other_are_joined(words: Words, given: list[int], said: str) -> None:
    assert words.hours(given) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_in_a_file_is_read_back_as_it_was(language: str) -> None:
    words = Words.of(language, OSLO)
    for value in (0.5, 12.345, 1234567.25):
        text = exports.plain(words.number(value, 3), words)
        assert float(text.replace(",", ".")) == value
        assert words.decimal_comma == ("," in text)
    assert exports.plain("4:12", words) == "252"
    assert exports.plain("–", words) == ""


# --- five languages


def used_keys() -> set[str]:
    """Return every key of the report that code and templates name."""
    found: set[str] = set()
    for path in (ROOT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"report\.[a-z0-9_]*[a-z0-9]", node.value)
            ):
                found.add(node.value)
    for name in ("report.html", "report_parts.html", "plots.html"):
        found |= set(
            re.findall(r'words(?:\.many)?\("(report\.[a-z0-9_]*[a-z0-9])"', (ROOT / "dashboard/templates" / name).read_text())
        )
    found -= {"report.see", "report.html", "report.css"}
    found |= {f"report.{kind}_{name}" for name in KPIS for kind in ("q", "qf")}
    found |= {f"report.{kind}_{what}" for what in kinds.MADE for kind in ("kind", "title") if (kind, what) != ("title", "greeting")}
    found |= {f"report.formula_alerts_{name}" for name in ALERT_FORMULAS} | {f"report.alert_{kind}" for kind in AlertKind}
    made = [f"formula_{name}" for name in FORMULAS] + [f"how_{how}" for how in How] + ["why_dismissed", "why_merged", "why_late"]
    return found | {f"report.{name}" for name in made}


def catalogue(language: str) -> dict[str, Any]:
    with (ROOT / f"broker/web/translations/{language}/LC_MESSAGES/messages.po").open("rb") as po:
        return {
            message.id[0] if isinstance(message.id, tuple) else message.id: message.string
            for message in read_po(po, locale=language)
            if message.id
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_report_is_in_every_language(language: str) -> None:
    known = catalogue(language)
    assert len(used_keys()) > 100
    assert not used_keys() - known.keys()
    empty = [key for key, text in known.items() if key.startswith("report.") and not all([text] if isinstance(text, str) else text)]
    assert not empty


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_translations_put_the_same_things_in(language: str) -> None:
    def holes(text: Any) -> set[str]:
        forms = [text] if isinstance(text, str) else text
        return set(re.findall(r"%\(\w+\)s|%%", " ".join(forms)))

    english = catalogue("en")
    for key, text in catalogue(language).items():
        if key.startswith("report."):
            assert holes(text) == holes(english[key]), key


def test_the_english_formulas_are_those_of_the_rules() -> None:
    english = catalogue("en")
    assert {name: english[f"report.formula_{name}"] for name in FORMULAS} == FORMULAS


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_files_in_every_language_have_no_key_and_no_hole_left(tmp_path: Path, language: str) -> None:
    shop = make_shop(tmp_path, TurnableClock(NOON + timedelta(hours=5)))
    fill(shop, 9, a_day=40)
    a_camera(shop, "Front", "entrance", gaps=((NOON - timedelta(hours=3), NOON - timedelta(hours=1)),))
    client = reader(shop, language=language)
    for query in ("?period=7d", "?period=today&zone=kids", "?from=2026-11-02&to=2026-11-03", "?from=2020-01-01&to=2020-01-02"):
        said = words_of(page_of(client, query))
        assert not re.search(r"report\.[a-z]+_|report\.[a-z]{2,}\b|%\(|%%|None", said), query
        assert ".." not in said
    for table in ("summary", "hours", "week", "trust", *exports.RAW):
        assert "report." not in client.get(f"/reports/greeting.csv?table={table}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_a_label_of_its_own(shop: Shop, language: str) -> None:
    report: Report = greeting_report(shop, period=period("7d", date(2026, 11, 21)))
    labels = [figure.label for figure in figures(report, Words.of(language, OSLO)).values()]
    assert len(set(labels)) == len(labels) == 22
