"""`sudo python3 -m deploy.install`: installs from an unpacked release, on a machine that has Python and nothing of ours.

With --uninstall it takes away again what it made: a screen has no `greetline` to do that with.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.install import job
from deploy.install.program import Unfit

EXIT_LEFT = 1
"""Somebody was asked, and did not say yes."""
EXIT_FAULT = 3


def words() -> argparse.ArgumentParser:
    """Return what reads the words behind `python3 -m deploy.install`."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.install", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=("shop", "camera", "screen"), help="what this machine becomes: a shop without")
    parser.add_argument("--with", dest="extras", action="append", default=[], choices=("voice", "notify", "oidc"))
    parser.add_argument("--page", help=job.PAGE_HELP)
    parser.add_argument("--fingerprint", help="of the shop's authority, for a screen: the line `root` of `greetline-shop doctor`")
    parser.add_argument("--dry-run", action="store_true", help="say every action, do none")
    parser.add_argument("--root", type=Path, default=Path("/"), help="write below this folder, and run nothing")
    parser.add_argument("--files", action="store_true", help="only lay down the files, such as units")
    parser.add_argument("--uninstall", action="store_true", help="take away what was installed on this machine")
    parser.add_argument("--purge", action="store_true", help="with it, also settings, store, backups and accounts")
    parser.add_argument("--yes", action="store_true", help="with --purge, do not ask")
    return parser


def main(arguments: list[str]) -> int:
    """Install as *arguments* say; 3 when something must be set right first, 1 when somebody did not say yes."""
    parser = words()
    asked = parser.parse_args(arguments)
    if asked.purge and not asked.uninstall:
        parser.error("--purge goes with --uninstall")
    try:
        return _uninstall(asked) if asked.uninstall else _install(asked)
    except Unfit as wrong:
        print(wrong, file=sys.stderr)
        return EXIT_FAULT


def _install(asked: argparse.Namespace) -> int:
    order = job.Order(
        kind=asked.kind or "shop", extras=tuple(asked.extras), page=asked.page, fingerprint=asked.fingerprint,
        dry_run=asked.dry_run, root=asked.root, files=asked.files,
    )  # fmt: skip
    job.install(order, _say)
    return 0


def _uninstall(asked: argparse.Namespace) -> int:
    if asked.kind:
        job.need_nothing_else(asked.root, asked.kind)
    unasked = asked.yes or asked.dry_run or not asked.purge
    if not unasked and job.recorded(asked.root).irreplaceable and not _sure():
        print("Nothing was changed.", file=sys.stderr)
        return EXIT_LEFT
    job.uninstall(asked.root, purge=asked.purge, dry_run=asked.dry_run, say=_say)
    return 0


def _sure() -> bool:
    """Ask, and return whether somebody said yes: nobody at a terminal is a no."""
    try:
        return input(f"{job.GONE} [y/N]: ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
