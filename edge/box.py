"""A camera box: every camera of the shop in one process, each with its own reader beside it.

One thread looks at all of them, so a model that several cameras use is in memory once and runs on one core. It takes
the newest frame of the camera that has waited longest: a box that has too much to do drops frames of all cameras
evenly, and never looks at an old one.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2

from broker.settings import CameraSettings, EdgeSettings
from broker.watchdog import Watchdog
from edge.eyes import Eyes, named
from edge.live import wait_for_news
from edge.nursery import Nursery
from edge.source import monotonic

log = logging.getLogger(__name__)

WAIT_S: Final = 0.1
"""How long to wait for a frame before looking after the cameras themselves."""
SAME_COMPLAINT_S: Final = 1.0
"""What breaks at every frame fills no disk with its log."""

_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2


class Box:
    """The cameras of one process. A camera that cannot be watched is the trouble of nobody else."""

    def __init__(self, settings: EdgeSettings, cameras: Sequence[tuple[CameraSettings, Path, str]]) -> None:
        """Prepare to watch *cameras*, each with the file of its spool and what is wrong with its settings, "" for nothing.

        Nothing is opened before `run`.
        """
        cv2.setNumThreads(1)
        self._nursery = Nursery()
        self.eyes = [Eyes(settings, camera, spool, self._nursery, wrong) for camera, spool, wrong in cameras]
        self._turn_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Watch until *stop*. With a single camera raises why it can never work: one of eyes.REFUSALS."""
        _few_arenas()
        try:
            for eyes in self.eyes:
                _alone(eyes, eyes.open)
                self._end_if_alone(eyes)
            # Only now: what a reader shows while the models are still being loaded would be too old.
            for eyes in self.eyes:
                eyes.start()
            watchdog = Watchdog()
            while not stop.is_set():
                self._turn()
                watchdog.turned()
        finally:
            self._close()

    def _turn(self) -> None:
        waiting = any(eyes.waiting for eyes in self.eyes)
        for source in wait_for_news([eyes.source for eyes in self.eyes if eyes.source], 0 if waiting else WAIT_S):
            source.look_after()
        ready = [eyes for eyes in self.eyes if eyes.waiting]
        if ready:
            eyes = min(ready, key=lambda eyes: eyes.looked_at)
            _alone(eyes, eyes.look)
        moment = monotonic()
        if moment - self._turn_at >= WAIT_S or not ready:
            self._turn_at = moment
            for eyes in self.eyes:
                _alone(eyes, eyes.turn)
                self._end_if_alone(eyes)

    def _end_if_alone(self, eyes: Eyes) -> None:
        """A camera that can never work ends a box that has no other."""
        if len(self.eyes) == 1 and (wrong := eyes.hopeless) is not None:
            raise type(wrong)(named(eyes.camera, wrong))

    def _close(self) -> None:
        for eyes in self.eyes:
            eyes.close_reader()
        # All at once: each says goodbye on a connection of its own, and may wait for it.
        leaving = [threading.Thread(target=eyes.close, name=f"goodbye {eyes.camera.id}") for eyes in self.eyes]
        for thread in leaving:
            thread.start()
        self._nursery.close()
        for thread in leaving:
            thread.join()


def _alone(eyes: Eyes, step: Callable[[], object]) -> None:
    """Do *step* of one camera; what it stumbles over is no other camera's trouble."""
    try:
        step()
    except Exception as wrong:
        if monotonic() - eyes.stumbled_at >= SAME_COMPLAINT_S:
            log.exception("camera %s: a step failed", eyes.camera.id)
            eyes.stumbled_at = monotonic()
        eyes.fail(wrong)


def _few_arenas() -> None:
    """Let twenty cameras' threads share two arenas of the C library: each would keep its own high-water mark."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (OSError, AttributeError):
        log.debug("the C library has no arenas to limit")
