"""Devices: how each camera is, and since when; and the spans in which one was not watching."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import moment, text

WATCHING: Final = "watching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device. `watch` is WATCHING or why it is not; `skew` is its clock against ours in seconds."""

    id: str
    kind: str
    name: str
    zones: tuple[str, ...]
    watch: str
    since: datetime
    heard_at: datetime
    reason: str = ""
    said_at: datetime | None = None
    skew: float | None = None
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which a device was not watching; `ended` is None while it lasts."""

    device: str
    zone: str
    watch: str
    began: datetime
    ended: datetime | None


def save(db: Database, device: Device) -> None:
    """Write *device*, new or changed."""
    row = [
        device.id, device.kind, device.name, json.dumps(device.zones), device.watch, text(device.since), device.reason,
        text(device.said_at), text(device.heard_at), device.skew, json.dumps(device.figures),
    ]  # fmt: skip
    db.conn.execute(f"INSERT OR REPLACE INTO devices ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)


def find(db: Database, device_id: str) -> Device | None:
    """Return one device, or None."""
    found = _all(db, "WHERE id = ?", [device_id])
    return found[0] if found else None


def everyone(db: Database) -> list[Device]:
    """Return every device, by name."""
    return _all(db, "ORDER BY name, id", [])


def forget(db: Database, device_id: str) -> None:
    """Forget a device; that it did not watch at times stays known."""
    db.conn.execute("DELETE FROM devices WHERE id = ?", [device_id])


def begin_gap(db: Database, device: Device) -> None:
    """Write that *device* stopped watching at its `since`; a gap that is already open stays as it began."""
    open_gap = db.execute("SELECT 1 FROM watches WHERE device = ? AND ended IS NULL", [device.id]).fetchone()
    if open_gap is None:
        zone = device.zones[0] if device.zones else ""
        row = [device.id, zone, device.watch, device.reason, text(device.since)]
        db.conn.execute("INSERT INTO watches (device, zone, watch, reason, began) VALUES (?, ?, ?, ?, ?)", row)


def end_gap(db: Database, device_id: str, at: datetime) -> None:
    """Write that a device watches again."""
    db.conn.execute("UPDATE watches SET ended = max(began, ?) WHERE device = ? AND ended IS NULL", [text(at), device_id])


def gaps(db: Database, begin: datetime, end: datetime) -> list[Gap]:
    """Return the spans not watched that touch begin..end, in order."""
    rows = db.execute(
        "SELECT device, zone, watch, began, ended FROM watches WHERE began < ? AND (ended IS NULL OR ended > ?) ORDER BY began",
        [text(end), text(begin)],
    ).fetchall()
    return [Gap(device, zone, watch, datetime.fromisoformat(began), moment(ended)) for device, zone, watch, began, ended in rows]


_COLUMNS: Final = "id, kind, name, zones, watch, since, reason, said_at, heard_at, skew, figures"


def _all(db: Database, where: str, values: list[object]) -> list[Device]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM devices {where}", values).fetchall()
    return [
        Device(
            id=i, kind=kind, name=name, zones=tuple(json.loads(zones)), watch=watch, since=datetime.fromisoformat(since),
            reason=reason, said_at=moment(said), heard_at=datetime.fromisoformat(heard), skew=skew, figures=json.loads(figures),
        )
        for i, kind, name, zones, watch, since, reason, said, heard, skew, figures in rows
    ]  # fmt: skip
