"""An upgrade of a machine: what it is, the units that a version lays down for that, and who may ask for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import upgrade
from deploy.install import plan
from deploy.install.plan import Kind
from deploy.install.program import Unfit
from deploy.install.record import Record
from deploy.kept import Spool
from deploy.upgrade import Place, Systemd
from tests.deploy.versions import BACKED_UP, Recorded, versions


def test_where_nothing_is_installed_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="greetline install"):
        upgrade.upgrade(Place(tmp_path, ()), tmp_path / "2", Recorded(), lambda: True, lambda _: None)


def test_a_shop_with_a_box_on_one_machine_is_begun_only_when_both_can_use_their_settings(tmp_path: Path) -> None:
    place, new = versions(tmp_path, BACKED_UP, BACKED_UP)
    (new / "bin/python").write_text("#!/bin/sh\necho 'no such view' >&2\nexit 3\n")
    (new / "bin/python").chmod(0o755)
    both, units = Place(place.prefix, (*place.kept, Spool(tmp_path / "edge.toml"))), Recorded()
    assert both.name == "the shop and the camera"
    with pytest.raises(Unfit, match="no such view"):
        upgrade.upgrade(both, new, units, lambda: True, lambda _: None)
    assert units.did == []


def test_a_machine_on_which_the_new_units_cannot_be_laid_down_is_left_as_it_runs(tmp_path: Path) -> None:
    place, new = versions(tmp_path, BACKED_UP, BACKED_UP)
    units = Recorded()
    units.unlaid = Unfit("'http://kiosk # ours' is not the address of a page")
    with pytest.raises(Unfit, match="address of a page"):
        upgrade.upgrade(place, new, units, lambda: True, lambda _: None)
    assert units.did == []


def test_units_that_cannot_be_laid_down_leave_nobody_without_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, new = versions(tmp_path, BACKED_UP, BACKED_UP)
    (new / "bin/python").write_text("#!/bin/sh\necho 'not the address of a page' >&2\nexit 3\n")
    (new / "bin/python").chmod(0o755)
    told = tmp_path / "told"
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    units = Systemd(["greetline-broker.service"], ("shop", "screen"))
    for does in (units.check, units.start):
        with pytest.raises(Unfit, match="address of a page"):
            does(new)
    assert told.read_text().splitlines() == ["daemon-reload", "start greetline-broker.service"]


@pytest.mark.parametrize("kinds", [("shop",), ("camera",), ("shop", "camera")], ids=["a shop", "a box", "both"])
def test_a_version_lays_down_the_units_of_what_the_machine_is_before_they_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: tuple[Kind, ...]
) -> None:
    log, version = tmp_path / "log", tmp_path / "2"
    (version / "bin").mkdir(parents=True)
    for file in (version / "bin/python", tmp_path / "systemctl"):
        file.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    units = ["greetline.target", "greetline-mqtt.service", "greetline-camera.service"]
    Systemd(units, kinds).start(version)
    Systemd(units, kinds).stop()
    assert log.read_text().splitlines() == [
        *(f"-m deploy.install {kind} --files" for kind in kinds),
        "daemon-reload",
        "start greetline.target greetline-mqtt.service greetline-camera.service",
        "stop greetline.target greetline-mqtt.service greetline-camera.service",
    ]


@pytest.mark.parametrize("kind", ["shop", "camera", "screen"])
def test_the_record_says_what_a_machine_is(kind: Kind) -> None:
    assert Record(on=list(plan.OF_KIND[kind])).kinds == (kind,)
    assert Record(on=["greetline.target"]).kinds == ()
    assert Record(on=[*plan.OF_KIND["camera"], *plan.OF_KIND["shop"]]).kinds == ("shop", "camera")


def asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch, on: tuple[str, ...]) -> tuple[int, str]:
    """What `greetline upgrade` answers, and says, on a machine where the units *on* were installed."""
    Record(on=list(on)).write(folder / "installed.json")
    monkeypatch.setattr(upgrade, "RECORD", folder / "installed.json")
    done = CliRunner().invoke(upgrade.command, ["--from", str(folder)])
    return done.exit_code, done.output


def test_on_a_screen_there_is_nothing_to_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = asked_for(tmp_path, monkeypatch, plan.OF_KIND["screen"])
    assert code == 0
    assert "nothing to upgrade here" in said


def test_a_machine_that_is_nothing_of_ours_is_told_how_it_becomes_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = asked_for(tmp_path, monkeypatch, ())
    assert code == 3
    assert "sudo python3 -m deploy.install" in said


def test_whoever_is_not_root_is_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    code, said = asked_for(tmp_path, monkeypatch, plan.OF_KIND["camera"])
    assert code == 3
    assert "sudo" in said
