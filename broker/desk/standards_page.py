"""What this shop promises and what that asks of its staff, read off the live settings; who has read it, and what changed.

A rule has a name, which the catalogues word as `standards.<name>`, and its numbers. Nothing here or in the catalogues says
a number twice: the page, its digest and the log of changes are all made of what the rules themselves use.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from itertools import pairwise
from typing import Any, Final

from broker.desk import audit
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import journal, people, standards
from broker.store.database import change
from broker.store.people import Person
from broker.store.standards import Numbers, Reading, Version

log = logging.getLogger(__name__)

Value = tuple[str, Any]
"""A unit and a value: `s` seconds, `min` minutes, `n` a count, `%` a share, `yes` yes or no, `hours` spans of a day."""

BY_SETTINGS_FILE: Final = "settings file"
"""Who changed the standards, in the audit log, when they were read anew."""
ZONE: Final = "crowd"
"""The rule of a zone's queue; its name goes on with a colon and the zone."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise: `name` leads to its words, `numbers` are what they are filled with."""

    name: str
    numbers: Mapping[str, Value] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The name under which the catalogues have it."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Part:
    """Rules that belong together."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that changed: the rule it belongs to; None is not there before, or not there any more."""

    rule: str
    number: str
    was: Value | None
    became: Value | None


@dataclass(frozen=True, slots=True)
class Change:
    """What changed at one moment."""

    at: datetime
    differences: tuple[Difference, ...]


def parts(shop: Shop) -> tuple[Part, ...]:
    """Return the standards as they stand in the settings of *shop*. A shop that gives no numbers promises none about them."""
    found = [Part("door", tuple(_door(shop)))]
    if shop.settings.services:
        found.append(Part("queue", tuple(_queue(shop))))
    found.append(Part("screens", tuple(_screens(shop))))
    found.append(Part("open", (_hours(shop),)))
    return tuple(found)


def _door(shop: Shop) -> Iterator[Rule]:
    rules = shop.standards
    yield Rule("greet", {"within": ("s", rules.greet_within), "warn": ("s", rules.warn)})
    yield Rule("claim", {"hold": ("s", rules.claim)})
    yield Rule("ladder", {"everybody": ("s", rules.escalate), "lead": ("s", rules.call_lead)})
    yield Rule("upset", {"answer": ("s", rules.upset_answer)})
    yield Rule("slip", {"undo": ("s", rules.undo), "reopen": ("s", rules.reopen)})
    yield Rule("unseen", {"abandon": ("s", rules.abandon)})


def _queue(shop: Shop) -> Iterator[Rule]:
    rules = shop.promises
    yield Rule("fair", {"longest": ("s", rules.max_wait), "credit": ("s", rules.priority_credit)})
    yield Rule(
        "call", {"answer": ("s", rules.answer_call), "every": ("s", rules.recall_every), "times": ("n", rules.recalls)}
    )  # fmt: skip
    yield Rule(
        "missed",
        {"times": ("n", rules.calls_missed), "behind": ("n", rules.missed_behind), "back": ("s", rules.return_within)},
    )  # fmt: skip
    yield Rule("wait", {"within": ("s", rules.wait_within)})
    yield Rule("serve", {"within": ("s", rules.serve_within)})
    yield Rule("hold", {"update": ("s", rules.hold_update), "share": ("%", rules.lead_at_hold_share)})
    yield Rule("away", {"away": ("s", rules.step_away)})
    yield Rule("callback", {"wait": ("s", rules.callback_offer), "window": ("s", rules.callback_window)})
    yield Rule("night", {"kept": ("yes", shop.settings.queues.keep_overnight)})


def _screens(shop: Shop) -> Iterator[Rule]:
    alerts = shop.settings.alerts
    yield Rule("sound", {"every": ("s", alerts.sound_every_seconds), "times": ("n", alerts.sound_times)})
    yield Rule("flood", {"alerts": ("n", alerts.flood_alerts), "within": ("min", alerts.flood_minutes)})
    if shop.settings.cameras:
        yield Rule("blind", {"silent": ("s", alerts.device_silent_seconds)})
        for zone in shop.settings.zones:
            limits = {"people": ("n", zone.queue_people), "time": ("s", zone.queue_seconds)}
            yield Rule(f"{ZONE}:{zone.id}", limits)


def _hours(shop: Shop) -> Rule:
    spans = shop.settings.opening.spans()
    if spans is None:
        return Rule("hours", {"always": ("yes", True)})
    return Rule("hours", {day: hours_of(spans[number]) for number, day in enumerate(DAYS)})


def hours_of(spans: Iterable[tuple[time, time]]) -> Value:
    """Return the *spans* of a day as a number of the standards; none for a closed day."""
    return "hours", [f"{begin:%H:%M}–{'24:00' if end.microsecond else format(end, '%H:%M')}" for begin, end in spans]


def numbers(shop: Shop) -> Numbers:
    """Return every number of the standards by the name of its rule and its own, such as `greet.within`."""
    return {f"{rule.name}.{name}": value for part in parts(shop) for rule in part.rules for name, value in rule.numbers.items()}


