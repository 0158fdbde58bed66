"""`python -m deploy.narrowing`: from requirements.lock the packages that one kind of machine needs, with their digests.

What is developed with (browsers, type checkers) has no place on a machine of a shop. `make lock` runs this after it has
written requirements.lock; a test sees that it was not forgotten.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = "requirements.lock"
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "shop.lock": ("greetline[shop]", "greetline[edge]", "greetline[tls]"),
    "camera.lock": ("greetline[edge]", "greetline[tls]"),
    "voice.lock": ("greetline[voice]",),
    "notify.lock": ("greetline[notify]",),
    "oidc.lock": ("greetline[oidc]",),
    "build.lock": ("hatchling", "babel", "setuptools"),
}
"""File in LOCKS, to what it is for."""
LOCKS: Final = Path(__file__).parent / "install/locks"
_ENTRY: Final = re.compile(r"^([A-Za-z0-9._-]+)==[^\\\n]*(?:\\\n    --hash=\S+ ?)+", re.MULTILINE)
_ASKED: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?")
_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def narrowed(lock: str, wanted: tuple[str, ...]) -> str:
    """Return the entries of *lock* that *wanted*, requirements such as "greetline[shop]", need on any machine.

    Which packages need which is read off what is installed here.
    """
    needed = _needed(wanted)
    entries = (found for found in _ENTRY.finditer(lock) if _plain(found[1]) in needed)
    return "".join(f"{found[0]}\n" for found in entries)


def _needed(wanted: tuple[str, ...]) -> set[str]:
    seen: set[tuple[str, str]] = set()
    waiting = list(wanted)
    while waiting:
        found = _ASKED.match(waiting.pop())
        assert found, "a package without a name"
        name = _plain(found[1])
        for extra in {"", *(each.strip() for each in (found[2] or "").split(",") if each)}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += _asks(name, extra)
    return {name for name, _ in seen}


def _asks(name: str, extra: str) -> list[str]:
    """Return what the package *name* asks for, or with *extra*, what it asks for only then."""
    try:
        asked = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []  # Of another system than this one: its entry in the lock says so itself.
    when = [(needs, _EXTRA.findall(condition)) for needs, _, condition in (line.partition(";") for line in asked)]
    return [needs for needs, extras in when if (extra in extras if extra else not extras)]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Write every file of KINDS."""
    lock = (ROOT / LOCK).read_text(encoding="utf-8")
    LOCKS.mkdir(exist_ok=True)
    for file, wanted in KINDS.items():
        (LOCKS / file).write_text(narrowed(lock, wanted), encoding="utf-8")


if __name__ == "__main__":
    main()
