"""Trials of the printer and of the voice as rows and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import moment, text


class Kind(StrEnum):
    """What is tried."""

    PAPER = "paper"
    VOICE = "voice"


class State(StrEnum):
    """How a trial stands."""

    ASKED = "asked"
    GOING = "going"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial. `why` is a word for what was in the way, `says` what was seen of it; its sound, if any, is read by `sound`."""

    id: int = 0
    kind: Kind
    language: str
    by: str
    asked_at: datetime
    state: State = State.ASKED
    why: str = ""
    says: str = ""
    ended_at: datetime | None = None


_COLUMNS: Final = "id, kind, language, by, asked_at, state, why, says, ended_at"


def add(db: Database, new: Trial) -> int:
    """Write a new trial and return its number."""
    values = [new.kind, new.language, new.by, text(new.asked_at), new.state, new.why, new.says]
    done = db.conn.execute(
        "INSERT INTO trials (kind, language, by, asked_at, state, why, says) VALUES (?, ?, ?, ?, ?, ?, ?)", values
    )
    return int(done.lastrowid or 0)


def save(db: Database, one: Trial, sound: bytes | None = None) -> None:
    """Write how *one* stands now, with the *sound* that was made."""
    values = [one.state, one.why, one.says, text(one.ended_at), sound, one.id]
    db.conn.execute("UPDATE trials SET state = ?, why = ?, says = ?, ended_at = ?, sound = ? WHERE id = ?", values)


def find(db: Database, number: int) -> Trial | None:
    """Return one trial, or None."""
    return next(iter(_all(db, "WHERE id = ?", [number])), None)


def open_ones(db: Database) -> list[Trial]:
    """Return the trials that have not ended, oldest first."""
    return _all(db, "WHERE ended_at IS NULL ORDER BY id", [])


def newest(db: Database, kind: Kind) -> Trial | None:
    """Return the newest trial of a kind, or None when nothing of it was ever tried."""
    return next(iter(_all(db, "WHERE kind = ? ORDER BY id DESC LIMIT 1", [kind])), None)


def sound(db: Database, number: int) -> bytes | None:
    """Return the sound of a trial, as WAV, or None."""
    row = db.execute("SELECT sound FROM trials WHERE id = ?", [number]).fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def keep_newest(db: Database, keep: int) -> None:
    """Delete all but the newest *keep* trials."""
    db.conn.execute("DELETE FROM trials WHERE id <= (SELECT id FROM trials ORDER BY id DESC LIMIT 1 OFFSET ?)", [keep])


def _all(db: Database, where: str, values: list[Any]) -> list[Trial]:
    return [_trial(row) for row in db.execute(f"SELECT {_COLUMNS} FROM trials {where}", values).fetchall()]


def _trial(row: tuple[Any, ...]) -> Trial:
    number, kind, language, by, asked_at, state, why, says, ended_at = row
    return Trial(
        id=number, kind=Kind(kind), language=language, by=by, asked_at=datetime.fromisoformat(asked_at), state=State(state),
        why=why, says=says, ended_at=moment(ended_at),
    )  # fmt: skip
