"""The page that somebody follows who is no developer: every command on it is there."""

from __future__ import annotations

import copy
import re
import shlex
import textwrap
from pathlib import Path

import click
import pytest

from broker.settings import EdgeSettings, read
from deploy.cli import main
from deploy.install import __main__ as installer
from deploy.install import plan, program

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
SETTINGS = [block for block in re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE) if block.strip().startswith("[")]
INDENTED = [line for line in PAGE.splitlines() if line.startswith("    ") and line.strip()]
BLOCKS = [line.strip() for line in INDENTED if not any(line in each for each in SETTINGS)]
INLINE = re.findall(r"`((?:sudo|greetline|python3|make) [^`]+)`", PAGE)
COMMANDS = [shlex.split(line) for line in (*BLOCKS, *INLINE)]
OF_THE_SYSTEM = frozenset({"tar", "cd", "systemctl", "journalctl", "mkdir", "cp", "chown", "docker", "make"})
OURS = frozenset({"greetline", "greetline-shop"})


@pytest.mark.parametrize("block", SETTINGS)
def test_every_setting_on_the_page_is_one(block: str, tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text((ROOT / "deploy/install/edge.toml").read_text(encoding="utf-8") + textwrap.dedent(block), encoding="utf-8")
    assert read(EdgeSettings, file, environment={}).cameras


def said(words: list[str]) -> list[str]:
    return words[1:] if words[0] == "sudo" else words


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_on_the_page_is_one(words: list[str]) -> None:
    words = said(words)
    if words[0] in OURS:
        understood(words[1:])
    elif words[:3] == ["python3", "-m", "deploy.install"]:
        installer.words().parse_args(words[3:])
    else:
        assert words[0] in OF_THE_SYSTEM


def understood(words: list[str]) -> None:
    """See that click takes *words*, options with their values and all, without doing them."""
    command: click.Command = main
    context = click.Context(main, info_name="greetline")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found, f"there is no command {words[0]}"
        command, words = found, words[1:]
    command = copy.copy(command)
    command.params = [copy.copy(each) for each in command.params]
    for each in command.params:
        # Only the words are looked at: the folders that they name are on another machine.
        each.type = each.type if isinstance(each.type, click.Choice) else click.STRING
    command.make_context("greetline", list(words))


def test_what_the_page_starts_as_another_command_is_installed() -> None:
    assert plan.COMMAND.path.name == "greetline"
    assert plan.OF_SHOP.name == "greetline-shop"
    assert 'greetline "$@"' in plan.COMMAND.text


@pytest.mark.parametrize("path", re.findall(r"`(/(?:etc|var|opt)/[^`]+)`", PAGE))
def test_every_place_that_the_page_names_is_one_of_the_installation(path: str) -> None:
    known = (
        plan.SETTINGS,
        plan.BOX_SETTINGS,
        plan.VAR,
        plan.TLS,
        plan.SCREEN_ETC,
        program.PREFIX,
        program.PREFIX / program.VERSIONS,
        plan.VAR / "backups",
    )
    assert Path(path) in known


def test_the_figures_on_the_page_are_those_of_the_program() -> None:
    assert f"below {plan.LOG_MEGABYTES} MB" in PAGE
    assert program.KEPT_VERSIONS == 3
    assert "the three newest stay" in PAGE
    backup = (ROOT / "deploy/systemd/greetline-backup.service").read_text(encoding="utf-8")
    assert "--keep 14" in backup
    assert "fourteen are kept" in PAGE
