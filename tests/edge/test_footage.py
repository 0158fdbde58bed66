"""Real clips, counted by eye. They are no part of the project: without them these tests are skipped, and say so."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from broker.settings import CameraSettings
from edge import audit, counting, viewing
from edge.detectors import BadDetector, choose
from edge.pipeline import Pipeline
from edge.sightings import Frame
from edge.source import film
from tests.edge import builders

pytestmark = pytest.mark.footage


def counted(clip: str, model: str | None = None, fps: float = 10) -> tuple[counting.Count, dict]:
    path = builders.footage(clip)
    truth = json.loads(path.with_suffix(".json").read_text())
    line = counting.line_in_pixels(str(path), tuple(truth["line"]), truth["in_dir"])
    camera = CameraSettings(
        id="clip", source=str(path), lines=(line,), frames_per_second=fps,
        view="angled" if model else "overhead", model=builders.model(model) if model else None,
    )  # fmt: skip
    return counting.count(camera), truth


def judge(counted: counting.Count, truth: dict) -> tuple[int, int]:
    """Return how many are right (same direction within a second, each truth once) and how many are false."""
    fps = truth["fps"]
    left = [(c["frame"], c["direction"]) for c in counted.crossings]
    right = 0
    for group, counts in ((truth["events"], 1), (truth.get("optional", []), 0)):
        for event in group:
            direction = "in" if event["dir"] == truth["in_dir"] else "out"
            near = [c for c in left if c[1] == direction and abs(c[0] - event["frame"]) <= fps]
            if near:
                left.remove(min(near, key=lambda c: abs(c[0] - event["frame"])))
                right += counts
    return right, len(left)


@pytest.mark.parametrize("fps", [8, 10, 15])
@pytest.mark.parametrize("clip", ["shopdoor_overhead.mp4", "officedoor_a.mp4"])
def test_the_straight_down_doors_are_counted_rightly(clip: str, fps: float) -> None:
    count, truth = counted(clip, fps=fps)
    right, false = judge(count, truth)
    assert right == 4
    assert false <= (0 if fps == 10 else 1)


def test_the_high_hall_is_counted() -> None:
    right, false = judge(*counted("hall_overhead.avi"))
    assert (right >= 6, false) == (True, 0)


@pytest.mark.parametrize(("clip", "least", "most_false"), [("stairs_up.mp4", 13, 0), ("walkway_side.mp4", 11, 0)])
def test_an_angled_view_is_counted_with_yolox(clip: str, least: int, most_false: int) -> None:
    right, false = judge(*counted(clip, "yolox_nano_416.onnx"))
    assert right >= least
    assert false <= most_false


def test_the_small_model_of_the_same_family_is_understood() -> None:
    right, false = judge(*counted("stairs_up.mp4", "lwpd_192.onnx"))
    assert (right >= 12, false <= 1) == (True, True)


def test_the_three_who_come_into_the_shop_are_three_parties() -> None:
    path = builders.footage("shopdoor_overhead.mp4")
    line = counting.line_in_pixels(str(path), (20, 150, 300, 150), "up")
    camera = CameraSettings(id="clip", source=str(path), lines=(line,))
    pipeline, opened = Pipeline(camera, choose(camera), party_seconds=2.0), film(str(path), 10)
    events = [
        event
        for index, picture in iter(opened.next, None)
        for event in pipeline.look(Frame(index, counting.START + timedelta(seconds=index / 30), picture))
    ]
    assert len({crossed.party for crossed in builders.crossings(events) if crossed.direction == "in"}) == 3


@pytest.mark.slow
def test_the_audit_of_all_clips_reaches_the_goals() -> None:
    truths = sorted(builders.footage("hall_overhead.json").parent.glob("*.json"))
    model, why = viewing.model_in(builders.model("yolox_nano_416.onnx").parent)
    assert why == ""
    sums = audit.totals([audit.audit(truth, audit.How(model=model)) for truth in truths])
    assert (sums["clips"], sums["errors"]) == (len(truths), 0)
    assert sums["right_share"] >= 0.95
    assert sums["false_share"] <= 0.02
    assert sums["visits"] == sums["visits_truth"]
    assert sums["worst_dwell_error_s"] <= 0.5
    assert sums["queue_length_right"] >= 0.95


@pytest.mark.parametrize("model", ["fastestdet_352.onnx", "nanodet_m_320.onnx"])
def test_a_model_of_another_kind_is_refused_with_the_remedy(model: str) -> None:
    path = builders.model(model)
    camera = CameraSettings(id="clip", source="0", view="angled", model=path)
    with pytest.raises(BadDetector, match="Set `model` to a YOLOX model"):
        choose(camera)
