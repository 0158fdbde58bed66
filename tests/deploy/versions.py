"""Versions of an installation that are scripts, and what runs them as far as its order of words goes."""

from __future__ import annotations

from pathlib import Path

from deploy.install import program
from deploy.install.program import Unfit
from deploy.kept import Store
from deploy.upgrade import Place

SATISFIED = "#!/bin/sh\nexit 0\n"


class Recorded:
    """What runs a shop, as far as its order of words goes; *stuck* says what happens when it is to stop."""

    def __init__(self, stuck: Exception | None = None) -> None:
        self.did: list[str] = []
        self._stuck = stuck
        self.unlaid: Unfit | None = None

    def check(self, new: Path) -> None:
        assert new.exists()
        if self.unlaid:
            raise self.unlaid

    def stop(self) -> None:
        self.did.append("stop")
        if self._stuck:
            raise self._stuck

    def start(self, version: Path) -> None:
        self.did.append(f"start {version.name}")


def versions(folder: Path, first: str, second: str) -> tuple[Place, Path]:
    """An installation of version 1, in use, and version 2; each a `greetline` that is the script given."""
    made = []
    for name, text in (("1", first), ("2", second)):
        made.append(folder / "opt" / program.VERSIONS / name)
        (made[-1] / "bin").mkdir(parents=True)
        (made[-1] / "bin/greetline").write_text(text)
        (made[-1] / "bin/greetline").chmod(0o755)
    program.switch(made[0], folder / "opt")
    return Place(folder / "opt", (Store(folder / "greetline.toml"),)), made[1]


BACKED_UP = """#!/bin/sh\n[ "$1" = backup ] && echo '{"file": "/backups/one"}'\nexit 0\n"""
