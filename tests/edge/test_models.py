"""Which models there are and how one is found in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import models
from tests.edge import builders


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("yolox-nano.onnx", "yolox-nano"),
        ("yolox_nano_416.onnx", "yolox-nano"),
        ("YOLOX_nano.onnx", "yolox-nano"),
        ("lwpd_192.onnx", "lwpd"),
        ("person_detection_retail_0013.xml", "person-detection-retail-0013"),
        ("our_own.onnx", "our-own"),
        ("our_own.onnx", "our_own.onnx"),
    ],
)
def test_a_model_is_found_however_its_file_is_spelled(file: str, name: str, tmp_path: Path) -> None:
    (tmp_path / file).touch()
    assert models.find(tmp_path, name) == tmp_path / file


@pytest.mark.parametrize("file", ["yolox-nano.txt", "yolox-nano.onnx.part", "yolox-nano.bin", "yolox-nano-tiny.onnx", "nano.onnx"])
def test_another_file_is_not_taken_for_it(file: str, tmp_path: Path) -> None:
    (tmp_path / file).touch()
    assert models.find(tmp_path, "yolox-nano") is None


def test_the_plainest_name_wins(tmp_path: Path) -> None:
    for file in ("lwpd_192.onnx", "lwpd.onnx", "lwpd-256.onnx", "lwpd.xml"):
        (tmp_path / file).touch()
    assert models.find(tmp_path, "lwpd") == tmp_path / "lwpd.onnx"


def test_a_folder_that_is_not_there_holds_no_model(tmp_path: Path) -> None:
    assert models.find(tmp_path / "nowhere", "lwpd") is None


@pytest.mark.footage
@pytest.mark.parametrize("name", [model.name for model in models.CATALOGUE])
def test_the_measuring_models_are_found_by_name(name: str) -> None:
    builders.model("lwpd_192.onnx")
    assert models.find(builders.MODELS, name)
