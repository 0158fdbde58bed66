"""`greetline upgrade`: another version in the place of this one, and this one again when the other does not work.

The shop stands still from the backup until the new version answers: some seconds, and for a large store a minute or two.
Cameras keep what they see meanwhile.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import click

from broker.settings import Settings, read
from deploy import premises
from deploy.fault import Fault, faults_said
from deploy.install import plan, program
from deploy.install.program import Say, Unfit
from deploy.install.record import RECORD, Record

READY_SECONDS: Final = 60.0
"""A new version that does not answer by then does not work."""
STEADY_SECONDS: Final = 5.0
"""It must answer for so long without a break: what dies at its second breath is not well."""
LOOK_SECONDS: Final = 0.2
STEP_SECONDS: Final = 3600
"""A large store on a slow disk is copied and brought up to date within this."""
EXIT_WENT_BACK: Final = 1


class Units(Protocol):
    """What runs the programs of this machine."""

    def stop(self) -> None:
        """Stop every program that uses the store."""

    def start(self, version: Path) -> None:
        """Start all of them, of *version*."""


@dataclass(frozen=True, slots=True)
class Place:
    """An installation: where its versions are, its settings, whose account its programs have ("": our own)."""

    prefix: Path
    settings: Path
    account: str = ""


class WentBack(Exception):
    """The new version did not work, and the one of before is in use again. The text says why."""


def upgrade(place: Place, new: Path, units: Units, ready: Callable[[], bool], say: Say) -> None:
    """Put the version *new* in use at *place*; *ready* says whether the shop answers.

    Raises Unfit when it was not begun: nothing is changed then. Raises WentBack when it was undone.
    """
    old = program.current(place.prefix)
    if old is None:
        raise Unfit(f"{place.prefix}: no version is in use here. `greetline install` makes one.")
    if old == new:
        say(f"{new.name} is in use already")
        return
    _check_settings(place, new)
    say("stopping the shop, and making a backup")
    with _to_the_end():
        _exchange(place, old, new, units, ready, _whoever_listens(say))


@contextmanager
def _to_the_end() -> Iterator[None]:
    """Let neither Ctrl-C nor a connection that breaks end us while the block runs: the shop would stand still."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _whoever_listens(say: Say) -> Say:
    def said(line: str) -> None:
        with suppress(OSError):  # The terminal may be gone.
            say(line)

    return said


def _exchange(place: Place, old: Path, new: Path, units: Units, ready: Callable[[], bool], say: Say) -> None:
    try:
        units.stop()
        kept = _backup(place, old)
    except Unfit:
        units.start(old)
        raise
    say(f"backup: {kept}")
    try:
        _change(place, new, units, ready, say)
    except Unfit as wrong:
        say(f"{wrong}\ngoing back to {old.name}")
        _go_back(place, old, kept, units, ready)
        raise WentBack(f"{new.name} does not work here, {old.name} is in use again: {wrong}") from None


def _check_settings(place: Place, new: Path) -> None:
    _ask(place, new, "config", "check", "--settings", str(place.settings))


def _backup(place: Place, old: Path) -> Path:
    said = _ask(place, old, "backup", "--with-secrets", "--json", "--settings", str(place.settings))
    try:
        return Path(json.loads(said)["file"])
    except (ValueError, LookupError, TypeError):
        raise Unfit(f"`greetline backup` of {old.name} does not say where its file is: {said[:200]!r}") from None


def _change(place: Place, new: Path, units: Units, ready: Callable[[], bool], say: Say) -> None:
    program.switch(new, place.prefix)
    say("bringing the store up to date")
    _ask(place, new, "check", "--settings", str(place.settings))
    say(f"starting {new.name}")
    units.start(new)
    _need_ready(ready)


