"""What was installed is taken away when somebody means it, all of it, also after a first try that was cut short."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

import pytest

from deploy.install import __main__ as installer
from deploy.install import job, program, run
from deploy.install.plan import OF_KIND, SETTINGS, UNITS, Kind
from deploy.install.record import KNOWN_BY, RECORD, Record
from deploy.install.run import Machinist
from tests.deploy.machines import a_bare_debian, installed, tree

UNIT = UNITS / "greetline.target"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_bare_debian(tmp_path)


def files(root: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(root).items() if content is not None}


def recorded(root: Path) -> Record:
    return Record.read(root / RECORD.relative_to("/"))


def begun(root: Path, *kinds: Kind) -> None:
    """Write into the record that the units of *kinds* run: below another root nobody starts them."""
    record = recorded(root)
    record.on = [unit for kind in kinds for unit in OF_KIND[kind]]
    record.write(root / RECORD.relative_to("/"))


def taken_away(root: Path, *words: str) -> int:
    return installer.main([*words, "--uninstall", "--root", str(root)])


@pytest.mark.parametrize(
    ("kinds", "word"),
    [
        (("shop",), "this machine is a shop"),
        (("shop", "screen"), "a shop and a screen, and a part alone"),
        ((), "no kind of machine"),
    ],
    ids=["a shop", "a shop with a screen", "what was left of a shop"],
)
def test_whoever_wants_a_screen_gone_loses_no_shop(
    kinds: tuple[Kind, ...], word: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(root, "shop")
    begun(root, *kinds)
    before = tree(root)
    for more in ([], ["--purge", "--yes"], ["--dry-run"]):
        assert taken_away(root, "screen", *more) == installer.EXIT_FAULT
        assert word in capsys.readouterr().err
    assert tree(root) == before


@pytest.mark.parametrize("kind", KNOWN_BY)
def test_a_machine_that_is_what_was_said_is_taken_away(kind: Kind, root: Path) -> None:
    before = files(root)
    installed(root, kind)
    begun(root, kind)
    assert taken_away(root, kind, "--purge", "--yes") == 0
    assert files(root) == before


def test_a_word_that_was_left_out_still_makes_a_shop() -> None:
    assert installer.words().parse_args([]).kind is None
    assert job.Order().kind == "shop"


@pytest.mark.parametrize("said", ["", "\n", "n\n", "store\n"], ids=["nobody there", "nothing", "no", "something"])
@pytest.mark.parametrize("kind", ["shop", "camera"])
def test_what_nobody_can_make_again_is_purged_only_for_whoever_says_yes(
    kind: Kind, said: str, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = files(root)
    installed(root, kind)
    before = tree(root)
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    assert taken_away(root, "--purge") == installer.EXIT_LEFT
    assert job.GONE in capsys.readouterr().out
    assert tree(root) == before
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert taken_away(root, "--purge") == 0
    assert files(root) == bare


def test_what_a_first_uninstallation_kept_is_asked_for_too(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(root)
    capsys.readouterr()
    assert taken_away(root, "--dry-run") == 0
    said = capsys.readouterr().out.splitlines()
    assert f"keep {SETTINGS}" in said
    assert f"remove {UNITS / 'greetline-broker.service'}" in said
    assert f"remove {program.PREFIX}" in said
    assert taken_away(root) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert taken_away(root, "--purge") == installer.EXIT_LEFT
    assert (root / SETTINGS.relative_to("/")).exists()
    capsys.readouterr()
    assert taken_away(root, "--purge", "--dry-run") == 0
    assert f"remove {SETTINGS}" in capsys.readouterr().out.splitlines()
    assert taken_away(root, "--purge", "--yes") == 0
    assert not (root / SETTINGS.relative_to("/")).exists()


def test_a_screen_holds_nothing_that_anybody_is_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(root, "screen")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert taken_away(root, "--purge") == 0


def with_a_version(root: Path) -> None:
    prefix = root / program.PREFIX.relative_to("/")
    (prefix / program.VERSIONS / "1").mkdir(parents=True)
    program.switch(prefix / program.VERSIONS / "1", prefix)


class Cut(Exception):
    """The power is gone."""


@pytest.mark.parametrize("purge", [False, True], ids=["kept", "purged"])
@pytest.mark.parametrize(
    "place",
    [(Machinist, "_take_folder"), (Machinist, "_take_program"), (Record, "write"), (shutil, "rmtree")],
    ids=["at the folders", "at the program", "at the record", "at what is in a folder"],
)
def test_one_that_was_cut_short_is_finished_by_doing_it_again(
    purge: bool, place: tuple[object, str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = files(root)
    installed(root)
    with_a_version(root)

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as power:
        power.setattr(*place, cut)
        if place[1] != "write" or not purge:
            with pytest.raises(Cut):
                Machinist(root, say=lambda _: None).undo(purge=purge)
            assert str(SETTINGS) in recorded(root).files, "else nobody knows what is to be taken away"
    job.uninstall(root, purge=purge, dry_run=False, say=lambda _: None)
    assert not (root / UNIT.relative_to("/")).exists()
    assert not (root / program.PREFIX.relative_to("/") / program.VERSIONS).exists()
    assert (root / SETTINGS.relative_to("/")).exists() is not purge
    job.uninstall(root, purge=True, dry_run=False, say=lambda _: None)
    assert files(root) == bare


SYSTEMCTL = """#!/bin/sh
echo "$@" >> {told}
[ "$1" = disable ] || exit 0
for word; do
  case "$word" in *.service|*.timer|*.path|*.target) [ -e {units}/"$word" ] || {{ echo "no such unit: $word" >&2; exit 1; }};; esac
