"""Which way a camera looks is told from its own video, and the only command that writes a picture asks where to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge import viewing
from edge.cli import main
from edge.scene import Scene
from edge.sightings import Box, Detection, Picture
from edge.viewing import ENOUGH, LOOKS_A_SECOND, Viewing
from tests.edge import builders

LINE = "51.2,201.6,588.8,201.6"


class Knows:
    """A detector that sees the dark figure of the pictures below, or nobody."""

    def __init__(self, everybody: bool) -> None:
        self._everybody = everybody

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        ys, xs = np.nonzero(picture[:, :, 0] < 60)
        if not self._everybody or not len(xs):
            return []
        return [Detection(Box(xs.min(), ys.min(), xs.max(), ys.max()))]


def walking(seconds: float, begins: float = 0.0) -> Iterator[Picture]:
    for look in range(int(seconds * LOOKS_A_SECOND)):
        picture, at = builders.plain(), look / LOOKS_A_SECOND - begins
        if at >= 0:
            x = int(20 + at * 40) % 300
            cv2.ellipse(picture, (x, 90), (16, 24), 0, 0, 360, (30, 40, 50), -1)
        yield picture


def proposed(detector: Knows | None, pictures: Iterator[Picture]) -> viewing.Proposal:
    seen = Viewing(detector)
    for picture in pictures:
        seen.look(picture)
    return seen.proposal(Path("some.onnx"))


def test_where_the_detector_knows_who_moves_the_camera_looks_at_an_angle() -> None:
    proposal = proposed(Knows(True), walking(10))
    assert (proposal.view, proposal.model) == ("angled", Path("some.onnx"))
    assert proposal.sure > 0.8


def test_where_it_knows_nobody_who_moves_the_camera_looks_straight_down() -> None:
    proposal = proposed(Knows(False), walking(10))
    assert (proposal.view, proposal.model) == ("overhead", None)
    assert proposal.sure > 0.8


def test_an_empty_place_is_no_evidence_and_says_so() -> None:
    proposal = proposed(Knows(True), walking(5, begins=99))
    assert (proposal.sure, proposal.why) == (0.0, "nobody was seen")


def test_little_evidence_is_little_certainty() -> None:
    assert 0 < proposed(Knows(True), walking(2)).sure < proposed(Knows(True), walking(10)).sure


def test_while_nobody_comes_the_looking_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "load", lambda model: Knows(True))
    film = builders.clip(tmp_path / "late.avi", walking(24, begins=14), fps=LOOKS_A_SECOND)
    assert viewing.propose(str(film), Path("some.onnx")).view == "angled"


def test_enough_is_so_many_sightings() -> None:
    seen = Viewing(Knows(True))
    for picture in walking(30):
        if seen.enough:
            break
        seen.look(picture)
    assert max(seen.movers, seen.people) == ENOUGH


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_calibrate_proposes_and_keeps_no_picture_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("calibrate", "scene:door?seed=3&seconds=8", "--seconds", "6", "--json")
    told = json.loads(done.stdout)
    assert (told["view"], told["model"], told["width"], told["height"]) == ("overhead", None, 640, 360)
    assert told["seconds"] == pytest.approx(5.9)
    assert list(tmp_path.iterdir()) == []


def test_calibrate_writes_one_picture_where_it_is_told(tmp_path: Path) -> None:
    out = tmp_path / "door.jpg"
    done = run("calibrate", "scene:door?seed=3&seconds=8", "--seconds", "6", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert 'view = "overhead"' in done.stdout
    assert "give --models FOLDER" in done.stdout
    assert cv2.imread(str(out)).shape == (360, 640, 3)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.mp4"], "there is no file nowhere.mp4"),
        (["scene:door?seconds=8", "--models", "nowhere"], "there is no folder nowhere"),
        (["scene:door?seconds=8", "--model", "nowhere.onnx"], "there is no file nowhere.onnx"),
        (["scene:door?seconds=8", "--seconds", "5", "--out", "nowhere/door.jpg"], "Give --out a place that can"),
    ],
)
def test_what_cannot_be_calibrated_is_a_sentence_and_a_code(arguments: list[str], says: str) -> None:
    done = run("calibrate", *arguments)
    assert (done.exit_code, says in done.output) == (3, True), done.output


def test_count_tells_the_view_itself_when_asked(tmp_path: Path) -> None:
    scene = Scene(seed=3, seconds=12, fps=10)
    film = builders.clip(tmp_path / "door.avi", (scene.picture(frame / 10) for frame in range(120)))
    done = run("count", str(film), "--line", LINE, "--view", "auto", "--json")
    assert "view overhead" in done.stderr
    told = json.loads(done.stdout)
    assert told["in"] + told["out"] == len(scene.crossings())


@pytest.mark.footage
@pytest.mark.slow
@pytest.mark.parametrize(
    ("clip", "view"),
    [
        ("shopdoor_overhead.mp4", "overhead"), ("officedoor_a.mp4", "overhead"), ("hall_overhead.avi", "overhead"),
        ("stairs_up.mp4", "angled"), ("walkway_side.mp4", "angled"), ("counter_one_by_one.mp4", "angled"),
        ("checkout_queue.mp4", "angled"), ("garage_night.mp4", "angled"),
    ],
)  # fmt: skip
def test_the_view_of_real_clips_is_told(clip: str, view: str) -> None:
    assert viewing.propose(str(builders.footage(clip)), builders.model("yolox_nano_416.onnx")).view == view
