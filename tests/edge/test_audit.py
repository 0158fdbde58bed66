"""What is right, false and missed; what a zone's figures mean; and what an audit says of files that are not right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from click.testing import CliRunner, Result

from edge import judging
from edge.cli import main
from edge.counting import Count
from edge.scene import SCENES, Scene
from edge.truth import Truth
from tests.edge import builders

FPS = 10.0


def truth(*events: tuple[int, str], optional: Any = (), ignore: Any = (), **more: Any) -> Truth:
    told = {"line": (0, 5, 10, 5), "in_dir": "up", "clip": "a.mp4"} | more
    parts = [[{"frame": frame, "dir": way} for frame, way in group] for group in (events, optional)]
    return Truth.model_validate({**told, "events": parts[0], "optional": parts[1], "ignore_frames": ignore})


def said(*crossings: tuple[int, str], frames: int = 1000) -> Count:
    rows = [{"t": frame / FPS, "frame": frame, "direction": "in" if way == "up" else "out"} for frame, way in crossings]
    return Count(frames=frames, frames_per_second=FPS, crossings=rows)


def figures(counted: Count, known: Truth) -> tuple[int, int, int, int]:
    result = judging.line(counted, known)
    return result.right, result.false, result.missed, result.net_error


@pytest.mark.parametrize(
    ("counted", "known", "expected"),
    [
        pytest.param(said((100, "up")), truth((105, "up")), (1, 0, 0, 0), id="near enough"),
        pytest.param(said((100, "up")), truth((110, "up")), (1, 0, 0, 0), id="exactly a second"),
        pytest.param(said((100, "up")), truth((111, "up")), (0, 1, 1, 0), id="more than a second"),
        pytest.param(said((100, "up")), truth((100, "down")), (0, 1, 1, 2), id="the other way is false and missed"),
        pytest.param(said((100, "up"), (101, "up")), truth((100, "up")), (1, 1, 0, 1), id="each truth is used once"),
        pytest.param(said((108, "up"), (115, "up")), truth((100, "up"), (109, "up")), (2, 0, 0, 0), id="not the nearest first"),
        pytest.param(said(), truth((100, "up"), (200, "down")), (0, 0, 2, 0), id="nothing counted"),
        pytest.param(said((50, "up")), truth(optional=[(50, "up")]), (0, 0, 0, 0), id="optional and counted"),
        pytest.param(said(), truth(optional=[(50, "up")]), (0, 0, 0, 0), id="optional and not counted"),
        pytest.param(said((52, "up")), truth((55, "up"), optional=[(52, "up")]), (1, 0, 0, 0), id="what must be comes first"),
        pytest.param(said((50, "up")), truth(ignore=[(0, 62)]), (0, 0, 0, 0), id="nothing is judged there"),
        pytest.param(said(), truth((50, "up"), ignore=[(0, 62)]), (0, 0, 0, 0), id="nor missed there"),
        pytest.param(said((60, "up")), truth((65, "up"), ignore=[(0, 62)]), (1, 0, 0, 0), id="a truth just after it may be found"),
    ],
)
def test_right_false_and_missed(counted: Count, known: Truth, expected: tuple[int, int, int, int]) -> None:
    assert figures(counted, known) == expected


def test_without_in_dir_the_directions_of_the_events_say_what_runs_across() -> None:
    assert truth((1, "left"), in_dir=None, line=(0, 0, 10, 11)).inside == "left"
    assert truth((1, "down"), in_dir=None, line=(0, 0, 10, 11)).inside == "up"
    assert truth(in_dir=None, line=(5, 0, 5, 9)).inside == "left"


def zone(**told: Any) -> Truth:
    return Truth.model_validate({"clip": "a.mp4", "zone": [(0, 0), (9, 0), (9, 9)], **told})


def stayed(*stays: tuple[float, float]) -> Count:
    return Count(frames=300, frames_per_second=FPS, stays=[{"entered": begin, "left": end} for begin, end in stays])


def test_dwell_is_compared_for_the_visits_that_were_found() -> None:
    known = zone(visits=[{"enter": 10, "leave": 110}, {"enter": 150, "leave": 200}])
    result = judging.zone(stayed((1.2, 10.8), (28.0, 29.0)), known)
    assert (result.visits, result.visits_truth) == (2, 2)
    assert result.dwell_errors == pytest.approx([0.4])


def test_the_length_of_the_queue_is_judged_frame_by_frame_and_either_number_will_do() -> None:
    known = zone(occupancy=[{"start": 0, "end": 9, "people": 1}, {"start": 10, "end": 29, "people": "1-2"}], ignore_frames=[[0, 4]])
    counted = Count(frames=40, frames_per_second=FPS, lengths=[{"t": 0.7, "frame": 7, "people": 1}])
    result = judging.zone(counted, known)
    assert (result.right_frames, result.judged_frames) == (23, 25)
    assert result.visits_truth is None


def audited(*files: Path | str, code: int = 0) -> dict[str, Any]:
    done: Result = CliRunner().invoke(main, ["audit", *map(str, files), "--json"])
    assert done.exit_code == code, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def written(folder: Path, name: str, **told: Any) -> Path:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"clip": f"{name}.avi"} | told))
    return file


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered door on disk with its truth beside it."""
    folder, scene = tmp_path_factory.mktemp("audit"), Scene(seed=3, seconds=20, fps=10)
    builders.clip(folder / "door.avi", (scene.picture(frame / 10) for frame in range(200)))
    events = [{"frame": round(t.seconds * 10), "dir": "up" if t.direction == "in" else "down"} for t in scene.crossings()]
    (x1, y1), (x2, y2) = SCENES["door"].points
    line = [x1 * 640, y1 * 360, x2 * 640, y2 * 360]
    return written(folder, "door", line=line, in_dir="up", events=events, fps=10, frames=200)


