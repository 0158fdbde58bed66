"""How far the figures of a report can be trusted: when nobody was counted, what was late, dismissed or not understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from itertools import chain

from broker.domain.period import Period, Span, common, joined, opening, seconds, seconds_by_hour
from broker.shop import Shop
from broker.store import devices, history, tallies
from broker.store.devices import Gap
from broker.store.rejected import KEPT_OF_ONE
from broker.store.tallies import Tally


@dataclass(frozen=True, slots=True)
class CameraTrust:
    """One camera: the spans within opening hours in which it did not watch."""

    id: str
    name: str
    zones: tuple[str, ...]
    gaps: tuple[Span, ...]
    measured: tuple[Tally, ...] = ()
    """The newest count by hand beside it at each of its lines, up to the end of the period."""

    @property
    def seconds(self) -> float:
        """How long it did not watch."""
        return seconds(self.gaps)


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A span within opening hours in which no camera of a zone watched, so that nobody was counted there."""

    zone: str
    name: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What to know before the figures are believed. All of it within opening hours; times in seconds.

    `planned` are the opening spans of the days, `opened` those up to now. `unwatched` is by zone; `unwatched_by_hour`
    counts a second once even when several zones were unwatched. `rejected_full` says that older rejected messages are
    not kept, so there may be more.
    """

    planned: tuple[Span, ...]
    opened: tuple[Span, ...]
    cameras: tuple[CameraTrust, ...]
    unwatched: tuple[Unwatched, ...]
    unwatched_by_hour: dict[int, float]
    paused_seconds: float
    rejected: int
    rejected_full: bool

    @property
    def open_seconds(self) -> float:
        """How long the shop has been open."""
        return seconds(self.opened)

    @property
    def camera_seconds(self) -> float:
        """How long cameras did not watch, all cameras together."""
        return sum(camera.seconds for camera in self.cameras)

    @property
    def unwatched_seconds(self) -> float:
        """How long nobody was counted in at least one of the zones."""
        return sum(self.unwatched_by_hour.values())


def trust(shop: Shop, period: Period, span: Span, zone: str | None) -> Trust:
    """Return how far the figures of *period* can be trusted, for one *zone* or the whole shop."""
    now = shop.clock()
    span = (span[0], min(span[1], now))
    planned = open_time(shop, period)
    opened = common(planned, [span])
    seen = [camera for camera in _cameras(shop, span, opened) if zone is None or zone in camera.zones]
    blind = [(each, _in_none(seen, each)) for each in shop.zones if zone in (None, each)]
    unwatched = [Unwatched(each, shop.zones[each], *gap) for each, gaps in blind for gap in gaps]
    everywhere = joined((gap.begin, gap.end) for gap in unwatched)
    rejected = history.rejected(shop.db, *span)
    pauses = joined(pause for at, pause in history.paused(shop.db, *span) if zone in (None, at))
    return Trust(
        planned=tuple(planned), opened=tuple(opened), cameras=tuple(seen), unwatched=tuple(unwatched),
        unwatched_by_hour=seconds_by_hour(everywhere, shop.hours.zone), paused_seconds=seconds(common(pauses, opened)),
        rejected=rejected, rejected_full=rejected >= KEPT_OF_ONE,
    )  # fmt: skip


def open_time(shop: Shop, period: Period) -> list[Span]:
    """Return the spans in which the shop is open in *period*, in order."""
    return joined(chain.from_iterable(opening(shop.hours, day) for day in period.each()))


def _cameras(shop: Shop, span: Span, opened: list[Span]) -> list[CameraTrust]:
    gaps: dict[str, list[Gap]] = {}
    for gap in devices.gaps(shop.db, *span):
        gaps.setdefault(gap.device, []).append(gap)
    known = {device.id: (device.name, device.zones) for device in devices.everyone(shop.db) if device.kind == "camera"}
    before = (span[0], min(max(history.began(shop.db) or span[1], span[0]), span[1]))
    found = [
        CameraTrust(each, name, zones, _clipped([before, *((g.began, g.ended or span[1]) for g in gaps.get(each, ()))], opened))
        for each, (name, zones) in known.items()
    ]
    for camera in shop.settings.cameras:
        if camera.id not in known:
            zones = tuple(dict.fromkeys(line.zone for line in camera.lines))
            name = camera.name or (shop.zones[zones[0]] if zones else camera.id)
            found.append(CameraTrust(camera.id, name, zones, tuple(opened)))
    measured = tallies.newest(shop.db, before=span[1])
    found = [replace(each, measured=tuple(tally for tally in measured if tally.camera == each.id)) for each in found]
    return sorted(found, key=lambda camera: (camera.name, camera.id))


def _clipped(gaps: Iterable[Span], opened: list[Span]) -> tuple[Span, ...]:
    return tuple(common(joined(gaps), opened))


def _in_none(cameras: list[CameraTrust], zone: str) -> list[Span]:
    """Return when no camera of *zone* watched; a zone without a camera is counted by hand and never unwatched."""
    here = [list(camera.gaps) for camera in cameras if zone in camera.zones]
    return reduce(common, here) if here else []
