"""What this machine is, as far as an installation asks: read from its files, before anything of ours is on it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KNOWN: Final = {"debian": ("12", "13"), "raspbian": ("12", "13"), "ubuntu": ("24.04", "24.10", "25.04", "25.10", "26.04")}
"""Systems this was made for: by the ID and VERSION_ID of os-release. Raspberry Pi OS of 64 bits calls itself debian."""
LEAST_PYTHON: Final = (3, 11)
PROCESSORS: Final = ("x86_64", "aarch64")
"""What OpenCV and the detectors' runtimes are built for."""
SNAPPED: Final = ("ubuntu",)
"""Systems whose Chromium is a snap: no package, and walled off from the policies that keep customers in the page."""
OS_RELEASE: Final = "etc/os-release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that Greetline is to be installed on."""

    system: str
    release: str
    title: str
    processor: str
    python: tuple[int, int]
    timezone: str = "Europe/Oslo"
    name: str = "shop"
    """Host name."""


def look(root: Path = Path("/")) -> Machine:
    """Return what the machine is whose files are below *root*; processor and Python are those that run us."""
    said = _os_release(root / OS_RELEASE)
    return Machine(
        system=said.get("ID", ""),
        release=said.get("VERSION_ID", ""),
        title=said.get("PRETTY_NAME", "a system without os-release"),
        processor=platform.machine(),
        python=sys.version_info[:2],
        timezone=_timezone(root),
        name=platform.node().partition(".")[0] or "shop",
    )


def trouble(machine: Machine, *, screen: bool = False) -> str | None:
    """Return why Greetline, or with *screen* a customers' screen, cannot be installed on *machine*, or None."""
    if machine.release not in KNOWN.get(machine.system, ()):
        known = "; ".join(f"{system} {', '.join(releases)}" for system, releases in KNOWN.items())
        return f"{machine.title}: this installs on {known}. Elsewhere `greetline up` runs a shop without installing."
    if machine.processor not in PROCESSORS:
        return f"{machine.processor}: OpenCV is there for {' and '.join(PROCESSORS)} only; take the 64-bit system of this machine."
    if machine.python < LEAST_PYTHON:
        return f"Python {machine.python[0]}.{machine.python[1]}: 3.11 or later is needed."
    if screen and machine.system in SNAPPED:
        return (
            f"{machine.title}: a screen needs Debian or Raspberry Pi OS. Ubuntu's Chromium is a snap: it does not begin without "
            "a desktop, and does not read the rules that keep customers in the page."
        )
    return None


def _os_release(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: value.strip("\"'") for key, _, value in pairs}


def _timezone(root: Path) -> str:
    try:
        return (root / "etc/timezone").read_text(encoding="utf-8").strip() or "Europe/Oslo"
    except OSError:
        link = root / "etc/localtime"
        _, found, zone = str(link.readlink()).partition("zoneinfo/") if link.is_symlink() else ("", "", "")
        return zone if found else "Europe/Oslo"
