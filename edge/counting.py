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
from edge.sightings import Counted, Crossed, Event, Frame, Stayed
from edge.source import SCENE, Film, NoPictures, cpu_seconds, film, is_live

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
    frames_per_second: float = 0.0
    """Of the clip, not of what was looked at."""
    announced: int = 0
    """Frames that the file says it has; 0 where it does not say. More than `frames`: it is broken off."""
    size: tuple[int, int] = (0, 0)
    crossings: list[dict[str, Any]] = field(default_factory=list)
    stays: list[dict[str, Any]] = field(default_factory=list)
    """Zone, when somebody entered and left."""
    unfinished: list[float] = field(default_factory=list)
    """When those entered who still stood in the zone at the last picture."""
    lengths: list[dict[str, Any]] = field(default_factory=list)
    """Zone, when it changed to how many people."""
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
    width, height = size_of(clip)
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


def _need_an_end(clip: str) -> None:
    if clip.startswith(SCENE) and "seconds=" not in clip:
        raise NoPictures(f"{clip} goes on for ever. Say how long: {clip}{'&' if '?' in clip else '?'}seconds=60.")


def size_of(clip: str) -> tuple[int, int]:
    """Return width and height of the pictures of *clip* as they are shown.

    Raises NoPictures, also for what has no end: a camera, or a scene without `seconds`.
    """
    if is_live(clip):
        raise NoPictures("a camera has no end to be counted to. `greetline edge run` watches one, `edge calibrate` looks at one.")
    opened = film(clip, 1)
    _need_an_end(clip)
    first = opened.next()
    opened.close()
    if first is None:
        raise NoPictures(f"{clip} has no picture in it")
    return first[1].shape[1], first[1].shape[0]


def count(camera: CameraSettings, tell: Callable[[float], None] = lambda seconds: None, *, cost: bool = True) -> Count:
    """Run the pipeline over the clip `camera.source`. *tell* hears how many seconds of it are done.

    Without *cost* it is not decoded a second time to compare. Raises NoPictures, BadDetector or BadGeometry.
    """
    cv2.setNumThreads(1)
    detector = choose(camera)
    began = cpu_seconds()
    opened = film(camera.source, camera.frames_per_second)
    pipeline = Pipeline(camera, detector, party_seconds=PARTY_S)
    counted = Count(frames_per_second=opened.frames_per_second, announced=getattr(opened, "announced", 0))
    for index, picture in iter(opened.next, None):
        counted.size = picture.shape[1], picture.shape[0]
        at = START + timedelta(seconds=index / opened.frames_per_second)
        for event in pipeline.look(Frame(index, at, picture)):
            _note(counted, event)
        tell(index / opened.frames_per_second)
    for event in pipeline.finish():
        _note(counted, event)
    counted.unfinished = [round((since - START).total_seconds(), 3) for _, since in pipeline.still_inside()]
    opened.close()
    counted.cpu_seconds = cpu_seconds() - began
    counted.frames = opened.frames
    counted.seconds_of_video = opened.frames / opened.frames_per_second
    if cost:
        counted.decode_cpu_seconds = _decoding(film(camera.source, camera.frames_per_second))
    counted.crossings.sort(key=lambda crossing: crossing["t"])
    return counted


def _note(counted: Count, event: Event) -> None:
    seconds = (event.at - START).total_seconds()
    moment = {"t": round(seconds, 3), "frame": round(seconds * counted.frames_per_second)}
    if isinstance(event, Crossed):
        counted.crossings.append(moment | {"direction": event.direction.value})
    elif isinstance(event, Stayed):
        counted.stays.append({"zone": event.zone, "entered": round(seconds - event.seconds, 3), "left": moment["t"]})
    elif isinstance(event, Counted):
        counted.lengths.append(moment | {"zone": event.zone, "people": event.people})


def _decoding(opened: Film) -> float:
    """Return the CPU seconds of getting the same pictures and doing nothing with them."""
    began = cpu_seconds()
    while opened.next() is not None:
        pass
    opened.close()
    return cpu_seconds() - began
