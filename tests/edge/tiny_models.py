"""Models of a few weights, made on the spot, so that the detectors are tried where no real model is at hand.

An ONNX file is written byte by byte (field numbers of onnx/onnx.proto); an OpenVINO network by OpenVINO itself.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIDE = 32
"""Of the input in pixels: grids of 4 x 4, 2 x 2 and one cell."""
CELLS = 21
WHO = (8.0, 8.0, 24.0, 24.0)
"""Where the models see somebody in a bright picture of SIDE x SIDE: left, top, right, bottom."""


def onnx(path: Path, *, shape: tuple[int, ...] = (1, 3, SIDE, SIDE), rows: int = CELLS, columns: int = 6) -> Path:
    """Write a model that sees one person where the picture is bright and nobody where it is dark."""
    size = int(np.prod(shape))
    weights, bias = np.zeros((size, rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    # The last cell, of stride 32: its middle is the picture's, and half of it is as wide as WHO.
    bias[-1, :4] = (0.5, 0.5, np.log(0.5), np.log(0.5))
    bias[-1, 5] = 1.0
    weights[:, -1, 4] = 1 / (size * 255)
    wanted = np.array([1, rows, columns], np.int64)
    graph = b"".join(
        [
            _node("Flatten", ["picture"], "flat"),
            _node("MatMul", ["flat", "weights"], "raw"),
            _node("Add", ["raw", "bias"], "sum"),
            _node("Reshape", ["sum", "shape"], "said"),
            _text(2, "tiny"),
            _tensor("weights", weights.reshape(size, -1)),
            _tensor("bias", bias.reshape(1, -1)),
            _tensor("shape", wanted),
            _field(11, _value("picture", shape)),
            _field(12, _value("said", (1, rows, columns))),
        ]
    )
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, _number(2, 13)))
    return path


def openvino_itself() -> Any:
    """Return OpenVINO, which is an extra; only continuous integration must have it."""
    if os.environ.get("CI"):
        return importlib.import_module("openvino")
    return pytest.importorskip("openvino", reason="OpenVINO is not installed: `make openvino`")


def openvino(path: Path, *, columns: int = 7) -> Path:
    """Write a network that says of every picture: a person at WHO, a half sure one, an unsure one, a thing, nobody."""
    runtime = openvino_itself()
    import openvino.opset13 as ops

    where = tuple(side / SIDE for side in WHO)
    said = np.zeros((1, 1, 5, columns), np.float32)
    said[0, 0, 0, :7] = (0, 1, 0.9, *where)[:columns]
    said[0, 0, 1, :7] = (0, 1, 0.1, *where)[:columns]
    said[0, 0, 2, :7] = (0, 0, 0.9, *where)[:columns]
    said[0, 0, 3, :7] = (0, 1, 0.6, *where)[:columns]
    said[0, 0, 4, :3] = (-1, 0, 0)
    picture = ops.parameter([1, 3, SIDE, SIDE], np.float32, name="data")
    nothing = ops.multiply(ops.reduce_max(picture, np.array([0, 1, 2, 3]), keep_dims=True), np.float32(0))
    network = runtime.Model([ops.add(ops.constant(said), nothing)], [picture], "tiny")
    runtime.serialize(network, str(path), str(path.with_suffix(".bin")))
    return path


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _node(kind: str, given: list[str], made: str) -> bytes:
    return _field(1, b"".join(_text(1, name) for name in given) + _text(2, made) + _text(3, made) + _text(4, kind))


def _tensor(name: str, values: np.ndarray) -> bytes:
    kind = 1 if values.dtype == np.float32 else 7
    sides = b"".join(_number(1, side) for side in values.shape)
    return _field(5, sides + _number(2, kind) + _text(8, name) + _field(9, values.tobytes()))


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    sides = b"".join(_field(1, _number(1, side)) for side in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, 1) + _field(2, sides)))
