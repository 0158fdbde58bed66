"""Clips counted and compared with their truth: what `greetline edge audit` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from broker.contract.messages import ZoneKind
from broker.settings import AreaSettings, CameraSettings
from edge import counting, judging, truth, viewing
from edge.counting import BadLine, Count
from edge.detectors import BadDetector
from edge.geometry import BadGeometry
from edge.source import NoPictures
from edge.truth import BadTruth, Truth

OVER_THE_EDGE: Final = 0.02
"""A truth drawn by hand may run over the edge of the picture by this share of its size."""
MOST_CORNERS: Final = 32
"""Corners of an area, as everywhere."""
REFUSALS = (BadTruth, NoPictures, BadLine, BadGeometry, BadDetector)
"""What spoils one clip. The others go on."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Audited:
    """One clip: how it was looked at and what came of it, or why it could not be judged."""

    clip: str
    proposal: viewing.Proposal | None = None
    result: judging.LineResult | judging.ZoneResult | None = None
    warning: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the clip's entry of `greetline edge audit --json`."""
        if self.error or self.result is None or self.proposal is None:
            return {"clip": self.clip, "error": self.error}
        said: dict[str, Any] = {"clip": self.clip} | _figures(self.result) | _choice(self.proposal)
        return said | ({"warning": self.warning} if self.warning else {})


def _choice(proposal: viewing.Proposal) -> dict[str, Any]:
    detector = "blobs" if proposal.view == "overhead" or proposal.model is None else proposal.model.name
    return {"view": proposal.view, "detector": detector, "sure": proposal.sure, "why": proposal.why}


