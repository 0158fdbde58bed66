"""What an ONNX file says of itself, read without any library: which picture its model takes.

The file is a protocol-buffer message; the numbers of its fields are from onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_GRAPH: Final = 7
_INPUT: Final = 11
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
    weights = {_only(one, _INITIALIZER_NAME) for one in _all(graph, _INITIALIZER)}
    # Old files list the weights among the inputs.
    taken = [one for one in _all(graph, _INPUT) if _only(one, _NAME) not in weights]
    if not taken:
        raise NotOnnx("there is no input")
    shape = _only(_only(_only(taken[0], _TYPE), _TENSOR), _SHAPE)
    return tuple(_number(one, _LENGTH) for one in _all(shape, _DIMENSION))


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
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}.get(kind, len(message))
        if length > len(message) - at:
            raise NotOnnx("it ends in the middle, or is something else")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64 and at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise NotOnnx("it ends in the middle, or is something else")
