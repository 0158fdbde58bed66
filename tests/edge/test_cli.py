"""`greetline edge` from outside: what it prints, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from broker.contract.messages import Crossing, Watch
from broker.settings import BadSettings, MqttSettings
from edge import starting
from edge.cli import main
from edge.scene import Scene
from edge.source import monotonic
from tests.edge.builders import clip, plain
from tests.edge.test_publisher import STORE, Listener
from tests.service.parts import PATIENCE_S, Process, in_quiet, wait_until

SCENE = "scene:door?seed=3&seconds=20"
LINE = "51.2,201.6,588.8,201.6"


def edge(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def counted(*arguments: str) -> dict[str, Any]:
    done = edge("count", *arguments, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.output)
    return answer


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of the rendered door, so that counting meets a real codec."""
    scene = Scene(seed=3, seconds=20, fps=20)
    path = tmp_path_factory.mktemp("clips") / "door.avi"
    return str(clip(path, (scene.picture(frame / 20) for frame in range(400)), fps=20))


def test_a_clip_is_counted_the_same_on_every_run(film: str) -> None:
    one, other = counted(film, "--line", LINE), counted(film, "--line", LINE)
    for answer in (one, other):
        assert answer.pop("cpu_seconds") > answer.pop("decode_cpu_seconds") > 0
    assert one == other
    truth = Scene(seed=3, seconds=20).crossings()
    assert (one["in"], one["out"]) == tuple(sum(t.direction == way for t in truth) for way in ("in", "out"))
    assert (one["frames"], one["seconds_of_video"]) == (400, 20.0)
    for crossing, true in zip(one["crossings"], truth, strict=True):
        assert crossing["t"] == pytest.approx(true.seconds, abs=0.2)
        assert crossing["frame"] == pytest.approx(true.seconds * 20, abs=4)
        assert crossing["direction"] == true.direction


def test_the_other_side_is_the_other_direction(film: str) -> None:
    up, down = counted(film, "--line", LINE), counted(film, "--line", LINE, "--in", "down")
    assert (up["in"], up["out"]) == (down["out"], down["in"])


def test_without_options_the_line_is_across_the_middle(film: str) -> None:
    assert counted(film)["in"] == counted(film, "--line", "0,180,640,180", "--in", "up")["in"]
    assert counted(film, "--in", "left")["in"] == counted(film, "--line", "320,0,320,360")["in"]


def test_in_words_for_a_person(film: str) -> None:
    said = edge("count", film, "--line", LINE).output
    assert " in, " in said
    assert "times what decoding alone takes" in said


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.mp4"], 3, "there is no file nowhere.mp4"),
        (["scene:window"], 3, "There is: scene:door"),
        ([SCENE, "--view", "angled"], 3, "Set `model` of the camera (--model FILE)"),
        ([SCENE, "--view", "angled", "--model", "nowhere.onnx"], 3, "there is no file nowhere.onnx"),
        ([SCENE, "--line", "1,2,3"], 2, "four numbers"),
        ([SCENE, "--line", "0,0,9000,0"], 2, "640 x 360 pixels"),
        ([SCENE, "--line", "10,10,10,10"], 2, "has no length"),
        ([SCENE, "--line", "10,10,600,10", "--in", "left"], 2, "Say up or down"),
        ([SCENE, "--in", "north"], 2, "'north' is not one of"),
    ],
)
def test_what_cannot_be_counted_is_a_sentence_and_a_code(arguments: list[str], code: int, says: str) -> None:
    done = edge("count", *arguments, "--json")
    assert (done.exit_code, says in done.output) == (code, True), done.output


def test_a_model_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk" * 100)
    done = edge("count", SCENE, "--view", "angled", "--model", str(tmp_path / "junk.onnx"))
    assert done.exit_code == 3
    assert "is not a model that can be loaded" in done.output


def test_help_shows_examples() -> None:
    for command in ("count", "run"):
        assert f"greetline edge {command} " in edge(command, "--help").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--camera", "nowhere.mp4"], "there is no file nowhere.mp4"),
        (["--camera", "scene:window"], "There is: scene:door"),
        (["--camera", "scene:door", "--view", "angled"], "--model FILE"),
        (["--camera", "scene:door", "--line", "0.1,0.5,1.9,0.5"], "less than or equal to 1, read 1.9"),
        (["--camera", "scene:door", "--line", "0.5,0.5,0.5,0.5"], "has no length"),
        (["--camera", "scene:door", "--store", "Oslo City"], "store.id"),
        (["--settings", "nowhere.toml"], "nowhere.toml: there is no such file"),
        ([], "there is no camera: give --camera SOURCE"),
    ],
)
def test_eyes_that_cannot_open_say_why_and_end_with_3(arguments: list[str], says: str, tmp_path: Path) -> None:
    done = edge("run", "--data", str(tmp_path), *arguments)
    assert (done.exit_code, says in done.output) == (3, True), done.output


def test_the_options_lie_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(
        '[store]\nid = "oslo"\n[mqtt]\nhost = "10.0.0.1"\n[[cameras]]\nid = "back"\nsource = "0"\n'
        '[[cameras]]\nid = "front"\nsource = "1"\nframes_per_second = 5\n[[cameras.lines]]\nzone = "shoes"\n'
        'points = [[0.1, 0.2], [0.9, 0.2]]\ninside = "down"\n'
    )
    told = starting.settings(file, "front", {"source": "2", "mqtt_port": 1884, "zone": "hats", "view": None})
    settings, (camera,) = told.settings, told.cameras
    assert (settings.store.id, settings.mqtt.host, settings.mqtt.port) == ("oslo", "10.0.0.1", 1884)
    assert (camera.source, camera.frames_per_second) == ("2", 5)
    assert (camera.lines[0].zone, camera.lines[0].inside, camera.lines[0].points[0]) == ("hats", "down", (0.1, 0.2))
    with pytest.raises(BadSettings, match=r"--camera is about one camera, and the file has 2 \(back, front\); say which with"):
        starting.settings(file, None, {"source": "2"})
    assert [camera.id for camera in starting.settings(file, None, {"mqtt_port": 1884}).cameras] == ["back", "front"]
    with pytest.raises(BadSettings, match="no camera 'side'; it has back, front"):
        starting.settings(file, "side", {})