def digest(shop: Shop) -> str:
    """Return what tells these standards from any others."""
    return hashlib.sha256(json.dumps(numbers(shop), sort_keys=True).encode()).hexdigest()


def keep(shop: Shop) -> Version:
    """Write the standards down when they are not those that were kept last, and return them as they are kept.

    Every program of the shop that starts does this; the second one finds nothing to do.
    """
    said = digest(shop)
    with change(shop.db):
        last = standards.newest(shop.db, limit=1)
        if not last or last[0].digest != said:
            standards.add(shop.db, at=shop.clock(), digest=said, numbers=numbers(shop))
            if last:
                _tell(shop, "changed", said[:16], "")
                _audited(shop, last[0].numbers)
        return standards.newest(shop.db, limit=1)[0]


def _audited(shop: Shop, was: Numbers) -> None:
    found = differences(was, numbers(shop))
    before: dict[str, object] = {f"{one.rule}.{one.number}": one.was for one in found}
    after: dict[str, object] = {f"{one.rule}.{one.number}": one.became for one in found}
    audit.write(shop, "settings.standards-changed", "standards", by=BY_SETTINGS_FILE, before=before, after=after)


def keep_at_start(shop: Shop) -> None:
    """Keep the standards; a store that cannot be written just now keeps no program from starting."""
    try:
        keep(shop)
    except sqlite3.Error as wrong:
        log.warning("the standards of the shop are written down at the next start: %s", wrong)


def current(shop: Shop) -> Version | None:
    """Return the standards of these settings as they are kept, or None before they were. A second program of the shop that
    already runs with others does not matter here: what somebody reads is what these settings say."""
    return next(iter(standards.newest(shop.db, digest=digest(shop), limit=1)), None)


def to_read(shop: Shop, person_id: str) -> Version | None:
    """Return the standards that *person_id* has not read yet, or None."""
    version, reading = current(shop), reading_of(shop, person_id)
    return version if reading is not None and reading.read_at is None else None


def reading_of(shop: Shop, person_id: str) -> Reading | None:
    """Return how far *person_id* is with the standards as they stand, or None before they were kept."""
    version = current(shop)
    return standards.reading(shop.db, person_id, version.id) if version else None


def acknowledge(shop: Shop, person_id: str) -> Reading:
    """*person_id* has read the standards as they stand; the first time counts."""
    return _read(shop, person_id, "read", lambda reading: replace(reading, read_at=reading.read_at or shop.clock()))


def put_off(shop: Shop, person_id: str) -> Reading:
    """*person_id* reads them at the next sign-in instead. It is counted and never refused: customers come first."""
    return _read(shop, person_id, "put off", lambda reading: replace(reading, put_off=reading.put_off + 1))


def _read(shop: Shop, person_id: str, what: str, changed: Callable[[Reading], Reading]) -> Reading:
    version = current(shop) or keep(shop)
    with change(shop.db):
        reading = changed(standards.reading(shop.db, person_id, version.id))
        standards.save(shop.db, reading)
        _tell(shop, what, person_id, person_id)
    return reading


def changes(shop: Shop) -> list[Change]:
    """Return what changed when, newest first; the first version is where it begins and no change."""
    versions = standards.newest(shop.db)
    return [Change(new.at, tuple(differences(old.numbers, new.numbers))) for new, old in pairwise(versions)]


def news(shop: Shop, person_id: str) -> list[Difference]:
    """Return what changed since *person_id* last read the standards; nothing for somebody who reads them for the first time."""
    last = standards.last_read(shop.db, person_id)
    known = next((version for version in standards.newest(shop.db) if version.id == last), None)
    return differences(known.numbers, numbers(shop)) if known else []


def differences(was: Numbers, became: Numbers) -> list[Difference]:
    """Return the numbers that are not the same, in the order of the new standards, those that are gone after them."""
    names = [*became, *(name for name in was if name not in became)]
    return [
        Difference(name.rpartition(".")[0], name.rpartition(".")[2], _plain(was.get(name)), _plain(became.get(name)))
        for name in names
        if _plain(was.get(name)) != _plain(became.get(name))
    ]


def _plain(value: Value | None) -> Value | None:
    """Return a value as the store gives it back, where 30 and 30.0 are the same."""
    return None if value is None else (value[0], value[1])


def readers(shop: Shop) -> list[tuple[Person, Reading]]:
    """Return everybody who works here and how far they are with the standards, those who have not read them first."""
    version = current(shop)
    found = {reading.person: reading for reading in standards.readings(shop.db, version.id)} if version else {}
    rows = [(person, found.get(person.id, Reading(person=person.id, version=0))) for person in people.everybody(shop.db)]
    return sorted(rows, key=lambda row: (row[1].read_at is not None, row[0].name))


def _tell(shop: Shop, what: str, subject: str, by: str) -> None:
    journal.append(shop.db, Fact(kind=FactKind.STANDARDS, subject=subject, at=shop.clock(), by=by, body={"what": what}))
