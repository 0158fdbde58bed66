"""A mosquitto that this machine does not have, out of a newer Debian: unpacked into a folder and run with its own libraries.

Nothing is installed, and no root is needed. apt checks what it fetches against the keys of this machine's Debian.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy import mosquitto
from tests.deploy.fetched import Unreachable, fetched, run

SUITE: Final = "forky"
"""The first Debian with mosquitto 2.1."""
LDCONFIG: Final = "/sbin/ldconfig"
_LOADERS: Final = {"amd64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}


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
    root = folder / "root"
    for package in fetched(folder / "apt", suite, "mosquitto"):
        run("dpkg-deb", "-x", str(package), str(root))
    kind = run("dpkg", "--print-architecture").strip()
    loader = next(root.glob(f"usr/lib/*/{_LOADERS.get(kind, 'ld-none')}"), None)
    if loader is None:
        raise Unreachable(f"no loader for {kind}")
    run(LDCONFIG, "-n", str(loader.parent))
    found = mosquitto.plugins_of(root)
    return Program(str(_started(folder, root, loader)), root / found.relative_to("/") if found else None)


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
