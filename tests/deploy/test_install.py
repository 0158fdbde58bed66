"""An installation can be read before it is done, ends in the same place however often it is run, and takes away what it made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.settings import EdgeSettings, Settings, read
from deploy import narrowing
from deploy.checks import tablets
from deploy.cli import main
from deploy.finding import State
from deploy.install import job, machine, program
from deploy.install.plan import (
    LOCK,
    PACKAGES,
    POLICIES,
    SCREEN_ETC,
    SETTINGS,
    UNITS,
    File,
    Folder,
    Kind,
    Program,
    described,
    plan,
)  # fmt: skip
from deploy.install.program import Unfit
from deploy.install.record import RECORD, Record
from deploy.install.run import KEPT_BESIDE, Machinist
from deploy.install.wanted import wanted
from tests.deploy.machines import DEBIAN, a_bare_debian, a_release, installed, tree

ROOT = Path(__file__).resolve().parents[2]
KINDS: tuple[Kind, ...] = ("shop", "camera", "screen")
UNIT = UNITS / "greetline.target"


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_mode for path in sorted(root.rglob("*"))}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_bare_debian(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_says_every_action_and_changes_nothing(kind: Kind, root: Path) -> None:
    before = tree(root)
    done = CliRunner().invoke(main, ["install", kind, "--dry-run", "--root", str(root)])
    assert done.exit_code == 0, done.output
    actions = plan(machine.look(root), kind, page=job.PAGE)
    said = done.output.splitlines()
    assert all(described(action) in said for action in actions)
    assert tree(root) == before


def test_a_machine_that_has_only_python_can_begin(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "deploy.install", "--dry-run", "--root", str(root)],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "install the packages" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_run_a_second_time_it_changes_nothing(kind: Kind, root: Path) -> None:
    installed(root, kind)
    once = tree(root)
    installed(root, kind)
    assert tree(root) == once


@pytest.mark.parametrize("kind", KINDS)
def test_uninstalling_leaves_the_machine_as_it_was(kind: Kind, root: Path) -> None:
    before = {path: content for path, content in tree(root).items() if content is not None}
    installed(root, kind)
    done = CliRunner().invoke(main, ["uninstall", "--purge", "--yes", "--root", str(root)])
    assert done.exit_code == 0, done.output
    assert {path: content for path, content in tree(root).items() if content is not None} == before


def test_a_machine_without_a_greetline_of_its_own_is_left_as_it_was_too(root: Path) -> None:
    before = {path: content for path, content in tree(root).items() if content is not None}
    installed(root, "screen")
    words = ["-S", "-m", "deploy.install", "--uninstall", "--root", str(root)]
    for more in (["--dry-run"], ["--purge"]):
        done = subprocess.run([sys.executable, *words, *more], capture_output=True, text=True, timeout=60, cwd=ROOT)
        assert done.returncode == 0, done.stderr
    assert {path: content for path, content in tree(root).items() if content is not None} == before
    refused = subprocess.run([sys.executable, *words[:3], "--purge"], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "--uninstall" in refused.stderr


def test_what_two_kinds_of_machine_have_in_common_has_one_owner_and_one_mode() -> None:
    seen: dict[Path, tuple[str, int, Kind]] = {}
    for kind in KINDS:
        for action in plan(DEBIAN, kind, page=job.PAGE):
            if isinstance(action, File | Folder):
                owner, mode, other = seen.setdefault(action.path, (action.owner, action.mode, kind))
                assert (owner, mode) == (action.owner, action.mode), f"{action.path} of a {other} and of a {kind}"


@pytest.mark.parametrize("kinds", list(permutations(("shop", "screen"))), ids="-then-".join)
def test_a_machine_may_be_shop_and_screen_and_neither_changes_anything_of_the_other(kinds: tuple[Kind, Kind], root: Path) -> None:
    first, second = kinds
    installed(root, first)
    alone, alone_modes = tree(root), modes(root)
    installed(root, second)
    both, both_modes = tree(root), modes(root)
    record = str(RECORD.relative_to("/"))
    assert {**both, **alone} == {**both, record: alone[record]}
    assert {**both_modes, **alone_modes} == both_modes
    for kind in (first, second, second, first):
        installed(root, kind)
        assert (tree(root), modes(root)) == (both, both_modes)


def test_without_purge_the_shops_own_settings_stay_and_a_later_purge_finds_them(root: Path) -> None:
    installed(root)
    settings = root / SETTINGS.relative_to("/")
    job.uninstall(root, purge=False, dry_run=False, say=lambda _: None)
    assert settings.exists()
    assert not (root / UNIT.relative_to("/")).exists()
    job.uninstall(root, purge=True, dry_run=False, say=lambda _: None)
    assert not settings.exists()


def test_what_the_shop_has_set_is_never_written_over(root: Path) -> None:
    installed(root)
    settings = root / SETTINGS.relative_to("/")
    settings.write_text('[store]\nname = "Nordlys"\n')
    installed(root)
    assert "Nordlys" in settings.read_text()


def test_a_link_that_a_program_of_the_shop_laid_gives_nobody_a_file_of_roots(root: Path) -> None:
    installed(root)
    settings, roots = root / SETTINGS.relative_to("/"), root / "etc/shadow"
    roots.write_text("of root alone\n")
    roots.chmod(0o600)
    settings.unlink()
    settings.symlink_to(roots)
    assert any("is a link" in line for line in installed(root))
    assert roots.stat().st_mode & 0o777 == 0o600
    settings.unlink()
    settings.with_name(f".{settings.name}.fresh").symlink_to(roots)
    installed(root)
    assert roots.read_text() == "of root alone\n"
    assert (settings.is_symlink(), settings.stat().st_mode & 0o777) == (False, 0o640)


def test_a_unit_that_was_changed_by_hand_is_kept_beside_ours(root: Path) -> None:
    installed(root)
    unit = root / UNIT.relative_to("/")
    unit.write_text("[Unit]\nDescription=mine\n")
    installed(root)
    assert "mine" not in unit.read_text()
    assert "mine" in unit.with_name(unit.name + KEPT_BESIDE).read_text()


def test_rules_that_were_changed_by_hand_are_kept_where_chromium_does_not_read_them(root: Path) -> None:
    installed(root, "screen")
    rules = root / POLICIES.relative_to("/")
    rules.write_text('{"URLBlocklist": []}\n')
    installed(root, "screen")
    assert list(rules.parent.iterdir()) == [rules]
    kept = root / SCREEN_ETC.relative_to("/") / (POLICIES.name + KEPT_BESIDE)
    assert json.loads(kept.read_text()) == {"URLBlocklist": []}


def test_an_installation_that_was_cut_short_can_be_taken_away(root: Path) -> None:
    before = {path: content for path, content in tree(root).items() if content is not None}
    half = [action for action in plan(DEBIAN, "shop") if isinstance(action, File)][:3]
    in_the_way = File(Path("/etc/os-release/x"), "a file cannot be below a file, so the work ends here")
    with pytest.raises(OSError):
        Machinist(root, say=lambda _: None).do([*half, in_the_way])
    assert len(tree(root)) > len(before)
    job.uninstall(root, purge=True, dry_run=False, say=lambda _: None)
    assert {path: content for path, content in tree(root).items() if content is not None} == before


def test_secrets_and_settings_are_nobody_elses_to_read(root: Path) -> None:
    installed(root)
    assert (root / SETTINGS.relative_to("/")).stat().st_mode & 0o777 == 0o640
    assert (root / "var/lib/greetline").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"system": "fedora", "title": "Fedora 41"}, "Fedora 41"),
        ({"release": "11", "title": "Debian 11"}, "Debian 11"),
        ({"processor": "armv7l"}, "64-bit"),
        ({"python": (3, 10)}, "3.11"),
    ],
)
def test_a_machine_it_was_not_made_for_is_told_why(changed: dict[str, object], word: str) -> None:
    assert machine.trouble(DEBIAN) is None
    assert word in (machine.trouble(replace(DEBIAN, **changed)) or "")  # type: ignore[arg-type]


def test_a_screen_is_refused_on_ubuntu_before_anything_is_done(root: Path) -> None:
    (root / "etc/os-release").write_text('PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nVERSION_ID="24.04"\n')
    before = tree(root)
    with pytest.raises(Unfit, match=r"Debian or Raspberry Pi OS\..*snap"):
        installed(root, "screen")
    assert tree(root) == before
    installed(root, "shop")


def test_it_wants_to_be_root_before_it_changes_anything(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(machine, "look", lambda _: DEBIAN)
    with pytest.raises(Unfit, match="sudo"):
        job.install(job.Order(), lambda _: None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_ended_is_begun_again_as_soon_a_year_later_as_on_the_first_day(kind: Kind) -> None:
    # systemd counts each restart, that of changed settings too, and nothing but a restart by hand sets its count back (its
    # issue 43813): what waits longer from try to try would keep every shop waiting after some weeks.
    units = [action for action in plan(DEBIAN, kind, page=job.PAGE) if isinstance(action, File) and UNITS in action.path.parents]
    assert units
    assert not [unit.path for unit in units if "RestartSteps" in unit.text or "StartLimitBurst" in unit.text]
    tried = [unit.text for unit in units if "\nRestart=always\n" in unit.text]
    assert tried
    assert all(re.search(r"^RestartSec=(500ms|2)$", text, re.MULTILINE) for text in tried)
    assert all("\nStartLimitIntervalSec=0\n" in text for text in tried), "a shop is never given up"


def test_the_settings_it_begins_with_are_right_and_know_the_zone_of_the_machine(root: Path) -> None:
    installed(root)
    settings = read(Settings, root / SETTINGS.relative_to("/"), environment={})
    assert settings.store.timezone == "Europe/Riga"
    assert settings.store.data == Path("/var/lib/greetline")
    assert settings.dashboard.https
    assert settings.kiosk.https, "the cookies of the customers' screens are marked as those of the staff's"
    assert settings.dashboard.host == "127.0.0.1"
    for screens in (settings.dashboard, settings.kiosk):
        assert str(screens.behind_proxy) == "127.0.0.1", "behind Caddy phones have their own addresses, or share one pace"
    assert tablets(settings).state is State.OK, "and nobody is told to open the screens to the network without it"


def test_the_settings_of_a_camera_box_are_right(root: Path) -> None:
    installed(root, "camera")
    assert read(EdgeSettings, root / "etc/greetline/edge.toml", environment={}).store.data == Path("/var/lib/greetline")


def test_eyes_and_customers_screens_are_wanted_where_the_settings_have_them(tmp_path: Path) -> None:
    file = tmp_path / "greetline.toml"
    assert wanted("cameras", file), "what cannot be read is the program's own to say"
    file.write_text('[[cameras]]\nid = "door"\n')
    assert wanted("cameras", file)
    assert not wanted("services", file)
    assert not wanted("backup.archive_to", file)
    file.write_text('[backup]\narchive_to = "/mnt/stick"\n', encoding="utf-8")
    assert wanted("backup.archive_to", file)


def test_the_locks_are_what_each_kind_of_machine_needs_of_the_whole_lock() -> None:
    whole = (ROOT / narrowing.LOCK).read_text(encoding="utf-8")
    for file, asked in narrowing.KINDS.items():
        kept = (narrowing.LOCKS / file).read_text(encoding="utf-8")
        assert kept == narrowing.narrowed(whole, asked), f"{file}: run `python -m deploy.narrowing`"
        entries = [line for line in kept.splitlines() if not line.startswith(" ")]
        assert len(entries) >= 3
        assert kept.count("--hash=sha256:") >= len(entries)
    assert "pytest==" not in (narrowing.LOCKS / "shop.lock").read_text(encoding="utf-8")
    assert "flask==" not in (narrowing.LOCKS / "camera.lock").read_text(encoding="utf-8")


def test_every_kind_with_a_program_has_its_lock() -> None:
    for kind in PACKAGES:
        locks = [action.locks for action in plan(DEBIAN, kind, page=job.PAGE) if isinstance(action, Program)]
        assert locks == ([(LOCK[kind],)] if LOCK[kind] else [])
    assert plan(DEBIAN, "shop", extras=("voice",)) != plan(DEBIAN, "shop")


def test_a_version_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    first = program.name_of(a_release(tmp_path))
    assert first.startswith("7.1-")
    (tmp_path / "broker/__pycache__").mkdir()
    (tmp_path / "broker/__pycache__/x.pyc").write_text("compiled")
    assert program.name_of(tmp_path) == first
    (tmp_path / "broker/x.py").write_text("new = True\n")
    assert program.name_of(tmp_path) != first


def test_the_version_in_use_changes_in_one_step_and_old_ones_go(tmp_path: Path) -> None:
    versions = [tmp_path / program.VERSIONS / f"1.{n}" for n in range(6)]
    for version in versions:
        version.mkdir(parents=True)
    assert program.current(tmp_path) is None
    assert program.switch(versions[0], tmp_path) is None
    assert program.switch(versions[5], tmp_path) == versions[0]
    assert program.current(tmp_path) == versions[5]
    program.forget_old(tmp_path, spare=(versions[0],))
    left = {path.name for path in (tmp_path / program.VERSIONS).iterdir()}
    assert {"1.5", "1.0"} <= left
    assert len(left) <= program.KEPT_VERSIONS + 2


def test_a_version_whose_python_is_gone_with_the_old_system_is_made_anew_with_all_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = a_release(tmp_path / "release")
    made: list[tuple[str, ...]] = []

    def make(source: Path, locks: list[str], version: Path, scratch: Path, say: object) -> None:
        made.append(tuple(locks))
        (version / "bin").mkdir(parents=True)
        (version / "bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (version / "bin/python").chmod(0o755)

    monkeypatch.setattr(program, "_make", make)
    careful = os.umask(0o077)
    try:
        version = program.put(release, ("shop.lock",), tmp_path)
    finally:
        os.umask(careful)
    for folder in (version, version.parent, version / "bin"):
        assert folder.stat().st_mode & 0o055 == 0o055, "the shop's account runs it, whoever installed it"
    version.chmod(0o700)
    assert program.put(release, ("shop.lock",), tmp_path) == version
    assert made == [("shop.lock",)] * 2, "made anew, for nobody but root could use it"
    del made[0]
    (version / program.WHOLE).write_text("shop.lock\nvoice.lock\n")
    assert program.runs(version)
    assert program.put(release, ("shop.lock",), tmp_path) == version
    assert made == [("shop.lock",)], "it is there, and nothing is made"
    for gone in (tmp_path / "python3.9", Path("/bin/false")):
        (version / "bin/python").unlink()
        (version / "bin/python").symlink_to(gone)
        assert not program.runs(version)
        assert program.put(release, ("shop.lock",), tmp_path) == version
        assert made[-1] == ("shop.lock", "voice.lock"), "what was added later is not forgotten"
        assert program.locks_of(version) == ("shop.lock", "voice.lock")
        assert program.runs(version)
    (version / "bin/python").unlink()

    def fails(*_: object) -> None:
        raise Unfit("no line to the index")

    for way in (fails, make):
        monkeypatch.setattr(program, "_make", way)
        with pytest.raises(Unfit, match="no line") if way is fails else nullcontext():
            program.put(release, ("shop.lock",), tmp_path)
        assert program.locks_of(version) == ("shop.lock", "voice.lock"), "a try that failed forgets nothing"
    assert program.runs(version)
    version.rename(version.with_name(f"{version.name}.before"))
    version.mkdir()
    assert program.put(release, ("shop.lock",), tmp_path) == version, "cut off in the middle"
    assert program.locks_of(version) == ("shop.lock", "voice.lock")


def test_a_folder_that_is_no_release_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="broker is missing"):
        program.put(tmp_path, ("shop.lock",), tmp_path)


def test_a_record_that_cannot_be_read_stops_the_work(root: Path) -> None:
    file = root / RECORD.relative_to("/")
    file.parent.mkdir(parents=True)
    file.write_text("{")
    with pytest.raises(Unfit, match="record"):
        Record.read(file)
