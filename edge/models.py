"""Which models Greetline knows and where they lie. None is part of the project: `greetline models fetch` brings them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KINDS: Final = (".onnx", ".xml")
"""What the name of a model file ends in: ONNX, or OpenVINO's network (its weights lie beside it, in a .bin)."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: where it comes from, for good, and how it is known to be the right one."""

    name: str
    """What it is called here."""
    repository: str
    commit: str
    path: str
    size: int
    """Bytes."""
    sha256: str

    def address(self, base: str) -> str:
        """Return where *base*, a site laid out as raw.githubusercontent.com is, has it."""
        return f"{base.rstrip('/')}/{self.repository}/{self.commit}/{self.path}"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that one of our detectors runs. The last of `files` is the one that a camera's `model` names."""

    name: str
    detector: str
    licence: str
    good_for: str
    files: tuple[ModelFile, ...]


CATALOGUE: Final = (
    Model(
        "yolox-nano",
        "onnx",
        "Apache-2.0",
        "Cameras at an angle: finds small and half hidden people best.",
        (
            ModelFile(
                "yolox-nano.onnx",
                "Kazuhito00/YOLOX-ONNX-TFLite-Sample",
                "3d4f1119d0694200671c08069ecb847aa0d8495a",
                "model/yolox_nano.onnx",
                3_660_092,
                "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
            ),
        ),
    ),
    Model(
        "lwpd",
        "onnx",
        "Apache-2.0",
        "Cameras at an angle with large people in them: less than half of yolox-nano's cost, and misses small ones.",
        (
            ModelFile(
                "lwpd.onnx",
                "Kazuhito00/Person-Detection-using-RaspberryPi-CPU",
                "fab8c0d1129b391e8aaf0a4e557dd5bb812e749f",
                "model/model.onnx",
                3_616_703,
                "4bf5f704cd3bd900645a4303e0934ede13d9fb2135058b38005f4c2886c68576",
            ),
        ),
    ),
    Model(
        "person-detection-retail-0013",
        "openvino",
        "Apache-2.0",
        "Counters in good light, seen at an angle: boxes that stay put. Needs the extra `openvino`.",
        (
            ModelFile(
                "person-detection-retail-0013.bin",
                "psakamoori/openvino_app_orchestration_with_k8s",
                "ae24a14610651e0d7f0f0562ecb4cde006837396",
                "person-detection-retail-0013.bin",
                2_891_364,
                "6f09cb7061328942f9d5e9fc81631a4234be66a26daa50cd672d4077ee82ad44",
            ),
            ModelFile(
                "person-detection-retail-0013.xml",
                "psakamoori/openvino_app_orchestration_with_k8s",
                "ae24a14610651e0d7f0f0562ecb4cde006837396",
                "person-detection-retail-0013.xml",
                355_850,
                "4c7d5d40fce71f2715f8175010309b33071bd6a768475e3563ade5d3584c31e4",
            ),
        ),
    ),
)


def find(directory: Path, name: str) -> Path | None:
    """Return the model file in *directory* that is called *name*, or None.

    Case, hyphens for underscores and the size of the input at the end do not matter: yolox_nano_416.onnx is yolox-nano.
    """
    wanted = _plain(Path(name).stem if name.endswith(KINDS) else name)
    sized = re.compile(re.escape(wanted) + r"(-\d+)?")
    try:
        files = sorted(file for file in directory.iterdir() if file.suffix in KINDS)
    except OSError:
        return None
    fitting = [file for file in files if sized.fullmatch(_plain(file.stem))]
    # The very name first, then the plainest, and ONNX before OpenVINO, which is an extra.
    return min(fitting, key=lambda file: (file.stem != wanted, len(file.stem), KINDS.index(file.suffix), file.name), default=None)


def _plain(stem: str) -> str:
    return stem.lower().replace("_", "-")


def named(name: str) -> Model | None:
    """Return the model of the catalogue that a file or setting called *name* means, or None."""
    wanted = _plain(Path(name).stem if name.endswith(KINDS) else name)
    return next((model for model in CATALOGUE if re.fullmatch(re.escape(model.name) + r"(-\d+)?", wanted)), None)
