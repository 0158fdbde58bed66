"""The README leads to every page, and every command that a page tells people to type is one that we have."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from deploy.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = sorted([README, *ROOT.glob("docs/*.md"), *ROOT.glob("docs/staff/*.md")])
MOST_LINES = 120
"""Longer, and it is a page of the docs."""
TYPED = re.compile(r"^ {4}(?:\.venv/bin/|sudo )?greetline( .+)$", re.MULTILINE)
INLINE = re.compile(r"`greetline( [^`]+)`")


def led_to(page: Path) -> set[Path]:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def told(page: Path) -> list[str]:
    """The commands of ours on *page*, without the remarks beside them."""
    text = page.read_text(encoding="utf-8")
    found = [*TYPED.findall(text), *INLINE.findall(text)]
    return [re.split(r" #| {3,}|\||\.\.\.| >|; ", line)[0].strip() for line in found]


def unknown(words: list[str]) -> str:
    """What of *words* no command of ours takes: a command, or the name of an option; empty when all of it is known."""
    command: click.Command = main
    while words and isinstance(command, click.Group) and not words[0].startswith(("-", "[", "<")):
        found = command.get_command(click.Context(command, info_name="greetline"), words[0])
        if found is None:
            return words[0]
        command, words = found, words[1:]
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "--version"}
    return next((word for word in words if word.startswith("--") and word.split("=")[0] not in known), "")


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < MOST_LINES
    missing = set(PAGES) - led_to(README) - {README}
    assert {page.name for page in missing} == set()


def test_every_target_of_make_that_the_readme_names_is_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", README.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", [page for page in PAGES if told(page)], ids=lambda page: page.name)
def test_every_command_on_a_page_is_one(page: Path) -> None:
    wrong = {line: what for line in told(page) if (what := unknown(_split(line)))}
    assert wrong == {}


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
