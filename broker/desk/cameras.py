"""Every camera of the shop as a manager looks after it: whether it watches, which plan it follows, how well it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.desk import plans, tallies
from broker.desk.devices import OFFLINE, STARTING
from broker.desk.devices import forget as forget
from broker.desk.plans import Drawn
from broker.desk.tallies import Tally
from broker.domain.facts import FactKind
from broker.shop import Shop
from broker.store import devices, journal
from broker.store.devices import WATCHING, Device

SKEW_SECONDS: Final = 2.0
"""A camera box whose clock differs by more is flagged: its times of arrival are off by as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera. `watch` is "watching" or why it is not; `known` says that this shop's settings file names it.

    `version` is that of the newest plan (0: the settings file's), `taken` the one the camera said last that it follows,
    None before it said so; `taken_at` since when. `drawn` is None for a plan nobody drew. `skew` is in seconds.
    """

    id: str
    name: str
    zones: tuple[str, ...]
    watch: str
    since: datetime | None
    reason: str
    frames_per_second: float | None
    skew: float | None
    known: bool
    version: int
    taken: int | None
    taken_at: datetime | None
    drawn: Drawn | None
    tallies: tuple[Tally, ...]

    @property
    def watching(self) -> bool:
        """Whether it sees."""
        return self.watch == WATCHING

    @property
    def wrong_clock(self) -> bool:
        """Whether its clock is off by more than SKEW_SECONDS."""
        return self.skew is not None and abs(self.skew) > SKEW_SECONDS

    @property
    def gone(self) -> bool:
        """Whether it may be forgotten: the settings do not name it and it says nothing."""
        return not self.known and self.watch == OFFLINE


def everyone(shop: Shop) -> list[Camera]:
    """Return every camera that was heard of or stands in the settings, by name."""
    heard = {device.id: device for device in devices.everyone(shop.db) if device.kind == "camera"}
    ids = dict.fromkeys((*heard, *(camera.id for camera in shop.settings.cameras)))
    counted: dict[str, list[Tally]] = {}
    for tally in tallies.newest(shop):
        counted.setdefault(tally.camera, []).append(tally)
    return sorted((_camera(shop, each, heard, counted) for each in ids), key=lambda camera: (camera.name, camera.id))


def find(shop: Shop, camera_id: str) -> Camera | None:
    """Return one camera, or None."""
    return next((camera for camera in everyone(shop) if camera.id == camera_id), None)


def _camera(shop: Shop, camera_id: str, heard: Mapping[str, Device], counted: Mapping[str, list[Tally]]) -> Camera:
    here = next((camera for camera in shop.settings.cameras if camera.id == camera_id), None)
    device = heard.get(camera_id)
    zones = device.zones if device and device.zones else tuple(dict.fromkeys(line.zone for line in here.lines)) if here else ()
    name = (here and here.name) or (device and device.name) or (shop.zones.get(zones[0], camera_id) if zones else camera_id)
    drawn = next(iter(plans.history(shop, camera_id)), None)
    taken, taken_at = _taken(shop, camera_id)
    rate = device.figures.get("frames_per_second") if device else None
    return Camera(
        id=camera_id, name=name, zones=zones, watch=device.watch if device else STARTING, since=device.since if device else None,
        reason=device.reason if device else "", frames_per_second=rate if isinstance(rate, int | float) else None,
        skew=device.skew if device else None, known=here is not None, version=drawn.plan.version if drawn else 0, taken=taken,
        taken_at=taken_at, drawn=drawn, tallies=tuple(counted.get(camera_id, ())),
    )  # fmt: skip


def _taken(shop: Shop, camera_id: str) -> tuple[int | None, datetime | None]:
    """Return the plan's version the camera said last that it follows, and when it first said so."""
    version: int | None = None
    at: datetime | None = None
    for fact in journal.newest(shop.db, camera_id, FactKind.DEVICE):
        said = fact.body.get("plan")
        if not isinstance(said, int):
            continue
        if version is not None and said != version:
            break
        version, at = said, fact.at
    return version, at
