"""What a drawn plan would have counted: the same as if its lines had been there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import perf_counter

import numpy as np
import pytest

from broker.contract.messages import MAX_MOMENTS, Direction, LineTrial
from broker.contract.plan import Area, Line, Plan, ZoneKind
from edge.detectors.blobs import Blobs
from edge.geometry import BadGeometry
from edge.paths import KEPT_S, MAX_POINTS, POINT, Paths, Recent
from edge.pipeline import Pipeline
from edge.scene import Scene
from edge.sightings import Frame
from edge.trial import Watching, tried
from tests.edge.builders import SIZE, START, crossings, door, track
from tests.service.parts import in_quiet


def plan(y: float = 0.5, *, id: str = "door", x: tuple[float, float] = (0.0, 1.0), **more: object) -> Plan:
    line = Line(id=id, zone="entrance", points=((x[0], y), (x[1], y)), inside="up")
    return Plan.model_validate({"lines": (line,)} | more)


DRAWN = {"the door's own": 0.56, "further in": 0.4, "further out": 0.75, "at the edge": 0.93}


@dataclass
class Seen:
    """A rendered scene, looked at once: what the door's line counted, and what lines beside it did."""

    paths: Paths = field(default_factory=Paths)
    live: list[tuple[Direction, float]] = field(default_factory=list)
    beside: dict[str, Watching] = field(default_factory=dict)
    end: float = 0.0


@pytest.fixture(scope="module", params=[3, pytest.param(11, marks=pytest.mark.slow)])
def seen(request: pytest.FixtureRequest) -> Seen:
    scene = Scene(seed=request.param, seconds=40, busy=1.5)
    pipeline, seen = Pipeline(door(scene), Blobs(), party_seconds=2.0), Seen()
    for index in range(round(scene.seconds * scene.fps)):
        at = START + timedelta(seconds=index / scene.fps)
        frame = Frame(index, at, scene.picture(index / scene.fps))
        size, seen.end = (frame.width, frame.height), at.timestamp()
        events = pipeline.look(frame)
        seen.live += [(event.direction, event.at.timestamp()) for event in crossings(events)]
        for name, y in DRAWN.items():
            watching = seen.beside.setdefault(name, Watching("r", plan(y, x=(0.08, 0.92)), size, 0.0))
            watching.look(pipeline.tracks, seen.end)
        seen.paths.note(pipeline.tracks, size, seen.end)
    return seen


def trial(seen: Seen, drawn: Plan) -> LineTrial:
    return tried(seen.paths.recent(), drawn)[0]


def test_the_line_that_counted_would_have_counted_the_same(seen: Seen) -> None:
    told = trial(seen, plan(DRAWN["the door's own"], x=(0.08, 0.92)))
    assert told.ins == [way for way, _ in seen.live].count(Direction.IN) > 3
    assert told.outs == [way for way, _ in seen.live].count(Direction.OUT) > 3
    for direction, said in ((Direction.IN, told.ins_ago), (Direction.OUT, told.outs_ago)):
        moments = sorted(seen.end - at for way, at in seen.live if way is direction)
        assert said == pytest.approx(moments, abs=0.7)


@pytest.mark.parametrize("name", DRAWN)
def test_a_line_drawn_elsewhere_would_have_counted_as_if_it_had_been_there(seen: Seen, name: str) -> None:
    told = trial(seen, plan(DRAWN[name], x=(0.08, 0.92)))
    [fresh] = seen.beside[name].said(0.0, last=True).lines
    assert (told.ins, told.outs) == (fresh.ins, fresh.outs)
    assert told.ins + told.outs > 6


def walked(*ways: list[tuple[float, float]]) -> Recent:
    """People walking one after the other, ten places a second."""
    paths, at = Paths(), 0.0
    for number, way in enumerate(ways):
        for step, place in enumerate(way):
            paths.note([track(number, place, hits=step + 1)], SIZE, at)
            at += 0.1
    return paths.recent()


def straight(y1: float, y2: float, *, x: float = 500.0, steps: int = 12) -> list[tuple[float, float]]:
    return [(x, float(y)) for y in np.linspace(y1, y2, steps)]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        pytest.param(straight(700, 300), (1, 0, 0), id="walks in"),
        pytest.param(straight(300, 700), (0, 1, 0), id="walks out"),
        pytest.param(straight(700, 490) + straight(490, 700), (0, 0, 1), id="turns round on the line"),
        pytest.param(straight(700, 300) + straight(300, 700), (1, 1, 0), id="goes in and out again"),
        pytest.param(straight(700, 560) + straight(560, 700), (0, 0, 0), id="comes no nearer than this"),
        pytest.param(straight(700, 490, x=50) + straight(490, 700, x=50), (0, 0, 0), id="turns round beside the line"),
        pytest.param(straight(700, 300, x=50), (0, 0, 0), id="passes beside the line"),
        pytest.param(straight(700, 300, steps=3), (1, 0, 0), id="runs"),
    ],
)
def test_who_counts_and_who_has_turned(way: list[tuple[float, float]], expected: tuple[int, int, int]) -> None:
    [told] = tried(walked(way), plan(x=(0.2, 0.8)))
    assert (told.ins, told.outs, told.turned) == expected


