"""Finished hours and months as rows and back, and the hours that have to be finished again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlite_utils import Database

from broker.domain.cells import Cell
from broker.domain.hours import Hour
from broker.domain.times import BYTES_A_TIME
from broker.store.database import moment, text

READ_ROWS: Final = 500
_parsed: Final = json.JSONDecoder().raw_decode
"""What `json.loads` does, without the looking for what our own rows never begin or end with."""
_BARE: Final = "'{}', x''"
"""In the place of times that nobody asks for: they are most of a row."""
MARK: Final = timedelta(hours=1)
"""What one row of `unfinished` stands for: an hour of UTC."""
KEPT_OF: Final = ("visits", "tickets")
"""Kinds of rows whose retention freezes the hours before: they cannot be reckoned again."""


Sums = dict[tuple[str, int, int | None], Cell]
"""Cells by part, hour of the clock and weekday; the weekday is None where all of them are in one sum."""


def upto(db: Database) -> datetime | None:
    """Return before which moment hours were finished at least once; None when none ever was."""
    return moment(db.execute("SELECT upto FROM finished_upto").fetchone()[0] or None)


def advance(db: Database, begin: datetime, end: datetime) -> None:
    """Say that begin <= time < end is to be finished: from now on each change within is noticed."""
    db.conn.execute("UPDATE finished_upto SET upto = ?", [text(end)])
    at, rows = begin.replace(minute=0, second=0, microsecond=0), []
    while at < end:
        rows.append((text(at),))
        at += MARK
    db.conn.executemany("INSERT OR IGNORE INTO unfinished (hour, touched) VALUES (substr(?, 1, 13), 1)", rows)


def first(db: Database) -> datetime | None:
    """Return the moment of the first visit, ticket or shift of this store; None for an empty one."""
    asked = "SELECT min(at) FROM (SELECT min({0}) AS at FROM {1})"
    found = (
        db.execute(asked.format(*each)).fetchone()[0] for each in (("t0", "visits"), ("t0", "tickets"), ("began", "counter_shifts"))
    )
    return moment(min(filter(None, found), default=None))


def frozen(db: Database) -> datetime | None:
    """Return before which moment rows were taken away by retention, so that an hour cannot be reckoned again."""
    asked = f"SELECT max(since) FROM kept_since WHERE what IN ({', '.join('?' * len(KEPT_OF))})"
    return moment(db.execute(asked, KEPT_OF).fetchone()[0])


def unfinished(db: Database, *, limit: int = -1) -> dict[datetime, int]:
    """Return the hours of UTC that have to be finished again, oldest first, each with how often it was touched."""
    rows = db.execute("SELECT hour, touched FROM unfinished ORDER BY hour LIMIT ?", [limit]).fetchall()
    return {datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC): touched for hour, touched in rows}


def settle(db: Database, marks: Iterable[datetime]) -> None:
    """Say that these hours of UTC are finished."""
    db.conn.executemany("DELETE FROM unfinished WHERE hour = substr(?, 1, 13)", [(text(each),) for each in marks])


def mark(db: Database, moments: Iterable[datetime]) -> None:
    """Say that the hours of *moments* have to be finished again."""
    rows = [(text(each),) for each in moments]
    asked = "INSERT INTO unfinished (hour, touched) VALUES (substr(?, 1, 13), 1) ON CONFLICT (hour) DO UPDATE SET "
    db.conn.executemany(asked + "touched = touched + 1", rows)


def replace(db: Database, begin: datetime, end: datetime, cells: Iterable[tuple[str, str, Hour, Cell]]) -> None:
    """Write the cells of the hours that begin within begin <= time < end in place of what was known."""
    for (kind,) in db.execute("SELECT DISTINCT kind FROM finished").fetchall():
        db.conn.execute("DELETE FROM finished WHERE kind = ? AND began >= ? AND began < ?", [kind, text(begin), text(end)])
    rows = []
    for kind, part, hour, cell in cells:
        local = [hour.day.isoformat(), hour.weekday, hour.hour]
        rows.append([kind, part, text(hour.began), text(hour.ended), *local, *_written(cell)])
    db.conn.executemany(f"INSERT INTO finished VALUES ({', '.join('?' * 10)})", rows)


def sums(
    db: Database, kind: str, begin: datetime, end: datetime, *, by_weekday: bool = False, bare: bool = False
) -> Sums:  # fmt: skip
    """Return the sums of the finished hours of *kind* that begin within begin <= time < end; *bare*: without their times."""
    times = _BARE if bare else "series, times"
    found = db.execute(
        f"SELECT part, hour, {'weekday' if by_weekday else 'NULL'}, counts, {times} FROM finished "
        "WHERE kind = ? AND began >= ? AND began < ?",
        [kind, text(begin), text(end)],
    )
    made: Sums = defaultdict(Cell)
    while some := found.fetchmany(READ_ROWS):
        for part, hour, weekday, *written in some:
            _add(made[part, hour, weekday], *written)
    return made


def waits(db: Database, kind: str, day: date, name: str) -> dict[tuple[str, int], list[int]]:
    """Return the times called *name* of each part and hour of the clock of a *day*, in order, as milliseconds."""
    made: defaultdict[tuple[str, int], Cell] = defaultdict(Cell)
    asked = "SELECT part, hour, counts, series, times FROM finished WHERE day = ? AND kind = ?"
    for part, hour, *written in db.execute(asked, [day.isoformat(), kind]).fetchall():
        _add(made[part, hour], *written)
    return {place: list(cell.times[name]) for place, cell in made.items()}


def month(db: Database, kinds: Sequence[str], name: str, *, bare: Sequence[str] = ()) -> dict[str, Sums]:
    """Return the sums of a whole month (such as 2026-11) by kind, *bare* ones without times; nothing when it is not kept."""
    made: defaultdict[str, Sums] = defaultdict(lambda: defaultdict(Cell))
    for kind in kinds:
        times = _BARE if kind in bare else "series, times"
        asked = f"SELECT part, hour, counts, {times} FROM finished_months WHERE month = ? AND kind = ?"
        for part, hour, *written in db.execute(asked, [name, kind]).fetchall():
            _add(made[kind][part, hour, None], *written)
    return made


_MONTHS: Final = """WITH RECURSIVE first(day) AS (
    SELECT min(day) FROM finished UNION ALL
    SELECT (SELECT min(day) FROM finished WHERE day >= date(first.day, 'start of month', '+1 month')) FROM first
    WHERE first.day IS NOT NULL
) SELECT substr(day, 1, 7) FROM first WHERE day IS NOT NULL"""
"""From the first day of a month to that of the next by the index: it is asked every second, of years of hours."""


def kept_months(db: Database) -> set[str]:
    """Return the months that are kept whole."""
    return {month for (month,) in db.execute("SELECT DISTINCT month FROM finished_months").fetchall()}


def months_of_hours(db: Database) -> list[str]:
    """Return the months in which there are finished hours, oldest first."""
    return [month for (month,) in db.execute(_MONTHS).fetchall()]


def keep_month(db: Database, name: str, sums: dict[str, Sums]) -> None:
    """Write a whole month: sums by kind."""
    rows = [
        [kind, part, name, hour, *_written(cell)] for kind, some in sorted(sums.items()) for (part, hour, _), cell in some.items()
    ]
    db.conn.executemany(f"INSERT OR REPLACE INTO finished_months VALUES ({', '.join('?' * 7)})", rows)


def forget_months(db: Database, names: Iterable[str]) -> None:
    """Forget these months: one of their hours was written anew."""
    db.conn.executemany("DELETE FROM finished_months WHERE month = ?", [(name,) for name in names])


def _written(cell: Cell) -> tuple[str, str, bytes]:
    counts = {name: count for name, count in sorted(cell.counts.items()) if count}
    series = {name: some for name, some in sorted(cell.times.items()) if len(some)}
    lengths = {name: len(some) for name, some in series.items()}
    return _json(counts), _json(lengths), b"".join(some.packed() for some in series.values())


def _json(value: dict[str, int]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _add(cell: Cell, counts: str, series: str, times: bytes) -> None:
    for name, count in _parsed(counts)[0].items():
        cell.counts[name] += count
    if series == "{}":
        return
    place = 0
    for name, length in _parsed(series)[0].items():
        upto = place + length * BYTES_A_TIME
        cell.times[name].unpack(times[place:upto])
        place = upto
