"""The table of greetline.toml about when the shop is open."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from pydantic import Field, field_validator

from broker.settings.section import Section

MOST_SPECIAL_DAYS: Final = 400
"""Days with hours of their own, past ones included."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OpeningSettings(Section):
    """`[opening]`: hours in the store's zone, such as `mon = ["10:00-20:00"]`. No day given: always open."""

    mon: tuple[str, ...] | None = Field(
        default=None, description='Hours on Monday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    tue: tuple[str, ...] | None = Field(
        default=None, description='Hours on Tuesday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    wed: tuple[str, ...] | None = Field(
        default=None, description='Hours on Wednesday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    thu: tuple[str, ...] | None = Field(
        default=None, description='Hours on Thursday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    fri: tuple[str, ...] | None = Field(
        default=None, description='Hours on Friday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    sat: tuple[str, ...] | None = Field(
        default=None, description='Hours on Saturday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    sun: tuple[str, ...] | None = Field(
        default=None, description='Hours on Sunday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )

    special: dict[date, tuple[str, ...]] = Field(
        default={}, max_length=MOST_SPECIAL_DAYS,
        description='Days with hours of their own, such as `2026-12-24 = ["10:00-14:00"]`; an empty list is closed.',
    )  # fmt: skip

    @field_validator(*_DAYS)
    @classmethod
    def _readable(cls, hours: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for span in hours or ():
            _span(span)
        return hours

    @field_validator("special")
    @classmethod
    def _readable_too(cls, days: dict[date, tuple[str, ...]]) -> dict[date, tuple[str, ...]]:
        for hours in days.values():
            for span in hours:
                _span(span)
        return days

    def special_spans(self) -> dict[date, tuple[tuple[time, time], ...]]:
        """Return the days with hours of their own, each with its (from, to) spans."""
        return {day: tuple(_span(span) for span in hours) for day, hours in self.special.items()}

    def spans(self) -> dict[int, tuple[tuple[time, time], ...]] | None:
        """Return weekday (0 is Monday) to its (from, to) spans, or None when the shop never closes."""
        days = {number: getattr(self, day) for number, day in enumerate(_DAYS)}
        if all(hours is None for hours in days.values()):
            return None
        return {number: tuple(_span(span) for span in hours or ()) for number, hours in days.items()}


def _span(text: str) -> tuple[time, time]:
    try:
        first, last = text.split("-")
        end = time.max if last.strip() == "24:00" else time.fromisoformat(last.strip())
        begin = time.fromisoformat(first.strip())
    except ValueError:
        raise ValueError(f'{text!r} is not a span of hours such as "10:00-20:00"') from None
    if begin >= end:
        raise ValueError(f"{text!r} ends before it begins; give the part after midnight to the next day")
    return begin, end
