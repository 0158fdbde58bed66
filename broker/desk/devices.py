"""How the devices are: a camera that does not see is never a calm empty list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import audit
from broker.domain.alerts import AlertKind
from broker.domain.facts import Fact, FactKind
from broker.settings import SERVICE as SERVICE
from broker.shop import Shop
from broker.store import alerts, devices, journal
from broker.store.database import change
from broker.store.devices import WATCHING, Device

OFFLINE: Final = "offline"
STARTING: Final = "starting"
FORGOTTEN: Final = "forgotten"
SILENT: Final = "it says nothing any more"


def heard(
    shop: Shop, device_id: str, *, kind: str = "camera", watch: str, since: datetime, reason: str = "", zones: tuple[str, ...] = (),
    said_at: datetime | None = None, figures: Mapping[str, object] | None = None, live: bool = True,
) -> Device:  # fmt: skip
    """Take a device's word on how it is. What was kept for us (not *live*) is ignored when it is older than the last.

    A last will need not know the *kind*: the one known before stays. *watch* and *since* are the device's own; *said_at*
    is its clock, from which the skew against ours is reckoned while it speaks; it may be set back, so live word always counts.
    A last will was written when its device connected, so that one is gone since it was heard last and no sooner.
    """
    with change(shop.db):
        now, was = shop.clock(), devices.find(shop.db, device_id)
        if was and was.said_at and said_at and said_at < was.said_at and watch != OFFLINE and not live:
            return was
        skew = round((now - said_at).total_seconds(), 3) if said_at and live and watch != OFFLINE else (was.skew if was else None)
        device = Device(
            id=device_id, kind=was.kind if was and watch == OFFLINE else kind,
            name=_name(shop, device_id, zones or (was.zones if was else ())),
            zones=zones or (was.zones if was else ()), watch=watch, since=_begun(was, watch, since, now), reason=reason,
            said_at=said_at or (was.said_at if was else None), heard_at=now, figures=figures or {},
            skew=skew,
        )  # fmt: skip
        if was is None and _forgotten_after(shop, device_id, said_at):
            return device
        _write(shop, was, device)
    return device


def _begun(was: Device | None, watch: str, since: datetime, now: datetime) -> datetime:
    if watch == OFFLINE and was and was.watch != OFFLINE:
        since = max(since, was.heard_at)
    return min(since, now)


def forget(shop: Shop, device_id: str, *, by: str) -> None:
    """Take a camera that is gone for good off every screen. Raises KeyError for none, ValueError for one that still speaks.

    A word said before this, which the MQTT broker may still keep, does not bring it back; a new one does.
    """
    with change(shop.db):
        device, now = devices.find(shop.db, device_id), shop.clock()
        if device is None or device.kind != "camera":
            raise KeyError(device_id)
        if device.watch != OFFLINE or any(camera.id == device_id for camera in shop.settings.cameras):
            raise ValueError(f"{device_id} still speaks, or stands in the settings")
        devices.end_gap(shop.db, device_id, now)
        devices.forget(shop.db, device_id)
        for alert in alerts.live(shop.db, kind=AlertKind.DEVICE, subject=device_id):
            desk_alerts.clear(shop, alert, now)
        zone = device.zones[0] if device.zones else ""
        body: dict[str, object] = {"watch": FORGOTTEN}
        audit.write(shop, "cameras.forgotten", device_id, by=by, before={"name": device.name, "zones": device.zones})
        journal.append(shop.db, Fact(kind=FactKind.DEVICE, subject=device_id, at=now, zone=zone, by=by, body=body))


def _forgotten_after(shop: Shop, device_id: str, said_at: datetime | None) -> bool:
    last = journal.newest(shop.db, device_id, FactKind.DEVICE, limit=1)
    return bool(last and said_at and last[0].body.get("watch") == FORGOTTEN and said_at <= last[0].at)


def run_silent(shop: Shop) -> int:
    """Mark the devices that have said nothing for too long as offline. Return how many."""
    now = shop.clock()
    limit = timedelta(seconds=shop.settings.alerts.device_silent_seconds)
    everyone = devices.everyone(shop.db)
    # Heard at a moment to come: before a power cut, on a machine whose clock lost the time. Nobody knows how long ago that is.
    gone = [device for device in everyone if device.watch != OFFLINE and abs(now - device.heard_at) > limit]
    untold = _untold(shop, everyone) if shop.hours.open_at(now) else []
    if not gone and not untold:
        return 0
    with change(shop.db):
        for dark in untold:
            _alarm(shop, dark, now)
        for seen in gone:
            device = devices.find(shop.db, seen.id)
            if device and device.watch != OFFLINE and abs(now - device.heard_at) > limit:
                _write(shop, device, replace(device, watch=OFFLINE, since=min(now, device.heard_at), reason=SILENT))
    return len(gone)


def _write(shop: Shop, was: Device | None, device: Device) -> None:
    now = shop.clock()
    if was and was.watch == device.watch:
        device = replace(device, since=was.since)
    devices.save(shop.db, device)
    if device.kind == "camera":
        _watch_gap(shop, device, now)
    planned = device.figures.get("plan")
    took = was is not None and planned is not None and planned != was.figures.get("plan")
    if was is None or took or (was.watch, was.reason, was.zones) != (device.watch, device.reason, device.zones):
        body: dict[str, object] = {"watch": device.watch, "reason": device.reason}
        if planned is not None:
            body["plan"] = planned
        zone = device.zones[0] if device.zones else ""
        journal.append(shop.db, Fact(kind=FactKind.DEVICE, subject=device.id, at=now, zone=zone, by=device.id, body=body))


def _watch_gap(shop: Shop, device: Device, now: datetime) -> None:
    if device.watch == WATCHING:
        devices.end_gap(shop.db, device.id, min(now, device.since))
        for alert in alerts.live(shop.db, kind=AlertKind.DEVICE, subject=device.id):
            desk_alerts.clear(shop, alert, now)
        return
    devices.begin_gap(shop.db, device)
    if device.watch != STARTING and shop.hours.open_at(now):
        _alarm(shop, device, now)


def _alarm(shop: Shop, device: Device, now: datetime) -> None:
    zone = device.zones[0] if device.zones else ""
    # Its delays count from when it is known: a line that was cut for a moment is told to nobody, whenever the last word was.
    desk_alerts.raise_(shop, AlertKind.DEVICE, device.id, zone, since=now, at=now, detail=device.reason)


def _untold(shop: Shop, everyone: list[Device]) -> list[Device]:
    """Return the cameras that do not watch and that nobody was told of, because the shop was closed when it began."""
    told = {alert.subject for alert in alerts.live(shop.db, kind=AlertKind.DEVICE)}
    return [d for d in everyone if d.kind == "camera" and d.watch not in (WATCHING, STARTING) and d.id not in told]


def _name(shop: Shop, device_id: str, zones: tuple[str, ...]) -> str:
    for camera in shop.settings.cameras:
        if camera.id == device_id and camera.name:
            return camera.name
    return shop.zones.get(zones[0], device_id) if zones else device_id
