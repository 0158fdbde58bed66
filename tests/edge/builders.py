"""What the tests of the eyes are made of: people as boxes on paths, clips on disk, and the measuring footage."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from broker.settings import CameraSettings, LineSettings
from edge.detectors.blobs import Blobs
from edge.geometry import Segment, segment
from edge.lines import DoorLine, Passage
from edge.pipeline import Pipeline
from edge.scene import SCENES, Scene
from edge.sightings import Box, Crossed, Event, Frame, Picture, Track

START = datetime(2026, 5, 2, 10, 0, tzinfo=UTC)
SIZE = (1000, 1000)
SHARED = Path(os.environ.get("GREETLINE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
FOOTAGE = SHARED / "footage"
MODELS = SHARED / "models"

Place = tuple[float, float]


def footage(name: str) -> Path:
    path = FOOTAGE / name
    if not path.exists():
        pytest.skip(f"the measuring clip {name} is not beside this checkout")
    return path


def model(name: str) -> Path:
    path = MODELS / name
    if not path.exists():
        pytest.skip(f"the model {name} is not beside this checkout")
    return path


def box(place: Place, size: float = 100) -> Box:
    """A square around *place* whose diagonal is about 1.41 times *size*."""
    x, y = place
    return Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def track(number: int, place: Place, *, hits: int = 5, seen: bool = True, size: float = 100) -> Track:
    return Track(number, box(place, size), hits, seen, age=1.0)


def level(x1: float = 0.1, x2: float = 0.9, y: float = 0.5, inside: str = "up") -> Segment:
    """A line from left to right across a picture of SIZE."""
    return segment([(x1, y), (x2, y)], inside, SIZE)


def walk(line: DoorLine, way: Sequence[Place], *, number: int = 1, begin: float = 0.0, hits: int = 1) -> list[Passage]:
    """Lead one track along *way*, ten places a second; return what *line* says of it."""
    said = []
    for step, place in enumerate(way):
        at = begin + step / 10
        said += line.update([track(number, place, hits=hits + step)], at)
    return said


def door(scene: Scene) -> CameraSettings:
    kind = SCENES[scene.name]
    line = LineSettings(id="door", zone="entrance", points=kind.points, inside=kind.inside)
    return CameraSettings(id="door", source=f"scene:{scene.name}", lines=(line,))


def watch(scene: Scene, seconds: float | None = None) -> list[Event]:
    """Return everything the blobs pipeline says of *scene*."""
    pipeline = Pipeline(door(scene), Blobs(), party_seconds=2.0)
    frames = round((seconds or scene.seconds or 0) * scene.fps)
    events: list[Event] = []
    for index in range(frames):
        at = index / scene.fps
        events += pipeline.look(Frame(index, START + timedelta(seconds=at), scene.picture(at)))
    return events


def crossings(events: Iterable[Event]) -> list[Crossed]:
    return [event for event in events if isinstance(event, Crossed)]


def plain(level: int = 120, size: tuple[int, int] = (320, 180)) -> Picture:
    return np.full((size[1], size[0], 3), level, np.uint8)


def clip(path: Path, pictures: Iterable[Picture], fps: float = 10) -> Path:
    """Write *pictures* to a video file that every build of OpenCV can read."""
    writer = None
    for picture in pictures:
        if writer is None:
            size = (picture.shape[1], picture.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
        writer.write(picture)
    assert writer is not None
    writer.release()
    return path
