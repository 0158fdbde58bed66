"""The running eyes of one camera: frame, pipeline, spool, status, over and over, until told to stop."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cv2

from broker.settings import CameraSettings, EdgeSettings
from edge.detectors import choose
from edge.geometry import BadGeometry
from edge.heartbeat import Counters, Heartbeat
from edge.live import Live, is_live
from edge.pipeline import Pipeline
from edge.publisher import Publisher
from edge.sightings import Frame
from edge.source import NoPictures, Playback, Source, film, now
from edge.spool import Spool

log = logging.getLogger(__name__)

WAIT_S: Final = 0.2
"""How long to wait for a frame before looking after the status."""
MAX_FAILURES: Final = 3
"""So many frames in a row that cannot be looked at end the process; the supervisor starts it again."""


class Eyes:
    """One camera, from its pictures to the wire."""

    def __init__(self, settings: EdgeSettings, camera: CameraSettings, spool: Path) -> None:
        """Open everything. Raises NoPictures, BadDetector or SpoolError."""
        cv2.setNumThreads(1)
        self._camera = camera
        self._pipeline = Pipeline(camera, choose(camera), party_seconds=settings.standards.party_seconds)
        self._source = open_source(camera)
        self._spool = Spool(spool)
        self._publisher = Publisher(settings.mqtt, self._spool, store=settings.store.id, device=camera.id)
        self._heartbeat = Heartbeat(_zones(camera), now())
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Watch until *stop*. Raises BadGeometry, Stuck, or what three frames in a row failed with."""
        self._publisher.start()
        try:
            while not stop.is_set():
                frame = self._source.read(WAIT_S)
                if frame:
                    self._look(frame)
                self._tell_status()
        finally:
            self._source.close()
            self._publisher.stop()
            self._spool.close()

    def _look(self, frame: Frame) -> None:
        try:
            events = self._pipeline.look(frame)
        except BadGeometry:
            raise
        except Exception:
            log.exception("frame %d could not be looked at", frame.index)
            self._failures += 1
            if self._failures >= MAX_FAILURES:
                raise
            return
        self._failures = 0
        for event in events:
            self._publisher.say(event)
        if self._pipeline.small is not None:
            self._heartbeat.frame(self._pipeline.small, now())

    def _tell_status(self) -> None:
        at = now()
        wanted = self._publisher.report_wanted.is_set()
        if not self._heartbeat.due(self._source.condition, at) and not wanted:
            return
        self._publisher.report_wanted.clear()
        counters = Counters(self._source.dropped, self._pipeline.gate_share, len(self._spool), self._spool.trouble)
        self._publisher.status(self._heartbeat.status(counters, at))


def open_source(camera: CameraSettings) -> Source:
    """Return the source of *camera*. Raises NoPictures for a file or scene that does not exist, or a bad `starts_at`."""
    if is_live(camera.source):
        return Live(camera.source, camera.frames_per_second)
    return Playback(film(camera.source, camera.frames_per_second), _starts_at(camera))


def _starts_at(camera: CameraSettings) -> datetime | None:
    if camera.starts_at is None:
        return None
    try:
        at = datetime.fromisoformat(camera.starts_at)
    except ValueError:
        raise NoPictures(
            f"camera {camera.id}: starts_at {camera.starts_at!r} is not a time such as 2026-05-02T10:00:00Z."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _zones(camera: CameraSettings) -> tuple[str, ...]:
    named = [line.zone for line in camera.lines] + [area.zone or area.id for area in camera.areas]
    return tuple(dict.fromkeys(named))
