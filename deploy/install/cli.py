"""`greetline install` and `greetline uninstall`: the same as `python3 -m deploy.install`, for a machine that has Greetline."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.fault import Fault
from deploy.install import job
from deploy.install.plan import Extra, Kind
from deploy.install.program import Unfit

_root = click.option("--root", type=click.Path(path_type=Path), default=Path("/"), help="Write below this folder, and run nothing.")
_dry = click.option("--dry-run", is_flag=True, help="Say every action, do none.")


@click.command()
@click.argument("kind", type=click.Choice(["shop", "camera", "screen"]), default="shop")
@click.option("--from", "source", type=click.Path(file_okay=False, path_type=Path), help="Folder of an unpacked release.")
@click.option(
    "--with",
    "extras",
    multiple=True,
    type=click.Choice(["voice", "notify", "oidc"]),
    help="A further part of a shop; may be repeated.",
)
@click.option("--page", help=job.PAGE_HELP)
@click.option("--fingerprint", help="Of the shop's authority, for a screen: the line `root` of `greetline-shop doctor`.")
@_dry
@_root
def install(
    kind: Kind, source: Path | None, extras: tuple[Extra, ...], page: str | None, fingerprint: str | None, dry_run: bool, root: Path
) -> None:
    """Make this machine a shop, a camera box or a screen for customers. Run again, it puts right what is not so.

    Debian 12 and 13, Raspberry Pi OS (64 bits), Ubuntu from 24.04 (no screen); as root. docs/install.md goes through it.

    \b
    sudo python3 -m deploy.install                    in an unpacked release, on a machine that has nothing yet
    sudo greetline install --dry-run                  what it would do
    sudo greetline install screen --page https://192.168.1.10:8443/display --fingerprint AB:CD:...
    """
    order = job.Order(
        kind=kind, source=source, extras=extras, page=page, fingerprint=fingerprint, dry_run=dry_run, root=root
    )  # fmt: skip
    try:
        job.install(order, click.echo)
    except Unfit as wrong:
        raise Fault(str(wrong)) from None


@click.command()
@click.option("--purge", is_flag=True, help="Also the settings, the store with its backups, and the accounts.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_dry
@_root
def uninstall(purge: bool, yes: bool, dry_run: bool, root: Path) -> None:
    """Take away what the installation made: that, and nothing else. Packages of the system stay.

    \b
    sudo greetline uninstall --dry-run
    sudo greetline uninstall --purge
    """
    if purge and not yes and not dry_run:
        click.confirm(job.GONE, abort=True)
    try:
        job.uninstall(root, purge=purge, dry_run=dry_run, say=click.echo)
    except Unfit as wrong:
        raise Fault(str(wrong)) from None
