"""A minute of a camera looked at before it is put to work: which view to set, which model, and one picture on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2

from broker.contract.messages import Watch
from edge import viewing
from edge.detectors import load
from edge.live import Live
from edge.nursery import Nursery
from edge.sightings import Picture
from edge.source import NoPictures, is_live, monotonic

WAIT_S: Final = 0.5
"""How long to wait for a picture before looking at the clock."""
QUALITY: Final = 85
"""Of the JPEG that is written."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a camera should be set to."""

    proposal: viewing.Proposal
    seconds: float
    """So much of it was looked at."""
    size: tuple[int, int]
    """Width and height of its pictures."""
    picture: Picture
    """The last one."""

    def as_json(self) -> dict[str, Any]:
        """Return what `greetline edge calibrate --json` prints; the picture is not in it."""
        model = self.proposal.model
        return {
            "view": self.proposal.view,
            "detector": "blobs" if self.proposal.view == "overhead" or model is None else "auto",
            "model": str(model) if model else None,
            "sure": self.proposal.sure,
            "why": self.proposal.why,
            "seconds": round(self.seconds, 1),
            "width": self.size[0],
            "height": self.size[1],
        }


def calibrate(source: str, seconds: float, model: Path | None, tell: Callable[[float], None] = lambda so_far: None) -> Calibration:
    """Look at *source* for *seconds* and say how it should be set. Raises NoPictures or BadDetector."""
    cv2.setNumThreads(1)
    watched = viewing.Viewing(load(model) if model else None)
    last: Picture | None = None
    so_far = 0.0
    for so_far, picture in _live(source, seconds) if is_live(source) else viewing.shown(source, seconds):
        watched.look(picture)
        last = picture
        tell(so_far)
    if last is None:
        raise NoPictures(f"{source} showed no picture in {seconds:.0f} s. Give a source that plays.")
    return Calibration(watched.proposal(model), so_far, (last.shape[1], last.shape[0]), last)


def _live(source: str, seconds: float) -> Iterator[tuple[float, Picture]]:
    nursery = Nursery()
    try:
        with closing(Live(source, viewing.LOOKS_A_SECOND, nursery)) as camera:
            began = monotonic()
            shown = False
            while monotonic() - began < seconds:
                if (frame := camera.read(WAIT_S)) is not None:
                    shown = True
                    yield monotonic() - began, frame.picture
                if camera.hopeless:
                    raise NoPictures(camera.hopeless)
            if not shown and camera.condition.watch is Watch.LOST:
                raise NoPictures(f"the camera gave no picture: {camera.condition.reason}. Check its address and its cable.")
    finally:
        nursery.close()


def keep(picture: Picture, out: Path) -> None:
    """Write *picture* to *out*, whole or not at all. Raises OSError."""
    done, written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    half = out.with_name(f".{out.name}.half")
    try:
        half.write_bytes(written.tobytes())
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
