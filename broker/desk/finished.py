"""Hours that are over are kept as rows of their own, so that a year is read at once and every figure stays exact.

An hour is finished once it is well over. Whoever changes a visit or a ticket of such an hour later unfinishes it, by a
trigger of the store; it is then reckoned again. Until it is, reports reckon it from the rows, as they do the present.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

from broker.desk.baselines import WEEKS_BEFORE, Baselines
from broker.desk.hours import COUNTER as COUNTER
from broker.desk.hours import SERVICE as SERVICE
from broker.desk.hours import SHOP as SHOP
from broker.desk.hours import ZONE as ZONE
from broker.desk.hours import Cells, reckon, waits_of
from broker.domain.cells import Cell
from broker.domain.hours import Hour, hour_of, hours
from broker.domain.period import Span, joined, without
from broker.shop import Shop
from broker.store import finished
from broker.store.database import change

KINDS: Final = (ZONE, SERVICE, COUNTER, SHOP)
HOURS_A_STEP: Final = 4
"""Hours that one step of the service finishes: some twenty milliseconds of a busy shop."""
HOURS_AT_ONCE: Final = 96
"""Hours of a step when nobody waits for it. Below a week, or an hour would be measured by one of the same step."""
_HOUR: Final = timedelta(hours=1)


class Place(NamedTuple):
    """What a cell is of, which one of those, and the hour of the clock; the weekday (0 is Monday) if it was asked for."""

    kind: str
    part: str
    hour: int
    weekday: int | None = None


def cells(
    shop: Shop, span: Span, kinds: Sequence[str], *, by_weekday: bool = False, bare: Sequence[str] = ()
) -> dict[Place, Cell]:  # fmt: skip
    """Return everything of *kinds* with begin <= T0 < end, by hour of the clock; of the *bare* kinds only counts."""
    made: dict[Place, Cell] = defaultdict(Cell)
    raw = _raw(shop, span)
    whole = set() if by_weekday else _whole_months(shop, span, raw)
    for name in sorted(whole):
        kept = finished.month(shop.db, kinds, name, bare=bare)
        if not kept:
            whole.discard(name)
        for kind, sums in kept.items():
            _include(made, kind, sums)
    for begin, end in without([span], joined([*raw, *(_month_span(shop, name) for name in whole)])):
        for kind in kinds:
            _include(made, kind, finished.sums(shop.db, kind, begin, end, by_weekday=by_weekday, bare=kind in bare))
    baselines = Baselines(shop)
    for part in raw:
        for key, cell in reckon(shop, part, baselines.median).items():
            if key.kind in kinds:
                made[Place(key.kind, key.part, key.hour.hour, key.hour.weekday if by_weekday else None)].include(cell)
    return dict(made)


def _include(made: dict[Place, Cell], kind: str, sums: finished.Sums) -> None:
    for (part, hour, weekday), cell in sums.items():
        made[Place(kind, part, hour, weekday)].include(cell)


def _raw(shop: Shop, span: Span) -> list[Span]:
    """Return the parts of *span* that are reckoned from the rows: what is not finished, and hours that it cuts through."""
    begin, end = span
    upto, zone = finished.upto(shop.db), shop.hours.zone
    if upto is None:
        return [span]
    found = [(max(begin, hour_of(upto, zone).began), end)] if upto < end else []
    found += [(each.began, each.ended) for mark in _marks(shop) for each in hours(mark, mark + _HOUR, zone)]
    first, last = hour_of(begin, zone), hour_of(end, zone)
    found += [(begin, first.ended)] if first.began != begin else []
    found += [(last.began, end)] if last.began != end else []
    return [(max(a, begin), min(b, end)) for a, b in joined(found) if a < end and b > begin]


def _marks(shop: Shop) -> list[datetime]:
    frozen = finished.frozen(shop.db)
    return [mark for mark in finished.unfinished(shop.db) if frozen is None or mark >= frozen]


def _whole_months(shop: Shop, span: Span, raw: Sequence[Span]) -> set[str]:
    kept = finished.kept_months(shop.db)
    spans = {name: _month_span(shop, name) for name in kept}
    return {
        name for name, (begin, end) in spans.items()
        if span[0] <= begin and end <= span[1] and not any(a < end and begin < b for a, b in raw)
    }  # fmt: skip


def _month_span(shop: Shop, name: str) -> Span:
    first = date.fromisoformat(f"{name}-01")
    return shop.hours.day_begins(first), shop.hours.day_begins((first + timedelta(days=31)).replace(day=1))


def finish(shop: Shop, *, most: int = HOURS_A_STEP) -> int:
    """Finish up to *most* hours that are over or have changed since, then a month that is; return how many hours."""
    begin, end = _next(shop, most)
    if begin < end:
        with change(shop.db):
            finished.advance(shop.db, begin, end)
    done = sum(_finish(shop, run) for run in _runs(finished.unfinished(shop.db, limit=most)))
    return done or _finish_month(shop)


def finish_all(shop: Shop) -> int:
    """Finish everything that can be finished now; return how many hours and months. For a store that was just made."""
    total = 0
    while done := finish(shop, most=HOURS_AT_ONCE):
        total += done
    return total


def _settle_time(shop: Shop) -> timedelta:
    """Return how long after its end an hour is finished: by then its visits are over, and nothing is taken back any more."""
    return timedelta(seconds=shop.standards.browse + max(shop.standards.reopen, shop.promises.reopen))


def _next(shop: Shop, most: int) -> Span:
    """Return the hours that are over and were not finished yet, at most so many."""
    now = shop.clock()
    begin = finished.upto(shop.db) or finished.first(shop.db)
    if begin is None:
        return now, now
    begin = end = hour_of(begin, shop.hours.zone).began
    latest = now - _settle_time(shop)
    while end < begin + most * _HOUR and (following := hour_of(end, shop.hours.zone).ended) <= latest:
        end = following
    return begin, end


def _runs(marks: dict[datetime, int]) -> Iterator[dict[datetime, int]]:
    """Yield *marks* in runs of hours that follow each other."""
    run: dict[datetime, int] = {}
    for mark, touched in marks.items():
        if run and max(run) + _HOUR != mark:
            yield run
            run = {}
        run[mark] = touched
    if run:
        yield run


def _finish(shop: Shop, run: dict[datetime, int]) -> int:
    """Finish one run of hours, unless somebody changes them at the same moment: then they are left for the next step."""
    frozen = finished.frozen(shop.db)
    # What retention has taken from is known only as the sum it was: never reckoned again.
    fresh = [mark for mark in run if frozen is None or mark >= frozen]
    every = list(hours(fresh[0], fresh[-1] + _HOUR, shop.hours.zone)) if fresh else []
    made = reckon(shop, (every[0].began, every[-1].ended), Baselines(shop).median) if every else {}
    with change(shop.db):
        now = finished.unfinished(shop.db)
        if any(now.get(mark) != touched for mark, touched in run.items()):
            return 0
        finished.settle(shop.db, run)
        if every:
            later = _later_weeks(shop, made, every)
            span = every[0].began, every[-1].ended
            finished.replace(shop.db, *span, ((key.kind, key.part, key.hour, cell) for key, cell in made.items()))
            finished.forget_months(shop.db, {hour.day.isoformat()[:7] for hour in every})
            finished.mark(shop.db, later)
    return len(run)


def _later_weeks(shop: Shop, made: Cells, every: Sequence[Hour]) -> set[datetime]:
    """Return the finished hours whose baseline was another one: the same hour of the week, up to WEEKS_BEFORE later."""
    upto, zone = finished.upto(shop.db), shop.hours.zone
    found: set[datetime] = set()
    now = waits_of(made)
    for day in {hour.day for hour in every}:
        was = finished.waits(shop.db, SERVICE, day, "wait")
        clock = {hour.hour for hour in every if hour.day == day}
        known = {place: some for place, some in was.items() if place[1] in clock and some}
        new = {(part, hour): sorted(some.elements()) for (part, on, hour), some in now.items() if on == day}
        for _, hour in {place for place in known.keys() | new.keys() if known.get(place) != new.get(place)}:
            weeks = (day + timedelta(weeks=number + 1) for number in range(WEEKS_BEFORE))
            found |= {datetime.combine(later, time(hour), tzinfo=zone).astimezone(UTC) for later in weeks}
    return {at for at in found if upto is not None and at < upto}


def _finish_month(shop: Shop) -> int:
    """Sum up one month whose hours are all finished; return whether there was one."""
    upto, kept = finished.upto(shop.db), finished.kept_months(shop.db)
    if upto is None:
        return 0
    open_marks = list(finished.unfinished(shop.db))
    for name in finished.months_of_hours(shop.db):
        begin, end = _month_span(shop, name)
        if name in kept or end > upto or any(begin <= mark + _HOUR and mark < end for mark in open_marks):
            continue
        with change(shop.db):
            sums = {kind: finished.sums(shop.db, kind, begin, end) for kind in KINDS}
            if not any(begin <= mark + _HOUR and mark < end for mark in finished.unfinished(shop.db)):
                finished.keep_month(shop.db, name, sums)
        return 1
    return 0
