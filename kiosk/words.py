"""What customers read about a queue: people ahead as a fact, the wait as a range, the counter by its name."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any, Final

from flask_babel import get_locale

from broker.settings import CounterSettings, Settings
from broker.web.languages import clock_time, day, say, say_many

SOON_SECONDS: Final = 60
DRAWN_PEOPLE: Final = 7
"""More people ahead than this are a number, not a row of figures."""
Row = dict[str, Any]


def ahead(people: int) -> str:
    """Return how many people are ahead; that is a fact."""
    return say_many("queue.ahead", people) if people else say("queue.ahead_none")


def wait(low: float | None, high: float | None, *, short: bool = False) -> str:
    """Return the wait in words, given its ends in seconds; None is not known. Never a point, never nought minutes."""
    end = "_short" if short else ""
    if low is None or high is None:
        return say(f"wait.unknown{end}")
    if high <= SOON_SECONDS:
        return say(f"wait.soon{end}")
    least, most = math.floor(low / 60), math.ceil(high / 60)
    if least == 0:
        return say_many("wait.up_to", most)
    return say_many("wait.about", most) if least == most else say("wait.range", lo=least, hi=most)


def moment(at: str | None, *, now: datetime) -> str:
    """Return a time of the board in words: the hour, with the day before it when that is not today's."""
    if at is None:
        return ""
    then = datetime.fromisoformat(at)
    hour = clock_time(then)
    return hour if day(then) == day(now) else f"{day(then)}, {hour}"


def hour(at: str | None) -> str:
    """Return the hour of a time of the board."""
    return clock_time(datetime.fromisoformat(at)) if at else ""


def desk(settings: Settings, counter: str | None) -> str:
    """Return the name of a counter: its number in this language, or the name the shop gave it."""
    found = _counter(settings, counter)
    if found is None:
        return counter or ""
    return say("desk.name", n=found.number) if found.number else found.name


def come(settings: Settings, counter: str | None) -> str:
    """Return the sentence that asks somebody to a counter."""
    found = _counter(settings, counter)
    if found is not None and found.number:
        return say("turn.goto", desk=say("desk.gen", n=found.number))
    return say("turn.goto_named", desk=found.name if found else counter or "")


def desks(settings: Settings, service: str) -> str:
    """Return where somebody who waits for *service* will be called, or nothing when every counter may be it."""
    serving = [each for each in settings.counters if not each.services or service in each.services]
    if not 0 < len(serving) <= 3 or (len(serving) == len(settings.counters) and len(serving) > 1):
        return ""
    names = [desk(settings, each.id) for each in serving]
    return say("ticket.where", desks=_listed(names))


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return say("ticket.or", first=", ".join(names[:-1]), last=names[-1])


def _counter(settings: Settings, counter: str | None) -> CounterSettings | None:
    return next((each for each in settings.counters if each.id == counter), None)


def privacy(settings: Settings) -> str:
    """Return what becomes of a number, and of its page where this shop's numbers have one that phones reach."""
    return say("privacy.ticket" if settings.kiosk.public_base_url else "privacy.number")


def two_lines(text: str) -> tuple[str, str]:
    """Return a greeting and the sentence after it, as two lines; the second is empty when there is one sentence."""
    found = re.match(r"(.+?[.!]) (.+)", text)
    return (found[1], found[2]) if found else (text, "")


def spoken_number(shown: str) -> str:
    """Return a number so that a voice says each sign of it: "R 047" as "R, 0 4 7"."""
    letter, _, digits = shown.partition("\u00a0")
    return f"{letter}, {' '.join(digits)}"


def language_here() -> str:
    """Return the language of this page, one of the shop's five."""
    return str(get_locale().language) if get_locale() else "en"