DRAWN = """
[[cameras]]
id = "door"
source = "scene:door"
[[cameras]]
id = "till"
source = "scene:door"
[[cameras.areas]]
id = "queue"
kind = "queue"
points = [[0.1, 0.2], [0.9, 0.2]]
"""


def test_a_camera_with_a_polygon_of_two_points_is_set_aside_and_named_and_the_others_are_watched(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(DRAWN)
    told = starting.settings(file, None, {})
    assert [camera.id for camera in told.cameras] == ["door"]
    assert [one.id for one in told.aside] == ["till"]
    assert "cameras.1.areas.0.points (camera till): Tuple should have at least 3 items" in told.aside[0].wrong
    assert "An area has 3 to 32 corners" in told.aside[0].wrong
    with pytest.raises(BadSettings, match="camera till"):
        starting.settings(file, "till", {})


def test_when_no_other_camera_is_left_or_more_is_wrong_the_start_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    alone = "[[cameras]]" + DRAWN.split("[[cameras]]")[2]
    for text in (alone, DRAWN + "[store]\nid = 'Oslo City'"):
        file.write_text(text)
        with pytest.raises(BadSettings, match="camera till"):
            starting.settings(file, None, {})


def test_settings_of_other_parts_in_the_environment_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETLINE_DASHBOARD__PORT", "9000")
    monkeypatch.setenv("GREETLINE_STORE__ID", "oslo")
    told = starting.settings(None, None, {"source": "scene:door"})
    assert told.settings.store.id == "oslo"


def test_the_file_of_a_whole_shop_will_do(tmp_path: Path) -> None:
    file = tmp_path / "greetline.toml"
    file.write_text('[dashboard]\nport = 9000\n[[cameras]]\nid = "door"\nsource = "scene:door"\n')
    (camera,) = starting.settings(file, None, {}).cameras
    assert (camera.lines[0].zone, camera.lines[0].inside) == ("entrance", "up")
    assert camera.lines[0].points == ((0.08, 0.56), (0.92, 0.56))


def test_eyes_alone_say_on_the_wire_what_was_rendered(mqtt: MqttSettings, tmp_path: Path) -> None:
    """From the command line to the wire, on each kind of MQTT broker; SIGTERM ends it quickly and says goodbye."""
    folders = (tmp_path / f"box-{number}" for number in count(1))
    # A film does not wait for a box that is busy for long.
    in_quiet(lambda: _say_what_was_rendered(mqtt, next(folders)))


def _say_what_was_rendered(mqtt: MqttSettings, folder: Path) -> None:
    scene, listener = Scene(seed=3, seconds=12, busy=3), Listener(mqtt)
    with listener.link:
        assert listener.link.wait_connected(PATIENCE_S)
        eyes = Process(
            sys.executable, "-m", "edge", "run", "--camera", "scene:door?seed=3&seconds=12&busy=3", "--store", STORE,
            "--camera-id", "door", "--mqtt-port", str(mqtt.port), "--mqtt-host", "127.0.0.1", "--data", str(folder),
            *(("--mqtt-username", mqtt.username, "--mqtt-password-file", str(mqtt.password_file)) if mqtt.username else ()),
        )  # fmt: skip
        try:
            wait_until(lambda: Watch.ENDED in listener.states(), "the end of the scene", within=60)
            begin = monotonic()
        finally:
            assert eyes.stop() == 0, eyes.said
        assert monotonic() - begin < 3
        wait_until(lambda: listener.states()[-1] is Watch.OFFLINE, "the goodbye")
    said = {event.id: event.data for event in listener.hear() if isinstance(event.data, Crossing)}
    assert sorted(c.direction for c in said.values()) == sorted(true.direction for true in scene.crossings())
    assert {c.zone for c in said.values()} == {"entrance"}


def test_eyes_end_when_their_supervisor_is_gone(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    process = _child(read, tmp_path)
    os.close(read)
    threading.Timer(1.5, os.close, (write,)).start()
    assert process.wait(PATIENCE_S) == 0


def _child(read: int, folder: Path) -> Any:
    command = [sys.executable, "-m", "edge", "run", "--camera", "scene:door", "--mqtt-port", "9", "--data", str(folder)]
    return subprocess.Popen(
        command, pass_fds=[read], env=os.environ | {"GREETLINE_LIFELINE_FD": str(read)}, stderr=subprocess.DEVNULL
    )


def test_a_picture_of_nothing_is_counted_as_nobody(tmp_path: Path) -> None:
    still = clip(tmp_path / "still.avi", [plain() for _ in range(30)])
    assert counted(str(still))["crossings"] == []


@pytest.mark.parametrize(
    ("clip", "says"),
    [
        ("scene:door", "scene:door?seconds=60"),
        ("scene:door?busy=2", "scene:door?busy=2&seconds=60"),
        ("rtsp://a:secret@b/c", "edge run"),
    ],
)
def test_what_has_no_end_is_not_counted_to_it(clip: str, says: str) -> None:
    done = edge("count", clip)
    assert (done.exit_code, says in done.output, "secret" in done.output) == (3, True, False), done.output
