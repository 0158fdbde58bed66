"""Which way a camera looks: straight down or at an angle, told from a short piece of its own video.

From straight above, what moves is people and a person detector knows hardly any of them: heads and shoulders are not
what it has learned. At an angle it knows nearly everybody who moves, and people who stand still besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from edge import models
from edge.detectors import BadDetector, Detector, load
from edge.detectors.blobs import Blobs
from edge.motion import shrink
from edge.sightings import Box, Detection, Picture
from edge.source import film
from edge.tracker import SURE_SCORE

View = Literal["overhead", "angled"]

LOOKS_A_SECOND: Final = 10.0
"""The blobs need to see what moves from picture to picture."""
ASKED_EVERY: Final = 5
"""The detector is asked about every so many of them: it costs ten times as much."""
FIRST_S: Final = 10.0
"""So much of the video is looked at in any case..."""
MOST_S: Final = 60.0
"""...and so much of a camera at most, while there is not evidence enough."""
MOST_OF_A_FILM_S: Final = 1800.0
"""A film goes faster than a camera: of an empty shop's, so much is looked at before giving up."""
ENOUGH: Final = 12
"""Sightings, of movers or of people known to the detector, that are evidence enough."""
KNOWN_SHARE: Final = 0.75
"""At an angle the detector knows at least this share of all whom either it or the blobs see."""
COVERED: Final = 0.5
"""A mover is known when a detection covers so much of the smaller of the two boxes."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a camera, how sure that is (0 to 1), and why, in a sentence."""

    view: View
    sure: float
    why: str
    model: Path | None = None


class Viewing:
    """Gathers the evidence, picture by picture."""

    def __init__(self, detector: Detector | None) -> None:
        """*detector* is a person detector, or None where there is no model."""
        self._detector = detector
        self._blobs = Blobs()
        self._pictures = 0
        self.movers = 0
        """Sightings of somebody who moves, in the pictures that the detector was asked about."""
        self.known = 0
        """How many of them the detector knew."""
        self.people = 0
        """Sightings of people by the detector."""

    def look(self, picture: Picture) -> None:
        """Take the next picture; LOOKS_A_SECOND of them make a second."""
        small = shrink(picture)
        moving = self._blobs.find(picture, small) or []
        self._pictures += 1
        if self._detector is None or self._pictures % ASKED_EVERY:
            return
        people = _sure(self._detector.find(picture, small) or [])
        movers = _sure(moving)
        self.movers += len(movers)
        self.people += len(people)
        self.known += sum(any(_covers(person, mover) for person in people) for mover in movers)

    @property
    def enough(self) -> bool:
        """Whether there is evidence enough."""
        return max(self.movers, self.people) >= ENOUGH

    def proposal(self, model: Path | None) -> Proposal:
        """Return what the evidence says so far; *model* is the detector's."""
        if self._detector is None:
            return Proposal("overhead", 0.0, "there is no model: blobs are all there is")
        if not self.movers and not self.people:
            return Proposal("overhead", 0.0, "nobody was seen")
        seen = max(self.people, self.known)
        share = seen / (self.movers + seen - self.known)
        evidence = min(1.0, max(self.movers, self.people) / ENOUGH)
        told = f"the detector saw {self.people} people and knew {self.known} of {self.movers} sightings of somebody who moved"
        # Half sure on the boundary, wholly sure where nearly everybody or nearly nobody is known.
        away = (share - KNOWN_SHARE) / (1 - KNOWN_SHARE) if share >= KNOWN_SHARE else 1 - share / KNOWN_SHARE
        sure = round(evidence * (0.5 + 0.5 * away), 2)
        if share >= KNOWN_SHARE:
            return Proposal("angled", sure, told, model)
        return Proposal("overhead", sure, told)


def _sure(found: list[Detection]) -> list[Box]:
    return [one.box for one in found if one.score >= SURE_SCORE]


def _covers(one: Box, other: Box) -> bool:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return min(width, height) > 0 and width * height >= COVERED * smaller


def propose(source: str, model: Path | None) -> Proposal:
    """Look at the first seconds of the film *source* and return which view it has.

    Without *model* the answer is overhead, and not sure. Raises NoPictures or BadDetector.
    """
    viewing = Viewing(load(model) if model else None)
    if model is None:
        return viewing.proposal(None)
    for seconds, picture in shown(source, MOST_OF_A_FILM_S):
        if seconds >= FIRST_S and viewing.enough:
            break
        viewing.look(picture)
    return viewing.proposal(model)


def shown(source: str, most: float) -> Iterator[tuple[float, Picture]]:
    """Yield the pictures of the film *source* and their seconds, *most* seconds of them. Raises NoPictures."""
    opened = film(source, LOOKS_A_SECOND)
    try:
        for index, picture in iter(opened.next, None):
            seconds = index / opened.frames_per_second
            if seconds >= most:
                break
            yield seconds, picture
    finally:
        opened.close()


def model_in(folder: Path) -> tuple[Path | None, str]:
    """Return the best usable model in *folder* and, if there is none, a sentence that says so. Raises BadDetector."""
    if not folder.is_dir():
        raise BadDetector(f"there is no folder {folder}. Give --models a folder with model files, or leave it out for blobs.")
    for file in _by_preference(folder):
        try:
            load(file)
        except BadDetector:
            continue
        return file, ""
    return None, f"no usable model in {folder}: blobs for everything"


def _by_preference(folder: Path) -> Iterator[Path]:
    known = [file for model in models.CATALOGUE if (file := models.find(folder, model.name))]
    yield from known
    yield from sorted(file for file in folder.iterdir() if file.suffix in models.KINDS and file not in known)
