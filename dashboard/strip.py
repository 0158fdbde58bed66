"""The strip of the cameras: when each one watched while the shop was open, day after day from left to right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from broker.desk.trust import CameraTrust, Trust
from broker.domain.period import Period, Span, common
from dashboard.drawing import NARROW, Group, Mark, Path, Plot, Rect, Text, line, r
from dashboard.shapes import shortened
from dashboard.wording import Words

STRIP_WIDTH: Final = 1300
LEAST_WIDTH: Final = 3.0
"""A gap is drawn at least so wide: seven minutes in four weeks must still be seen."""
NOTE_ROOM: Final = 170
"""The times of a gap are written beside it where so much room is left."""
INSTANT: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Track:
    """Maps moments to the strip: every day has the same room, from the first opening to the last closing of any day."""

    days: Sequence[date]
    zone: tzinfo
    opens: int
    closes: int
    left: float
    right: float

    @property
    def room(self) -> float:
        """How wide one day is."""
        return (self.right - self.left) / len(self.days)

    def at(self, moment: datetime) -> float:
        """Return where *moment* stands."""
        local = moment.astimezone(self.zone)
        day = (local.date() - self.days[0]).days
        minutes = local.hour * 60 + local.minute + local.second / 60 - self.opens * 60
        share = min(1.0, max(0.0, minutes / ((self.closes - self.opens) * 60)))
        return self.left + (max(0, min(day, len(self.days) - 1)) + share) * self.room

    def span(self, begin: datetime, end: datetime) -> tuple[float, float]:
        """Return where a span within one local day begins and ends; an end at midnight is the end of that day."""
        last = end - INSTANT
        if last.astimezone(self.zone).date() < end.astimezone(self.zone).date():
            return self.at(begin), self.at(last)
        return self.at(begin), self.at(end)


def track(trust: Trust, period: Period, zone: tzinfo, left: float, right: float) -> Track:
    """Return the track of a period."""
    local = [(begin.astimezone(zone), (end - INSTANT).astimezone(zone)) for begin, end in trust.planned]
    opens = min((begin.hour for begin, _ in local), default=0)
    closes = max((end.hour + 1 for _, end in local), default=24)
    if any(begin.date() != end.date() for begin, end in local):
        opens, closes = 0, 24
    return Track(period.each(), zone, opens, closes, left, right)


def cameras(trust: Trust, period: Period, words: Words, *, width: int = STRIP_WIDTH) -> Plot:
    """Return the strip: one line a camera, green where it watched, hatched where it did not, blank while closed."""
    narrow = width <= NARROW
    row, left = (50, 0) if narrow else (32, 132)
    path = track(trust, period, words.zone, left, width)
    groups = [_camera(camera, trust, path, n * row, narrow, words) for n, camera in enumerate(trust.cameras)]
    bottom = len(trust.cameras) * row
    scenery = _clock(path, bottom + 24, words) if period.days == 1 else _days(path, bottom + 24, bottom, words)
    described = " ".join(group.title for group in groups)
    return Plot(width, bottom + 28, words("report.cameras_chart"), described, (*groups, Group("", tuple(scenery))))


def _camera(camera: CameraTrust, trust: Trust, path: Track, y: float, narrow: bool, words: Words) -> Group:
    mid = y + (34 if narrow else 12)
    marks: list[Mark] = [Text(0, y + (18 if narrow else 17), shortened(camera.name, 32 if narrow else 16), "s big")]
    marks += [line(x1, mid, x2, mid, "okl") for opened in trust.opened for x1, x2 in _by_day(opened, path)]
    marks += [Rect(r(x1), mid - 9, r(x2 - x1), 18, r(min(4.0, (x2 - x1) / 2)), "gap") for x1, x2 in _hatched(camera.gaps, path)]
    if len(path.days) == 1 and not narrow:
        marks += _notes(camera, path, mid + 18, words)
    return Group(camera_title(camera, words), tuple(marks))


def _hatched(gaps: Iterable[Span], path: Track) -> list[tuple[float, float]]:
    """Return where *gaps* stand; those that would overlap are one: a camera that flickers has thousands of them."""
    found: list[tuple[float, float]] = []
    for x1, x2 in (part for gap in gaps for part in _by_day(gap, path)):
        end = min(max(x2, x1 + LEAST_WIDTH), path.right)
        begin = min(x1, end - LEAST_WIDTH)
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _notes(camera: CameraTrust, path: Track, y: float, words: Words) -> list[Mark]:
    """Return the times of the gaps of one day, as many as there is room for."""
    notes: list[Mark] = []
    free = path.left
    for begin, end in camera.gaps:
        x = path.at(end) + 8
        if x >= free and x + NOTE_ROOM <= path.right:
            length = words.duration((end - begin).total_seconds())
            notes.append(Text(r(x), y, f"{words.clock(begin)}–{words.clock(end)}, {length}", "s"))
            free = x + NOTE_ROOM
    return notes


def _by_day(span: Span, path: Track) -> list[tuple[float, float]]:
    """Return where *span* stands, in parts that each lie on one day."""
    begin, end = span
    first, last = begin.astimezone(path.zone).date(), (end - INSTANT).astimezone(path.zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    middays = [(_midnight(day, path.zone), _midnight(day + timedelta(days=1), path.zone)) for day in days]
    return [path.span(*part) for part in common([span], middays)]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def camera_title(camera: CameraTrust, words: Words) -> str:
    """Return the sentence of one camera."""
    if not camera.gaps:
        return words("report.camera_fine", camera=camera.name)
    return words.many("report.camera_gaps", len(camera.gaps), camera=camera.name, time=words.duration(camera.seconds))


def _clock(path: Track, y: float, words: Words) -> list[Mark]:
    every = max(1, round((path.closes - path.opens) / (6 if path.right > NARROW else 4)))
    marks: list[Mark] = []
    for hour in range(path.opens, path.closes + 1, every):
        x = path.left + (hour - path.opens) / (path.closes - path.opens) * (path.right - path.left)
        look = "s" if hour == path.opens else "e" if hour == path.closes else ""
        marks.append(Text(r(x), y, words.time_of_day(hour), look))
    return marks


def _days(path: Track, y: float, bottom: float, words: Words) -> list[Mark]:
    every = max(1, round(len(path.days) * (64 if len(path.days) > 7 else 40) / (path.right - path.left)))
    marks: list[Mark] = []
    for n, day in enumerate(path.days):
        x = path.left + n * path.room
        if n:
            marks.append(Path(f"M{r(x):g} 0V{bottom:g}", "grid"))
        if n % every == 0:
            marks.append(Text(r(x + path.room / 2), y, words.day_short(day, weekday=len(path.days) <= 7)))
    return marks
