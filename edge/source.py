"""Where pictures come from. The only place in the eyes that knows the real clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import cv2

from broker.contract.messages import Watch
from edge.scene import BadScene, Scene
from edge.sightings import Picture

log = logging.getLogger(__name__)

SCENE: Final = "scene:"
PICTURE_ENDINGS: Final = (".bmp", ".jpeg", ".jpg", ".png")
_WHAT_MAY_BE: Final = "Give a video file, a folder of pictures, rtsp://..., a device number, or scene:door."
FALLBACK_FPS: Final = 25.0
"""The pace of a file that does not say its own."""


class NoPictures(Exception):
    """A source that cannot give any picture, now or later. The text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a source is, in the words of a status."""

    watch: Watch
    reason: str = ""


def is_live(source: str) -> bool:
    """Whether *source* is a camera or a stream: a device number, a device file or an address."""
    return source.isdigit() or source.startswith("/dev/") or "://" in source


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never run backwards."""
    return time.monotonic()


def cpu_seconds() -> float:
    """Return the CPU time of this process, all threads, in seconds."""
    return time.process_time()


class Film(Protocol):
    """Pictures that are all there already: a file or a rendered scene. Times are seconds from its start."""

    frames_per_second: float
    frames: int
    """How many there were so far, looked at or not."""

    def next(self) -> tuple[int, Picture] | None:
        """Return the next picture that is to be looked at and its index, or None at the end."""

    def pass_over(self) -> bool:
        """Leave out the picture that would be next, undecoded; return whether there was one."""

    def close(self) -> None:
        """Let go of the file."""


class Clip:
    """A video file. Of its frames only so many a second are looked at; the others are passed over undecoded in colour."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        """Open *path*. Raises NoPictures when it is missing, empty or no video."""
        if not path.is_file():
            raise NoPictures(f"there is no file {path}. {_WHAT_MAY_BE}")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise NoPictures(f"{path} is not a video that can be read ({path.stat().st_size} bytes). {_WHAT_MAY_BE}")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.frames_per_second = fps if 0 < fps <= 1000 else FALLBACK_FPS
        self.frames = 0
        self.announced = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._share = min(1.0, frames_per_second / self.frames_per_second)

    def next(self) -> tuple[int, Picture] | None:
        """Return the next picture that is to be looked at, or None at the end or where the file is broken off."""
        while self._capture.grab():
            index, self.frames = self.frames, self.frames + 1
            if not self._due(index):
                continue
            whole, picture = self._capture.retrieve()
            if whole:
                return index, picture  # type: ignore[return-value]
        return None

    def pass_over(self) -> bool:
        """Leave out the next picture; return whether there was one."""
        while self._capture.grab():
            self.frames += 1
            if self._due(self.frames - 1):
                return True
        return False

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def _due(self, index: int) -> bool:
        """Whether frame *index* is one of those that are looked at."""
        return not index or int(index * self._share + 1e-9) != int((index - 1) * self._share + 1e-9)


class Folder:
    """A folder of pictures, in the order of their names, so many a second as are looked at."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        """Look into *path*. Raises NoPictures when there is no picture in it."""
        self._pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURE_ENDINGS)
        if not self._pictures:
            raise NoPictures(f"there is no picture in {path}. Put files in it that end in {', '.join(PICTURE_ENDINGS)}.")
        self.frames_per_second = frames_per_second
        self.frames = 0

    def next(self) -> tuple[int, Picture] | None:
        """Return the next picture that can be read, or None at the end."""
        while self.pass_over():
            index = self.frames - 1
            picture = cv2.imread(str(self._pictures[index]), cv2.IMREAD_COLOR)
            if picture is not None:
                return index, picture  # type: ignore[return-value]
            log.warning("%s is not a picture that can be read; it is left out", self._pictures[index])
        return None

    def pass_over(self) -> bool:
        """Leave out the next picture; return whether there was one."""
        if self.frames >= len(self._pictures):
            return False
        self.frames += 1
        return True

    def close(self) -> None:
        """Nothing to let go of."""


class Rendered:
    """A rendered scene, at its own pace."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.frames = 0
        self.frames_per_second = scene.fps

    def next(self) -> tuple[int, Picture] | None:
        """Return the next picture, or None when the scene is over."""
        index, seconds = self.frames, self.frames / self._scene.fps
        if self._scene.seconds is not None and seconds >= self._scene.seconds:
            return None
        self.frames += 1
        return index, self._scene.picture(seconds)

    def pass_over(self) -> bool:
        """Leave out the next picture; return whether there was one."""
        if self._scene.seconds is not None and self.frames / self._scene.fps >= self._scene.seconds:
            return False
        self.frames += 1
        return True

    def close(self) -> None:
        """Nothing to let go of."""


def need_film(source: str) -> None:
    """See that the file, folder or scene is there, without opening it. Raises NoPictures."""
    if source.startswith(SCENE):
        film(source, 1.0)
    elif not is_live(source):
        path = Path(source)
        with _looking_at(path):
            if not path.exists():
                raise NoPictures(f"there is no file {path}. {_WHAT_MAY_BE}")
            if path.is_file() and not path.stat().st_size:
                raise NoPictures(f"{path} is not a video that can be read (0 bytes). {_WHAT_MAY_BE}")


@contextmanager
def _looking_at(path: Path) -> Iterator[None]:
    """Run the block. Raises NoPictures where nobody here may look into the folder of *path*, or it can be the name of nothing."""
    try:
        yield
    except OSError as wrong:
        raise NoPictures(f"{path} cannot be looked at: {wrong.strerror}. {_WHAT_MAY_BE}") from None


def film(source: str, frames_per_second: float) -> Film:
    """Open a file or a scene. Raises NoPictures when there is no such thing."""
    if not source.startswith(SCENE):
        with _looking_at(Path(source)):
            return (Folder if Path(source).is_dir() else Clip)(Path(source), frames_per_second)
    try:
        return Rendered(Scene.parse(source))
    except BadScene as wrong:
        raise NoPictures(str(wrong)) from None