def _figures(result: judging.LineResult | judging.ZoneResult) -> dict[str, Any]:
    if isinstance(result, judging.LineResult):
        counts = {"right": result.right, "false": result.false, "missed": result.missed, "net_error": result.net_error}
        return counts | {"false_at_s": list(result.false_at), "missed_at_s": list(result.missed_at)}
    return {
        "visits": result.visits,
        "visits_truth": result.visits_truth,
        "dwell_error_s": _mean(result.dwell_errors),
        "queue_length_right": _share(result.right_frames, result.judged_frames),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def totals(audited: Sequence[Audited]) -> dict[str, Any]:
    """Return the sums over all clips that could be judged; shares are null where there is nothing to share."""
    lines = [one.result for one in audited if isinstance(one.result, judging.LineResult)]
    zones = [one.result for one in audited if isinstance(one.result, judging.ZoneResult)]
    right, false, missed = (sum(getattr(one, name) for one in lines) for name in ("right", "false", "missed"))
    visited = [zone for zone in zones if zone.visits_truth is not None]
    means = [mean for zone in zones if (mean := _mean(zone.dwell_errors)) is not None]
    return {
        "clips": len(lines) + len(zones),
        "errors": sum(bool(one.error) for one in audited),
        "right": right,
        "false": false,
        "missed": missed,
        "truth": right + missed,
        "right_share": _share(right, right + missed),
        "false_share": _share(false, right + missed),
        "net_error": sum(one.net_error for one in lines),
        "visits": sum(zone.visits for zone in visited),
        "visits_truth": sum(zone.visits_truth or 0 for zone in visited),
        "dwell_error_s": _mean([error for zone in zones for error in zone.dwell_errors]),
        "worst_dwell_error_s": max(means, default=None),
        "queue_length_right": _share(sum(zone.right_frames for zone in zones), sum(zone.judged_frames for zone in zones)),
    }


@dataclass(frozen=True, slots=True)
class How:
    """How clips are looked at. A `view` of None is found out for each clip."""

    view: viewing.View | None = None
    model: Path | None = None
    no_model: str = ""
    """Why there is no model, in a sentence."""
    fps: float = 10.0


def audit(file: Path, how: How, tell: Tell = lambda doing: None) -> Audited:
    """Count the clip of truth *file* and judge it. What cannot be done is said in `error`, never raised."""
    name = file.name
    try:
        known = truth.read(file)
        name = known.clip
        return _judged(known, file.parent / known.clip, how, tell)
    except REFUSALS as wrong:
        return Audited(name, error=str(wrong))


def _judged(known: Truth, clip: Path, how: How, tell: Tell) -> Audited:
    camera = _camera(known, clip, how)
    tell(f"{known.clip}: which way does it look?")
    proposal = _proposal(str(clip), how)
    camera = camera.model_copy(update={"view": proposal.view, "model": proposal.model, "detector": _detector(proposal)})
    counted = counting.count(camera, lambda seconds: tell(f"{known.clip}: {seconds:.0f} s of video counted"), cost=False)
    if not counted.frames:
        raise NoPictures(f"{clip} has no picture in it. Give a clip that plays.")
    result = judging.line(counted, known) if known.line else judging.zone(counted, known)
    return Audited(known.clip, proposal, result, warning=_broken_off(counted, known))


def _detector(proposal: viewing.Proposal) -> str:
    return "blobs" if proposal.view == "overhead" or proposal.model is None else "auto"


def _proposal(clip: str, how: How) -> viewing.Proposal:
    if how.view is None:
        seen = viewing.propose(clip, how.model)
        return viewing.Proposal(seen.view, seen.sure, how.no_model, None) if how.no_model else seen
    if how.view == "angled" and how.model is None:
        return viewing.Proposal("angled", 1.0, how.no_model or "no model was given: blobs for everything")
    return viewing.Proposal(how.view, 1.0, "as told", how.model if how.view == "angled" else None)


def _camera(known: Truth, clip: Path, how: How) -> CameraSettings:
    """Return the camera with the truth's line or zone. Raises BadLine, BadGeometry or NoPictures."""
    if not clip.is_file():
        raise NoPictures(f"there is no clip {clip}. It must lie beside its truth file, under the name in `clip`.")
    width, height = counting.size_of(str(clip))
    if known.line is not None:
        x1, y1, x2, y2 = known.line
        ends = (_within(x1, width), _within(y1, height), _within(x2, width), _within(y2, height))
        across = counting.line_in_pixels(str(clip), ends, known.inside)
        if known.by_feet:
            across = across.model_copy(update={"anchor": "feet"})
        return CameraSettings(id="clip", source=str(clip), lines=(across,), frames_per_second=how.fps)
    corners = [(_within(x, width) / width, _within(y, height) / height) for x, y in known.zone or ()]
    if len(corners) < 3:
        raise BadGeometry(f"the zone of {known.clip} has {len(corners)} corners and encloses nothing. Give at least three.")
    if len(corners) > MOST_CORNERS:
        raise BadGeometry(f"the zone of {known.clip} has {len(corners)} corners. Draw it with at most {MOST_CORNERS}.")
    anchor = "feet" if known.by_feet else "centre" if known.anchor else "auto"
    try:
        area = AreaSettings(id="zone", kind=ZoneKind.QUEUE, points=tuple(corners), anchor=anchor)
    except ValidationError:
        raise BadGeometry(f"the zone of {known.clip} must lie in the picture, which is {width} x {height} pixels.") from None
    return CameraSettings(id="clip", source=str(clip), areas=(area,), frames_per_second=how.fps)


def _within(pixels: float, size: int) -> float:
    """Return *pixels*, or the edge that it runs over by a little."""
    nearest = min(max(pixels, 0.0), float(size))
    return nearest if abs(pixels - nearest) <= OVER_THE_EDGE * size else pixels


def _broken_off(counted: Count, known: Truth) -> str:
    """Return a sentence when the clip ends before it should."""
    expected = max(known.frames or 0, counted.announced)
    # The last frames of many a good file never come: its length is stated in time, not in frames.
    if counted.frames >= expected - max(2, expected // 100):
        return ""
    return f"the clip ends after frame {counted.frames} of {expected}: only what is there was counted. Copy it again."
