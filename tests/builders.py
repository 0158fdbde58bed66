"""Small honest makers that many tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from broker.domain.arrivals import Crossed
from broker.domain.standards import Standards
from broker.domain.visit import Visit, opened
from broker.settings import Settings, StoreSettings, ZoneSettings
from broker.shop import STORE_FILE, Shop
from broker.store.database import open_store

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
"""Noon in Oslo on a Saturday."""
STANDARDS = Standards()
ZONES = (
    ZoneSettings(id="entrance", name="Entrance"), ZoneSettings(id="shoes", name="Shoes"), ZoneSettings(id="kids", name="Kids"),
)  # fmt: skip


class TurnableClock:
    """A clock that stands still until it is turned."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, *, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def make_shop(folder: Path, clock: TurnableClock, **settings: object) -> Shop:
    """A shop with three zones and its store in *folder*."""
    chosen = {"store": StoreSettings(id="oslo-city", name="Oslo City", data=folder), "zones": ZONES} | settings
    new_store(folder)
    return Shop(open_store(folder / STORE_FILE), clock, Settings.model_validate(chosen))


def new_store(folder: Path) -> None:
    """Put an empty store into *folder* if there is none: a copy of one that was made once, for its schema has a long past."""
    if not (folder / STORE_FILE).exists():
        (folder / STORE_FILE).write_bytes(_empty_store())


@cache
def _empty_store() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / STORE_FILE
        open_store(file).conn.close()
        return file.read_bytes()


def later(seconds: float, *, since: datetime = NOON) -> datetime:
    return since + timedelta(seconds=seconds)


def a_visit(*, t0: datetime = NOON, heard: float = 0, zone: str = "entrance", id: str = "v1") -> Visit:
    return opened(id=id, zone=zone, t0=t0, heard_at=later(heard, since=t0), standards=STANDARDS, device="door", party=f"p-{id}")


def crossed(
    n: int, *, at: datetime = NOON, inward: bool = True, party: int | None = None, zone: str = "entrance", device: str = "door",
    staff: bool = False,
) -> Crossed:  # fmt: skip
    """The *n*-th crossing a camera reports; *party* is the number of the party's first crossing."""
    return Crossed(
        event=f"ab-{n}", device=device, at=at, zone=zone, line="door", inward=inward, party=f"ab-{n if party is None else party}",
        decided_at=at, staff=staff,
    )  # fmt: skip
