"""Detectors that run a model: which is chosen, what they see, and what they say of a model that will not do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broker.settings import CameraSettings
from edge.detectors import BadDetector, Detector, Kind, choose, load
from edge.detectors.blobs import Blobs
from edge.detectors.cv2dnn import Cv2Dnn
from edge.detectors.onnx import Onnx
from edge.detectors.onnxfile import NotOnnx, input_shape
from edge.sightings import Box
from edge.tracker import SURE_SCORE
from tests.edge import builders, tiny_models
from tests.edge.test_footage import counted, judge

RUNTIMES: tuple[Kind, ...] = ("onnx", "cv2dnn")


def camera(**given: Any) -> CameraSettings:
    return CameraSettings(id="stairs", source="0", **({"view": "angled"} | given))


def refusal(model: Path, kind: Kind = "auto") -> str:
    with pytest.raises(BadDetector) as refused:
        choose(camera(model=model, detector=kind))
    return str(refused.value)


def seen(detector: Detector, picture: np.ndarray) -> list[tuple[Box, float]]:
    found = detector.find(picture, picture)
    assert found is not None
    return [(one.box, one.score) for one in found]


@pytest.fixture
def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def test_a_camera_that_looks_straight_down_needs_no_model(tmp_path: Path) -> None:
    assert isinstance(choose(camera(view="overhead")), Blobs)
    assert isinstance(choose(camera(view="overhead", model=tmp_path / "any.onnx")), Blobs)


def test_at_an_angle_an_onnx_model_is_run_by_onnxruntime(tmp_path: Path) -> None:
    assert isinstance(choose(camera(model=tiny_models.onnx(tmp_path / "tiny.onnx"))), Onnx)


def test_and_by_opencv_where_that_is_not_installed(tmp_path: Path, without_onnxruntime: None) -> None:
    assert isinstance(choose(camera(model=tiny_models.onnx(tmp_path / "tiny.onnx"))), Cv2Dnn)


def test_whoever_asks_for_onnxruntime_is_told_how_to_have_it(tmp_path: Path, without_onnxruntime: None) -> None:
    assert "pip install 'greetline[edge]'" in refusal(tiny_models.onnx(tmp_path / "tiny.onnx"), "onnx")


def test_at_an_angle_an_openvino_network_is_run_by_openvino(tmp_path: Path) -> None:
    network = tiny_models.openvino(tmp_path / "tiny.xml")
    assert type(choose(camera(model=network))).__name__ == "OpenVino"


def test_a_model_is_found_by_its_name(tmp_path: Path) -> None:
    tiny_models.onnx(tmp_path / "yolox_nano_416.onnx")
    assert isinstance(choose(camera(model=tmp_path / "yolox-nano")), Onnx)


@pytest.mark.parametrize("kind", RUNTIMES)
def test_somebody_is_seen_where_they_are_however_large_the_picture(kind: Kind, tmp_path: Path) -> None:
    detector = load(tiny_models.onnx(tmp_path / "tiny.onnx"), kind)
    for scale in (1, 3, 20):
        size = tiny_models.SIDE * scale
        ((box, score),) = seen(detector, builders.plain(255, (size, size)))
        expected = [side * scale for side in tiny_models.WHO]
        assert [box.left, box.top, box.right, box.bottom] == pytest.approx(expected, abs=0.01 * scale)
        assert score == 1.0
        assert seen(detector, builders.plain(0, (size, size))) == []


@pytest.mark.parametrize("kind", RUNTIMES)
def test_half_sure_begins_no_track(kind: Kind, tmp_path: Path) -> None:
    detector = load(tiny_models.onnx(tmp_path / "tiny.onnx"), kind)
    side = tiny_models.SIDE
    for level, sure in ((0.45, True), (0.35, False)):
        ((_, score),) = seen(detector, builders.plain(round(255 * level), (side, side)))
        assert (score >= SURE_SCORE) == sure


def test_the_network_of_openvino_says_who_is_a_person_and_how_surely(tmp_path: Path) -> None:
    detector = load(tiny_models.openvino(tmp_path / "tiny.xml"))
    side = tiny_models.SIDE * 4
    people = seen(detector, builders.plain(120, (side, side)))
    for box, _ in people:
        assert [box.left, box.top, box.right, box.bottom] == pytest.approx([4 * edge for edge in tiny_models.WHO])
    assert [score >= SURE_SCORE for _, score in people] == [True, False]


def test_a_box_that_is_none_is_nobody() -> None:
    from edge.detectors.openvino import people

    nan, infinite = float("nan"), float("inf")
    boxes = [(nan, 0, 1, 1), (0, 0, infinite, 1), (0.5, 0, 0.5, 1), (0.9, 0, 0.1, 1), (-2, -2, -1, -1)]
    assert people(np.array([(0, 1, 0.9, *box) for box in boxes], np.float32), 100, 100) == []
    (beyond,) = people(np.array([(0, 1, 0.9, -0.5, 0.5, 0.5, 1.5)], np.float32), 100, 100)
    assert beyond.box == Box(0, 50, 50, 100)


def test_without_openvino_one_is_told_how_to_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    (tmp_path / "tiny.xml").write_text("<net/>")
    said = refusal(tmp_path / "tiny.xml")
    assert "camera stairs" in said
    assert "pip install 'greetline[openvino]'" in said


def test_openvino_speaks_to_nobody(tmp_path: Path) -> None:
    """Its makers' statistics package is not loaded even where it is installed, and nothing is connected to."""
    network = tiny_models.openvino(tmp_path / "tiny.xml")
    (tmp_path / "openvino_telemetry.py").write_text("print('loaded')\nclass Telemetry: ...\n")
    program = (
        "import sys, numpy\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "called = []\n"
        "sys.addaudithook(lambda name, _: called.append(name) if name in ('socket.connect', 'socket.getaddrinfo') else None)\n"
        "from edge.detectors import load\n"
        f"load(Path({str(network)!r})).find(numpy.zeros((32, 32, 3), numpy.uint8), None)\n"
        "print(called)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", RUNTIMES)
