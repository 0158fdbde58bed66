"""A camera box is put to another version and watches again within seconds; one that does not is taken back, with nothing lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import upgrade
from deploy.fault import Fault
from deploy.install import plan, program
from deploy.install.program import Unfit
from deploy.kept import Spool
from deploy.upgrade import Place, Steady, WentBack
from tests.deploy.versions import SATISFIED, Recorded, versions

WATCHES = "#!/bin/sh\necho {} >> spool\nexec sleep 60\n"
DIES = "#!/bin/sh\necho {} >> spool\nsleep 0.3\nexit 1\n"
"""It watches, and ends at its second breath, again and again."""
REAL = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
"""What a version is asked of the settings is asked of ours."""


class Box:
    """A camera box that watches with its version 1; what ends is started again, as systemd would."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder, folder / "edge.toml"
        self.settings.write_text(f'[store]\ndata = "{folder}"\n')
        (folder / "spool").write_text("what waits\n")
        self.place = Place(folder / "opt", (Spool(self.settings),))
        self.version_now, self.process, self.again = folder, None, 0
        self.started: list[str] = []
        self.said: list[str] = []
        self.old = self.version("1", WATCHES)
        program.switch(self.old, self.place.prefix)
        self.start(self.old)

    def version(self, name: str, text: str, python: str = SATISFIED) -> Path:
        made = self.place.prefix / program.VERSIONS / name
        (made / "bin").mkdir(parents=True)
        for file, holds in (("greetline", text.format(f"seen by {name}")), ("python", python)):
            (made / "bin" / file).write_text(holds)
            (made / "bin" / file).chmod(0o755)
        return made

    def check(self, new: Path) -> None:
        assert new.exists()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        self.process = None

    def start(self, version: Path) -> None:
        self.started.append(version.name)
        self.version_now, self.again = version, 0
        self._begin()

    def _begin(self) -> None:
        self.process: subprocess.Popen[bytes] | None = subprocess.Popen([self.version_now / "bin/greetline"], cwd=self.folder)

    def show(self) -> dict[str, str]:
        if self.process and self.process.poll() is not None:
            self.again += 1
            self._begin()
        pid = self.process.pid if self.process else 0
        return {"ActiveState": "active" if pid else "inactive", "MainPID": str(pid), "NRestarts": str(self.again)}

    def upgrade(self, new: Path) -> None:
        upgrade.upgrade(self.place, new, self, Steady(self.show, needed=True), self.said.append)

    @property
    def in_use(self) -> Path | None:
        return program.current(self.place.prefix)

    @property
    def waits(self) -> list[str]:
        return (self.folder / "spool").read_text().splitlines()


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr(upgrade, "STEADY_SECONDS", 0.8)
    monkeypatch.setattr(upgrade, "READY_SECONDS", 2.0)
    monkeypatch.setattr(upgrade, "LOOK_SECONDS", 0.05)
    made = Box(tmp_path)
    yield made
    made.stop()


def test_a_box_watches_with_the_new_version_and_what_waits_stays(box: Box) -> None:
    new = box.version("2", WATCHES)
    box.upgrade(new)
    assert box.in_use == new
    assert box.started == ["1", "2"]
    assert box.waits == ["what waits", "seen by 1", "seen by 2"]
    assert "stopping the camera" in box.said
    assert not any("backup" in line for line in box.said)


def test_a_version_whose_eyes_end_at_their_second_breath_is_taken_back_and_what_they_saw_stays(box: Box) -> None:
    with pytest.raises(WentBack, match="Not well 2 s after the start: the camera"):
        box.upgrade(box.version("2", DIES))
    assert box.in_use == box.old
    assert box.started == ["1", "2", "1"]
    assert box.show()["ActiveState"] == "active"
    assert set(box.waits) == {"what waits", "seen by 1", "seen by 2"}


def test_where_the_version_of_before_does_not_watch_any_more_either_it_says_so(box: Box) -> None:
    (box.old / "bin/greetline").write_text(DIES)
    with pytest.raises(Fault, match="Neither version works now") as wrong:
        box.upgrade(box.version("2", DIES))
    assert box.in_use == box.old
    assert f"In use is {box.old.name}." in wrong.value.message
    assert "The backup is" not in wrong.value.message


def test_settings_that_the_new_eyes_refuse_are_found_before_the_camera_stops(box: Box) -> None:
    box.settings.write_text('[store]\ndata = "var"\n[[cameras]]\nid = "cam-door"\nsauce = "scene:door"\n')
    with pytest.raises(Unfit, match="Did you mean source"):
        box.upgrade(box.version("2", WATCHES, REAL))
    assert box.in_use == box.old
    assert box.started == ["1"]


