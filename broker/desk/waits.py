"""How long people waited at counters without tickets over some days, zone by zone, for the report."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.desk.queues import QUEUE
from broker.desk.trust import Trust
from broker.domain import period as spans
from broker.domain.period import Period, Slots, Span
from broker.domain.unticketed import Waiting, Waits, waiting
from broker.settings import ZoneSettings
from broker.shop import Shop
from broker.store import areas
from broker.store.areas import PastCount, PastStay

NOBODY: Final = ""
"""Stands for an area when no camera counts there any more."""


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One zone: its figures, how long its queue was at the most by hour of the clock, and how long it was not watched.

    `longest` has every hour in which the shop is open, None where nobody counted; `limit` is how many call a colleague.
    """

    zone: str
    name: str
    limit: int
    figures: Waiting
    longest: tuple[tuple[int, int | None], ...]
    unwatched: float


def counters(
    shop: Shop, *, period: Period, span: Span, zone: str | None, trusted: Trust, opened: frozenset[int]
) -> tuple[CounterRow, ...]:
    """Return a row for each zone with a queue in the period, in the order of the settings. Empty where there is none.

    *opened* are the hours of the clock in which the shop is open.
    """
    counts: dict[str, list[PastCount]] = {}
    for count in areas.counts(shop.db, *span, zone=zone):
        counts.setdefault(count.zone, []).append(count)
    stays = list(areas.stays(shop.db, *span, zone=zone))
    # The slots of a year take longer than the rest of its report; without anybody to place they are not needed.
    slots = spans.slots(shop.hours, period) if stays or counts else Slots((), ())
    waits = _waits(stays, slots)
    watched_by = _cameras(shop, counts)
    known = [each for each in waits if waits[each].served or waits[each].left or waits[each].unknown]
    wanted = [each for each in {*known, *counts, *watched_by} if zone in (None, each)]
    gaps = {camera.id: camera.gaps for camera in trusted.cameras}
    found = []
    for each in sorted(wanted, key=lambda name: (list(shop.zones).index(name) if name in shop.zones else len(shop.zones), name)):
        cameras = {device: gaps.get(device, ()) for device in watched_by.get(each, ())}
        most = _longest(counts.get(each, ()), cameras, slots, min(_until(trusted), span[1]))
        hours = range(min(opened | most.keys()), max(opened | most.keys()) + 1) if opened | most.keys() else range(0)
        found.append(
            CounterRow(
                each, shop.zones.get(each, each), _limit(shop, each), waiting(waits.get(each, Waits())),
                tuple((hour, most.get(hour)) for hour in hours),
                spans.seconds(spans.joined(gap for some in cameras.values() for gap in some)),
            )
        )  # fmt: skip
    return tuple(found)


def _until(trusted: Trust) -> datetime:
    """Return up to when the shop has been open; a queue is not looked at after that."""
    return max((end for _, end in trusted.opened), default=datetime.min.replace(tzinfo=UTC))


def _limit(shop: Shop, zone: str) -> int:
    told = next((each.queue_people for each in shop.settings.zones if each.id == zone), None)
    return told if told is not None else int(ZoneSettings.model_fields["queue_people"].default)


def _waits(stays: Iterable[PastStay], slots: Slots) -> dict[str, Waits]:
    found: dict[str, Waits] = {}
    for stay in stays:
        if slots.at(stay.at - timedelta(seconds=stay.seconds)) is None:
            continue
        here = found.setdefault(stay.zone, Waits())
        if stay.kind == QUEUE:
            here.add(stay.outcome, stay.seconds)
        else:
            here.services.append(stay.seconds)
    return found


def _cameras(shop: Shop, counts: Mapping[str, Iterable[PastCount]]) -> dict[str, set[str]]:
    """Return the cameras that watch the queues of each zone: those that counted, and those of the settings."""
    found = {zone: {count.device for count in some} for zone, some in counts.items()}
    for camera in shop.settings.cameras:
        for area in camera.areas:
            if area.kind == QUEUE:
                found.setdefault(area.place, set()).add(camera.id)
    return found


def _longest(counts: Iterable[PastCount], gaps: Mapping[str, Iterable[Span]], slots: Slots, end: datetime) -> dict[int, int]:
    """Return the most people at one moment by hour of the clock. A count holds until the next, or until its camera is blind."""
    events = [(count.at, count.device, count.area, count.people) for count in counts]
    events += [(begin, device, NOBODY, 0) for device, some in gaps.items() for begin, _ in some]
    people: dict[tuple[str, str], int] = {}
    most: dict[int, int] = {}
    since: datetime | None = None
    for at, device, area, number in sorted(events):
        if since is not None and people and at > since:
            _note(most, sum(people.values()), since, min(at, end), slots)
        since = at
        if area == NOBODY:
            people = {key: value for key, value in people.items() if key[0] != device}
        else:
            people[device, area] = number
    if since is not None and people:
        _note(most, sum(people.values()), since, end, slots)
    return most


def _note(most: dict[int, int], people: int, begin: datetime, end: datetime, slots: Slots) -> None:
    place = max(0, bisect_right(slots.begins, begin) - 1)
    while place < len(slots.hours) and (slots.begins[place] < end or slots.begins[place] <= begin):
        slot = slots.hours[place]
        if slot is not None:
            most[slot[1]] = max(most.get(slot[1], 0), people)
        place += 1
