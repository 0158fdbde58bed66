"""Putting a backup in the place of a store: only while nothing runs, and what was there is kept."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.disk import to_disk
from broker.lock import Held, held
from broker.service import archiving
from broker.service.run import LOCK_FILE
from broker.settings import Settings
from broker.shop import STORE_FILE
from broker.store import upkeep
from broker.store.database import open_store
from deploy import backup, certs, premises
from deploy.backup import BESIDE, REPLACED, SETTINGS, Manifest
from deploy.fault import Fault

STOP_INSTALLED: Final = "sudo systemctl stop greetline.target"
_BESIDE_STORE: Final = ("-wal", "-shm")
"""A store in use is three files."""


@dataclass(slots=True)
class Restored:
    """What a restore did, or would do: files by what happens to them, and what was found in the store of the backup."""

    manifest: Manifest
    counts: dict[str, int]
    kept: list[Path] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    beside: Path | None = None
    """Settings that differ from those that are there: they lie beside them, to be compared by a person."""


def restore(file: Path, settings: Settings, path: Path, *, dry_run: bool = False) -> Restored:
    """Put the backup *file* in the place of the store of *settings*, whose file is *path*. Raises Fault and StoreError.

    An older store is brought up to date first. What is replaced goes to REPLACED beside the store. With *dry_run*
    everything is checked and nothing is changed.
    """
    manifest, data = backup.read(file), settings.store.data
    if manifest.later:
        raise Fault(
            f"{file}: it was made by a later Greetline ({manifest.greetline}, with {', '.join(manifest.later)}). "
            f"Install Greetline {manifest.greetline} or later, then restore again. Nothing was changed."
        )
    with scratch_of(settings, dry_run=dry_run) as scratch:
        found = backup.unpack(file, manifest, scratch)
        if STORE_FILE not in found:
            raise Fault(f"{file}: there is no store in it. Use another backup.")
        done = Restored(manifest, checked(file, found[STORE_FILE]))
        if not dry_run:
            put(done, found, data, path)
    return done


@contextmanager
def scratch_of(settings: Settings, *, dry_run: bool) -> Iterator[Path]:
    """Give a folder for what will be the store, on the same disk; nothing uses the store while the block runs. Raises Fault."""
    data = settings.store.data
    with ExitStack() as stack:
        if not dry_run:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hold_still(settings, stack)
        if not dry_run:
            backup.clear(data)
        beside = data if data.exists() else None
        yield Path(stack.enter_context(tempfile.TemporaryDirectory(dir=beside, prefix=backup.SCRATCH)))


def _hold_still(settings: Settings, stack: ExitStack) -> None:
    """See that nothing uses the store, and that no service begins to, until *stack* ends. Raises Fault."""
    data = settings.store.data
    running = premises.is_up(data) or premises.answers(settings) or premises.answers(settings, settings.kiosk)
    try:
        if data.exists():
            stack.enter_context(held(data / LOCK_FILE))
            stack.enter_context(held(data / archiving.LOCK_FILE))
    except Held:
        running = True
    if running:
        how = f"`{STOP_INSTALLED}`" if certs.installed(settings.tls.folder) else "Ctrl-C where `greetline up` runs"
        raise Fault(f"{data}: the shop is open. Stop it first ({how}), then restore again.")


def checked(file: Path, store: Path) -> dict[str, int]:
    """Bring the unpacked *store* up to date and look it over; return its rows by table. Raises Fault and StoreError."""
    db = open_store(store, create=False)
    try:
        sound, planted = upkeep.check(db), upkeep.planted(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    except (sqlite3.Error, ValueError) as wrong:
        raise Fault(f"{file}: the store in it is damaged: {wrong}. Use another backup.") from None
    finally:
        db.conn.close()
    if planted:
        raise Fault(f"{file}: {planted[0]}. It would do something by itself in your store. Do not use it.")
    if sound.damage:
        raise Fault(f"{file}: the store in it is damaged: {sound.damage[0]}. Use another backup.")
    to_disk(store)
    return sound.counts


def put(done: Restored, found: dict[str, Path], data: Path, path: Path) -> None:
    """Put the files *found*, by the names they have in a backup, where they belong; what was there is kept. Raises Fault."""
    targets = _places(data, [name for name in found if name.startswith(BESIDE)])
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    tried = (data / REPLACED / f"{stamp}{'-' * n}" for n in itertools.count())
    aside = next(folder for folder in tried if not folder.exists())
    _keep_store(data, aside, done)
    found.pop(STORE_FILE).replace(data / STORE_FILE)
    done.written.append(data / STORE_FILE)
    for name, fresh in found.items():
        if name == SETTINGS:
            _put_settings(fresh, path, done)
        # Without secrets there are certificates alone: one that is here belongs to a key that is here, and stays with it.
        elif name in targets and (done.manifest.secrets or not targets[name].exists()):
            _put_beside(fresh, targets[name], data, aside, done)
    to_disk(data)


def _places(data: Path, names: list[str]) -> dict[str, Path]:
    """Return where each of *names* is put. Raises Fault, before anything is changed, when one of them cannot be put there."""
    targets = {name: _inside(data, name.removeprefix(BESIDE)) for name in names}
    taken = set(targets.values())
    for name, target in targets.items():
        above = [folder for folder in target.parents if folder.is_relative_to(data.resolve())]
        if target.is_dir() or any(folder in taken or (folder.exists() and not folder.is_dir()) for folder in above):
            raise Fault(f"The backup wants to write {name!r}, where something else lies. Look at {target}, and move it away.")
    return targets


def _inside(data: Path, name: str) -> Path:
    target = (data / name).resolve()
    if not target.is_relative_to(data.resolve()):
        raise Fault(f"The backup wants to write {name!r}, outside of {data}. Do not use it.")
    return target


def _put_beside(fresh: Path, target: Path, data: Path, aside: Path, done: Restored) -> None:
    if target.exists() and target.read_bytes() == fresh.read_bytes():
        return
    _keep(target, data, aside, done)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh.replace(target)
    done.written.append(target)


def _put_settings(fresh: Path, path: Path, done: Restored) -> None:
    if path.exists() and path.read_bytes() == fresh.read_bytes():
        return
    target = path.with_name(f"{path.name}.restored") if path.exists() else path
    text = fresh.read_bytes()
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.write_bytes(text)
    part.replace(target)
    done.written.append(target)
    done.beside = target if target != path else None


def _keep_store(data: Path, aside: Path, done: Restored) -> None:
    """Keep the store that is there, and leave it in its place as well: a power cut must find the old one there, or the new."""
    store, kept = data / STORE_FILE, aside / STORE_FILE
    if store.exists():
        # One that is damaged is kept with its log as it is.
        with suppress(sqlite3.Error), closing(sqlite3.connect(store)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            kept.hardlink_to(store)
        except OSError:  # Not every disk has a second name for a file.
            shutil.copy2(store, kept)
        to_disk(kept)
        done.kept.append(kept)
    for part in _BESIDE_STORE:
        _keep(data / f"{STORE_FILE}{part}", data, aside, done)


def _keep(file: Path, data: Path, aside: Path, done: Restored) -> None:
    if not file.exists():
        return
    kept = aside / file.relative_to(data.resolve() if file.is_relative_to(data.resolve()) else data)
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.replace(kept)
    done.kept.append(kept)