def test_nobody_counts_whom_the_plan_passes_over() -> None:
    mirror = Area(id="mirror", kind=ZoneKind.IGNORE, points=((0.4, 0.0), (0.6, 0.0), (0.6, 1.0), (0.4, 1.0)))
    recent = walked(straight(700, 300), straight(700, 300, x=800))
    assert tried(recent, plan())[0].ins == 2
    assert tried(recent, plan(areas=(mirror,)))[0].ins == 1


def test_who_works_here_counts_neither_way_and_has_not_turned() -> None:
    paths = Paths()
    for step, place in enumerate(straight(700, 300) + straight(300, 700)):
        paths.note([track(1, place, hits=step + 1), track(2, (place[0] + 300, place[1]), hits=step + 1)], SIZE, step / 10, {1})
    [told] = tried(paths.recent(), plan())
    assert (told.ins, told.outs, told.turned) == (1, 1, 0)


def test_patches_of_light_that_cross_no_line_overhead_would_have_crossed_none() -> None:
    paths = Paths()
    for step, place in enumerate(straight(700, 300)):
        paths.note([replace(track(1, place, hits=step + 1), share=0.2)], SIZE, step / 10)
    assert tried(paths.recent(), plan())[0].ins == 0
    assert tried(paths.recent(), plan(view="angled"))[0].ins == 1, "where people hide each other, it may be one"


def test_lines_are_told_apart_and_none_is_none() -> None:
    both = Plan(lines=(*plan(0.4, id="in-front").lines, *plan(0.65, id="behind").lines))
    told = tried(walked(straight(700, 500)), both)
    assert [(line.line, line.ins) for line in told] == [("in-front", 0), ("behind", 1)]
    assert tried(walked(straight(700, 300)), Plan()) == ()
    assert tried(Recent(np.zeros(0, POINT), SIZE, 0.0, 0.0), plan())[0].ins == 0


def test_a_line_that_cannot_be_used_is_refused() -> None:
    along = Plan(lines=(Line(id="door", zone="entrance", points=((0.5, 0.1), (0.5, 0.9)), inside="up"),))
    with pytest.raises(BadGeometry, match="'door' runs up"):
        tried(walked(straight(700, 300)), along)


def an_hour(points: int) -> Recent:
    """A door that people cross all hour without end, as many points as are kept at most."""
    filled = np.zeros(points, POINT)
    steps = np.arange(points)
    y = 700 - 400 * (steps % 40) / 39
    filled["at"], filled["number"], filled["hits"] = steps / points * KEPT_S, steps // 40, 9
    filled["share"] = 1.0
    filled["left"], filled["right"], filled["top"], filled["bottom"] = 450, 550, y - 50, y + 50
    return Recent(filled, SIZE, KEPT_S, KEPT_S)


def test_a_full_hour_of_a_door_that_is_crossed_without_end_is_counted_in_a_second() -> None:
    recent = an_hour(MAX_POINTS)

    def is_counted() -> LineTrial:
        begin = perf_counter()
        [told] = tried(recent, plan())
        assert perf_counter() - begin < 1.0
        return told

    told = in_quiet(is_counted)
    assert told.ins == MAX_POINTS // 40
    assert len(told.ins_ago) == MAX_MOMENTS
    assert list(told.ins_ago) == sorted(told.ins_ago)
    assert told.ins_ago[-1] < 120, "the newest"


def test_a_plan_that_is_watched_says_so_every_second_for_a_minute() -> None:
    areas = (
        Area(id="queue", kind=ZoneKind.QUEUE, points=((0.0, 0.0), (1.0, 0.0), (1.0, 0.45), (0.0, 0.45))),
        Area(id="mirror", kind=ZoneKind.IGNORE, points=((0.9, 0.9), (1.0, 0.9), (1.0, 1.0))),
    )
    watching = Watching("r-1", plan(areas=areas), SIZE, clock=100.0)
    way = straight(700, 300) + [(500.0, 300.0)] * 40
    words = []
    for step, place in enumerate(way):
        watching.look([track(1, place, hits=step + 1), track(2, (980.0, 930.0))], step / 10)
        words.append(watching.word(100.0 + step / 10))
    said = [word for word in words if word]
    assert [word.seconds for word in said] == [1.0, 2.0, 3.0, 4.0, 5.0]
    last = said[-1]
    assert (last.request, last.last, last.lines[0].ins, last.lines[0].outs) == ("r-1", False, 1, 0)
    assert [(area.area, area.people) for area in last.areas] == [("queue", 1), ("mirror", 1)]
    ending = watching.word(160.0)
    assert ending
    assert ending.last
