"""How long what is kept: what is old goes, somebody who left is forgotten by name, and it can be said what there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from broker.desk import audit
from broker.desk.roles import Refused
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import journal, keeping, passwords, people
from broker.store.database import change
from broker.store.keeping import STEP_ROWS as STEP_ROWS
from broker.store.keeping import Before, Mark
from broker.store.kept import EVERYTHING, GROWS_OLD, About, Kept

FORMER: Final = "Former colleague"
"""What stands in the history where a name was, before some letters that tell two of them apart."""
LETTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Due:
    """So many rows of a kind are older than they are to become; they are kept from `since` on."""

    what: str
    setting: str
    days: int
    since: datetime
    rows: int


@dataclass(slots=True)
class Pruned:
    """What went: rows by kind, in how many transactions, and for how many seconds the longest of them held the write lock."""

    gone: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    longest_lock: float = 0.0


def before(shop: Shop, kept: Kept, now: datetime) -> Before:
    """Return from when on *kept* is kept: the begin of a business day, so that no day is ever half there."""
    days = int(getattr(shop.settings.retention, kept.setting))
    day = shop.hours.business_day(now) - timedelta(days=days)
    return Before(shop.hours.day_begins(day), day, days)


def due(shop: Shop) -> list[Due]:
    """Return what `prune` would take away now. Changes nothing."""
    now = shop.clock()
    found = []
    for kept in GROWS_OLD:
        limit = before(shop, kept, now)
        rows = keeping.count_old(shop.db, kept, limit)
        found.append(Due(kept.what, kept.setting, limit.days, limit.moment, rows))
    return found


def prune(
    shop: Shop, *, rest: Callable[[float], bool], told: Callable[[str, int], None] = lambda *_: None, now: datetime | None = None
) -> Pruned:
    """Take away what is old at *now*, else by the shop's clock, STEP_ROWS rows a transaction.

    After each step *rest* is called with how long it held the write lock; it lets others write, and returns True to stop
    early: what is left goes the next time. *told* is called with the kind and how many of it have gone so far.
    """
    keeping.prepare(shop.db)
    now, made = now or shop.clock(), Pruned()
    for kept in GROWS_OLD:
        if _prune(shop, kept, before(shop, kept, now), made, rest, told):
            break
    else:
        day = shop.hours.business_day(now) - timedelta(days=shop.settings.retention.audit_days)
        audit.trim(shop, shop.hours.day_begins(day))
    return made


def _prune(
    shop: Shop, kept: Kept, limit: Before, made: Pruned, rest: Callable[[float], bool], told: Callable[[str, int], None]
) -> bool:
    made.gone[kept.what] = 0
    after = None
    while rows := keeping.old_rows(shop.db, kept, limit, after):
        if after is None:
            # Said before the first row goes: whoever looks in between knows that what is missing is not lost.
            keeping.mark(shop.db, kept.what, limit.moment, limit.day, shop.clock())
        width = len(kept.order)
        lock = keeping.take_away(shop.db, kept, [row[width:] for row in rows])
        after = rows[-1][:width]
        made.gone[kept.what] += len(rows)
        made.steps, made.longest_lock = made.steps + 1, max(made.longest_lock, lock)
        told(kept.what, made.gone[kept.what])
        if rest(lock):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of row as the live store has it: how many, since when, and until when they stay."""

    what: str
    about: About
    says: str
    rows: int
    oldest: datetime | date | None
    days: int | None
    setting: str
    until: str


def stored(shop: Shop) -> list[Holding]:
    """Return what is stored about whom and until when, from the live store."""
    found = []
    for kept in EVERYTHING:
        rows, oldest = keeping.holding(shop.db, kept)
        days = int(getattr(shop.settings.retention, kept.setting)) if kept.setting else None
        found.append(Holding(kept.what, kept.about, kept.says, rows, oldest, days, kept.setting, kept.until))
    return found


def unnamed(shop: Shop) -> list[str]:
    """Return the tables that nothing is said of; there are none in a store of this version."""
    return sorted(keeping.tables(shop.db) - {kept.table for kept in EVERYTHING})


def kept_since(shop: Shop) -> dict[str, Mark]:
    """Return from when on each kind of row is kept, of those that ever lost one."""
    return keeping.marks(shop.db)


@dataclass(frozen=True, slots=True)
class Erased:
    """Somebody who left: what they were called, and what stands there now."""

    person: str
    name: str
    becomes: str


def erase(shop: Shop, person_id: str, *, by: str, dry_run: bool = False) -> Erased:
    """Take the name, the PIN and the language of somebody who left out of the store. Raises Refused.

    Every other table knows people by their id alone, so the history and the audit stay as they are and say of that id
    only that a former colleague did it. With *dry_run* nothing is changed.
    """
    with change(shop.db):
        person = people.person(shop.db, person_id)
        if person is None:
            raise Refused("nobody", f"Nobody here has the id {person_id}; `greetline people list --all` shows them.")
        if person.active:
            raise Refused("active", f"{person.name} still works here. First take them off: `greetline people deactivate`.")
        done = Erased(person.id, person.name, f"{FORMER} {person.id[:LETTERS]}")
        if dry_run or person.name == done.becomes:
            return done
        people.save(shop.db, replace(person, name=done.becomes, pin="", language=""))
        people.save(shop.db, people.Attempts(subject=f"person:{person.id}"))
        passwords.forget(shop.db, person.id)
        passwords.forget_vouching(shop.db, person.id)
        body: dict[str, object] = {"what": "erased", "role": person.role}
        journal.append(shop.db, Fact(kind=FactKind.PERSON, subject=person.id, at=shop.clock(), by=by, body=body))
        audit.write(shop, "people.erased", person.id, by=by)
    return done
