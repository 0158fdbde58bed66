"""What an ONNX file says of itself, read and written without any library: which picture its model takes.

The file is a protocol-buffer message; the numbers of its fields are from onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_GRAPH: Final = 7
_INPUT: Final = 11
_OUTPUT: Final = 12
_BETWEEN: Final = 13
_ELEMENT: Final = 1
_FLOAT: Final = 1
_INITIALIZER: Final = 5
_NAME: Final = 1
_INITIALIZER_NAME: Final = 8
_TYPE: Final = 2
_TENSOR: Final = 1
_SHAPE: Final = 2
_DIMENSION: Final = 1
_LENGTH: Final = 1


class NotOnnx(Exception):
    """The bytes are no ONNX file."""


def input_shape(content: bytes) -> tuple[int, ...]:
    """Return the shape of the model's first input; 0 stands for a side that is left open. Raises NotOnnx."""
    graph = _only(content, _GRAPH)
    weights = _weights(graph)
    taken = [one for one in _all(graph, _INPUT) if _only(one, _NAME) not in weights]
    if not taken:
        raise NotOnnx("there is no input")
    shape = _only(_only(_only(taken[0], _TYPE), _TENSOR), _SHAPE)
    return tuple(_number(one, _LENGTH) for one in _all(shape, _DIMENSION))


def _weights(graph: bytes) -> set[bytes]:
    """Return the names of the weights, which old files list among the inputs."""
    return {_only(one, _INITIALIZER_NAME) for one in _all(graph, _INITIALIZER)}


def resized(content: bytes, height: int, width: int) -> bytes:
    """Return the model in *content* with an input of [1, 3, height, width], whatever it said before. Raises NotOnnx.

    What it says of the shapes on the way is left out and of its outputs left open: whoever runs it works them out.
    """
    before = _only(content, _GRAPH)
    weights = _weights(before)
    graph = b"".join(_redrawn(*part, (1, 3, height, width), weights) for part in _parts(before))
    return b"".join(_message(_GRAPH, graph) if field == _GRAPH else raw for field, _, raw in _parts(content))


def _redrawn(field: int, value: int | bytes, raw: bytes, shape: tuple[int, ...], weights: set[bytes]) -> bytes:
    if field == _BETWEEN:
        return b""
    if field not in (_INPUT, _OUTPUT) or not isinstance(value, bytes) or _only(value, _NAME) in weights:
        return raw
    sides = shape if field == _INPUT else (0, 0, 0)
    drawn = b"".join(_message(_DIMENSION, _bare(_LENGTH, side) if side else b"") for side in sides)
    tensor = _bare(_ELEMENT, _FLOAT) + _message(_SHAPE, drawn)
    return _message(field, _message(_NAME, _only(value, _NAME)) + _message(_TYPE, _message(_TENSOR, tensor)))


def _message(number: int, body: bytes) -> bytes:
    return _written(number << 3 | 2) + _written(len(body)) + body


def _bare(number: int, value: int) -> bytes:
    return _written(number << 3) + _written(value)


def _written(value: int) -> bytes:
    said = bytearray()
    while value > 0x7F:
        said.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*said, value))


def _only(message: bytes, number: int) -> bytes:
    for found in _all(message, number):
        return found
    raise NotOnnx(f"field {number} is missing")


def _all(message: bytes, number: int) -> Iterator[bytes]:
    return (value for field, value in _fields(message) if field == number and isinstance(value, bytes))


def _number(message: bytes, number: int) -> int:
    return next((value for field, value in _fields(message) if field == number and isinstance(value, int)), 0)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value) of each field; numbers of fixed width are left as bytes."""
    return ((field, value) for field, value, _ in _parts(message))


def _parts(message: bytes) -> Iterator[tuple[int, int | bytes, bytes]]:
    """Yield (number, value, the whole field as written)."""
    at = 0
    while at < len(message):
        begin = at
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value, message[begin:at]
            continue
        if kind == 2:
            length, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}.get(kind, len(message))
        if length > len(message) - at:
            raise NotOnnx("it ends in the middle, or is something else")
        at += length
        yield key >> 3, message[at - length : at], message[begin:at]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64 and at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise NotOnnx("it ends in the middle, or is something else")