def _go_back(place: Place, old: Path, kept: Path, units: Units, ready: Callable[[], bool]) -> None:
    """Put *old* in use again, and the store of the backup *kept* where *old* cannot read what there is. Raises Fault."""
    try:
        units.stop()
        program.switch(old, place.prefix)
        _mend_store(place, old, kept)
        units.start(old)
        _need_ready(ready)
    except Unfit as wrong:
        raise Fault(f"Neither version works now: {wrong} Look at `journalctl -u 'greetline*'`. The backup is {kept}.") from None


def _mend_store(place: Place, old: Path, kept: Path) -> None:
    try:
        # What was entered since the backup stays, where the version of before can read it.
        _ask(place, old, "check", "--settings", str(place.settings))
    except Unfit:
        _ask(place, old, "restore", str(kept), "--settings", str(place.settings))


def _need_ready(ready: Callable[[], bool]) -> None:
    end, since = time.monotonic() + READY_SECONDS, None
    while time.monotonic() < end:
        now = time.monotonic()
        since = (since or now) if ready() else None
        if since is not None and now - since >= STEADY_SECONDS:
            return
        time.sleep(LOOK_SECONDS)
    raise Unfit(f"The shop does not answer {READY_SECONDS:g} s after its start.")


def _ask(place: Place, version: Path, *words: str) -> str:
    """Run `greetline` of *version* as the account of the shop; return what it said. Raises Unfit."""
    try:
        done = subprocess.run(
            [str(version / "bin/greetline"), *words], capture_output=True, text=True, timeout=STEP_SECONDS, check=False,
            cwd=place.settings.parent, user=place.account or None, group=place.account or None,
            extra_groups=[] if place.account else None, umask=0o077,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise Unfit(f"`greetline {' '.join(words[:2])}` of {version.name} could not be run: {wrong}") from None
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise Unfit(f"`greetline {' '.join(words[:2])}` of {version.name} failed: {last}")
    return done.stdout


class Systemd:
    """The programs of an installed shop. What the record of the installation says runs is stopped and started."""

    def __init__(self, on: list[str]) -> None:
        self._on = on

    def stop(self) -> None:
        """Stop everything but HTTPS and the MQTT broker, which know nothing of the store."""
        _systemctl("stop", *(unit for unit in self._on if unit not in _STAY))

    def start(self, version: Path) -> None:
        """Lay the units of *version* down and start all."""
        _run([str(version / "bin/python"), "-m", "deploy.install", "--files"])
        _systemctl("daemon-reload")
        _systemctl("start", *self._on)


_STAY: Final = frozenset({"greetline-mqtt.service", "greetline-https.service"})


def _systemctl(*words: str) -> None:
    _run(["systemctl", *words])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=STEP_SECONDS, check=False, cwd="/")
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise Unfit(f"`{' '.join(command)}` could not be run: {wrong}") from None
    if done.returncode:
        raise Unfit(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


@click.command("upgrade")
@click.option(
    "--from", "source", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
    help="Folder of the unpacked release to change to.",
)  # fmt: skip
def command(source: Path) -> None:
    """Change an installed shop to another version: backup, store brought up to date, start, and a look whether it answers.

    When it does not, the version of before is put in use again, and its store too if the new one had changed it. Exit
    code 1: it was undone; 3: it was not begun.

    \b
    sudo greetline upgrade --from greetline-0.2.0
    """
    place = Place(program.PREFIX, plan.SETTINGS, plan.ACCOUNT)
    with faults_said():
        settings = read(Settings, place.settings)
    try:
        before = program.current(place.prefix)
        locks = program.locks_of(before) if before else (plan.LOCK["shop"],)
        new = program.put(source.resolve(), locks, say=click.echo)
        units = Systemd(Record.read(RECORD).on)
        upgrade(place, new, units, lambda: premises.answers(settings, path="/readyz"), click.echo)
        program.forget_old(spare=(before,))
    except Unfit as wrong:
        raise Fault(f"Nothing was changed: {wrong}") from None
    except WentBack as wrong:
        click.echo(str(wrong), err=True)
        raise click.exceptions.Exit(EXIT_WENT_BACK) from None
    click.echo(f"{new.name} is in use.")
