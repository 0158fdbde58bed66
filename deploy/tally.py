"""What a show has come to: what was rendered, what was counted, and whether anything was lost on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from broker.domain.alerts import AlertKind
from broker.domain.kpi import quantile
from broker.shop import Shop

PERCENTILES: Final = (50, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the rendered scene showed: people in and out, and parties that came in."""

    people_in: int
    people_out: int
    parties_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The result of a show."""

    truth: Truth
    counted_in: int
    counted_out: int
    visits: int
    people: int
    acknowledged: int
    overdue: int
    alerts: int
    lost: tuple[str, ...]
    duplicates: int
    latencies_ms: tuple[float, ...]

    @property
    def right(self) -> bool:
        """Whether everything that was rendered was counted, became the right visits, and nothing was lost or doubled."""
        counted = (self.counted_in, self.counted_out) == (self.truth.people_in, self.truth.people_out)
        matching = (self.visits, self.people) == (self.truth.parties_in, self.truth.people_in)
        return counted and matching and not self.lost and not self.duplicates

    def as_json(self) -> dict[str, Any]:
        """Return what `greetline demo --json` prints."""
        return {
            "rendered_in": self.truth.people_in,
            "rendered_out": self.truth.people_out,
            "rendered_parties_in": self.truth.parties_in,
            "counted_in": self.counted_in,
            "counted_out": self.counted_out,
            "visits": self.visits,
            "people": self.people,
            "acknowledged": self.acknowledged,
            "overdue": self.overdue,
            "alerts": self.alerts,
            "lost_events": len(self.lost),
            "duplicate_events": self.duplicates,
            "frame_to_alert_ms": milliseconds(self.latencies_ms),
            "right": self.right,
        }

    def in_words(self) -> str:
        """Return it as a person reads it."""
        shown, delay = self.truth, milliseconds(self.latencies_ms)
        return "\n".join(
            (
                f"{shown.people_in} people came in, {shown.people_out} went out; counted: {self.counted_in}, {self.counted_out}.",
                f"{shown.parties_in} parties came in; {self.visits} visits of {self.people} people stand in the store.",
                f"{self.acknowledged} were greeted, {self.overdue} waited too long, {self.alerts} alerts sounded.",
                f"{len(self.lost)} events were lost, {self.duplicates} doubled.",
                f"From the frame to the screen: {delay['p50']} ms in the middle, {delay['p99']} ms at worst (p99).",
                "All of it is right." if self.right else "This is NOT right.",
            )
        )


def milliseconds(values: Iterable[float]) -> dict[str, float | int | None]:
    """Return p50 and p99 of *values* and how many there are; None without any."""
    ordered = sorted(values)
    found = {f"p{p}": round(quantile(ordered, p / 100), 1) if ordered else None for p in PERCENTILES}
    return {**found, "samples": len(ordered)}


def truth(sources: Iterable[str]) -> Truth:
    """Return what the scenes named by *sources* show, to their ends. Raises BadScene, ValueError for one without an end."""
    from edge.scene import Scene

    crossings = [(number, crossing) for number, source in enumerate(sources) for crossing in Scene.parse(source).crossings()]
    inward = [(number, crossing) for number, crossing in crossings if crossing.direction == "in"]
    return Truth(
        people_in=len(inward),
        people_out=len(crossings) - len(inward),
        parties_in=len({(number, crossing.party) for number, crossing in inward}),
    )


def issued(spool: Path) -> set[str]:
    """Return the id of every event that the camera with this *spool* ever numbered. The camera must have stopped."""
    if not spool.exists():
        return set()
    db = sqlite3.connect(f"file:{spool}?mode=ro", uri=True)
    try:
        epoch = db.execute("SELECT epoch FROM spool").fetchone()[0]
        last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    finally:
        db.close()
    return {f"{epoch}-{number}" for number in range(1, (last[0] if last else 0) + 1)}


def reckon(shop: Shop, shown: Truth, heard: Mapping[str, datetime], decided: Mapping[str, datetime]) -> Tally:
    """Return the tally of *shop*, whose parts have stopped.

    *heard* is when a screen first heard of each visit, *decided* the time of the frame of each event.
    """
    db = shop.db
    spools = {camera.id: shop.settings.store.data / f"spool-{camera.id}.db" for camera in shop.settings.cameras}
    seen = {(device, event) for device, event in db.execute("SELECT device, event FROM seen").fetchall()}
    numbered = {(device, event) for device, spool in spools.items() for event in issued(spool)}
    count = db.execute("SELECT coalesce(sum(inward), 0), coalesce(sum(NOT inward), 0) FROM crossings").fetchone()
    rows = db.execute(
        "SELECT count(*), coalesce(sum(size), 0), count(acknowledged_at), count(overdue_at) FROM visits WHERE source = 'camera'"
    ).fetchone()
    alerts = db.execute("SELECT count(*) FROM alerts WHERE kind = ? AND raised_at IS NOT NULL", [str(AlertKind.WAITING)])
    doubled = db.execute("SELECT count(*) - count(DISTINCT device || ' ' || event) FROM crossings").fetchone()[0]
    opened_by = dict(db.execute("SELECT id, party FROM visits").fetchall())
    return Tally(
        truth=shown,
        counted_in=count[0],
        counted_out=count[1],
        visits=rows[0],
        people=rows[1],
        acknowledged=rows[2],
        overdue=rows[3],
        alerts=alerts.fetchone()[0],
        lost=tuple(sorted(event for _, event in numbered - seen)),
        duplicates=doubled,
        latencies_ms=tuple(_latencies(opened_by, heard, decided)),
    )


def _latencies(opened_by: Mapping[str, str], heard: Mapping[str, datetime], decided: Mapping[str, datetime]) -> Iterable[float]:
    """The event that opened a visit is the first of its party, and a party is called by its first event."""
    for visit, at in heard.items():
        frame = decided.get(opened_by.get(visit, ""))
        if frame is not None:
            yield (at - frame).total_seconds() * 1000
