"""A backup of a shop: its store, its settings, and what lies beside the store, in one file that says what is in it.

The file is a gzipped tar. Its first member, manifest.json, has the digest of every other, so that a damaged backup is
known before anything of it is used.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from pydantic import TypeAdapter

from broker.disk import to_disk
from broker.settings import Settings
from broker.shop import STORE_FILE
from broker.store import archived, copied, upkeep
from broker.store.database import NAMES, StoreError, open_store, schema_of
from broker.store.upkeep import Told
from deploy.fault import Fault

FORMAT: Final = "greetline backup 1"
MANIFEST: Final = "manifest.json"
SETTINGS: Final = "greetline.toml"
BESIDE: Final = "beside/"
"""Members that lay beside the store."""
FOLDER: Final = "backups"
REPLACED: Final = "replaced"
"""Folder beside the store in which what a restore took the place of is kept."""
SUFFIX: Final = ".tar.gz"
PREFIX: Final = "greetline-"
SCRATCH: Final = ".greetline-half-made-"
"""Begins the name of a folder in which a backup is made or unpacked."""
HALF_MADE_SECONDS: Final = 24 * 3600
MAX_BESIDE_BYTES: Final = 1024 * 1024
MAX_BESIDE_FILES: Final = 200
MAX_MANIFEST_BYTES: Final = 1024 * 1024
MAX_OTHER_BYTES: Final = 16 * 1024 * 1024
"""No file of a backup but the store is larger."""
MAX_NAME_BYTES: Final = 200
BLOCK_BYTES: Final = 1024 * 1024
GZIP_LEVEL: Final = 1
"""A store shrinks to a fifth with the quickest; the slowest takes ten times as long for a tenth less."""
_NOT_BESIDE: Final = frozenset({FOLDER, REPLACED, "models", "room", copied.COPIED_FILE, archived.ARCHIVED_FILE})
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: files by name with (SHA-256, bytes)."""

    store: str
    made_at: str
    greetline: str
    schema: list[str]
    secrets: bool
    files: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def later(self) -> list[str]:
        """The migrations of its store that this version does not know."""
        return sorted(set(self.schema) - NAMES)


def make(
    settings: Settings, path: Path | None, to: Path | None, *, secrets: bool, told: Told = lambda *_: None
) -> tuple[Path, Manifest]:
    """Write a backup of the shop whose settings file is *path*, while it runs; return the file and what is in it.

    *to* is a file, or a folder in which one is named after the store and the time; without it, FOLDER beside the store.
    Raises Fault and StoreError; then nothing of it is left.
    """
    now = datetime.now(UTC)
    target = _target(to or settings.store.data / FOLDER, settings.store.id, now)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=SCRATCH) as scratch:
            copy = Path(scratch) / STORE_FILE
            schema = _copy_store(settings, copy, told)
            members = {STORE_FILE: copy, **({SETTINGS: path} if path else {}), **dict(_beside(settings, secrets))}
            manifest = Manifest(
                settings.store.id, now.isoformat(timespec="seconds"), importlib.metadata.version("greetline"), schema,
                secrets, {name: _digest(file) for name, file in members.items()},
            )  # fmt: skip
            _pack(Path(scratch) / "packed", manifest, members)
            (Path(scratch) / "packed").replace(target)
        to_disk(target.parent)
        copied.mark(settings.store.data, now)
    except OSError as wrong:
        raise Fault(
            f"{target}: the backup could not be written: {wrong.strerror or wrong}. Look at the free space there."
        ) from None
    return target, manifest


def clear(folder: Path) -> None:
    """Take away the copies in *folder* that a power cut left half made; one that is being made now is younger."""
    for left in folder.glob(f"{SCRATCH}*"):
        if left.is_dir() and not left.is_symlink() and time.time() - left.stat().st_mtime > HALF_MADE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _copy_store(settings: Settings, copy: Path, told: Told) -> list[str]:
    """Copy the store as it is, of an earlier schema too: the copy is the way back from a version that does not work."""
    db = open_store(settings.store.data / STORE_FILE, create=False, migrate=False)
    try:
        upkeep.backup(db, copy, told=told)
        return sorted(schema_of(db))
    finally:
        db.conn.close()


def _target(to: Path, store: str, now: datetime) -> Path:
    if to.is_dir() or not to.suffix:
        return to / f"{PREFIX}{store}-{now:%Y%m%dT%H%M%SZ}{SUFFIX}"
    return to


def _beside(settings: Settings, secrets: bool) -> Iterator[tuple[str, Path]]:
    """Yield what lies beside the store: certificates always, everything else only with *secrets*; never the archive."""
    data, archive, found = settings.store.data, settings.backup.folder(settings.store.id), 0
    for file in sorted(data.rglob("*")):
        inside = file.relative_to(data)
        if inside.parts[0] in _NOT_BESIDE or inside.name.startswith(".") or not file.is_file() or file.is_symlink():
            continue
        if archive and file.is_relative_to(archive):
            continue
        if not _is_name(BESIDE + inside.as_posix()) or file.stat().st_size > MAX_BESIDE_BYTES or found >= MAX_BESIDE_FILES:
            continue
        if secrets or file.read_bytes().lstrip().startswith(_CERTIFICATE):
            found += 1
            yield BESIDE + inside.as_posix(), file