def test_whoever_goes_away_from_a_box_in_the_middle_finds_one_that_watches(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def left_alone(version: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGHUP)
        begin(version)

    begin = box.start
    monkeypatch.setattr(box, "start", left_alone)
    new = box.version("2", WATCHES)
    box.upgrade(new)
    assert box.in_use == new
    assert box.show()["ActiveState"] == "active"


def test_on_a_box_what_cannot_be_stopped_is_started_again(tmp_path: Path) -> None:
    place, new = versions(tmp_path, SATISFIED, SATISFIED)
    (new / "bin/python").symlink_to("greetline")
    units = Recorded(Unfit("the camera does not end"))
    with pytest.raises(Unfit, match="does not end"):
        upgrade.upgrade(Place(place.prefix, (Spool(tmp_path / "edge.toml"),)), new, units, lambda: True, lambda _: None)
    assert units.did == ["stop", "start 1"]


def test_the_eyes_judge_the_settings_of_a_box_by_what_a_box_has(tmp_path: Path) -> None:
    line = '[[cameras.lines]]\nzone = "garage"\npoints = [[0.1, 0.5], [0.9, 0.5]]\ninside = "up"\n'
    (tmp_path / "edge.toml").write_text(f'[[cameras]]\nid = "cam-door"\nsource = "scene:door"\n{line}')
    upgrade.need_usable(tmp_path / "edge.toml")
    with (tmp_path / "edge.toml").open("a") as settings:
        settings.write('colour = "red"\n')
    with pytest.raises(Fault, match="is not a setting"):
        upgrade.need_usable(tmp_path / "edge.toml")


def test_a_box_that_runs_without_one_camera_that_is_drawn_wrong_can_be_changed(tmp_path: Path) -> None:
    line = '[[cameras.lines]]\nzone = "entrance"\npoints = [[0.1, 0.5], [{}, 0.5]]\ninside = "up"\n'
    camera = '[[cameras]]\nid = "{}"\nsource = "scene:door"\n'
    both = "".join(camera.format(name) + line.format(x) for name, x in (("cam-a", 0.9), ("cam-b", 1.9)))
    (tmp_path / "edge.toml").write_text(both)
    upgrade.need_usable(tmp_path / "edge.toml")


def test_a_box_that_has_no_camera_yet_has_settings_that_can_be_used(tmp_path: Path) -> None:
    shutil.copy(Path(plan.__file__).with_name("edge.toml"), tmp_path)
    upgrade.need_usable(tmp_path / "edge.toml")


def unit(state: str, process: int = 0, again: int = 0) -> dict[str, str]:
    return {"ActiveState": state, "MainPID": str(process), "NRestarts": str(again)}


@pytest.mark.parametrize(
    ("needed", "looks", "answers"),
    [
        pytest.param(True, [unit("active", 7)] * 3, [False, True, True], id="goes on"),
        pytest.param(
            True, [unit("active", 7), unit("active", 7), unit("active", 9, 1)], [False, True, False], id="was started again"
        ),
        pytest.param(True, [unit("activating", 7)] * 2, [False, False], id="has not said that it is ready"),
        pytest.param(True, [unit("inactive")] * 2, [False, False], id="says that there is nothing to do"),
        pytest.param(False, [unit("inactive")] * 2, [False, True], id="has nothing to do"),
        pytest.param(False, [unit("activating", again=3)] * 2, [False, False], id="ends although it has nothing to do"),
        pytest.param(False, [{}, {}], [False, False], id="nobody knows"),
    ],
)
def test_eyes_are_well_that_run_as_they_did_a_moment_ago(needed: bool, looks: list[dict[str, str]], answers: list[bool]) -> None:
    coming = iter(looks)
    steady = Steady(lambda: next(coming), needed=needed)
    assert [steady() for _ in looks] == answers


def test_systemd_is_asked_how_the_eyes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert upgrade.shown("greetline-camera.service") == {}, "there is none to ask"
    told = tmp_path / "systemctl"
    told.write_text("#!/bin/sh\necho ActiveState=active\necho MainPID=7\necho NRestarts=0\n")
    told.chmod(0o755)
    assert upgrade.shown("greetline-camera.service") == unit("active", 7)
    told.write_text("#!/bin/sh\necho ActiveState=active\nexit 1\n")
    assert upgrade.shown("greetline-camera.service") == {}, "it knows nothing"
