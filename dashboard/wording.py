"""The words of a report in one language: messages, numbers, seconds, shares, days. The same on page, in files, in a terminal.

What is rounded is rounded here and nowhere else, so that a file holds the very numbers of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask_babel import get_locale, get_translations

import broker.web
from broker.domain.period import Period

CLOCK_FROM_SECONDS: Final = 120
"""From here on a time is written as minutes and seconds."""
NBSP: Final = "\u00a0"


class Words:
    """Says things in one language. Calling it with a key and values gives a message."""

    def __init__(self, translations: NullTranslations, locale: Locale, zone: tzinfo) -> None:
        """Speak with *translations* and *locale*; moments are told in *zone*."""
        self._translations = translations
        self.locale = locale
        self.zone = zone

    @classmethod
    def of(cls, language: str, zone: tzinfo) -> Words:
        """Return the words of *language*, one of the shop's five, from the catalogues."""
        folder = Path(broker.web.__path__[0]) / "translations"
        locale = Locale.parse("en_GB" if language == "en" else language)
        return cls(Translations.load(folder, [language]), locale, zone)

    def __call__(self, key: str, **values: object) -> str:
        """Return the message *key* with *values* put in."""
        # An abbreviated month ends with a full stop of its own.
        return (str(self._translations.ugettext(key)) % values).replace("..", ".")

    def many(self, key: str, n: int, **values: object) -> str:
        """Return the message *key* in the form that *n* takes; `%(n)s` in it is the number as it is written here."""
        return str(self._translations.ungettext(key, key, n)) % ({"n": self.number(n)} | values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number, rounded to *digits* decimals."""
        return str(format_decimal(round(value, digits), f"#,##0{'.' * bool(digits)}{'0' * digits}", locale=self.locale))

    def seconds_number(self, value: float) -> str:
        """Return seconds as 19 or, from two minutes on, as 4:12."""
        whole = round(value)
        return f"{whole // 60}:{whole % 60:02d}" if whole >= CLOCK_FROM_SECONDS else str(whole)

    def seconds_text(self, value: float) -> str:
        """Return seconds with their unit."""
        number = self.seconds_number(value)
        return number if ":" in number else f"{number}{NBSP}s"

    def share_number(self, value: float) -> str:
        """Return a share of 0 to 1 as a percentage: one decimal below 10 and above 99; 0 and 100 only when it is exact."""
        percent = value * 100
        if percent in (0, 100) or 10 <= percent <= 99:
            return self.number(percent)
        return self.number(min(99.9, max(0.1, percent)), 1)

    def share_text(self, value: float) -> str:
        """Return a share with its sign."""
        return f"{self.share_number(value)}{NBSP}%"

    def duration(self, seconds: float) -> str:
        """Return a length of time to the minute, or to the second below one minute."""
        if 0 < seconds < 60:
            return self.seconds_text(max(1, seconds))
        hours, minutes = divmod(round(seconds / 60), 60)
        if not hours:
            return self("report.minutes", m=minutes)
        return self("report.hours_minutes", h=self.number(hours), m=minutes)

    def clock(self, moment: datetime) -> str:
        """Return the time of day of *moment*."""
        return str(format_time(moment.astimezone(self.zone), "HH:mm", locale=self.locale))

    def time_of_day(self, hour: int) -> str:
        """Return a full hour as the clock shows it; 24 is the end of the day."""
        return "24:00" if hour == 24 else time(hour).strftime("%H:%M")

    def weekday(self, number: int, *, short: bool = False) -> str:
        """Return the name of a weekday, 0 for Monday, as it stands alone."""
        return str(get_day_names("abbreviated" if short else "wide", "stand-alone", self.locale)[number])

    def day(self, day: date) -> str:
        """Return a day with its weekday."""
        return str(format_date(day, "full", locale=self.locale))

    def day_short(self, day: date, *, weekday: bool) -> str:
        """Return a day for a narrow place."""
        return str(format_date(day, "ccc d", locale=self.locale) if weekday else format_skeleton("MMMd", day, locale=self.locale))

    def days(self, period: Period) -> str:
        """Return the days of *period*: 15–21 Nov 2026."""
        if period.days == 1:
            return self.day(period.first)
        return str(format_interval(period.first, period.last, "yMMMd", locale=self.locale))

    def listed(self, items: Sequence[str]) -> str:
        """Return *items* as a list in words."""
        return str(format_list(list(items), locale=self.locale)) if items else ""

    def hours(self, hours: Sequence[int]) -> str:
        """Return hours of the clock in words, neighbours joined: 12–14 and 17."""
        runs: list[list[int]] = []
        for hour in sorted(hours):
            if runs and hour == runs[-1][-1] + 1:
                runs[-1].append(hour)
            else:
                runs.append([hour])
        return self.listed([str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs])

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a comma here."""
        return self.number(0.5, 1) == "0,5"


def words_here(zone: tzinfo) -> Words:
    """Return the words of whoever asks in this request."""
    locale = get_locale()
    assert locale is not None
    return Words(get_translations(), locale, zone)
