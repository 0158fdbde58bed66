"""What came over the door's line: events already taken, crossings, how many are inside, areas of the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from broker.domain.arrivals import Counted, Crossed, News, Stayed
from broker.store.database import parts, text


@dataclass(slots=True)
class Presence:
    """How many people went in and out on one business day, and how many are inside; never below zero."""

    day: date
    inside: int = 0
    ins: int = 0
    outs: int = 0

    def count(self, *, inward: bool) -> bool:
        """Count one crossing and return whether it was the last person inside who went out.

        An exit when nobody is inside by our count proves that we missed an entrance, not that the shop is empty.
        """
        if inward:
            self.ins += 1
            self.inside += 1
            return False
        self.outs += 1
        last = self.inside == 1
        self.inside = max(0, self.inside - 1)
        return last


def take(db: Database, news: Iterable[News], at: datetime) -> list[News]:
    """Remember that these events are taken. Return those that had not been taken before, each once, in order."""
    named: dict[tuple[str, str], News] = {}
    for item in news:
        named.setdefault((item.device, item.event), item)
    known = _taken(db, named)
    fresh = [item for name, item in named.items() if name not in known]
    rows = [(item.device, item.event, text(at)) for item in fresh]
    db.conn.executemany("INSERT INTO seen (device, event, at) VALUES (?, ?, ?)", rows)
    return fresh


def _taken(db: Database, names: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    events: dict[str, list[str]] = {}
    for device, event in names:
        events.setdefault(device, []).append(event)
    return {
        (device, row[0])
        for device, its in events.items()
        for some in parts(its)
        for row in db.conn.execute(
            f"SELECT event FROM seen WHERE device = ? AND event IN ({', '.join('?' * len(some))})", [device, *some]
        )
    }


def save_crossings(db: Database, crossings: Iterable[tuple[Crossed, bool, str | None]]) -> None:
    """Write crossings, each with whether it was late news and the visit it belongs to."""
    db.conn.executemany(
        "INSERT INTO crossings (device, event, at, zone, line, inward, late, visit) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(c.device, c.event, text(c.at), c.zone, c.line, c.inward, late, visit) for c, late, visit in crossings],
    )


def presence(db: Database, day: date) -> Presence:
    """Return the presence of a business day; zeros for a day that has not begun."""
    row = db.execute("SELECT inside, ins, outs FROM presence WHERE day = ?", [day.isoformat()]).fetchone()
    return Presence(day, *row) if row else Presence(day)


def save_presence(db: Database, now: Presence) -> None:
    """Write the presence of a business day."""
    row = [now.day.isoformat(), now.inside, now.ins, now.outs]
    db.conn.execute("INSERT OR REPLACE INTO presence (day, inside, ins, outs) VALUES (?, ?, ?, ?)", row)


def ins_by_device(db: Database, begin: datetime, end: datetime) -> dict[str, int]:
    """Return how many people each camera saw come in with begin <= at < end."""
    rows = db.execute(
        "SELECT device, count(*) FROM crossings WHERE inward AND at >= ? AND at < ? GROUP BY device", [text(begin), text(end)]
    )
    return dict(rows.fetchall())


def totals(db: Database, begin: datetime, end: datetime) -> tuple[int, int, int]:
    """Return (in, out, late) crossings with begin <= at < end."""
    row = db.execute(
        "SELECT coalesce(sum(inward), 0), coalesce(sum(NOT inward), 0), coalesce(sum(late), 0) "
        "FROM crossings WHERE at >= ? AND at < ?",
        [text(begin), text(end)],
    ).fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def save_counts(db: Database, counts: Iterable[Counted]) -> None:
    """Write how many people stand in areas."""
    rows = [(one.device, one.area, one.zone, text(one.at), one.people, one.kind) for one in counts]
    db.conn.executemany("INSERT INTO area_counts (device, area, zone, at, people, kind) VALUES (?, ?, ?, ?, ?, ?)", rows)


def save_stay(db: Database, stayed: Stayed) -> None:
    """Write how long somebody stood in an area."""
    row = [stayed.device, stayed.area, stayed.zone, text(stayed.at), stayed.seconds, stayed.kind, stayed.outcome]
    names = "device, area, zone, at, seconds, kind, outcome"
    db.conn.execute(f"INSERT INTO area_stays ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
