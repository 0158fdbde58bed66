"""`greetline report greeting`: the same figures in a terminal, as JSON and as CSV, and what it says when it cannot."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.desk.reports import greeting_report
from broker.domain.period import period
from broker.settings import Settings, read
from broker.shop import open_shop
from dashboard.cli_report import main
from tests.history import a_shift, fill


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of a shop with ten days behind it."""
    file = tmp_path_factory.mktemp("shop") / "greetline.toml"
    zones = '[[zones]]\nid = "entrance"\nname = "Entrance"\n[[zones]]\nid = "shoes"\nname = "Shoes"\n'
    file.write_text(f'[store]\nname = "Oslo City"\nlanguage = "nl"\n{zones}', encoding="utf-8")
    shop = open_shop(read(Settings, file))
    fill(shop, 10, seed=6, a_day=60)
    a_shift(shop, "Rosalinde", shop.clock(), None)
    shop.db.conn.close()
    return file


def run(settings: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["greeting", "--settings", str(settings), *words])


def test_the_terminal_shows_the_headline_the_figures_and_the_hours(settings: Path) -> None:
    said = run(settings, "--language", "en", "--period", "7d")
    assert said.exit_code == 0
    assert "We greet within 30" in said.output
    assert "Median greet time" in said.output
    assert "In 30" in said.output
    assert "Rosalinde" not in said.output


def test_without_a_language_it_speaks_that_of_the_store(settings: Path) -> None:
    assert "We begroeten binnen 30" in run(settings).output


def test_json_holds_the_figures_unrounded(settings: Path) -> None:
    found = json.loads(run(settings, "--format", "json", "--period", "7d", "--zone", "shoes").output)
    shop = open_shop(read(Settings, settings), create=False)
    report = greeting_report(shop, period=period("7d", shop.hours.business_day(shop.clock())), zone="shoes")
    shop.db.conn.close()
    assert found["figures"]["median"] == report.figures.median
    assert found["figures"]["visits"] == report.figures.visits > 50
    assert [row["hour"] for row in found["hours"]] == [row.hour for row in report.hours]
    assert (found["zone"], found["within_seconds"], found["alerts"]) == ("shoes", 30, None)


@pytest.mark.parametrize("table", ["summary", "hours", "visits"])
def test_csv_is_that_of_the_page(settings: Path, table: str) -> None:
    said = run(settings, "--format", "csv", "--table", table, "--language", "nb")
    assert said.stdout_bytes.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(said.stdout_bytes.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(rows) > 20
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--period", "soon"], "is not a period"),
        (["--zone", "cellar"], "there is no zone 'cellar'; there are entrance, shoes"),
        (["--format", "pdf"], "Invalid value for '--format'"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(settings: Path, words: list[str], said: str) -> None:
    answer = run(settings, *words)
    assert answer.exit_code == 2
    assert said in answer.output


def test_a_shop_that_is_not_there_ends_it_with_three(tmp_path: Path) -> None:
    answer = run(tmp_path / "greetline.toml")
    assert answer.exit_code == 3
    assert "no such file" in answer.output
    (tmp_path / "greetline.toml").write_text("", encoding="utf-8")
    answer = run(tmp_path / "greetline.toml")
    assert answer.exit_code == 3
    assert "there is no store here" in answer.output
    assert not (tmp_path / "var").exists()


# --- any report, as a file


def every(settings: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--settings", str(settings), *words])


@pytest.mark.parametrize(
    ("form", "begins"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("html", b"<!doctype html>"), ("csv", b"\xef\xbb\xbf")]
)
def test_any_report_is_written_to_a_file(settings: Path, tmp_path: Path, form: str, begins: bytes) -> None:
    file = tmp_path / f"out.{form}"
    said = every(settings, "--what", "traffic", "--from", "2026-01-01", "--to", "2026-01-20", "--format", form, "-o", str(file))
    assert (said.exit_code, said.output) == (0, "")
    assert file.read_bytes().lstrip().startswith(begins)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("what", ["greeting", "waiting", "alerts"])
def test_json_says_what_the_page_says(settings: Path, what: str) -> None:
    found = json.loads(every(settings, "--what", what, "--format", "json", "--language", "en").output)
    assert found["what"] == what
    assert {"figures", "tables", "headline", "period"} <= found.keys()
    assert all(each["formula"] for each in found["figures"] if each["n"])


def test_the_terminal_shows_any_report(settings: Path) -> None:
    said = every(settings, "--what", "alerts", "--language", "nb")
    assert said.exit_code == 0
    assert "Kan vi stole på disse tallene?" in said.output


def test_the_html_needs_nothing_else(settings: Path) -> None:
    said = every(settings, "--format", "html", "--language", "lv").output
    assert "<script" not in said
    assert not any(f'{name}="{begins}' in said for name in ("src", "href") for begins in ("http", "/"))
    assert "<style>" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--what", "people"], 2, "this shop does not report by person"),
        (["--what", "traffic", "--zone", "shoes"], 2, "is not made by zone"),
        (["--what", "waiting", "--service", "returns"], 2, "there is no service 'returns'; there are none in the settings"),
        (["--from", "yesterday"], 2, "is not a period"),
        (["--format", "csv", "--table", "list"], 2, "has no table 'list'; it has summary, hours"),
        (["--format", "pdf", "-o", "/no/such/place/report.pdf"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_made_is_told_in_a_sentence(settings: Path, words: list[str], code: int, said: str) -> None:
    answer = every(settings, *words)
    assert answer.exit_code == code, answer.output
    assert said in answer.output