def test_a_rendered_door_is_wholly_right(door: Path) -> None:
    answer = audited(door)
    (clip,) = answer["clips"]
    assert (clip["clip"], clip["false"], clip["missed"], clip["net_error"]) == ("door.avi", 0, 0, 0)
    assert clip["right"] == answer["totals"]["right"] == answer["totals"]["truth"] > 3
    assert (clip["view"], clip["detector"]) == ("overhead", "blobs")
    assert "blobs for everything" in clip["why"]


def test_a_line_that_runs_a_little_over_the_edge_ends_at_the_edge(door: Path) -> None:
    told = json.loads(door.read_text())
    (x1, y1, _, y2) = told["line"]
    over = written(door.parent, "over", **(told | {"clip": "door.avi", "line": [x1 - 55, y1, 645, y2]}))
    (clip,) = audited(over)["clips"]
    assert (clip["false"], clip["missed"]) == (0, 0)


def test_a_line_drawn_for_feet_is_crossed_by_feet(door: Path) -> None:
    told = json.loads(door.read_text()) | {"anchor": "bottom_center", "clip": "door.avi"}
    assert audited(written(door.parent, "feet", **told))["clips"][0]["right"] >= 1


def test_what_is_wrong_is_a_sentence_for_its_clip_and_the_others_go_on(door: Path) -> None:
    folder = door.parent
    (folder / "junk.json").write_text("{")
    (folder / "empty.avi").touch()
    line = [0, 100, 600, 100]
    corner = [[0, 0], [9, 0], [9, 9]]
    wrong = {
        folder / "nowhere.json": "there is no truth file",
        folder / "junk.json": "is not JSON",
        written(folder, "absent", line=line): "It must lie beside its truth file",
        written(folder, "empty", line=line): "is not a video that can be read (0 bytes)",
        written(folder, "short", clip="door.avi", line=[10, 10, 10, 10]): "has no length",
        written(folder, "wide", clip="door.avi", line=[10, 10, 9000, 10]): "must lie in the picture, which is 640 x 360",
        written(folder, "two", clip="door.avi", zone=[[0, 0], [9, 9]], visits=[]): "has 2 corners and encloses nothing",
        written(folder, "flat", clip="door.avi", zone=[[0, 0], [9, 9], [18, 18]], visits=[]): "encloses nothing",
        written(folder, "neither", clip="door.avi"): "give either `line` with `events`, or `zone`",
        written(folder, "people", clip="door.avi", zone=corner, occupancy=[{"start": 0, "end": 1, "people": "x"}]): "occupancy.0",
    }  # fmt: skip
    answer = audited(*wrong, door, code=3)
    for clip, says in zip(answer["clips"], wrong.values(), strict=False):
        assert says in clip["error"], clip
    assert "error" not in answer["clips"][-1]
    assert (answer["totals"]["errors"], answer["totals"]["clips"]) == (len(wrong), 1)


