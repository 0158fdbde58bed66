"""The whole job: look at the machine, plan, do it, say how it went on."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from deploy.install import machine, plan, program, run, trust
from deploy.install.plan import Extra, Kind
from deploy.install.program import Say, Unfit
from deploy.install.record import RECORD, Record

PAGE: Final = "http://127.0.0.1:8090/kiosk"
"""What a screen shows that was never told: the customers' page of its own machine."""
PAGE_HELP: Final = f"What a screen shows: its address. Without, what it shows already, else {PAGE}."
GONE: Final = "The store, its backups, the settings and all keys of this shop will be gone. Go on?"
RELEASE: Final = Path(__file__).resolve().parents[2]
"""The folder in which this file was unpacked; where it is installed, no release."""
WELCOME_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for."""

    kind: Kind = "shop"
    source: Path | None = None
    extras: tuple[Extra, ...] = ()
    page: str | None = None
    """Of a screen, as it was given; None: the one that it shows already, else PAGE."""
    fingerprint: str | None = None
    """Of the authority that a screen believes, as somebody typed it."""
    dry_run: bool = False
    root: Path = Path("/")
    files: bool = False
    """Only lay down the files: what an upgrade does between two versions."""


def install(order: Order, say: Say = print) -> None:
    """Do what was asked for, and say of each step what it is. Raises Unfit with what to set right."""
    looked = machine.look(order.root)
    if wrong := machine.trouble(looked, screen=order.kind == "screen"):
        raise Unfit(wrong)
    page = _page(_asked_for(order))
    fingerprint = _fingerprint(order, page)
    if not order.dry_run:
        _as_root(order.root)
    told = _told(order, page, fingerprint, say)
    actions = plan.plan(looked, order.kind, page=page, told=told, extras=order.extras)
    if order.files:
        actions = tuple(action for action in actions if isinstance(action, plan.File))
    if order.dry_run:
        for action in actions:
            say(plan.described(action))
        return
    with program.readable():
        run.Machinist(order.root, source=order.source or _release(), say=say).do(actions)
    if order.kind == "shop" and not order.files and order.root == Path("/"):
        say(_welcome())


def uninstall(root: Path, *, purge: bool, dry_run: bool, say: Say = print) -> None:
    """Take away what was installed below *root*. Raises Unfit."""
    if dry_run:
        for line in _going(recorded(root), purge=purge):
            say(line)
        return
    _as_root(root)
    with program.readable():
        run.Machinist(root, say=say).undo(purge=purge)


def recorded(root: Path) -> Record:
    """Return the record of what was installed below *root*. Raises Unfit."""
    return Record.read(root / RECORD.relative_to("/"))


def _going(record: Record, *, purge: bool) -> list[str]:
    """Return what an uninstallation would end, take away and keep, in its order."""
    own = [path for path, wrote in record.files.items() if wrote]
    shops = [*(path for path, wrote in record.files.items() if not wrote), *record.folders]
    return [
        *(f"end {unit}" for unit in record.on),
        *(f"switch on again {unit}" for unit in record.off),
        *(f"remove {path}" for path in own),
        *(f"{'remove' if purge else 'keep'} {path}" for path in shops),
        *(f"remove the account {name}" for name in record.accounts if purge),
        f"remove {program.PREFIX}",
    ]


def need_nothing_else(root: Path, kind: Kind) -> None:
    """See that what is installed below *root* is of *kind* and of no other: it is all taken away, or nothing. Raises Unfit."""
    kinds = recorded(root).kinds
    if kinds == (kind,):
        return
    if kind not in kinds:
        said = f"this machine is a {' and a '.join(kinds)}" if kinds else "no kind of machine is written down here"
        raise Unfit(f"No {kind} is installed here: {said}. --uninstall without that word takes away what there is.")
    aside = f" To switch the screen off: systemctl disable --now {plan.SCREEN}" if kind == "screen" else ""
    raise Unfit(
        f"This machine is a {' and a '.join(kinds)}, and a part alone cannot be taken away. "
        f"--uninstall without a word takes all of it.{aside}"
    )


def _release() -> Path | None:
    return RELEASE if (RELEASE / "pyproject.toml").exists() else None


def _asked_for(order: Order) -> str:
    """Return the page of a screen: the one that was given, else the one that it shows, else PAGE."""
    if order.page is None and order.kind == "screen":
        with suppress(OSError):
            lines = (order.root / plan.SCREEN_ENV.relative_to("/")).read_text(encoding="utf-8").splitlines()
            shown = [line.removeprefix(plan.SHOWS).strip("\"' ") for line in lines if line.startswith(plan.SHOWS)]
            return shown[-1] if shown else PAGE
    return PAGE if order.page is None else order.page


def _page(page: str) -> str:
    fits = page.isascii() and page.isprintable() and not any(letter in page for letter in " \"'\\$")
    if not fits or not page.startswith(("http://", "https://")) or not _leads_somewhere(page):
        raise Unfit(f"{page!r} is not the address of a page, such as {PAGE}")
    return page


def _leads_somewhere(page: str) -> bool:
    try:
        return bool(urlsplit(page).hostname) and urlsplit(page).port != 0
    except ValueError:  # A port that is none, a bracket that does not end.
        return False


def _fingerprint(order: Order, page: str) -> str:
    """Return the fingerprint that was given for *page*, in one form; "" without. Raises Unfit where it is of no use."""
    if order.fingerprint is None:
        return ""
    if order.kind != "screen":
        raise Unfit(f"--fingerprint is for a screen. A {order.kind} needs none: leave it out.")
    if not trust.secret(page):
        raise Unfit(f"{page} comes by HTTP, where nothing has a fingerprint. Give --page with https://, or no --fingerprint.")
    return trust.read_fingerprint(order.fingerprint)


def _told(order: Order, page: str, fingerprint: str, say: Say) -> tuple[bytes, ...]:
    """Return the authorities that a screen is told of. For a dry run, and below another root, nobody is asked. Raises Unfit."""
    if order.kind != "screen" or not trust.secret(page):
        return ()
    policies = order.root / plan.POLICIES.relative_to("/")
    if order.files:
        return trust.kept(policies)
    say(trust.described(page, fingerprint))
    if not order.dry_run and order.root == Path("/"):
        return trust.authorities(page, fingerprint, policies)
    if not order.dry_run:
        say(f"  left out below {order.root}")
    return trust.kept(policies)


def _as_root(root: Path) -> None:
    if root == Path("/") and os.geteuid() != 0:
        raise Unfit("This changes the machine, so it needs root: put sudo before it. --dry-run says what it would do, without.")


def _welcome() -> str:
    """Return what the new program says to whoever stands there; made by its own account, so that no file becomes root's."""
    python = str(program.PREFIX / program.CURRENT / "bin/python")
    try:
        done = subprocess.run(
            [python, "-m", "deploy.install.first", str(plan.SETTINGS), "--enter"],
            capture_output=True, text=True, timeout=WELCOME_SECONDS, check=False, cwd="/",
            user=plan.ACCOUNT, group=plan.ACCOUNT, extra_groups=[], umask=0o077,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as wrong:
        return f"The address could not be made out: {wrong}"
    return done.stdout if done.returncode == 0 else f"The address could not be made out: {done.stderr.strip()}"
