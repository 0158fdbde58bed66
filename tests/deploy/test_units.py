"""What systemd is given: it understands every line, and no program of ours may more than it needs."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from deploy.cli import main
from deploy.install.plan import BY_TIMER, OF_KIND, SCREEN
from deploy.part import FEW_HEAPS

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted([*(DEPLOY / "systemd").iterdir(), DEPLOY / "kiosk" / SCREEN])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
STAYING = [unit for unit in SERVICES if unit.name not in BY_TIMER]
PROGRAMS = [unit for unit in STAYING if "/bin/greetline " in unit.read_text(encoding="utf-8")]
MOST_EXPOSED = 3.0
BIN = "/opt/greetline/current/bin/"

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def lines(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """The units, with programs that are on this machine in the place of those that an installation brings."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(BIN, f"{Path(sys.executable).parent}/")
        text = re.sub(r"/usr/s?bin/(mosquitto|caddy|cage)", "/bin/true", text)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_program_that_stays_keeps_to_few_heaps() -> None:
    for unit in PROGRAMS:
        given = " ".join(lines(unit, "Environment"))
        assert all(f"{name}={value}" in given for name, value in FEW_HEAPS.items()), unit.name


@needs_analyze
def test_systemd_has_nothing_to_say_against_any_unit(staged: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(staged.iterdir()))], capture_output=True, text=True, timeout=60
    )
    ours = [line for line in done.stderr.splitlines() if "greetline" in line]
    assert ours == []


@needs_analyze
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_no_service_is_exposed_more_than_it_must_be(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager", str(unit)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED
    assert done.returncode == 0


def test_every_unit_belongs_to_a_kind_of_machine_and_every_kind_has_its_units() -> None:
    assert {unit.name for unit in UNITS} == {name for names in OF_KIND.values() for name in names}


@pytest.mark.parametrize("unit", STAYING, ids=lambda unit: unit.stem)
def test_a_service_comes_back_however_it_ended_and_is_never_given_up(unit: Path) -> None:
    assert lines(unit, "Restart") == ["always"]
    assert lines(unit, "StartLimitIntervalSec") == ["0"]


@pytest.mark.parametrize("unit", PROGRAMS, ids=lambda unit: unit.stem)
def test_each_program_of_ours_is_watched_and_starts_anew_for_new_settings(unit: Path) -> None:
    assert lines(unit, "Type") == ["notify"]
    assert 10 <= int(lines(unit, "WatchdogSec")[0]) <= 60
    assert lines(unit, "RestartForceExitStatus") == ["75"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_what_a_unit_starts_is_a_command_with_these_options(unit: Path) -> None:
    for command in lines(unit, "ExecStart") + lines(unit, "ExecCondition"):
        if command.startswith(BIN + "greetline "):
            check(command.removeprefix(BIN + "greetline ").split())


def check(words: list[str]) -> None:
    """See that *words* are a command of ours, down to its options."""
    command: click.Command = main
    context = click.Context(main, info_name="greetline")
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found, "no such command"
        command = found
    known = {spelling for each in command.params for spelling in (*each.opts, *each.secondary_opts)}
    for option in (word for word in words if word.startswith("-")):
        assert option in known, f"{command.name} has no {option}"


def test_units_are_files_that_any_reader_of_such_files_understands() -> None:
    for unit in UNITS:
        parsed = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",), allow_no_value=False)
        parsed.optionxform = str  # type: ignore[assignment]
        parsed.read_string(unit.read_text(encoding="utf-8"))
        assert set(parsed.sections()) <= {"Unit", "Service", "Timer", "Path", "Install"}


def test_nothing_in_a_shop_waits_for_a_network_but_what_looks_at_its_addresses() -> None:
    # After a power cut a router takes longer than a shop; systemd would wait up to two minutes for it, with the kiosk dark.
    waiting = {unit.name for unit in UNITS if "network-online.target" in unit.read_text(encoding="utf-8")}
    assert waiting == {"greetline-renew.service"}