def test_a_clip_that_ends_in_the_middle_is_counted_as_far_as_it_goes_and_says_so(door: Path) -> None:
    whole = (door.parent / "door.avi").read_bytes()
    (door.parent / "half.avi").write_bytes(whole[: len(whole) // 2 + 7])
    told = json.loads(door.read_text())
    answer = audited(written(door.parent, "half", **(told | {"clip": "half.avi"})))
    (clip,) = answer["clips"]
    assert clip["right"] >= 1
    assert "only what is there was counted" in clip["warning"]


def test_a_clip_without_one_whole_picture_is_an_error(tmp_path: Path) -> None:
    path = builders.clip(tmp_path / "one.avi", [builders.plain()])
    path.write_bytes(path.read_bytes()[:5000])
    assert not cv2.VideoCapture(str(path)).read()[0]
    answer = audited(written(tmp_path, "one", line=[0, 90, 320, 90]), code=3)
    assert "one.avi" in answer["clips"][0]["error"]


def test_models_of_another_kind_leave_blobs_and_a_sentence(door: Path, tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    (clip,) = audited(door, "--models", tmp_path)["clips"]
    assert clip["detector"] == "blobs"
    assert f"no usable model in {tmp_path}" in clip["why"]
    assert "is not a model that can be loaded" in audited(door, "--model", tmp_path / "junk.onnx", code=3)["clips"][0]["error"]


def test_for_a_person_it_is_a_table(door: Path) -> None:
    done = CliRunner().invoke(main, ["audit", str(door)])
    assert done.exit_code == 0
    assert "door.avi" in done.stdout
    assert "together" in done.stdout


def test_a_stay_that_the_end_of_the_clip_cut_off_counts_where_the_truth_lasts_until_then() -> None:
    counted = Count(frames=1000, frames_per_second=FPS, stays=[{"zone": "zone", "entered": 10.0, "left": 20.0}], unfinished=[90.0])
    lasting = judging.zone(counted, zone(visits=[{"enter": 100, "leave": 200}, {"enter": 900, "leave": 999}]))
    assert (lasting.visits, lasting.visits_truth) == (2, 2)
    left = judging.zone(counted, zone(visits=[{"enter": 100, "leave": 200}]))
    assert (left.visits, left.visits_truth) == (1, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param('{"clip": ' + "1" * 5000 + "}", "no truth file", id="a number without end"),
        pytest.param("[" * 100_000, "no truth file", id="brackets without end"),
        pytest.param('{"clip": "a", "zone": [[0,0],[1,0],[1,1]], "visits": [{"enter": 9, "leave": 3}]}', "enter", id="left before"),
        pytest.param(
            '{"clip": "a", "zone": [[0,0],[1,0],[1,1]], "occupancy": [{"start": 1, "end": 3, "people": "2+"}]}', '"1-2"', id="2+"
        ),
    ],
)
def test_no_truth_file_makes_the_reader_fall_over(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.json").write_text(content)
    found = audited(tmp_path / "a.json", code=3)
    assert says in found["clips"][0]["error"]


@pytest.mark.parametrize(("anchor", "by"), [("center", "centre"), ("bottom_center", "feet"), ("", "auto")])
def test_a_zone_is_judged_by_the_point_its_truth_was_counted_by(anchor: str, by: str, tmp_path: Path, door: Path) -> None:
    from edge.audit import How, _camera

    known = zone(**({"anchor": anchor} if anchor else {}), visits=[])
    assert _camera(known, door.with_suffix(".avi"), How()).areas[0].anchor == by
