"""What was counted by hand beside a camera, tap by tap while it lasts, and as numbers when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.accuracy import Counts
from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One count by hand at one line of one camera, from `began` to `ended`; it was to last until `until`.

    `unwatched` is for how many seconds of it the camera did not watch. All counts are 0 while it runs.
    """

    id: str
    camera: str
    line: str
    began: datetime
    until: datetime
    by: str
    ended: datetime | None = None
    hand_in: int = 0
    hand_out: int = 0
    camera_in: int = 0
    camera_out: int = 0
    unwatched: float = 0.0

    @property
    def counts(self) -> Counts:
        """What was counted, for the formula."""
        return Counts(self.hand_in, self.hand_out, self.camera_in, self.camera_out, self.unwatched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One tap of whoever counts: somebody went in or out, or, with `step` -1, one too many was tapped."""

    key: str
    at: datetime
    inward: bool
    step: int = 1


_COLUMNS: Final = tuple(Tally.__dataclass_fields__)
_MOMENTS: Final = frozenset(("began", "until", "ended"))


def save(db: Database, tally: Tally) -> None:
    """Write *tally*, new or changed."""
    values = [text(getattr(tally, name)) if name in _MOMENTS else getattr(tally, name) for name in _COLUMNS]
    db.conn.execute(f"INSERT OR REPLACE INTO tallies ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(values))})", values)


def forget(db: Database, tally_id: str) -> None:
    """Forget a tally and its taps."""
    db.conn.execute("DELETE FROM tallies WHERE id = ?", [tally_id])
    forget_taps(db, tally_id)


def find(db: Database, tally_id: str) -> Tally | None:
    """Return one tally, or None."""
    return next(iter(_all(db, "WHERE id = ?", [tally_id])), None)


def running(db: Database, camera: str | None = None) -> list[Tally]:
    """Return the tallies that were not ended, of one *camera* if given."""
    return _all(db, "WHERE ended IS NULL AND (? IS NULL OR camera = ?) ORDER BY began", [camera, camera])


def ended(db: Database, *, camera: str | None = None, before: datetime | None = None, limit: int) -> list[Tally]:
    """Return up to *limit* tallies that were ended, newest first, of one *camera* and begun *before* if given."""
    until = text(before)
    where = "WHERE ended IS NOT NULL AND (? IS NULL OR camera = ?) AND (? IS NULL OR began < ?) ORDER BY began DESC LIMIT ?"
    return _all(db, where, [camera, camera, until, until, limit])


def newest(db: Database, *, before: datetime | None = None) -> list[Tally]:
    """Return the newest ended tally of each line of each camera, begun *before* if given."""
    until = text(before)
    last = "SELECT max(began) FROM tallies AS t WHERE ended IS NOT NULL AND t.camera = tallies.camera AND t.line = tallies.line"
    where = f"WHERE ended IS NOT NULL AND began = ({last} AND (? IS NULL OR began < ?)) ORDER BY camera, line"
    return _all(db, where, [until, until])


def tap(db: Database, tally_id: str, taps: Iterable[Tap]) -> None:
    """Write *taps*; one that is there already stays as it is."""
    rows = [(tally_id, tap.key, text(tap.at), tap.inward, tap.step) for tap in taps]
    db.conn.executemany("INSERT OR IGNORE INTO tally_taps (tally, key, at, inward, step) VALUES (?, ?, ?, ?, ?)", rows)


def count_taps(db: Database, tally_id: str) -> int:
    """Return how many taps there are."""
    return int(db.execute("SELECT count(*) FROM tally_taps WHERE tally = ?", [tally_id]).fetchone()[0])


def tapped(db: Database, tally_id: str, begin: datetime, end: datetime) -> tuple[int, int]:
    """Return (in, out) by the taps with begin <= at <= end; neither is below zero."""
    row = db.execute(
        "SELECT coalesce(sum(step) FILTER (WHERE inward), 0), coalesce(sum(step) FILTER (WHERE NOT inward), 0) "
        "FROM tally_taps WHERE tally = ? AND at >= ? AND at <= ?",
        [tally_id, text(begin), text(end)],
    ).fetchone()
    return max(0, int(row[0])), max(0, int(row[1]))


def forget_taps(db: Database, tally_id: str) -> None:
    """Forget the taps of a tally: once it is over, its numbers are enough."""
    db.conn.execute("DELETE FROM tally_taps WHERE tally = ?", [tally_id])


def crossed(db: Database, camera: str, line: str, begin: datetime, end: datetime) -> tuple[int, int]:
    """Return (in, out) as *camera* counted them on *line* with begin <= at <= end, by the camera's time.

    What was heard of late is in it: a tally measures the eyes, not the network. Staff are not: they are no crossings here.
    """
    row = db.execute(
        "SELECT coalesce(sum(inward), 0), coalesce(sum(NOT inward), 0) FROM crossings "
        "WHERE device = ? AND line = ? AND at >= ? AND at <= ?",
        [camera, line, text(begin), text(end)],
    ).fetchone()
    return int(row[0]), int(row[1])


def lines(db: Database, camera: str, *, since: datetime) -> list[str]:
    """Return the lines at which *camera* has counted anybody since then, by name."""
    rows = db.execute("SELECT DISTINCT line FROM crossings WHERE at >= ? AND device = ? ORDER BY line", [text(since), camera])
    return [line for (line,) in rows.fetchall()]


def _all(db: Database, where: str, values: list[Any]) -> list[Tally]:
    rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM tallies {where}", values).fetchall()
    return [_tally(row) for row in rows]


def _tally(row: tuple[Any, ...]) -> Tally:
    values: dict[str, Any] = {n: moment(v) if n in _MOMENTS else v for n, v in zip(_COLUMNS, row, strict=True)}
    return Tally(**values)
