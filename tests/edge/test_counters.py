"""A counter through the whole pipeline: boxes in, words out; what is said at the start, after a gap, and of a new plan."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from broker.contract.messages import Outcome, ZoneCount, ZoneStay
from broker.contract.plan import Area, Plan, ZoneKind
from broker.settings import AreaSettings, CameraSettings
from edge import counting
from edge.pipeline import Pipeline
from edge.sightings import Counted, Detection, Event, Frame, Picture, Stayed
from edge.tracker import ANGLED_MEMORY_S, OVERHEAD_MEMORY_S
from tests.edge import builders
from tests.edge.builders import START

FPS = 10
SIZE = (640, 360)
LINE = Area(id="line", zone="till", kind=ZoneKind.QUEUE, points=((0.05, 0.3), (0.5, 0.3), (0.5, 0.9), (0.05, 0.9)))
DESK = Area(id="desk", zone="till", kind=ZoneKind.SERVICE, points=((0.5, 0.3), (0.95, 0.3), (0.95, 0.9), (0.5, 0.9)))
QUEUE, TILL, DOOR = (160.0, 220.0), (470.0, 220.0), (470.0, 20.0)
Way = list[tuple[float, tuple[float, float]]]


class Script:
    """A detector that knows the ways of everybody."""

    def __init__(self, *ways: Way) -> None:
        self.ways = ways
        self.second = 0.0

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        found = []
        for way in self.ways:
            for (t1, (x1, y1)), (t2, (x2, y2)) in pairwise(way):
                if t1 <= self.second < t2:
                    share = (self.second - t1) / (t2 - t1)
                    found.append(Detection(builders.box((x1 + share * (x2 - x1), y1 + share * (y2 - y1)), 60)))
        return found


def eyes(*ways: Way, areas: tuple[Area, ...] = (LINE, DESK)) -> tuple[Pipeline, Script]:
    script = Script(*ways)
    camera = CameraSettings(id="till", source="0", areas=tuple(AreaSettings(**area.model_dump()) for area in areas))
    return Pipeline(camera, script, party_seconds=2), script


def run(pipeline: Pipeline, script: Script, begin: float, end: float) -> list[Event]:
    """Show it every tenth of a second from *begin* to *end*; something moves in every picture."""
    said: list[Event] = []
    for step in range(round(begin * FPS), round(end * FPS)):
        script.second = step / FPS
        picture = np.full((SIZE[1], SIZE[0], 3), 40 + 90 * (step % 2), np.uint8)
        said += pipeline.look(Frame(step, START + timedelta(seconds=script.second), picture))
    return said


def counts(said: list[Event], area: str = "line") -> list[tuple[float, int]]:
    return [((e.at - START).total_seconds(), e.people) for e in said if isinstance(e, Counted) and e.area == area]


def stays(said: list[Event]) -> list[tuple[str, int, Outcome | None]]:
    return [(e.area, round(e.seconds), e.outcome) for e in said if isinstance(e, Stayed)]


def test_who_waits_and_is_served_is_told_in_words_of_the_wire() -> None:
    said = run(*eyes([(2, QUEUE), (22, QUEUE), (22.8, TILL), (40, TILL), (41, DOOR), (60, DOOR)]), 0, 55)
    assert stays(said) == [("line", 20, Outcome.SERVED), ("desk", 18, None)]
    assert max(people for _, people in counts(said)) == 1
    assert counts(said)[-1][1] == 0
    assert [e.longest for e in said if isinstance(e, Counted) and e.longest is not None and not 0 <= e.longest < 40] == []
    assert any(e.longest for e in said if isinstance(e, Counted)), "as soon as they have entered"
    left = next(second for second, people in counts(said) if second > 20 and not people)
    assert left < 25, "who is seen at the till is not in the queue any more, however the tracker lost them on the way"
    for event in said:
        if isinstance(event, Stayed):
            ZoneStay(zone=event.zone, area=event.area, kind=event.kind, seconds=event.seconds, outcome=event.outcome)
        elif isinstance(event, Counted):
            ZoneCount(zone=event.zone, area=event.area, kind=event.kind, people=event.people, longest=event.longest)


def test_eyes_that_start_say_zero_so_that_no_old_number_stands() -> None:
    said = run(*eyes(), 0, 5)
    assert [(e.area, e.people) for e in said if isinstance(e, Counted)] == [("desk", 0), ("line", 0)]
    assert counts(said)[0][0] <= 4


def test_eyes_that_start_before_a_queue_say_the_true_number() -> None:
    said = run(*eyes([(0, QUEUE), (60, QUEUE)], [(0, (250, 300)), (60, (250, 300))]), 0, 8)
    assert counts(said)[-1][1] == 2


def test_a_number_that_stays_is_said_again_now_and_then_and_not_oftener() -> None:
    said = run(*eyes([(0, QUEUE), (99, QUEUE)]), 0, 95)
    moments = [second for second, people in counts(said) if people]
    assert 3 <= len(moments) <= 5
    assert all(later - sooner >= 1 for sooner, later in pairwise(moments))


def test_after_a_gap_nothing_old_is_said() -> None:
    pipeline, script = eyes([(0, QUEUE), (20, QUEUE), (60, QUEUE), (90, QUEUE)])
    run(pipeline, script, 0, 20)
    said = run(pipeline, script, 60, 70)
    assert [people for _, people in counts(said)] == [1], "not 0 first: somebody stands there"
    assert counts(said)[0][0] < 64


def test_an_area_that_a_new_plan_leaves_out_is_said_to_be_empty() -> None:
    pipeline, script = eyes([(0, QUEUE), (60, QUEUE)])
    run(pipeline, script, 0, 10)
    pipeline.replan(Plan(version=1, areas=(DESK,)))
    said = run(pipeline, script, 10, 20)
    assert counts(said) == [(10.0, 0)]


def test_a_camera_that_is_told_it_looks_at_an_angle_waits_longer_for_whoever_is_hidden() -> None:
    pipeline, script = eyes([(0, QUEUE), (60, QUEUE)])
    run(pipeline, script, 0, 1)
    for view, seconds in (("angled", ANGLED_MEMORY_S), ("overhead", OVERHEAD_MEMORY_S), ("angled", ANGLED_MEMORY_S)):
        pipeline.replan(pipeline.plan.model_copy(update={"view": view}))
        assert pipeline._tracker.memory_s == seconds


@pytest.mark.slow
@pytest.mark.footage
def test_six_customers_of_the_real_counter_are_six_services_of_the_right_length() -> None:
    clip, model = builders.footage("counter_one_by_one.mp4"), builders.model("yolox_nano_416.onnx")

    def square(left: int, right: int) -> tuple[tuple[float, float], ...]:
        return tuple((x / 768, y / 432) for x, y in ((left, 60), (right, 60), (right, 432), (left, 432)))

    areas = (
        AreaSettings(id="line", zone="till", kind=ZoneKind.QUEUE, points=square(0, 330)),
        AreaSettings(id="desk", zone="till", kind=ZoneKind.SERVICE, points=square(330, 580)),
    )
    camera = CameraSettings(id="till", source=str(clip), view="angled", model=model, areas=areas)
    found = [stay["left"] - stay["entered"] for stay in counting.count(camera, cost=False).stays]
    services = [seconds for seconds in found if seconds > 5]
    true = [12.3, 20.6, 18.2, 10.4, 26.7, 10.8]
    assert len(services) == 6
    assert all(abs(one - other) <= 1.2 for one, other in zip(services, true, strict=True)), services
