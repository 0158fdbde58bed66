"""What is asked of one camera by the person who sets it up, and by the service that sends what they have drawn.

The looking loop calls `looked` after every frame and `turn` on every round. A picture is made and a trial is counted on
a thread of their own that lets the loop go first; the rest takes less time than a frame. The plan in force is kept
here: a pipeline may come and go with its camera.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2

from broker.contract.messages import (
    MAX_STILL_PARTS,
    STILL_PART_CHARACTERS,
    Answer,
    Ask,
    Command,
    Refused,
    Shown,
    StillPart,
    Trial,
    UniformSeen,
    Watch,
)
from broker.contract.plan import Plan
from broker.settings import CameraSettings
from edge.detectors import BadDetector, Detector, choose
from edge.geometry import BadGeometry, scaled
from edge.paths import Paths, Recent
from edge.pipeline import Pipeline
from edge.planfile import PlanFile
from edge.publisher import Publisher
from edge.sightings import Box, Frame, Picture
from edge.source import Condition, monotonic
from edge.staff import uniform_of
from edge.trial import Breath, Watching, drawing, tried

log = logging.getLogger(__name__)

STILL_WIDTH_PX: Final = 1280
"""A still is at most so wide."""
STILL_QUALITIES: Final = (85, 70, 55, 40, 25)
"""Of JPEG; the first that fits is sent, and if none does, half the width is tried."""
STILL_WAIT_S: Final = 3.0
"""A camera that watches gives its next frame within this."""
STILL_KEPT_S: Final = 120.0
"""So long the colours of a uniform can be read from the last still; then it is forgotten."""
NOT_SOONER_S: Final = {Ask.STILL: 2.0, Ask.WATCH: 0.5, Ask.PLAN: 0.05}
"""The same thing is not done again within so many seconds, whoever asks."""
NOMINAL_PX: Final = (1600, 900)
"""A size of picture good enough to judge a plan by before the camera has given the real one."""


class NotNow(Exception):
    """What was asked cannot be done. The text says why and what to do."""


Choose = Callable[[CameraSettings], Detector]
_ONE_AT_A_TIME: Final = threading.Lock()
"""However many cameras a box has: whoever looks at pictures goes first."""


@dataclass(slots=True)
class _Wanted:
    """A still that waits for the next frame."""

    request: str
    until: float


class Serving:
    """Answers for one camera. `plan` is the one in force, `trouble` says in a status why another one is not."""

    def __init__(self, camera: CameraSettings, publisher: Publisher, file: PlanFile, choose: Choose = choose) -> None:
        """Begin with the drawn plan that *file* keeps, else with the settings file's."""
        self._camera, self._publisher, self._file, self._choose = camera, publisher, file, choose
        self.plan = camera.plan
        self.trouble = ""
        if kept := file.read():
            log.info("camera %s: plan %d, drawn in the dashboard, goes before the settings file's", camera.id, kept.version)
            self.plan = kept
        self._paths = Paths()
        self._size: tuple[int, int] | None = None
        self._watching: Watching | None = None
        self._wanted: _Wanted | None = None
        self._still: tuple[float, Picture] | None = None
        self._done_at: dict[Ask, float] = {}
        self._busy: dict[Ask, threading.Thread] = {}

    def begin(self) -> tuple[Plan, Detector]:
        """Return the plan and the detector for a new pipeline.

        A drawn plan that cannot be used gives way to the settings file's. Raises BadGeometry or BadDetector for that one.
        """
        try:
            return self.plan, self._usable(self.plan)
        except (BadGeometry, BadDetector) as wrong:
            if not self.fall_back(wrong):
                raise
        return self.plan, self._usable(self.plan)

    def fall_back(self, wrong: Exception, pipeline: Pipeline | None = None) -> bool:
        """Go on by the settings file's plan when the drawn one turns out not to fit. Return whether that is another."""
        if self.plan.version == 0:
            return False
        self._report(f"plan {self.plan.version} is not used: {wrong}")
        log.warning("camera %s: %s", self._camera.id, self.trouble)
        self.plan = self._camera.plan
        try:
            if pipeline:
                self._see(self.plan, pipeline)
        except (BadGeometry, BadDetector):
            return False
        return True

    def looked(self, frame: Frame, pipeline: Pipeline) -> None:
        """Take note of what *pipeline* has just made of *frame*."""
        self._size = size = frame.width, frame.height
        at = frame.at.timestamp()
        self._paths.note(pipeline.tracks, size, at, pipeline.staff)
        if self._watching and self._watching.size == size:
            self._watching.look(pipeline.tracks, at, pipeline.staff)
        if self._wanted:
            self._give_still(self._wanted.request, frame)

    def turn(self, condition: Condition, pipeline: Pipeline | None) -> None:
        """Do one thing that was asked for, while the camera is as *condition* says; *pipeline* is None before it is set up."""
        clock = monotonic()
        if self._still and clock - self._still[0] > STILL_KEPT_S:
            self._still = None
        if self._wanted and clock > self._wanted.until:
            request, self._wanted = self._wanted.request, None
            self._refuse(request, "The camera gives no picture at the moment. Ask again.")
        self._count_on(clock)
        command = self._publisher.asked()
        if command is None:
            return
        if clock - self._done_at.get(command.name, float("-inf")) < NOT_SOONER_S.get(command.name, 0.0):
            self._refuse(command.request, "That was asked a moment ago. Wait two seconds and ask again.")
            return
        try:
            self._do(command, condition, pipeline)
            self._done_at[command.name] = clock
        except (BadGeometry, BadDetector, NotNow) as wrong:
            self._refuse(command.request, str(wrong))
        except Exception:
            # A question that we stumble over must not cost anybody who comes in meanwhile.
            log.exception("camera %s: %s could not be done", self._camera.id, command.name)
            self._refuse(command.request, "That went wrong in the camera box; its log says more.")

    def _do(self, command: Command, condition: Condition, pipeline: Pipeline | None) -> None:
        request, plan = command.request or "", command.plan or self.plan
        match command.name:
            case Ask.PLAN:
                self._replan(plan, pipeline)
            case Ask.SHOW:
                self._publisher.answer(Shown(request=request, plan=self.plan))
            case Ask.UNIFORM if command.box:
                self._publisher.answer(UniformSeen(request=request, uniform=self._colours(command.box)))
            case Ask.TRY if self._size:
                drawing(plan, self._size)
                recent = self._paths.recent()
                self._aside(Ask.TRY, request, lambda: self._try(request, plan, recent))
            case _ if self._size is None or condition.watch is not Watch.WATCHING:
                self._refuse(request, f"The camera gives no picture: {condition.reason or condition.watch}.")
            case Ask.STILL:
                self._wanted = _Wanted(request, monotonic() + STILL_WAIT_S)
            case Ask.WATCH:
                self._watch(request, plan, self._size, monotonic())

    def _replan(self, plan: Plan, pipeline: Pipeline | None) -> None:
        """Look by *plan* from now on, keep it, and say so at once. Raises BadGeometry or BadDetector, and changes nothing."""
        try:
            drawing(plan, self._size or NOMINAL_PX)
            if pipeline:
                self._see(plan, pipeline)
        except (BadGeometry, BadDetector) as wrong:
            self._report(f"plan {plan.version} is not used: {wrong}")
            raise
        self.plan = plan
        self._report(self._file.keep(plan))
        log.info("camera %s: plan %d is in force", self._camera.id, plan.version)

    def _see(self, plan: Plan, pipeline: Pipeline) -> None:
        detector = self._usable(plan) if plan.view != pipeline.plan.view else pipeline.detector
        pipeline.replan(plan)
        pipeline.detector = detector

    def _usable(self, plan: Plan) -> Detector:
        """Return the detector for the view of *plan*. Raises BadGeometry or BadDetector."""
        drawing(plan, self._size or NOMINAL_PX)
        return self._choose(self._camera.model_copy(update={"view": plan.view}))

    def _report(self, trouble: str) -> None:
        self.trouble = trouble
        self._publisher.report_wanted.set()

    def _watch(self, request: str, plan: Plan, size: tuple[int, int], clock: float) -> None:
        fresh = Watching(request, plan, size, clock)
        if self._watching:
            self._publisher.answer(self._watching.said(clock, last=True))
        self._watching = fresh

    def _count_on(self, clock: float) -> None:
        if self._watching and (word := self._watching.word(clock)):
            # Of another size, the picture is another: what was drawn no longer lies where it was drawn.
            last = word.last or self._watching.size != self._size
            self._publisher.answer(word.model_copy(update={"last": last}))
            self._watching = None if last else self._watching

    def _try(self, request: str, plan: Plan, recent: Recent) -> None:
        lines = tried(recent, plan, Breath())
        self._publisher.answer(Trial(request=request, seconds=round(recent.seconds, 1), lines=lines))

    def _colours(self, box: tuple[tuple[float, float], tuple[float, float]]) -> tuple[int, ...]:
        if self._still is None:
            raise NotNow("The picture is forgotten by now. Ask for a new one, and draw the box in it within two minutes.")
        picture = self._still[1]
        (x1, y1), (x2, y2) = (scaled(corner, (picture.shape[1], picture.shape[0])) for corner in box)
        try:
            return uniform_of(picture, Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))
        except ValueError as wrong:
            raise NotNow(str(wrong)) from None

    def _give_still(self, request: str, frame: Frame) -> None:
        self._wanted = None
        # A copy: what the frame's memory holds in a moment is the next picture.
        picture = _at_most(frame.picture, STILL_WIDTH_PX)
        self._still = monotonic(), picture
        size = frame.width, frame.height
        self._aside(Ask.STILL, request, lambda: self._say_still(request, picture, size))

    def _say_still(self, request: str, picture: Picture, size: tuple[int, int]) -> None:
        written = base64.b64encode(jpeg(picture)).decode()
        pieces = [written[begin : begin + STILL_PART_CHARACTERS] for begin in range(0, len(written), STILL_PART_CHARACTERS)]
        for number, piece in enumerate(pieces, 1):
            part = StillPart(request=request, part=number, parts=len(pieces), width=size[0], height=size[1], content=piece)
            self._publisher.answer(part)

    def _aside(self, ask: Ask, request: str, work: Callable[[], Any]) -> None:
        """Do *work* on a thread of its own; of each kind one at a time."""
        busy = self._busy.get(ask)
        if busy and busy.is_alive():
            self._refuse(request, "The camera is still busy with the same question. Ask again in a moment.")
            return
        self._busy[ask] = threading.Thread(target=_alone, args=(work,), name=f"{self._camera.id} {ask}", daemon=True)
        self._busy[ask].start()

    def _refuse(self, request: str | None, reason: str) -> None:
        if request:
            answer: Answer = Refused(request=request, reason=reason[:300])
            self._publisher.answer(answer)


def _alone(work: Callable[[], Any]) -> None:
    with _ONE_AT_A_TIME:
        work()


def jpeg(picture: Picture) -> bytes:
    """Return *picture* as a JPEG that fits in MAX_STILL_PARTS messages."""
    most = MAX_STILL_PARTS * STILL_PART_CHARACTERS // 4 * 3
    while True:
        for quality in STILL_QUALITIES:
            done, written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and written.nbytes <= most:
                return written.tobytes()
        picture = _at_most(picture, picture.shape[1] // 2)


def _at_most(picture: Picture, width: int) -> Picture:
    """Return a copy of *picture* that is at most *width* pixels wide."""
    height, wide = picture.shape[:2]
    if wide <= width:
        return picture.copy()
    return cv2.resize(picture, (width, max(1, round(height * width / wide))), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
