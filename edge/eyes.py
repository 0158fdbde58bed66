"""One camera of the box: its frames through its pipeline into its spool, and its status. Its trouble is its own."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.contract.messages import Watch
from broker.contract.plan import Plan
from broker.settings import CameraSettings, EdgeSettings
from edge.detectors import BadDetector
from edge.geometry import BadGeometry
from edge.heartbeat import Counters, Heartbeat
from edge.live import Live
from edge.nursery import Nursery
from edge.pipeline import NOT_PEOPLE, Pipeline
from edge.planfile import PlanFile
from edge.publisher import Publisher
from edge.serving import Serving
from edge.sightings import Frame
from edge.source import Condition, NoPictures, monotonic, need_film, now
from edge.spool import Spool, SpoolError

log = logging.getLogger(__name__)

REFUSALS: Final = (NoPictures, BadDetector, SpoolError, BadGeometry)
"""Why a camera cannot be watched, in a sentence that says what to do."""
MAX_FAILURES: Final = 3
"""So many frames in a row that cannot be looked at, and the camera is lost; its pipeline is begun anew."""
FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 30.0
"""Back-off between attempts to set up a camera that was refused: somebody may be mending its settings or its disk."""
STATUS_EVERY_S: Final = 0.2
"""How often to look whether there is something to say of the camera itself."""


class _Stumbled(Exception):
    """Something of ours broke again and again."""


class Eyes:
    """One camera, from its pictures to the wire.

    `pipeline`, `publisher` and `source` are there once `open` has succeeded; `frame` is the newest that was looked at.
    `refused` is why it cannot work as things stand, None while it can.
    """

    def __init__(self, settings: EdgeSettings, camera: CameraSettings, spool: Path, nursery: Nursery, wrong: str = "") -> None:
        """Prepare to watch *camera*; *wrong* is why its settings cannot be used, for its status."""
        self.camera = camera
        self.pipeline: Pipeline | None = None
        self.publisher: Publisher | None = None
        self.serving: Serving | None = None
        self.source: Live | None = None
        self.frame: Frame | None = None
        self.refused: Exception | None = None
        self.looked_at = 0.0
        """When it was last this camera's turn, by the monotonic clock."""
        self.stumbled_at = float("-inf")
        """When something of ours last broke, and was logged."""
        self._wrong = wrong
        self._settings = settings
        self._spool_file = spool
        self._spool: Spool | None = None
        self._nursery = nursery
        self._heartbeat = Heartbeat(_zones(camera.plan), now())
        self._drawn: Plan | None = None
        self._failures = 0
        self._pause = FIRST_RETRY_S
        self._again_at = 0.0
        self._status_at = 0.0

    def open(self) -> None:
        """Set up whatever is not there yet. Afterwards `refused` says whether, and why not."""
        try:
            self._open()
        except REFUSALS as wrong:
            self.refuse(wrong)
        else:
            self.refused = None

    def start(self) -> None:
        """Begin to read the camera, unless it is refused."""
        if self.refused is None and self.source is None:
            camera = self.camera
            self.source = Live(
                camera.source, camera.frames_per_second, self._nursery, name=camera.id, starts_at=_starts_at(camera)
            )  # fmt: skip

    def refuse(self, wrong: Exception) -> None:
        """Go on without a picture until the next attempt; the status says why."""
        if str(wrong) != str(self.refused):
            log.error("%s", named(self.camera, wrong))
        self.refused = wrong
        self._again_at = monotonic() + self._pause
        self._pause = min(self._pause * 2, LAST_RETRY_S)

    @property
    def waiting(self) -> bool:
        """Whether a picture waits to be looked at."""
        return self.refused is None and self.source is not None and self.source.waiting

    def look(self) -> Frame | None:
        """Look at the newest frame, if there is one; return it."""
        self.looked_at = monotonic()
        frame = self.source.take() if self.source else None
        if frame is None or self.pipeline is None or self.publisher is None or self.serving is None:
            return None
        try:
            events = self.pipeline.look(frame)
        except BadGeometry as wrong:
            if not self.serving.fall_back(wrong, self.pipeline):
                self.refuse(wrong)
            return None
        for event in events:
            self.publisher.say(event)
        self._note(frame, self.pipeline)
        self.serving.looked(frame, self.pipeline)
        self._failures, self._pause, self.frame = 0, FIRST_RETRY_S, frame
        return frame

    def fail(self, wrong: Exception) -> None:
        """Something of ours broke; the third time in a row the camera is lost, and its pipeline begun anew."""
        self._failures += 1
        what = f"{type(wrong).__name__}: {wrong}"[:100]
        if self.pipeline is None:
            self.refuse(_Stumbled(f"it cannot be set up ({what}); the log has more"))
        elif self._failures >= MAX_FAILURES:
            self.refuse(_Stumbled(f"{MAX_FAILURES} pictures in a row could not be looked at ({what}); the log has more"))

    @property
    def hopeless(self) -> Exception | None:
        """Why this camera cannot work before somebody mends something, or None."""
        if self.refused is not None:
            return None if isinstance(self.refused, _Stumbled) else self.refused
        return NoPictures(self.source.hopeless) if self.source and self.source.hopeless else None

    def turn(self) -> None:
        """Look after the reader, try again what was refused, say how the camera is."""
        moment = monotonic()
        if self.source is not None:
            self.source.look_after()
        if self.serving is not None:
            self.serving.turn(self._condition(), self.pipeline)
        if moment - self._status_at >= STATUS_EVERY_S:
            self._status_at = moment
            self._tell_status()
        if self.refused is not None and moment >= self._again_at:
            self.open()
            self.start()

    def close_reader(self) -> None:
        """Let go of the camera."""
        if self.source is not None:
            self.source.close()

    def close(self) -> None:
        """Say goodbye on the wire, and end."""
        if self.publisher is not None:
            self.publisher.stop()
        if self._spool is not None:
            self._spool.close()

    def _open(self) -> None:
        camera = self.camera
        if self._spool is None:
            self._spool = Spool(self._spool_file)
        if self.publisher is None:
            self.publisher = Publisher(self._settings.mqtt, self._spool, store=self._settings.store.id, device=camera.id)
            self.publisher.start()
        if self.serving is None:
            file = PlanFile(self._spool_file.with_name(f"plan-{camera.id}.json"))
            self.serving = Serving(camera, self.publisher, file)
        if self._wrong:
            raise NoPictures(self._wrong)
        _starts_at(camera)
        need_film(camera.source)
        if self.pipeline is None or self._failures:
            plan, detector = self.serving.begin()
            self.pipeline = Pipeline(camera, detector, party_seconds=self._settings.standards.party_seconds, plan=plan)
            self._failures = 0

    def _note(self, frame: Frame, pipeline: Pipeline) -> None:
        at = now()
        if pipeline.plan is not self._drawn:
            self._drawn = pipeline.plan
            self._heartbeat.replanned()
        if pipeline.small is not None:
            self._heartbeat.frame(pipeline.small, at)
        if frame.moment is not None:
            self._heartbeat.decided(monotonic() - frame.moment, at)

    def _tell_status(self) -> None:
        if self.publisher is None or self._spool is None:
            return
        at = now()
        wanted = self.publisher.report_wanted.is_set()
        if not self._heartbeat.due(self._condition(), at) and not wanted:
            return
        self.publisher.report_wanted.clear()
        if self.serving is not None:
            self._heartbeat.watches(_zones(self.serving.plan))
        self.publisher.status(self._heartbeat.status(self._counters(self._spool), at))

    def _condition(self) -> Condition:
        if self.refused is not None:
            return Condition(Watch.LOST, str(self.refused))
        return self.source.condition if self.source else Condition(Watch.STARTING)

    def _counters(self, spool: Spool) -> Counters:
        return Counters(
            dropped=self.source.dropped if self.source else 0,
            gate_share=self.pipeline.gate_share if self.pipeline else 1.0,
            spooled=len(spool),
            trouble="; ".join(part for part in (spool.trouble, self.serving.trouble if self.serving else "") if part),
            plan=self.serving.plan.version if self.serving else None,
            staff_passed=self.pipeline.staff_passed if self.pipeline else None,
        )


def named(camera: CameraSettings, wrong: Exception) -> str:
    """Return what is *wrong* with the name of its *camera* before it."""
    return f"camera {camera.id}: {str(wrong).removeprefix(f'camera {camera.id}: ')}"


def _starts_at(camera: CameraSettings) -> datetime | None:
    if camera.starts_at is None:
        return None
    try:
        at = datetime.fromisoformat(camera.starts_at)
    except ValueError:
        raise NoPictures(f"starts_at {camera.starts_at!r} is not a time such as 2026-05-02T10:00:00Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _zones(plan: Plan) -> tuple[str, ...]:
    named = [line.zone for line in plan.lines] + [area.place for area in plan.areas if area.kind not in NOT_PEOPLE]
    return tuple(dict.fromkeys(named))
