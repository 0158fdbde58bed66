"""Going back to a moment: the store as the archive has it, in the place of the one that is there."""

from __future__ import annotations

import importlib.metadata
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from broker.settings import Settings
from broker.shop import STORE_FILE
from broker.store import rewind
from broker.store.archive import as_moment, pieces
from broker.store.database import NAMES
from deploy.backup import Manifest
from deploy.fault import Fault
from deploy.restore import Restored, checked, put, scratch_of


@dataclass(frozen=True, slots=True)
class Had:
    """A time of which every moment can be had; `why` says what is missing behind it, empty for the newest."""

    begins: datetime
    ends: datetime
    why: str


def archive_of(settings: Settings, folder: Path | None) -> Path:
    """Return the archive in *folder*, or of the settings: that of this store, or the folder itself when it is one. Raises Fault."""
    if folder is None:
        found = settings.backup.folder(settings.store.id)
        if found is None:
            raise Fault("There is no archive_to in [backup] of the settings: give the folder of the archive with --archive.")
        folder = found
    elif (folder / f"greetline-{settings.store.id}").is_dir():
        folder = folder / f"greetline-{settings.store.id}"
    if not folder.is_dir():
        raise Fault(f"{folder}: there is no archive here. Is its disk there? Else give the folder with --archive.")
    return folder


def had(folder: Path) -> list[Had]:
    """Return which moments the archive *folder* has, oldest first. Raises StoreError."""
    spans = rewind.spans(folder)
    return [
        Had(as_moment(span.begins), as_moment(span.ends), span.ended or ("" if span is spans[-1] else "the archive stood still"))
        for span in spans
    ]


def moment_of(said: str, zone: ZoneInfo) -> datetime:
    """Return the moment *said*, as `2026-11-22 14:05` in *zone* or with an offset of its own. Raises Fault."""
    try:
        moment = datetime.fromisoformat(said.strip())
    except ValueError:
        raise Fault(f'{said!r} is no moment. Write it as "2026-11-22 14:05", or with seconds, in the time of the shop.') from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != moment:
        raise Fault(f"{said}: the clocks of {zone} were set forward over it; there was no such time.")
    if first != second:
        both = " or ".join(each.astimezone(zone).isoformat() for each in (first, second))
        raise Fault(f"{said}: the clocks of {zone} were set back, so it was twice. Say which one: {both}.")
    return first


def restore_at(folder: Path, moment: datetime, settings: Settings, path: Path, *, dry_run: bool = False) -> Restored:
    """Put the store of *moment*, out of the archive *folder*, in the place of that of *settings*. Raises Fault and StoreError.

    The manifest of what is returned says in `made_at` from when the newest change in it is. With *dry_run* nothing is changed.
    """
    data = settings.store.data
    with scratch_of(settings, dry_run=dry_run) as scratch:
        _need_room(folder, scratch)
        store = scratch / STORE_FILE
        reached = rewind.rewind(folder, moment, store)
        counts = checked(folder, store)
        version = importlib.metadata.version("greetline")
        done = Restored(
            Manifest(settings.store.id, reached.isoformat(timespec="milliseconds"), version, sorted(NAMES), False), counts
        )
        if not dry_run:
            put(done, {STORE_FILE: store}, data, path)
    return done


def _need_room(folder: Path, scratch: Path) -> None:
    largest = max((piece.bytes for piece in pieces(folder) if piece.seen is not None), default=0)
    free = shutil.disk_usage(scratch).free
    if largest > free:
        raise Fault(f"{folder}: its copy of the store alone has {largest // 1_000_000} MB, and {free // 1_000_000} MB are free.")
