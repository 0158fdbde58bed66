"""A clip counted as fast as it can be: the same answer on every run, and what it cost against decoding alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import cv2
from pydantic import ValidationError

from broker.contract.messages import Direction
from broker.settings import CameraSettings, LineSettings
from edge.detectors import choose
from edge.pipeline import Pipeline
from edge.sightings import Crossed, Frame
from edge.source import Film, NoPictures, cpu_seconds, film

START: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The time of a clip's first frame. Any would do: only differences are printed."""
PARTY_S: Final = 2.0

Inside = Literal["up", "down", "left", "right"]


class BadLine(ValueError):
    """A line that does not lie in the clip's picture."""


@dataclass(slots=True)
class Count:
    """What was counted. Times in seconds from the clip's start, frames from 0."""

    frames: int = 0
    seconds_of_video: float = 0.0
    crossings: list[dict[str, Any]] = field(default_factory=list)
    cpu_seconds: float = 0.0
    decode_cpu_seconds: float = 0.0

    def of(self, direction: Direction) -> int:
        """How many crossed in *direction*."""
        return sum(crossing["direction"] == direction for crossing in self.crossings)

    def as_json(self) -> dict[str, Any]:
        """Return what `greetline edge count --json` prints."""
        return {
            "in": self.of(Direction.IN),
            "out": self.of(Direction.OUT),
            "crossings": self.crossings,
            "frames": self.frames,
            "seconds_of_video": round(self.seconds_of_video, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "decode_cpu_seconds": round(self.decode_cpu_seconds, 3),
        }


def line_in_pixels(clip: str, ends: tuple[float, float, float, float] | None, inside: Inside | None) -> LineSettings:
    """Return the line for *clip* from its *ends* in pixels of the picture as it is shown.

    Without *ends* it lies across the middle; without *inside* the shop is above the line, or left of an upright one.
    Raises BadLine when it leaves the picture, NoPictures when the clip has none.
    """
    width, height = _size(clip)
    if ends is None:
        upright = inside in ("left", "right")
        ends = (width / 2, 0, width / 2, height) if upright else (0, height / 2, width, height / 2)
    x1, y1, x2, y2 = ends
    inside = inside or ("up" if abs(x2 - x1) >= abs(y2 - y1) else "left")
    try:
        points = ((x1 / width, y1 / height), (x2 / width, y2 / height))
        return LineSettings(id="door", zone="entrance", points=points, inside=inside)
    except ValidationError:
        raise BadLine(f"the line must lie in the picture, which is {width} x {height} pixels") from None


def _size(clip: str) -> tuple[int, int]:
    opened = film(clip, 1)
    first = opened.next()
    opened.close()
    if first is None:
        raise NoPictures(f"{clip} has no picture in it")
    return first[1].shape[1], first[1].shape[0]


def count(camera: CameraSettings, tell: Callable[[float], None] = lambda seconds: None) -> Count:
    """Run the pipeline over the clip `camera.source`. *tell* hears how many seconds of it are done.

    Raises NoPictures, BadDetector or BadGeometry.
    """
    cv2.setNumThreads(1)
    detector = choose(camera)
    began = cpu_seconds()
    opened = film(camera.source, camera.frames_per_second)
    pipeline = Pipeline(camera, detector, party_seconds=PARTY_S)
    counted = Count()
    for index, picture in iter(opened.next, None):
        at = START + timedelta(seconds=index / opened.frames_per_second)
        for event in pipeline.look(Frame(index, at, picture)):
            if isinstance(event, Crossed):
                counted.crossings.append(_crossing(event, opened.frames_per_second))
        tell(index / opened.frames_per_second)
    opened.close()
    counted.cpu_seconds = cpu_seconds() - began
    counted.frames = opened.frames
    counted.seconds_of_video = opened.frames / opened.frames_per_second
    counted.decode_cpu_seconds = _decoding(film(camera.source, camera.frames_per_second))
    counted.crossings.sort(key=lambda crossing: crossing["t"])
    return counted


def _crossing(event: Crossed, fps: float) -> dict[str, Any]:
    seconds = (event.at - START).total_seconds()
    return {"t": round(seconds, 3), "frame": round(seconds * fps), "direction": event.direction.value}


def _decoding(opened: Film) -> float:
    """Return the CPU seconds of getting the same pictures and doing nothing with them."""
    began = cpu_seconds()
    while opened.next() is not None:
        pass
    opened.close()
    return cpu_seconds() - began
