"""A mosquitto that this machine does not have, out of a newer Debian: unpacked into a folder and run with its own libraries.

Nothing is installed, and no root is needed. apt checks what it fetches against the keys of this machine's Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy import mosquitto

SUITE: Final = "forky"
"""The first Debian with mosquitto 2.1."""
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEEDED: Final = ("apt-get", "dpkg-deb", "dpkg")
LDCONFIG: Final = "/sbin/ldconfig"
WITHIN_S: Final = 300
_LOADERS: Final = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}


class Unreachable(Exception):
    """It cannot be had here. The text says why."""


@dataclass(frozen=True)
class Program:
    """A mosquitto: how it is started, and where its plugins are."""

    command: str
    plugins: Path | None

    @property
    def version(self) -> tuple[int, int]:
        said = subprocess.run([self.command, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
        found = mosquitto.version_of(said)
        assert found, said
        return found


HERE: Final = Program("mosquitto", mosquitto.plugins_of())
"""The one of this machine."""


def unpacked(folder: Path, suite: str = SUITE) -> Program:
    """Return the mosquitto of *suite*, with all it needs unpacked below *folder*. Raises Unreachable."""
    lacking = [name for name in NEEDED if not shutil.which(name)]
    if lacking or not KEYRING.exists():
        raise Unreachable(f"{', '.join(lacking) or KEYRING} is not here")
    root = folder / "root"
    for package in _fetched(folder / "apt", suite):
        _run("dpkg-deb", "-x", str(package), str(root))
    kind = _run("dpkg", "--print-architecture").strip()
    loader = next(root.glob(f"usr/lib/*/{_LOADERS.get(kind, 'ld-none')}"), None)
    if loader is None:
        raise Unreachable(f"no loader for {kind}")
    _run(LDCONFIG, "-n", str(loader.parent))
    found = mosquitto.plugins_of(root)
    return Program(str(_started(folder, root, loader)), root / found.relative_to("/") if found else None)


def _fetched(place: Path, suite: str) -> list[Path]:
    for each in ("lists/partial", "archives/partial"):
        (place / each).mkdir(parents=True)
    (place / "status").touch()
    (place / "sources.list").write_text(f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n")
    (place / "apt.conf").write_text(
        f'Dir::State "{place}"; Dir::State::status "{place}/status"; Dir::Cache "{place}"; Dir::Etc::sourceparts "-";\n'
        f'Dir::Etc::sourcelist "{place}/sources.list"; APT::Install-Recommends "false"; Acquire::Languages "none";\n'
        'APT::Sandbox::User ""; Debug::NoLocking "true";\n'
    )
    _run("apt-get", "update", "-qq", configuration=place / "apt.conf")
    _run("apt-get", "install", "-y", "-qq", "--download-only", "mosquitto", configuration=place / "apt.conf")
    return sorted((place / "archives").glob("*.deb"))


def _started(folder: Path, root: Path, loader: Path) -> Path:
    """Return what starts it. The loader is called as the program is: a process is known by that name."""
    named = folder / "loader/mosquitto"
    named.parent.mkdir()
    shutil.copy2(loader, named)
    script = folder / "bin/mosquitto"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{named}" --library-path "{loader.parent}" "{root}/usr/sbin/mosquitto" "$@"\n')
    script.chmod(0o755)
    return script


def _run(*command: str, configuration: Path | None = None) -> str:
    environment = {**os.environ, **({"APT_CONFIG": str(configuration)} if configuration else {})}
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, env=environment, check=False)
    if done.returncode:
        raise Unreachable(f"{' '.join(command[:2])}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout
