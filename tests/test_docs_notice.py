"""The camera notice: true to the running settings, one page in every language, and on its page in the docs."""

from __future__ import annotations

import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from broker.desk.people import LANGUAGES
from broker.settings import Settings
from dashboard.cli_notice import notice as command
from dashboard.notice import BY_HAND, LONGEST_CONTACT, markdown, notice, pdf
from dashboard.wording import Words

DOCS = Path(__file__).resolve().parents[1] / "docs"
SERVICE = {"id": "returns", "letter": "R", "name": "Returns"}
MADE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def shop(**more: object) -> Settings:
    return Settings.model_validate({"store": {"id": "shop", "name": "Nordlys Sport"}, "services": [SERVICE]} | more)


def said(language: str, **more: object) -> str:
    settings = shop(**more)
    return markdown(notice(settings, Words.of(language, settings.store.zone)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_of_the_docs_is_what_the_command_says(language: str) -> None:
    page = DOCS / "notice" / f"{language}.md"
    if os.environ.get("GREETLINE_WRITE_DOCS"):
        page.write_text(said(language), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == said(language), "run once with GREETLINE_WRITE_DOCS=1 and look at the change"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_on_the_notice_are_those_of_the_settings(language: str) -> None:
    text = said(language, retention={"visits_days": 33, "counts_days": 44, "tickets_days": 55})
    assert re.findall(r"\b(?:33|44|55)\b", text) == ["33", "44", "55"]
    assert "notice." not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_says_that_words_about_a_matter_are_kept_too(language: str) -> None:
    told = {"en": "what you told us", "nb": "det du fortalte oss", "nl": "wat u ons vertelde", "ms": "apa yang anda beritahu kami",
            "lv": "ko mums pastāstījāt"}  # fmt: skip
    assert told[language] in said(language)


def test_a_shop_without_numbers_says_nothing_of_numbers() -> None:
    assert "If you take a number" in said("en")
    assert "If you take a number" not in said("en", services=[])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_is_one_page_of_paper_with_name_and_contact(language: str) -> None:
    settings = shop(store={"id": "shop", "name": "Ķekava “Ziemeļi” <Sport> " * 2})
    words = Words.of(language, settings.store.zone)
    paper = PdfReader(io.BytesIO(pdf(notice(settings, words, contact="x " * (LONGEST_CONTACT // 2)), words, made=MADE)))
    assert len(paper.pages) == 1
    text = paper.pages[0].extract_text()
    assert "Ķekava “Ziemeļi” <Sport>" in text
    assert words("notice.title") in text


def test_without_a_contact_there_is_a_line_to_write_it_on() -> None:
    assert BY_HAND in said("en")


def test_the_command_writes_a_page_to_print_or_says_why_not(tmp_path: Path) -> None:
    file = tmp_path / "greetline.toml"
    file.write_text('[store]\nid = "shop"\nname = "Nordlys"\nlanguage = "nb"\n', encoding="utf-8")
    run = CliRunner()
    made = run.invoke(command, ["--settings", str(file), "--contact", "Sofie Berg", "--out", str(tmp_path / "notice.pdf")])
    assert made.exit_code == 0, made.output
    assert "Sofie Berg" in PdfReader(tmp_path / "notice.pdf").pages[0].extract_text()
    assert run.invoke(command, ["--settings", str(file)]).output.startswith("# Her teller et kamera")
    nowhere = run.invoke(command, ["--settings", str(file), "--out", str(tmp_path / "no" / "notice.pdf")])
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.output
    file.write_text("[stoer]\n", encoding="utf-8")
    assert run.invoke(command, ["--settings", str(file)]).exit_code == 3
    assert run.invoke(command, ["--contact", "x" * (LONGEST_CONTACT + 1)]).exit_code == 2
