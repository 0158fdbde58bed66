"""Every command and every option of it is on docs/commands.md."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from deploy.cli import main
from deploy.commands_page import commands, markdown, options

PAGE = Path(__file__).resolve().parents[1] / "docs/commands.md"
ALL = list(commands(main, click.Context(main, info_name="greetline"), "greetline"))


@pytest.fixture(scope="module")
def page() -> str:
    if os.environ.get("GREETLINE_WRITE_DOCS"):
        PAGE.write_text(markdown(main), encoding="utf-8")
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in ALL], ids=[path for path, _, _ in ALL])
def test_every_command_is_on_the_page_with_its_options(path: str, command: click.Command, page: str) -> None:
    heading = f"## `{path}`\n"
    assert heading in page, "run the tests once with GREETLINE_WRITE_DOCS=1 and look at the change"
    section = page.split(heading)[1].split("\n## ")[0]
    assert command.help, f"{path} does not say what it does"
    for option in options(command):
        assert option in section, f"{path} {option}: run the tests once with GREETLINE_WRITE_DOCS=1"


def test_the_page_names_no_command_that_is_gone(page: str) -> None:
    paths = {path for path, _, _ in ALL}
    named = {line.strip("#` \n") for line in page.splitlines() if line.startswith("## ")}
    assert named <= paths
