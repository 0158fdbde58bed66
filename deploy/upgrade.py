"""`greetline upgrade`: another version in the place of this one, and this one again when the other does not work.

The shop stands still from the backup until the new version answers: some seconds, and for a large store a minute or two.
Cameras keep what they see meanwhile. A camera box is blind for some seconds; what it keeps for the shop stays.

`python -m deploy.upgrade FILE` is what a new version is asked on a camera box: whether it can use the settings FILE.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import click

from broker.settings import Settings, read, read_sparing
from deploy import premises
from deploy.fault import Fault, faults_said
from deploy.install import plan, program
from deploy.install.plan import Kind
from deploy.install.program import Say, Unfit
from deploy.install.record import KNOWN_BY, RECORD, Record
from deploy.install.wanted import wanted
from deploy.kept import Kept, Spool, Store, run

READY_SECONDS: Final = 60.0
"""A new version that does not answer by then does not work."""
STEADY_SECONDS: Final = 5.0
"""It must answer for so long without a break: what dies at its second breath is not well."""
LOOK_SECONDS: Final = 0.2
LOOK_MOST_SECONDS: Final = 10
"""systemd says within this how a unit is, on a machine that is busy too."""
EXIT_WENT_BACK: Final = 1
_WAY_BACK: Final = "docs/operations.md, An upgrade that was cut off"


class Units(Protocol):
    """What runs the programs of this machine."""

    def check(self, new: Path) -> None:
        """See that *new* can lay its units down here. Raises Unfit."""

    def stop(self) -> None:
        """Stop every program that uses the store, or the camera."""

    def start(self, version: Path) -> None:
        """Start all of them, of *version*."""


@dataclass(frozen=True, slots=True)
class Place:
    """An installation: where its versions are, and what is kept on this machine."""

    prefix: Path
    kept: tuple[Kept, ...]

    @property
    def name(self) -> str:
        """What stands still while the version is changed."""
        return " and ".join(each.name for each in self.kept)


class WentBack(Exception):
    """The new version did not work, and the one of before is in use again. The text says why."""


def upgrade(place: Place, new: Path, units: Units, ready: Callable[[], bool], say: Say) -> None:
    """Put the version *new* in use at *place*; *ready* says whether the shop answers.

    Raises Unfit when it was not begun: nothing is changed then. Raises WentBack when it was undone. *new* may be in use since a
    try that a power cut has ended: then it is started anew with its own units. Raises Fault when it is not well.
    """
    old = program.current(place.prefix)
    if old is None:
        raise Unfit(f"{place.prefix}: no version is in use here. `greetline install` makes one.")
    if old == new:
        say(f"{new.name} is in use already")
        _see_it_through(place, new, units, ready)
        return
    for each in place.kept:
        each.check(new)
    units.check(new)
    say(f"stopping {place.name}")
    with _to_the_end():
        _exchange(place, old, new, units, ready, _whoever_listens(say))


def _see_it_through(place: Place, new: Path, units: Units, ready: Callable[[], bool]) -> None:
    units.check(new)
    with _to_the_end():
        try:
            units.stop()
            units.start(new)
            _need_ready(place, ready)
        except Unfit as wrong:
            raise Fault(
                f"{wrong} {new.name} is in use. Look at `journalctl -u 'greetline*'`; the way back is in {_WAY_BACK}."
            ) from None


@contextmanager
def _to_the_end() -> Iterator[None]:
    """Let neither Ctrl-C nor a connection that breaks end us while the block runs: all would stand still."""
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
        saved = [each.save(old, say) for each in place.kept]
    except Unfit as wrong:
        try:
            units.start(old)
        except Unfit as too:
            raise Fault(f"{wrong} And {old.name} does not start any more: {too} The way back is in {_WAY_BACK}.") from None
        raise
    try:
        _change(place, new, units, ready, say)
    except Unfit as wrong:
        say(f"{wrong}\ngoing back to {old.name}")
        _go_back(place, old, saved, units, ready)
        raise WentBack(f"{new.name} does not work here, {old.name} is in use again: {wrong}") from None


def _change(place: Place, new: Path, units: Units, ready: Callable[[], bool], say: Say) -> None:
    program.switch(new, place.prefix)
    for each in place.kept:
        each.renew(new, say)
    say(f"starting {new.name}")
    units.start(new)
    _need_ready(place, ready)


def _go_back(place: Place, old: Path, saved: list[str], units: Units, ready: Callable[[], bool]) -> None:
    """Put *old* in use again, and what was *saved* where *old* cannot read what there is. Raises Fault."""
    try:
        units.stop()
        program.switch(old, place.prefix)
        for each, where in zip(place.kept, saved, strict=True):
            each.put_back(old, where)
        units.start(old)
        _need_ready(place, ready)
    except Unfit as wrong:
        used = program.current(place.prefix)
        now = f" In use is {used.name}." if used else ""
        backups = "".join(f" The backup is {where}." for where in saved if where)
        raise Fault(f"Neither version works now: {wrong}{now} Look at `journalctl -u 'greetline*'`.{backups}") from None


def _need_ready(place: Place, ready: Callable[[], bool]) -> None:
    end, since = time.monotonic() + READY_SECONDS, None
    while time.monotonic() < end:
        now = time.monotonic()
        since = (since or now) if ready() else None
        if since is not None and now - since >= STEADY_SECONDS:
            return
        time.sleep(LOOK_SECONDS)
    raise Unfit(f"Not well {READY_SECONDS:g} s after the start: {place.name}.")


class Systemd:
    """The programs of an installed machine. What the record of the installation says runs is stopped and started."""

    def __init__(self, on: list[str], kinds: tuple[Kind, ...] = ("shop",)) -> None:
        """*on* are the units that run; *kinds* says whose units a version lays down."""
        self._on, self._kinds = on, kinds

    def check(self, new: Path) -> None:
        """See that *new* can lay its units down: what it needs may have been changed by hand. Raises Unfit."""
        for kind in self._kinds:
            _run([*_files(new, kind), "--dry-run"])

    def stop(self) -> None:
        """Stop all of them: HTTPS and the MQTT broker know nothing of the store, but may have other units in the new version."""
        _run(["systemctl", "stop", *self._on])

    def start(self, version: Path) -> None:
        """Lay the units of *version* down and start all. Raises Unfit; where they cannot be laid down, those there start."""
        try:
            for kind in self._kinds:
                _run(_files(version, kind))
        finally:
            _run(["systemctl", "daemon-reload"])
            _run(["systemctl", "start", *self._on])


def _files(version: Path, kind: Kind) -> list[str]:
    return [str(version / "bin/python"), "-m", "deploy.install", kind, "--files"]


class Steady:
    """Whether a unit runs as it did when one last asked: what is started again and again is not well, though it runs."""

    def __init__(self, show: Callable[[], dict[str, str]], *, needed: bool) -> None:
        """*show* says how the unit is, {} when nobody knows; one that is not *needed* may have had nothing to do."""
        self._show, self._needed = show, needed
        self._last: dict[str, str] = {}

    def __call__(self) -> bool:
        """Return whether it runs, and nobody had to start it anew since the last look."""
        before, self._last = self._last, self._show()
        state = self._last.get("ActiveState", "")
        return self._last == before and (state == "active" or (state == "inactive" and not self._needed))


def shown(unit: str) -> dict[str, str]:
    """Return what systemd says of *unit*: whether it runs, as which process, and how often it was started again; else {}."""
    asked = ["systemctl", "show", "--property=ActiveState,MainPID,NRestarts", unit]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=LOOK_MOST_SECONDS, check=False, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs = (line.partition("=") for line in done.stdout.splitlines() if not done.returncode)
    return {key: value for key, _, value in pairs}


def _run(command: list[str]) -> None:
    run(command, f"`{' '.join(command)}`")


def _place(kinds: tuple[Kind, ...]) -> Place:
    of_kind: dict[Kind, Kept] = {"shop": Store(plan.SETTINGS, plan.ACCOUNT), "camera": Spool(plan.BOX_SETTINGS, plan.ACCOUNT)}
    return Place(program.PREFIX, tuple(kept for kind, kept in of_kind.items() if kind in kinds))


def _ready(kinds: tuple[Kind, ...]) -> Callable[[], bool]:
    """Return what says whether all is well on a machine of these *kinds*. Raises Fault."""
    looks: list[Callable[[], bool]] = []
    if "shop" in kinds:
        with faults_said():
            settings = read(Settings, plan.SETTINGS)
        looks.append(lambda: premises.answers(settings, path="/readyz"))
    if "camera" in kinds:
        # A version that does not start at all says, as one without cameras does, that there is nothing to do.
        looks.append(Steady(lambda: shown(KNOWN_BY["camera"]), needed=wanted("cameras", plan.BOX_SETTINGS)))
    return lambda: all(look() for look in looks)


@click.command("upgrade")
@click.option(
    "--from", "source", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
    help="Folder of the unpacked release to change to.",
)  # fmt: skip
def command(source: Path) -> None:
    """Change an installed shop or camera box to another version, and back to this one when the other is not well.

    The new version is made while all goes on. Then a shop makes a backup, its store is brought up to date, and it must
    answer. A camera box is blind for some seconds, and its camera must then run without being started again; events that
    wait for the shop stay. Otherwise the version of before comes back, with the store of the backup where it needs that.
    Exit code 1: it was undone; 3: it was not begun.

    \b
    sudo greetline upgrade --from greetline-0.2.0                on the machine of the shop
    sudo greetline upgrade --from /media/usb/greetline-0.2.0     on a camera box
    """
    try:
        _upgrade_here(source)
    except Unfit as wrong:
        raise Fault(f"Nothing was changed: {wrong}") from None
    except WentBack as wrong:
        click.echo(str(wrong), err=True)
        raise click.exceptions.Exit(EXIT_WENT_BACK) from None


def _upgrade_here(source: Path) -> None:
    record = Record.read(RECORD)
    kinds = record.kinds
    if not kinds:
        made = "`sudo python3 -m deploy.install` in an unpacked release makes it a shop, a camera box or a screen."
        raise Fault(f"Nothing of Greetline is installed on this machine: {RECORD} names none of its units. {made}")
    if kinds == ("screen",):
        click.echo("There is nothing to upgrade here: this machine is a screen, and what it shows comes from the shop.")
        return
    if os.geteuid() != 0:
        raise Fault("This changes the machine, so it needs root: put sudo before it.")
    place, ready = _place(kinds), _ready(kinds)
    before = program.current(place.prefix)
    locks = program.locks_of(before) if before else tuple(plan.LOCK[kind] for kind in kinds if plan.LOCK[kind])
    new = program.put(source.resolve(), locks, say=click.echo)
    upgrade(place, new, Systemd(record.on, kinds), ready, click.echo)
    if before != new:  # Else a try before this one put it in use, and which one worked before that is not known.
        program.forget_old(spare=(before,))
    click.echo(f"{new.name} is in use.")


def need_usable(file: Path) -> None:
    """See that `greetline edge run` of this version can use the settings *file*, as far as it does. Raises Fault."""
    from edge import starting

    with faults_said():
        read_sparing(starting.kind(file), file)


if __name__ == "__main__":
    try:
        need_usable(Path(sys.argv[1]))
    except Fault as wrong:
        sys.exit(wrong.message)