done
"""
"""As the real one it refuses to switch off what it has no file of."""


def test_units_that_an_earlier_try_took_away_do_not_stop_the_next(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(root)
    begun(root, "shop")
    told, units = root / "told", root / UNITS.relative_to("/")
    (root / "bin").mkdir()
    (root / "bin/systemctl").write_text(SYSTEMCTL.format(told=told, units=units))
    (root / "bin/systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(root / "bin"), prepend=os.pathsep)
    (units / "greetline-broker.service").unlink()
    machinist = Machinist(root, say=lambda _: None)
    # As on the machine itself, but for its files: those are below the root.
    monkeypatch.setattr(machinist, "_here", True)
    machinist.record.off = ["caddy.service"]
    machinist.undo(purge=False)
    said = told.read_text().splitlines()
    assert said[0].startswith("disable ")
    assert "greetline-broker.service" not in said[0]
    assert "greetline-kiosk.service" in said[0]
    assert any(line.startswith("enable ") and "caddy.service" in line for line in said)
    told.unlink()
    again = Machinist(root, say=lambda _: None)
    monkeypatch.setattr(again, "_here", True)
    again.record.on = [*OF_KIND["shop"]]
    again.undo(purge=False)
    assert not told.exists(), "nothing of ours is there to be switched off"


def test_what_is_kept_lets_everybody_in_to_the_next_version_however_careful_whoever_uninstalls_is(root: Path) -> None:
    installed(root)
    before = os.umask(0o077)
    try:
        job.uninstall(root, purge=False, dry_run=False, say=lambda _: None)
    finally:
        os.umask(before)
    prefix = root / program.PREFIX.relative_to("/")
    assert (prefix / RECORD.name).exists()
    assert prefix.stat().st_mode & 0o055 == 0o055


def test_a_program_that_cannot_be_run_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = root / "closed"
    closed.write_text("#!/bin/sh\n")
    for command in (str(closed), str(root / "none")):
        with pytest.raises(program.Unfit, match=r"`.*/(closed|none) x` could not be run"):
            Machinist(root)._run([command, "x"])
    monkeypatch.setattr(run, "COMMAND_SECONDS", 0.2)
    with pytest.raises(program.Unfit, match="timed out"):
        Machinist(root)._run(["sleep", "5"])
