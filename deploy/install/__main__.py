"""`sudo python3 -m deploy.install`: installs from an unpacked release, on a machine that has Python and nothing of ours."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.install import job
from deploy.install.program import Unfit

EXIT_FAULT = 3


def main(arguments: list[str]) -> int:
    """Install as *arguments* say; 3 when something must be set right first."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.install", description=__doc__)
    parser.add_argument("kind", nargs="?", choices=("shop", "camera", "screen"), default="shop")
    parser.add_argument("--with", dest="extras", action="append", default=[], choices=("voice", "notify", "oidc"))
    parser.add_argument("--page", default=job.PAGE, help="what a screen shows: its address")
    parser.add_argument("--dry-run", action="store_true", help="say every action, do none")
    parser.add_argument("--root", type=Path, default=Path("/"), help="write below this folder, and run nothing")
    parser.add_argument("--files", action="store_true", help="only lay down the files, such as units")
    asked = parser.parse_args(arguments)
    order = job.Order(
        kind=asked.kind, extras=tuple(asked.extras), page=asked.page, dry_run=asked.dry_run, root=asked.root, files=asked.files
    )  # fmt: skip
    try:
        job.install(order, lambda said: print(said, flush=True))
    except Unfit as wrong:
        print(wrong, file=sys.stderr)
        return EXIT_FAULT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
