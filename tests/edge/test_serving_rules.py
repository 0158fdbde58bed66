"""The rules of setting a camera up, without a wire: what is forgotten, what fits, what gives way."""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from broker.contract.messages import MAX_STILL_PARTS, STILL_PART_CHARACTERS, Answer, Ask, Command, Refused, StillPart, Watch
from broker.contract.plan import Line, Plan
from broker.settings import CameraSettings
from edge import serving
from edge.detectors.blobs import Blobs
from edge.geometry import BadGeometry
from edge.pipeline import Pipeline
from edge.planfile import PlanFile
from edge.scene import Scene
from edge.serving import Serving, jpeg
from edge.sightings import Frame
from edge.source import Condition
from tests.edge.builders import START, crossings, door
from tests.service.parts import wait_until

WATCHING = Condition(Watch.WATCHING)


class Wire:
    """A publisher without a wire: hands out what it was given and keeps what is answered."""

    def __init__(self, *commands: Command) -> None:
        self.commands, self.answers = deque(commands), list[Answer]()
        self.report_wanted = threading.Event()

    def asked(self) -> Command | None:
        return self.commands.popleft() if self.commands else None

    def answer(self, body: Answer) -> bool:
        self.answers.append(body)
        return True


def line(y: float, *, inside: str = "up", tilt: float = 0.0) -> Line:
    return Line.model_validate({"zone": "entrance", "points": ((0.1, y), (0.9, y + tilt)), "inside": inside})


def served(folder: Path, wire: Wire, **camera: object) -> Serving:
    values = {"id": "door", "source": "scene:door", "lines": [line(0.5).model_dump()]} | camera
    return Serving(CameraSettings.model_validate(values), wire, PlanFile(folder / "plan-door.json"))  # type: ignore[arg-type]


def frame(width: int = 640, height: int = 360, index: int = 0) -> Frame:
    picture = np.random.default_rng(index).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Frame(index, START, picture)


def pipeline(serving: Serving) -> Pipeline:
    plan, detector = serving.begin()
    camera = CameraSettings(id="door", source="scene:door", lines=())
    return Pipeline(camera, detector, party_seconds=2.0, plan=plan)


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (3840, 2160), (7, 9000)])
def test_the_noisiest_picture_fits_in_its_parts(size: tuple[int, int]) -> None:
    wide = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    written = jpeg(serving._at_most(wide, serving.STILL_WIDTH_PX))
    assert 0 < len(written) <= MAX_STILL_PARTS * STILL_PART_CHARACTERS * 3 // 4


def test_the_still_is_forgotten_after_two_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(Command(name=Ask.STILL, request="s-1"))
    serve = served(tmp_path, wire)
    eyes = pipeline(serve)
    eyes.look(frame())
    serve.looked(frame(), eyes)
    serve.turn(WATCHING, eyes)
    serve.looked(frame(index=1), eyes)
    wait_until(lambda: [a for a in wire.answers if isinstance(a, StillPart) and a.part == a.parts], "the picture")
    assert serve._still is not None
    monkeypatch.setattr(serving, "STILL_KEPT_S", 0.0)
    serve.turn(WATCHING, eyes)
    assert serve._still is None
    wire.commands.append(Command(name=Ask.UNIFORM, request="u-1", box=((0, 0), (1, 1))))
    serve.turn(WATCHING, eyes)
    assert isinstance(wire.answers[-1], Refused)
    assert "forgotten" in wire.answers[-1].reason


def test_a_camera_that_stops_giving_pictures_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STILL_WAIT_S", 0.0)
    wire = Wire(Command(name=Ask.STILL, request="s-1"))
    serve = served(tmp_path, wire)
    eyes = pipeline(serve)
    eyes.look(frame())
    serve.looked(frame(), eyes)
    serve.turn(WATCHING, eyes)
    wait_until(lambda: serve.turn(WATCHING, eyes) or wire.answers, "a word")
    assert [type(answer) for answer in wire.answers] == [Refused]
    serve.looked(frame(index=1), eyes)
    assert len(wire.answers) == 1, "nobody waits for it any more"


@pytest.mark.parametrize("watch", [Watch.STARTING, Watch.LOST, Watch.ENDED])
def test_without_a_picture_the_reason_is_told(tmp_path: Path, watch: Watch) -> None:
    wire = Wire(Command(name=Ask.STILL, request="s-1"), Command(name=Ask.WATCH, request="w-1", plan=Plan()))
    serve = served(tmp_path, wire)
    for _ in range(2):
        serve.turn(Condition(watch, "the camera does not answer"), None)
    assert [answer.reason for answer in wire.answers] == ["The camera gives no picture: the camera does not answer."] * 2


def test_a_kept_plan_that_fits_no_more_gives_way_to_the_settings_file(tmp_path: Path) -> None:
    PlanFile(tmp_path / "plan-door.json").keep(Plan(version=3, view="angled", lines=(line(0.4),)))
    wire = Wire()
    serve = served(tmp_path, wire)
    assert serve.plan.version == 3
    plan, detector = serve.begin()
    assert (plan.version, serve.plan.version) == (0, 0)
    assert isinstance(detector, Blobs)
    assert "plan 3 is not used" in serve.trouble
    assert "needs a model" in serve.trouble
    assert wire.report_wanted.is_set()


def test_a_plan_that_turns_out_not_to_fit_the_picture_gives_way_too(tmp_path: Path) -> None:
    # Across at 16:9, along in a picture nine times as high as wide.
    steep = Plan(version=3, lines=(line(0.1, inside="up", tilt=0.8),))
    PlanFile(tmp_path / "plan-door.json").keep(steep)
    serve = served(tmp_path, Wire())
    eyes = pipeline(serve)
    tall = frame(40, 360)
    with pytest.raises(BadGeometry) as wrong:
        eyes.look(tall)
    assert serve.fall_back(wrong.value, eyes)
    eyes.look(tall)
    assert (serve.plan.version, eyes.plan.version) == (0, 0)
    assert not serve.fall_back(wrong.value, eyes), "there is nothing left to fall back to"


def test_counting_goes_on_when_a_new_plan_comes_in_the_middle(tmp_path: Path) -> None:
    scene = Scene(seed=3, seconds=40, busy=1.0)
    own = door(scene)
    wire = Wire()
    serve = Serving(own, wire, PlanFile(tmp_path / "plan-door.json"))  # type: ignore[arg-type]
    eyes, counted, numbers = Pipeline(own, Blobs(), party_seconds=2.0), [], []
    for index in range(400):
        at = index / 10
        counted += crossings(eyes.look(shot := Frame(index, START + timedelta(seconds=at), scene.picture(at))))
        serve.looked(shot, eyes)
        if index == 201:
            numbers.append({track.number for track in eyes.tracks})
        if index == 200:
            numbers.append({track.number for track in eyes.tracks})
            further_in = own.plan.model_copy(update={"version": 1, "lines": (line(0.5).model_copy(update={"id": "inner"}),)})
            wire.commands.append(Command(name=Ask.PLAN, plan=further_in))
            serve.turn(WATCHING, eyes)
    assert (eyes.plan.version, serve.plan.version, serve.trouble) == (1, 1, "")
    assert {one.line for one in counted} == {"door", "inner"}
    assert [one.number for one in counted] == list(range(counted[0].number, counted[0].number + len(counted)))
    assert numbers[0] & numbers[1], "somebody was there, and stayed who they were"
