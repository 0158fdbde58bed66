"""What outlives the versions of a machine: the store of a shop, the events that wait in a camera box, and the settings of both."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from deploy.install.program import Say, Unfit

STEP_SECONDS: Final = 3600
"""A large store on a slow disk is copied and brought up to date within this."""


class Kept(Protocol):
    """What outlives the versions of a machine: its settings, and what its programs write down."""

    @property
    def name(self) -> str:
        """What stands still meanwhile, as people call it."""

    def check(self, new: Path) -> None:
        """See that *new* can use the settings. Raises Unfit."""

    def save(self, old: Path, say: Say) -> str:
        """Lay by what a new version may change for good; return where, "" when nothing is. Raises Unfit."""

    def renew(self, new: Path, say: Say) -> None:
        """Bring it to what *new* needs. Raises Unfit."""

    def put_back(self, old: Path, saved: str) -> None:
        """Bring it to what *old* can read, with what was *saved* where that must be. Raises Unfit."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store of a shop and its *settings*; *account* is whose they are ("": our own)."""

    settings: Path
    account: str = ""
    name: str = "the shop"

    def check(self, new: Path) -> None:
        """See that *new* can use the settings. Raises Unfit."""
        self._ask(new, "config", "check")

    def save(self, old: Path, say: Say) -> str:
        """Make a backup with *old*; return its file. Raises Unfit."""
        said = self._ask(old, "backup", "--with-secrets", "--json")
        try:
            file = str(json.loads(said)["file"])
        except (ValueError, LookupError, TypeError):
            raise Unfit(f"`greetline backup` of {old.name} does not say where its file is: {said[:200]!r}") from None
        say(f"backup: {file}")
        return file

    def renew(self, new: Path, say: Say) -> None:
        """Bring the store up to date, as *new* does when it opens it. Raises Unfit."""
        say("bringing the store up to date")
        self._ask(new, "check")

    def put_back(self, old: Path, saved: str) -> None:
        """Put the store of the backup *saved* in its place, where *old* cannot read what there is. Raises Unfit."""
        try:
            # What was entered since the backup stays, where the version of before can read it.
            self._ask(old, "check")
        except Unfit:
            self._ask(old, "restore", saved)

    def _ask(self, version: Path, *words: str) -> str:
        command = [str(version / "bin/greetline"), *words, "--settings", str(self.settings)]
        called = f"`greetline {' '.join(words[:2])}` of {version.name}"
        return run(command, called, beside=self.settings.parent, account=self.account)


@dataclass(frozen=True, slots=True)
class Spool:
    """The *settings* of a camera box and the events that wait in it for the shop; *account* is whose they are ("": our own)."""

    settings: Path
    account: str = ""
    name: str = "the camera"

    def check(self, new: Path) -> None:
        """See that *new* can use the settings. Raises Unfit.

        `greetline config check` knows the settings of a shop only, whose zones a box has not.
        """
        command = [str(new / "bin/python"), "-P", "-m", "deploy.upgrade", str(self.settings)]
        run(command, f"the look of {new.name} at {self.settings}", beside=self.settings.parent, account=self.account)

    def save(self, old: Path, say: Say) -> str:
        """Lay nothing by: the events stay where they are.

        Their file has had one form from the beginning (`edge.spool`), so every version reads it. An older copy of it would do
        harm: new events would get numbers that the shop has taken already, and would be passed over as known. Whoever changes
        the form must see to it that the version of before can still read it.
        """
        return ""

    def renew(self, new: Path, say: Say) -> None:
        """Change nothing: there is nothing to bring up to date."""

    def put_back(self, old: Path, saved: str) -> None:
        """Change nothing: what the new version has seen meanwhile stays, too."""


def run(command: list[str], called: str, *, beside: Path = Path("/"), account: str = "") -> str:
    """Run *command* in the folder *beside* as *account* ("": our own); return what it said. Raises Unfit, naming it *called*."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=STEP_SECONDS, check=False, cwd=beside,
            user=account or None, group=account or None, extra_groups=[] if account else None, umask=0o077,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise Unfit(f"{called} could not be run: {wrong}") from None
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise Unfit(f"{called} failed: {last}")
    return done.stdout
