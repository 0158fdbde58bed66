"""Webhooks as rows and back: how far each has read the journal, and what it was or is to be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import moment, text


class DeliveryState(StrEnum):
    """How a delivery stands: yet to be made, made, or given up."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One webhook: the id of the last fact it has read, since when it is so, and why it is told nothing any more."""

    id: str
    read_to: int
    since: datetime
    disabled_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook. `aside`: it was refused for its own sake, so those behind it do not wait for it.

    `status` and `reason` are those of the last try; `due_at` is None once it is made or given up.
    """

    target: str
    fact: int
    event: str
    at: datetime
    body: str
    state: DeliveryState = DeliveryState.WAITING
    aside: bool = False
    tries: int = 0
    due_at: datetime | None = None
    tried_at: datetime | None = None
    status: int | None = None
    reason: str = ""
    id: int = 0


_COLUMNS: Final = tuple(field.name for field in fields(Delivery))
_MADE: Final = tuple(name for name in _COLUMNS if name != "id")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM deliveries"
_MOMENTS: Final = frozenset(("at", "due_at", "tried_at"))


def _delivery(row: Sequence[Any]) -> Delivery:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _MOMENTS:
        values[name] = moment(values[name])
    return Delivery(**values | {"state": DeliveryState(values["state"]), "aside": bool(values["aside"])})


def _values(delivery: Delivery) -> list[Any]:
    return [text(getattr(delivery, name)) if name in _MOMENTS else getattr(delivery, name) for name in _MADE]


def target(db: Database, name: str) -> Target | None:
    """Return the webhook called *name*, or None when it has never been seen."""
    row = db.execute("SELECT id, read_to, since, disabled_at, reason FROM targets WHERE id = ?", [name]).fetchone()
    return _target(row) if row else None


def targets(db: Database) -> list[Target]:
    """Return every webhook that was ever told something or was to be."""
    return [_target(row) for row in db.execute("SELECT id, read_to, since, disabled_at, reason FROM targets").fetchall()]


def _target(row: Sequence[Any]) -> Target:
    name, read_to, since, disabled_at, reason = row
    return Target(id=name, read_to=read_to, since=datetime.fromisoformat(since), disabled_at=moment(disabled_at), reason=reason)


def save_target(db: Database, one: Target) -> None:
    """Write *one*, new or changed."""
    values = [one.id, one.read_to, text(one.since), text(one.disabled_at), one.reason]
    db.conn.execute("INSERT OR REPLACE INTO targets (id, read_to, since, disabled_at, reason) VALUES (?, ?, ?, ?, ?)", values)


def read_to(db: Database, name: str, fact: int) -> None:
    """Write down that the webhook *name* has read the journal up to *fact*, if it had not before."""
    db.conn.execute("UPDATE targets SET read_to = max(read_to, ?) WHERE id = ?", [fact, name])


def made_since(db: Database, name: str, at: datetime) -> bool:
    """Return whether the webhook *name* took anything since *at*."""
    where = "target = ? AND state = ? AND tried_at >= ?"
    values = [name, DeliveryState.DONE, text(at)]
    return db.execute(f"SELECT 1 FROM deliveries WHERE {where} LIMIT 1", values).fetchone() is not None


def tried_between(db: Database, name: str, at: datetime, now: datetime) -> int:
    """Return how many deliveries to *name* were tried from *at* until *now*, taken or not."""
    where = "target = ? AND tries > 0 AND tried_at BETWEEN ? AND ?"
    return int(db.execute(f"SELECT count(*) FROM deliveries WHERE {where}", [name, text(at), text(now)]).fetchone()[0])


def add(db: Database, new: Iterable[Delivery]) -> None:
    """Write *new*; one that is there already, by its webhook and fact, stays as it is."""
    marks = ", ".join("?" * len(_MADE))
    db.conn.executemany(
        f"INSERT OR IGNORE INTO deliveries ({', '.join(_MADE)}) VALUES ({marks})", [_values(delivery) for delivery in new]
    )


def save(db: Database, delivery: Delivery) -> None:
    """Write how *delivery* stands now."""
    set_ = ", ".join(f"{name} = ?" for name in _MADE)
    db.conn.execute(f"UPDATE deliveries SET {set_} WHERE id = ?", [*_values(delivery), delivery.id])


def next_in_order(db: Database, name: str) -> Delivery | None:
    """Return the oldest event that the webhook *name* waits for and that others wait behind, due or not."""
    found = _all(db, "WHERE target = ? AND due_at IS NOT NULL AND aside = 0 ORDER BY fact LIMIT 1", [name])
    return found[0] if found else None


def next_aside(db: Database, name: str, now: datetime) -> Delivery | None:
    """Return the oldest event of the webhook *name* that was refused for its own sake and is due again."""
    where = "WHERE target = ? AND due_at IS NOT NULL AND aside = 1 AND due_at <= ? ORDER BY fact LIMIT 1"
    found = _all(db, where, [name, text(now)])
    return found[0] if found else None


def due_of(db: Database, prefix: str, now: datetime, *, limit: int = 500) -> list[Delivery]:
    """Return what all whose name begins with *prefix* wait for and is due, oldest first."""
    where = "WHERE target >= ? AND target < ? AND due_at IS NOT NULL AND due_at <= ? ORDER BY fact, id LIMIT ?"
    return _all(db, where, [prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1), text(now), limit])


def waiting(db: Database, name: str) -> int:
    """Return how many events the webhook *name* is yet to be told."""
    return int(db.execute("SELECT count(*) FROM deliveries WHERE target = ? AND due_at IS NOT NULL", [name]).fetchone()[0])


def all_due(db: Database, name: str, now: datetime) -> None:
    """Let everything the webhook *name* is yet to be told be tried afresh at *now*."""
    where = "target = ? AND due_at IS NOT NULL"
    db.conn.execute(f"UPDATE deliveries SET due_at = ?, tries = 0, aside = 0 WHERE {where}", [text(now), name])


def give_up(db: Database, name: str, reason: str) -> None:
    """Give up whatever the webhook *name* is yet to be told."""
    set_ = "state = ?, due_at = NULL, reason = ?"
    db.conn.execute(f"UPDATE deliveries SET {set_} WHERE target = ? AND due_at IS NOT NULL", [DeliveryState.FAILED, reason, name])


def find(db: Database, delivery_id: int) -> Delivery | None:
    """Return one delivery, or None."""
    found = _all(db, "WHERE id = ?", [delivery_id])
    return found[0] if found else None


def newest(db: Database, name: str | None, *, state: DeliveryState | None = None, limit: int) -> list[Delivery]:
    """Return the newest deliveries, of the webhook *name* or in *state* if given, newest first."""
    where = "WHERE (:name IS NULL OR target = :name) AND (:state IS NULL OR state = :state) ORDER BY id DESC LIMIT :limit"
    return _all(db, where, {"name": name, "state": state, "limit": limit})


def forget_made(db: Database, name: str, *, keep: int) -> int:
    """Forget what the webhook *name* was told, all but the newest *keep*; what it is yet to be told stays. Return how many."""
    done = db.conn.execute(
        "DELETE FROM deliveries WHERE target = :name AND due_at IS NULL AND id <= "
        "(SELECT id FROM deliveries WHERE target = :name AND due_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET :keep)",
        {"name": name, "keep": keep},
    )
    return done.rowcount


def announced(db: Database) -> set[str]:
    """Return the topics outside our own on which something of ours is kept."""
    return {topic for (topic,) in db.execute("SELECT topic FROM announced").fetchall()}


def announce(db: Database, topics: Iterable[str], at: datetime) -> None:
    """Write down that exactly *topics* are ours outside our own from now on."""
    db.conn.execute("DELETE FROM announced")
    db.conn.executemany("INSERT INTO announced (topic, at) VALUES (?, ?)", [(topic, text(at)) for topic in topics])


def _all(db: Database, where: str, values: Any) -> list[Delivery]:
    return [_delivery(row) for row in db.execute(f"{_SELECT} {where}", values).fetchall()]
