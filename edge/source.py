"""Where pictures come from. The only place in the eyes that knows the real clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import cv2

from broker.contract.messages import Watch
from edge.scene import BadScene, Scene
from edge.sightings import Frame, Picture

SCENE: Final = "scene:"
FALLBACK_FPS: Final = 25.0
"""The pace of a file that does not say its own."""


class NoPictures(Exception):
    """A source that cannot give any picture, now or later. The text says which and what to do."""


class Stuck(Exception):
    """Reading hangs beyond repair: the process must end and be started afresh."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a source is, in the words of a status."""

    watch: Watch
    reason: str = ""


class Source(Protocol):
    """Gives frames, each stamped with the time it was taken."""

    def read(self, timeout: float) -> Frame | None:
        """Return the next frame, or None when there was none within *timeout* seconds."""

    @property
    def condition(self) -> Condition:
        """Whether frames come."""

    @property
    def dropped(self) -> int:
        """Frames that were due and were not handed out, since the start."""

    def close(self) -> None:
        """Let go of the camera."""


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

    def close(self) -> None:
        """Let go of the file."""


class Clip:
    """A video file. Of its frames only so many a second are looked at; the others are passed over undecoded in colour."""

    def __init__(self, path: Path, frames_per_second: float) -> None:
        """Open *path*. Raises NoPictures when it is missing, empty or no video."""
        if not path.is_file():
            raise NoPictures(f"there is no file {path}. Give a video file, rtsp://..., a device number, or scene:door.")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise NoPictures(f"{path} is not a video that can be read ({path.stat().st_size} bytes).")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.frames_per_second = fps if 0 < fps <= 1000 else FALLBACK_FPS
        self.frames = 0
        self.announced = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._share = min(1.0, frames_per_second / self.frames_per_second)

    def next(self) -> tuple[int, Picture] | None:
        """Return the next picture that is to be looked at, or None at the end or where the file is broken off."""
        while self._capture.grab():
            index, self.frames = self.frames, self.frames + 1
            if index and int(index * self._share + 1e-9) == int((index - 1) * self._share + 1e-9):
                continue
            whole, picture = self._capture.retrieve()
            if whole:
                return index, picture  # type: ignore[return-value]
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()


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

    def close(self) -> None:
        """Nothing to let go of."""


def film(source: str, frames_per_second: float) -> Film:
    """Open a file or a scene. Raises NoPictures when there is no such thing."""
    if not source.startswith(SCENE):
        return Clip(Path(source), frames_per_second)
    try:
        return Rendered(Scene.parse(source))
    except BadScene as wrong:
        raise NoPictures(str(wrong)) from None


class Playback:
    """A film shown at its real pace. It waits for nobody to be late: a film drops no frame, and ends once."""

    def __init__(self, film: Film, starts_at: datetime | None) -> None:
        self._film = film
        self._base = starts_at
        self._started: float | None = None
        self._ready: tuple[int, Picture] | None = None
        self._ended = False
        self.dropped = 0

    def read(self, timeout: float) -> Frame | None:
        """Return the next frame when its time has come."""
        if self._ready is None and not self._ended:
            self._ready = self._film.next()
            self._ended = self._ready is None
        if self._ready is None:
            time.sleep(timeout)
            return None
        if self._started is None or self._base is None:
            # From now, not from when the film was opened: until the first frame is asked for, time passes.
            self._started, self._base = time.monotonic(), self._base or now()
        index, picture = self._ready
        seconds = index / self._film.frames_per_second
        wait = self._started + seconds - time.monotonic()
        if wait > timeout:
            time.sleep(timeout)
            return None
        time.sleep(max(0.0, wait))
        self._ready = None
        return Frame(index, self._base + timedelta(seconds=seconds), picture)

    @property
    def condition(self) -> Condition:
        """Watching until the film is over."""
        if self._ended:
            return Condition(Watch.ENDED, "the film is over")
        return Condition(Watch.WATCHING if self._started is not None else Watch.STARTING)

    def close(self) -> None:
        """Let go of the film."""
        self._film.close()
