"""Packages of a newer Debian than this machine's, fetched into a folder and not installed.

No root is needed. apt checks what it fetches against the keys of this machine's Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEEDED: Final = ("apt-get", "dpkg-deb", "dpkg")
WITHIN_S: Final = 300


class Unreachable(Exception):
    """It cannot be had here. The text says why."""


def fetched(place: Path, suite: str, package: str, *, alone: bool = False) -> list[Path]:
    """Return the files of *package* of *suite*, and of all that it needs unless *alone*, below *place*. Raises Unreachable."""
    lacking = [name for name in NEEDED if not shutil.which(name)]
    if lacking or not KEYRING.exists():
        raise Unreachable(f"{', '.join(lacking) or KEYRING} is not here")
    for each in ("lists/partial", "archives/partial"):
        (place / each).mkdir(parents=True)
    (place / "status").touch()
    (place / "sources.list").write_text(f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n")
    (place / "apt.conf").write_text(
        f'Dir::State "{place}"; Dir::State::status "{place}/status"; Dir::Cache "{place}"; Dir::Etc::sourceparts "-";\n'
        f'Dir::Etc::sourcelist "{place}/sources.list"; APT::Install-Recommends "false"; Acquire::Languages "none";\n'
        'APT::Sandbox::User ""; Debug::NoLocking "true";\n'
    )
    run("apt-get", "update", "-qq", configuration=place / "apt.conf")
    if alone:
        run("apt-get", "download", "-qq", package, configuration=place / "apt.conf", at=place / "archives")
    else:
        run("apt-get", "install", "-y", "-qq", "--download-only", package, configuration=place / "apt.conf")
    return sorted((place / "archives").glob("*.deb"))


def run(*command: str, configuration: Path | None = None, at: Path | None = None) -> str:
    """Return what *command* said, run in the folder *at*. Raises Unreachable."""
    environment = {**os.environ, **({"APT_CONFIG": str(configuration)} if configuration else {})}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, env=environment, cwd=at, check=False)
    except subprocess.TimeoutExpired as late:
        raise Unreachable(f"{' '.join(command[:2])}: not within {WITHIN_S} s") from late
    if done.returncode:
        raise Unreachable(f"{' '.join(command[:2])}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout
