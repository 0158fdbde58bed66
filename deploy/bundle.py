"""What a device is given: its settings, its certificate and key, and the shop's authority, as files or as one tar of them."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomlkit

from broker.identity import welcome
from broker.identity.authority import Made
from broker.identity.files import PUBLIC, SECRET, make_folder, put
from broker.settings import Settings
from deploy import certs
from deploy.fault import Fault

SETTINGS_FILE = "edge.toml"


def files_of(device: str, made: Made, authority: bytes, settings: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of *device* by name: *settings* become edge.toml."""
    text = "# Made by Greetline for this device. The camera is set under [[cameras]].\n\n" + tomlkit.dumps(settings)
    return {
        SETTINGS_FILE: text.encode(),
        welcome.AUTHORITY_FILE: authority,
        welcome.certificate_file(device): made.certificate,
        welcome.key_file(device): made.key,
    }


def packed(files: Mapping[str, bytes], *, now: datetime | None = None) -> bytes:
    """Return *files* as a tar whose members only their owner may read."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), SECRET, int((now or datetime.now(UTC)).timestamp())
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def write_new(path: Path, content: bytes) -> None:
    """Write a file with a key in it that was not there before, for its owner alone. Raises Fault."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise Fault(f"{path} is there already and stays as it is. Name another file.") from None
    except OSError as wrong:
        raise Fault(f"{path}: {wrong.strerror}") from None


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write *files* into *folder*, keys for their owner alone, the settings last: they name the others. Raises OSError."""
    make_folder(folder)
    for name in sorted(files, key=lambda name: name == SETTINGS_FILE):
        put(folder / name, files[name], SECRET if name.endswith((".key", ".toml")) else PUBLIC)


def authority_of(settings: Settings) -> bytes:
    """Return the certificate (PEM) of the shop's authority. Raises Fault when the shop has none."""
    path = settings.tls.folder / "authority.crt"
    try:
        return path.read_bytes()
    except OSError:
        raise Fault(
            f"{path}: the shop has no certificates yet. In an installed shop `sudo greetline install` makes them, "
            "elsewhere `greetline mqtt renew`."
        ) from None


def reach_of(settings: Settings) -> certs.Reach:
    """Return how the shop's machine is reached: as the settings say and from itself, else as it looks from here. Raises Fault."""
    return certs.Reach.of([*settings.tls.names, "localhost", "127.0.0.1"]) if settings.tls.names else certs.here()


def lasting_reach_of(settings: Settings) -> certs.Reach:
    """Return how the shop's machine is reached, and how it was, unless the settings say it: see `certs.lasting`. Raises Fault."""
    reach = reach_of(settings)
    return reach if settings.tls.names else certs.lasting(settings.tls.folder, reach)


def host_of(settings: Settings) -> str:
    """Return the one place by which a device reaches the shop's machine: the first that the settings name and that is certified.

    Else its first address inside the house, by which everybody finds it, and its name only where it has none: not every
    machine answers to a name with .local behind it.
    """
    for place in settings.tls.names:
        if not certs.spoken_for(settings.tls.folder, certs.Reach.of([place]))[1]:
            return place
    reach = reach_of(settings)
    addresses = [str(address) for address in reach.addresses if not address.is_loopback and address.version == 4]
    names = [name for name in reach.names if name != "localhost"]
    return (addresses + names + ["localhost"])[0]
