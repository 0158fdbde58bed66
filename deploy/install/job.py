"""The whole job: look at the machine, plan, do it, say how it went on."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.install import machine, plan, program, run
from deploy.install.plan import Extra, Kind
from deploy.install.program import Say, Unfit
from deploy.install.record import RECORD, Record

PAGE: Final = "http://127.0.0.1:8090/kiosk"
RELEASE: Final = Path(__file__).resolve().parents[2]
"""The folder in which this file was unpacked; where it is installed, no release."""
WELCOME_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for."""

    kind: Kind = "shop"
    source: Path | None = None
    extras: tuple[Extra, ...] = ()
    page: str = PAGE
    dry_run: bool = False
    root: Path = Path("/")
    files: bool = False
    """Only lay down the files: what an upgrade does between two versions."""


def install(order: Order, say: Say = print) -> None:
    """Do what was asked for, and say of each step what it is. Raises Unfit with what to set right."""
    looked = machine.look(order.root)
    if wrong := machine.trouble(looked):
        raise Unfit(wrong)
    actions = plan.plan(looked, order.kind, page=_page(order.page), extras=order.extras)
    if order.files:
        actions = tuple(action for action in actions if isinstance(action, plan.File))
    if order.dry_run:
        for action in actions:
            say(plan.described(action))
        return
    _as_root(order.root)
    run.Machinist(order.root, source=order.source or _release(), say=say).do(actions)
    if order.kind == "shop" and not order.files and order.root == Path("/"):
        say(_welcome())


def uninstall(root: Path, *, purge: bool, dry_run: bool, say: Say = print) -> None:
    """Take away what was installed below *root*. Raises Unfit."""
    if dry_run:
        record = Record.read(root / RECORD.relative_to("/"))
        for path in [*record.files, *record.folders, *record.on]:
            say(path)
        return
    _as_root(root)
    run.Machinist(root, say=say).undo(purge=purge)


def _release() -> Path | None:
    return RELEASE if (RELEASE / "pyproject.toml").exists() else None


def _page(page: str) -> str:
    if not page.startswith(("http://", "https://")) or any(letter in page for letter in " \"'\\\n$"):
        raise Unfit(f"{page!r} is not the address of a page, such as {PAGE}")
    return page


def _as_root(root: Path) -> None:
    if root == Path("/") and os.geteuid() != 0:
        raise Unfit("This changes the machine, so it needs root: put sudo before it. --dry-run says what it would do, without.")


def _welcome() -> str:
    """Return what the new program says to whoever stands there; made by its own account, so that no file becomes root's."""
    python = str(program.PREFIX / program.CURRENT / "bin/python")
    done = subprocess.run(
        [python, "-m", "deploy.install.first", str(plan.SETTINGS), "--enter"],
        capture_output=True, text=True, timeout=WELCOME_SECONDS, check=False, cwd="/",
        user=plan.ACCOUNT, group=plan.ACCOUNT, extra_groups=[], umask=0o077,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else f"The address could not be made out: {done.stderr.strip()}"
