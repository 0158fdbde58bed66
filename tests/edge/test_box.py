"""Many cameras in one box: each with its own voice, none the victim of another, the newest frame of whoever waited longest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from broker.contract.messages import Crossing, Status, Watch
from broker.settings import CameraSettings, EdgeSettings, LineSettings, MqttSettings, StoreSettings
from edge.box import Box
from edge.detectors import load
from edge.eyes import Eyes
from edge.scene import SCENES, Scene
from edge.sightings import Detection, Picture
from edge.source import NoPictures
from tests.edge.builders import clip, model, plain
from tests.edge.test_publisher import STORE, Listener
from tests.service.parts import PATIENCE_S, in_quiet, wait_until

ACROSS = LineSettings(id="door", zone="entrance", points=SCENES["door"].points, inside="up")
NO_LENGTH = LineSettings(id="door", zone="entrance", points=((0.5, 0.5), (0.5, 0.5)), inside="up")


def camera(id: str, source: str, **more: object) -> CameraSettings:
    return CameraSettings.model_validate({"id": id, "source": source, "lines": (ACROSS,), **more})


@contextmanager
def watched(mqtt: MqttSettings, folder: Path, *cameras: CameraSettings, **broken: str) -> Iterator[tuple[Box, Listener]]:
    """A box that watches *cameras*, some with *broken* settings, and somebody who hears what they say."""
    settings = EdgeSettings(store=StoreSettings(id=STORE, data=folder), mqtt=mqtt)
    box = Box(settings, [(one, folder / f"spool-{one.id}.db", broken.get(one.id, "")) for one in cameras])
    stop, listener = threading.Event(), Listener(mqtt)
    thread = threading.Thread(target=box.run, args=(stop,))
    with listener.link:
        assert listener.link.wait_connected(PATIENCE_S)
        thread.start()
        try:
            yield box, listener
        finally:
            stop.set()
            thread.join(PATIENCE_S)
    assert not thread.is_alive()


def newest(listener: Listener) -> dict[str, Status]:
    """The newest status of each camera."""
    return {said.device: said.data for said in listener.heard if isinstance(said.data, Status)}


def wait_for_states(listener: Listener, expected: dict[str, Watch], within: float = PATIENCE_S) -> dict[str, Status]:
    def as_expected() -> bool:
        listener.hear()
        said = newest(listener)
        return {name: said[name].watch for name in expected if name in said} == expected

    wait_until(as_expected, f"{expected}, heard {newest(listener)}", within)
    return newest(listener)


def eyes_of(box: Box, id: str) -> Eyes:
    return next(eyes for eyes in box.eyes if eyes.camera.id == id)


def test_each_camera_says_what_it_saw_under_its_own_name(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    folders = (tmp_path / f"box-{number}" for number in count(1))
    # A film does not wait for a box that is busy for long.
    in_quiet(lambda: _says_what_it_saw(any_mqtt, next(folders)))


def _says_what_it_saw(mqtt: MqttSettings, folder: Path) -> None:
    folder.mkdir()
    scenes = {"front": Scene(seed=3, seconds=10, busy=3), "back": Scene(seed=8, seconds=10, busy=3)}
    cameras = [camera(name, f"scene:door?seed={scene.seed}&seconds=10&busy=3") for name, scene in scenes.items()]
    with watched(mqtt, folder, *cameras) as (_, listener):
        wait_for_states(listener, dict.fromkeys(scenes, Watch.ENDED))
        for name, scene in scenes.items():
            said = {event.id: event.data for event in listener.heard if event.device == name and isinstance(event.data, Crossing)}
            truth = sorted(crossing.direction for crossing in scene.crossings())
            assert truth
            assert sorted(crossing.direction for crossing in said.values()) == truth
        for status in newest(listener).values():
            assert status.dropped == 0
            assert status.decided_age is not None
            assert status.decided_age < 0.3


def test_the_trouble_of_one_camera_is_said_and_the_others_watch_on(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "notes.mp4").write_text("no video " * 50)
    whole = clip(tmp_path / "whole.avi", [plain(level) for level in range(30)])
    (tmp_path / "broken.avi").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    broken = {
        "none": (camera("none", str(tmp_path / "none.mp4")), "there is no file"),
        "empty": (camera("empty", str(tmp_path / "empty.mp4")), "0 bytes"),
        "notes": (camera("notes", str(tmp_path / "notes.mp4")), "is not a video that can be read"),
        "blind": (camera("blind", "scene:door", view="angled"), "needs a model"),
        "short": (camera("short", "scene:door", lines=(NO_LENGTH,)), "Give two different places"),
        "nowhere": (camera("nowhere", "scene:window"), "There is: scene:door"),
        "early": (camera("early", "scene:door", starts_at="noon"), "is not a time such as"),
    }
    cut = camera("cut", str(tmp_path / "broken.avi"))
    cameras = [camera("door", "scene:door"), cut, camera("aside", "scene:door"), *(one for one, _ in broken.values())]
    with watched(any_mqtt, tmp_path, *cameras, aside="An area has 3 to 32 corners") as (_, listener):
        expected = {"door": Watch.WATCHING, "cut": Watch.ENDED, "aside": Watch.LOST} | dict.fromkeys(broken, Watch.LOST)
        said = wait_for_states(listener, expected)
        for name, (_, reason) in broken.items():
            assert reason in said[name].reason, name
        assert said["aside"].reason == "An area has 3 to 32 corners"


def test_what_is_mended_is_watched_without_a_restart(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    film = tmp_path / "door.avi"
    with watched(any_mqtt, tmp_path, camera("door", str(film)), camera("other", "scene:door")) as (_, listener):
        wait_for_states(listener, {"door": Watch.LOST, "other": Watch.WATCHING})
        clip(film, (Scene(seed=3).picture(step / 10) for step in range(100)))
        wait_for_states(listener, {"door": Watch.WATCHING, "other": Watch.WATCHING})


class Breaking:
    """A detector with a mistake in it."""

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        raise ZeroDivisionError("no people to divide by")


@pytest.mark.parametrize("alone", [True, False])
def test_a_camera_whose_pictures_cannot_be_looked_at_is_lost_and_begun_anew(
    any_mqtt: MqttSettings, tmp_path: Path, alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    others = [] if alone else [camera("other", "scene:door")]
    with watched(any_mqtt, tmp_path, camera("door", "scene:door"), *others) as (box, listener):
        expected = {one.id: Watch.WATCHING for one in others}
        wait_for_states(listener, {"door": Watch.WATCHING} | expected)
        pipeline = eyes_of(box, "door").pipeline
        assert pipeline is not None
        pipeline.detector = Breaking()
        said = wait_for_states(listener, {"door": Watch.LOST} | expected)
        assert "3 pictures in a row could not be looked at (ZeroDivisionError" in said["door"].reason
        wait_for_states(listener, {"door": Watch.WATCHING} | expected)
    assert "camera door: a step failed" in caplog.text


class Slow:
    """A detector that takes the tenth part of what the machine could do in a second."""

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        time.sleep(0.1)
        return []


@pytest.mark.slow
def test_a_box_with_too_much_to_do_drops_evenly_says_so_and_is_never_late(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    """Forty pictures a second for a machine that looks at ten: a quarter each. Films stand for cameras here."""
    folders = (tmp_path / f"box-{number}" for number in count(1))
    in_quiet(lambda: _drops_evenly(any_mqtt, next(folders)))


def _drops_evenly(mqtt: MqttSettings, folder: Path) -> None:
    folder.mkdir()
    names = ("a", "b", "c", "d")
    with watched(mqtt, folder, *(camera(name, f"scene:door?busy=5&seed={ord(name)}") for name in names)) as (box, listener):
        wait_for_states(listener, dict.fromkeys(names, Watch.WATCHING))
        looked = dict.fromkeys(names, 0)
        for eyes in box.eyes:
            assert eyes.pipeline is not None
            eyes.pipeline.detector = Slow()
        # A film waits a second in all for a box that is busy; from then on it is as a camera.
        time.sleep(4)
        before = {eyes.camera.id: eyes.frame for eyes in box.eyes}
        dropped = {eyes.camera.id: eyes.source.dropped for eyes in box.eyes if eyes.source}
        ages: list[float] = []
        until = time.monotonic() + 6
        while time.monotonic() < until:
            for eyes in box.eyes:
                frame = eyes.frame
                if frame is not None and frame is not before[eyes.camera.id] and frame.moment is not None:
                    before[eyes.camera.id] = frame
                    looked[eyes.camera.id] += 1
                    ages.append(time.monotonic() - frame.moment)
            time.sleep(0.005)
        assert min(looked.values()) >= 0.7 * max(looked.values()), looked
        assert min(looked.values()) >= 6, looked
        missed = {eyes.camera.id: eyes.source.dropped - dropped[eyes.camera.id] for eyes in box.eyes if eyes.source}
        assert min(missed.values()) >= 10, missed
        assert sorted(ages)[int(0.9 * len(ages))] < 0.6

        def told() -> bool:
            listener.hear()
            return all((status.dropped or 0) > 0 for status in newest(listener).values())

        wait_until(told, "the dropped frames in each status")


@pytest.mark.parametrize("source", ["none.mp4", "notes.mp4"])
def test_a_camera_that_has_no_other_beside_it_and_can_never_work_ends_the_box(tmp_path: Path, source: str) -> None:
    (tmp_path / "notes.mp4").write_text("no video " * 50)
    settings = EdgeSettings(store=StoreSettings(id=STORE, data=tmp_path), mqtt=MqttSettings(host="127.0.0.1", port=9))
    box = Box(settings, [(camera("door", str(tmp_path / source)), tmp_path / "spool.db", "")])
    with pytest.raises(NoPictures, match=r"^camera door: "):
        box.run(threading.Event())


def test_a_model_is_in_memory_once_however_many_cameras_use_it() -> None:
    found = model("lwpd_192.onnx")
    assert load(found) is load(found)
