"""docs/privacy.md says of every table how long its rows stay, and docs/operations.md names what there is to operate."""

from __future__ import annotations

import os
import re
from pathlib import Path

from broker.desk.health import PARTS
from broker.settings import RetentionSettings
from broker.store.kept import EVERYTHING
from deploy.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PRIVACY = ROOT / "docs/privacy.md"
OPERATIONS = ROOT / "docs/operations.md"


def listed() -> str:
    lines = ["| what | about | says | how long |", "|---|---|---|---|"]
    for kept in EVERYTHING:
        days = f"{RetentionSettings.model_fields[kept.setting].default} days (`{kept.setting}`)" if kept.setting else kept.until
        lines.append(f"| {kept.what.replace('_', ' ')} | {kept.about} | {kept.says} | {days} |")
    return "\n".join(lines) + "\n"


def test_the_page_says_of_every_kind_of_row_how_long_it_stays() -> None:
    text = PRIVACY.read_text(encoding="utf-8")
    begin, end = "<!-- kept -->\n", "<!-- /kept -->"
    if os.environ.get("GREETLINE_WRITE_DOCS"):
        text = text.split(begin)[0] + begin + listed() + end + text.split(end)[1]
        PRIVACY.write_text(text, encoding="utf-8")
    assert text.split(begin)[1].split(end)[0] == listed(), "run the tests once with GREETLINE_WRITE_DOCS=1"
    assert "nothing deletes them by themselves" not in text


def test_no_row_is_told_twice() -> None:
    tables = [kept.what for kept in EVERYTHING]
    assert sorted(tables) == sorted(set(tables)), "the journal has rows of two kinds, no other table has"


def test_the_page_of_operations_knows_every_part_and_every_command_of_keeping() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    for part in PARTS:
        assert f"| {part} |" in text, f"what a red {part} means"
    for command in ("check", "backup", "restore", "prune", "export", "import", "privacy", "doctor"):
        assert command in COMMANDS
        assert f"greetline {command}" in text, command


def test_the_page_of_operations_names_only_figures_that_are_on_the_dashboard() -> None:
    named = set(re.findall(r"`(greetline_\w+)`", OPERATIONS.read_text(encoding="utf-8")))
    board = (ROOT / "deploy/grafana/greetline.json").read_text(encoding="utf-8")
    assert named
    assert all(name in board for name in named), named
