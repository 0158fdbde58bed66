"""When the shop is open, and which business day a moment belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

Spans = tuple[tuple[time, time], ...]
"""From and to on one day's clock; `time.max` is the end of the day."""

WHOLE_DAY: Final[Spans] = ((time.min, time.max),)
FORESEEN_DAYS: Final = 62
"""How far ahead is looked for the next opening: a long holiday is over by then."""
_A_WEEK: Final = timedelta(days=7)
"""Nobody is told of a closing that is further away: such a shop never closes."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours by weekday (0 is Monday) in the shop's own zone, None for a shop that never closes; some days are `special`."""

    zone: tzinfo
    spans: Mapping[int, Spans] | None = field(default=None)
    special: Mapping[date, Spans] = field(default_factory=dict)

    @property
    def never_closes(self) -> bool:
        """Whether there is no day on which the shop is closed, be it for an hour."""
        return self.spans is None and not self.special

    def on(self, day: date) -> Spans:
        """Return the hours of the local *day*; none when the shop is closed on it."""
        if day in self.special:
            return self.special[day]
        return WHOLE_DAY if self.spans is None else self.spans.get(day.weekday(), ())

    def open_at(self, moment: datetime) -> bool:
        """Return whether the shop is open at *moment*, an aware time in any zone."""
        if self.never_closes:
            return True
        local = moment.astimezone(self.zone)
        clock = local.time()
        return any(begin <= clock < end or end == time.max == clock for begin, end in self.on(local.date()))

    def business_day(self, moment: datetime) -> date:
        """Return the local day of *moment*."""
        return moment.astimezone(self.zone).date()

    def day_begins(self, day: date) -> datetime:
        """Return the UTC moment at which the local *day* begins."""
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)

    def day_ends(self, day: date) -> datetime:
        """Return the UTC moment at which the local *day* has ended; 23 or 25 hours later when the clocks change."""
        return self.day_begins(day + timedelta(days=1))

    def closes_at(self, moment: datetime) -> datetime | None:
        """Return when the shop closes next, as a UTC moment; None while it is closed, or when it never closes.

        A shop that goes on after midnight, or without a break at noon, closes when the last of its spans in a row ends.
        """
        if self.never_closes or not self.open_at(moment):
            return None
        closing = moment
        while closing - moment < _A_WEEK:
            following = self._span_ends(closing)
            if following is None:
                return closing.astimezone(UTC)
            closing = following
        return None

    def _span_ends(self, moment: datetime) -> datetime | None:
        """Return the end of the span that *moment* lies in, always after it; None outside every span."""
        local = moment.astimezone(self.zone)
        ends = [end for begin, end in self.on(local.date()) if begin <= local.time() < end]
        if not ends:
            return None
        if max(ends) == time.max:
            return self.day_ends(local.date())
        # In the hour that the clocks repeat, the end that is still to come.
        both = (datetime.combine(local.date(), max(ends), tzinfo=self.zone).replace(fold=fold) for fold in (0, 1))
        return next((end.astimezone(UTC) for end in both if end.astimezone(UTC) > moment), None)

    def opens_at(self, moment: datetime) -> datetime | None:
        """Return when the shop opens next, as a UTC moment; None while it is open, or when it never opens."""
        if self.never_closes or self.open_at(moment):
            return None
        local = moment.astimezone(self.zone)
        for days in range(FORESEEN_DAYS):
            day = local.date() + timedelta(days=days)
            for begin, _ in sorted(self.on(day)):
                opening = datetime.combine(day, begin, tzinfo=self.zone).astimezone(UTC)
                if opening > moment:
                    return opening
        return None