def _digest(file: Path) -> tuple[str, int]:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest(), file.stat().st_size


def _pack(packed: Path, manifest: Manifest, members: dict[str, Path]) -> None:
    said = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()
    with os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=GZIP_LEVEL) as tar:
            _add(tar, MANIFEST, io.BytesIO(said), len(said))
            for name, path in members.items():
                with path.open("rb") as opened:
                    _add(tar, name, opened, manifest.files[name][1])
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, opened: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, opened)


def forget_old(folder: Path, store: str, keep: int, made: Path) -> list[Path]:
    """Delete all but the newest *keep* backups of *store* in *folder*, by the time in their names; return those deleted.

    The one that was just *made* stays: where the clock was wrong once it may seem the oldest.
    """
    ours = sorted(folder.glob(f"{PREFIX}{store}-????????T??????Z{SUFFIX}"), key=lambda file: (file == made, file.name))
    gone = ours[: max(0, len(ours) - keep)]
    for file in gone:
        file.unlink()
    return gone


def read(file: Path) -> Manifest:
    """Return what the backup *file* says it holds. Raises Fault for a file that is none."""
    try:
        with tarfile.open(file, "r:gz") as tar:
            member = tar.next()
            if member is None or member.name != MANIFEST or member.size > MAX_MANIFEST_BYTES:
                raise Fault(f"{file}: this is not a backup of Greetline. Give the file that `greetline backup` wrote.")
            opened = tar.extractfile(member)
            assert opened is not None
            return _manifest(json.loads(opened.read()))
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, RecursionError) as wrong:
        why = next(iter(str(wrong).splitlines()), "")
        raise Fault(f"{file}: it cannot be read as a backup of Greetline: {why}. Is the file whole?") from None


def _manifest(said: Any) -> Manifest:
    """Return the list as it was read. Raises ValueError for one that `make` would not have written."""
    if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
        raise ValueError("it was made in another form")
    manifest = TypeAdapter(Manifest).validate_python(said)
    if len(manifest.files) > MAX_BESIDE_FILES + 2:
        raise ValueError(f"it names {len(manifest.files)} files")
    for name, (_, size) in manifest.files.items():
        if not _is_name(name) or size < 0 or (name != STORE_FILE and size > MAX_OTHER_BYTES):
            raise ValueError(f"no backup of ours has {name[:MAX_NAME_BYTES]!r} with {size} bytes in it")
    return manifest


def _is_name(name: str) -> bool:
    """Return whether `make` gives a member this name: what lies beside the store is no second store and leads nowhere else."""
    if name in (STORE_FILE, SETTINGS):
        return True
    parts = name.removeprefix(BESIDE).split("/")
    if not name.startswith(BESIDE) or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        return False
    return parts[0] not in _NOT_BESIDE and all(part and not part.startswith(".") for part in parts) and _may_lie_beside(parts[-1])


def _may_lie_beside(name: str) -> bool:
    return not name.endswith(".lock") and ".db" not in name


def unpack(file: Path, manifest: Manifest, folder: Path) -> dict[str, Path]:
    """Write the members of *file* into *folder*, each checked against its digest; return them by name. Raises Fault."""
    found: dict[str, Path] = {}
    needed, free = sum(size for _, size in manifest.files.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise Fault(
            f"{file}: {needed // 1_000_000} MB are in it, and {free // 1_000_000} MB are free at {folder}. Make room first."
        )
    try:
        with tarfile.open(file, "r:gz") as tar:
            for number, member in enumerate(tar):
                if number == 0:
                    continue  # The list itself: `read` saw that it is the first.
                if member.name not in manifest.files or member.name in found or not member.isreg():
                    raise Fault(f"{file}: it holds {member.name!r}, which its list does not name. Do not use it.")
                opened = tar.extractfile(member)
                assert opened is not None
                # Numbered, not named: what is in a name must not choose where something is written.
                found[member.name] = folder / str(number)
                _write(opened, found[member.name], f"{file}: {member.name}", manifest.files[member.name])
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as wrong:
        raise Fault(f"{file}: it cannot be read to its end: {wrong}. Use another backup.") from None
    if lacking := sorted(manifest.files.keys() - found.keys()):
        raise Fault(f"{file}: {', '.join(lacking)} is missing in it. Use another backup.")
    return found


def _write(opened: IO[bytes], target: Path, what: str, wanted: tuple[str, int]) -> None:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        # Not further than it was said to go: a small file may unpack to more than any disk holds.
        while size <= wanted[1] and (block := opened.read(BLOCK_BYTES)):
            digest.update(block)
            size += len(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if (digest.hexdigest(), size) != wanted:
        raise Fault(f"{what} is damaged: it is not what was backed up. Use another backup.")


__all__ = ["STORE_FILE", "Manifest", "StoreError", "forget_old", "make", "read", "unpack"]