@pytest.mark.parametrize(
    ("model", "says"),
    [
        pytest.param({"rows": 20}, "one table [1, 21, 5 + classes]", id="cells"),
        pytest.param({"columns": 6, "shape": (1, 3, 32, 48)}, "multiples of 32", id="odd side"),
        pytest.param({"shape": (1, 1, 32, 32)}, "expected [1, 3, height, width]", id="gray"),
        pytest.param({"shape": (1, 3072)}, "expected [1, 3, height, width]", id="no picture"),
    ],
)
def test_a_model_of_another_shape_is_refused(kind: Kind, model: dict[str, Any], says: str, tmp_path: Path) -> None:
    said = refusal(tiny_models.onnx(tmp_path / "odd.onnx", **model), kind)
    assert says in said
    assert said.startswith("camera stairs: model odd.onnx ")
    assert said.endswith("Set `model` to a YOLOX model such as yolox-nano or lwpd.")


@pytest.mark.parametrize("kind", RUNTIMES)
@pytest.mark.parametrize("content", [b"Hello.\n" * 50, b"\x00" * 4096, b"<net/>", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_file_that_is_no_model_is_refused(kind: Kind, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(content)
    said = refusal(tmp_path / "junk.onnx", kind)
    assert said.startswith("camera stairs: model: ")
    assert "junk.onnx is not a model that can be loaded" in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", RUNTIMES)
def test_a_model_that_is_cut_off_is_refused(kind: Kind, tmp_path: Path) -> None:
    whole = tiny_models.onnx(tmp_path / "tiny.onnx").read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "cut.onnx").write_bytes(whole[: int(len(whole) * share)])
        assert "is not a model that can be loaded" in refusal(tmp_path / "cut.onnx", kind)


@pytest.mark.parametrize("kind", ["auto", "onnx", "cv2dnn", "openvino"])
@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_an_empty_file_is_refused(kind: Kind, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"lwpd{suffix}").touch()
    assert "is empty. Copy it again" in refusal(tmp_path / f"lwpd{suffix}", kind)


@pytest.mark.parametrize(("kind", "suffix"), [("openvino", ".onnx"), ("onnx", ".xml"), ("cv2dnn", ".xml"), ("onnx", ".txt")])
def test_a_model_of_the_wrong_kind_for_the_detector_is_refused(kind: Kind, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"model{suffix}").write_text("something")
    assert 'Set detector = "auto"' in refusal(tmp_path / f"model{suffix}", kind)


@pytest.mark.parametrize(("file", "says"), [("model.bin", "the model.xml beside it"), ("model.pt", "ends in .onnx or .xml")])
def test_a_file_of_no_kind_we_run_is_refused(file: str, says: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("something")
    assert says in refusal(tmp_path / file)


def test_a_network_without_its_weights_is_refused(tmp_path: Path) -> None:
    network = tiny_models.openvino(tmp_path / "tiny.xml")
    network.with_suffix(".bin").unlink()
    assert "Put the .bin beside the .xml" in refusal(network)
    network.with_suffix(".bin").touch()
    assert "Put the .bin beside the .xml" in refusal(network)


@pytest.mark.parametrize("content", ["Hello.", "<net", '<net version="11"></net>'])
def test_a_network_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    tiny_models.openvino_itself()
    (tmp_path / "junk.xml").write_text(content)
    (tmp_path / "junk.bin").write_bytes(b"0" * 100)
    said = refusal(tmp_path / "junk.xml")
    assert "junk.xml" in said
    assert "\n" not in said


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    said = refusal(tiny_models.openvino(tmp_path / "tiny.xml", columns=5))
    assert "such as person-detection-retail-0013" in said


@pytest.mark.parametrize(("name", "says"), [("lwpd", "`greetline models fetch lwpd` brings it"), ("our-own", "Set `model`")])
def test_a_model_that_is_not_there_is_refused_with_where_it_comes_from(name: str, says: str, tmp_path: Path) -> None:
    said = refusal(tmp_path / name)
    assert f"there is no file {tmp_path / name}" in said
    assert says in said


@pytest.mark.parametrize("content", [b"", b"\x08", b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 20, b"\x3a\x00", b"\x3a\x02\x5a\x00"])
def test_bytes_that_are_no_onnx_file_are_recognised(content: bytes) -> None:
    with pytest.raises(NotOnnx):
        input_shape(content)


@pytest.mark.footage
@pytest.mark.parametrize("name", ["yolox_nano_416.onnx", "lwpd_192.onnx"])
def test_opencv_and_onnxruntime_see_the_same_people(name: str) -> None:
    from edge.source import film

    one, other = (load(builders.model(name), kind) for kind in RUNTIMES)
    opened = film(str(builders.footage("stairs_up.mp4")), 1)
    pictures = [opened.next()[1] for _ in range(8)]  # type: ignore[index]
    opened.close()
    assert sum(len(seen(one, picture)) for picture in pictures) >= 8
    for picture in pictures:
        for (box, score), (other_box, other_score) in zip(seen(one, picture), seen(other, picture), strict=True):
            assert (box.left, box.top, box.right, box.bottom, score) == pytest.approx(
                (other_box.left, other_box.top, other_box.right, other_box.bottom, other_score), abs=0.1
            )


@pytest.mark.footage
def test_the_detector_of_openvino_counts_people_on_the_stairs() -> None:
    tiny_models.openvino_itself()
    assert judge(*counted("stairs_up.mp4", "person_detection_retail_0013.xml")) == (13, 0)
