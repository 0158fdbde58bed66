"""`greetline screens`: the tablets of the shop, from a terminal.

What a program would read (a link, a list) goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 not allowed or no such screen, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import pairing, shifts
from broker.desk.pairing import ENTRANCE_HOURS, Screen
from broker.desk.roles import OF_SCREENS
from broker.settings import Settings
from broker.shop import Shop
from broker.store.database import text
from dashboard.which_shop import BY, opened_shop, which_shop

ROLES: Final = tuple(str(role) for role in OF_SCREENS)
_BASE: Final = "Say with --base at which address the browser reaches the screens, such as --base https://192.168.1.10"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def screens() -> None:
    """Tablets that are paired: let in, listed, thrown out.

    \b
    greetline screens list
    greetline screens approve K7M2PX4Q --name "Shoes tablet" --zone shoes
    greetline screens revoke 4f1c0a9be2d37756
    greetline screens enter-link --name "Office"
    """


@screens.command("list", epilog="Example: greetline screens list --json | jq -r '.[].id'")
@click.option("--all", "everyone", is_flag=True, help="Also those that were revoked.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(everyone: bool, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say which screens are paired, and who is signed in on them."""
    with opened_shop(settings_file, data) as shop:
        rows = [_row(shop, screen) for screen in pairing.screens(shop, revoked=everyone)]
        if as_json:
            click.echo(json.dumps(rows, ensure_ascii=False))
        else:
            _print(shop, rows)


@screens.command(epilog='Example: greetline screens approve K7M2PX4Q --name "Shoes tablet" --role staff --zone shoes')
@click.argument("code")
@click.option("--name", required=True, help="What the screen is called.")
@click.option("--role", type=click.Choice(ROLES), default="staff", show_default=True, help="What it is trusted with.")
@click.option("--zone", default="", help="Id of the zone it stands in. [default: all of the shop]")
@which_shop
def approve(code: str, name: str, role: str, zone: str, settings_file: Path | None, data: Path | None) -> None:
    """Let in the screen that shows CODE; the screen's id is printed."""
    with opened_shop(settings_file, data) as shop:
        screen = pairing.approve(shop, code, name=name, role=role, zone=zone, by=BY)
        click.echo(f"{screen.name} is let in.", err=True)
        click.echo(screen.id)


@screens.command(epilog="Example: greetline screens revoke 4f1c0a9be2d37756")
@click.argument("screen_id", metavar="ID")
@which_shop
def revoke(screen_id: str, settings_file: Path | None, data: Path | None) -> None:
    """End the screen with this ID: whoever holds it has to pair it again."""
    with opened_shop(settings_file, data) as shop:
        screen = pairing.revoke(shop, screen_id, by=BY)
        click.echo(f"{screen.name} is thrown out.", err=True)


@screens.command("enter-link", epilog='Example: greetline screens enter-link --name "Office" --role manager')
@click.option("--name", default="Office", show_default=True, help="What the screen will be called.")
@click.option("--role", type=click.Choice(ROLES), default="manager", show_default=True, help="What it is trusted with.")
@click.option("--zone", default="", help="Id of the zone it stands in. [default: all of the shop]")
@click.option("--base", help="Address of the screens as that browser types it. [default: of the settings, if they say it]")
@which_shop
def enter_link(name: str, role: str, zone: str, base: str | None, settings_file: Path | None, data: Path | None) -> None:
    """Print a link that makes the browser which opens it a screen, once.

    In a shop where nobody works yet, whoever opens it becomes the first manager. With https the address is the first of
    [tls] names; where the settings have none, as in a shop that was just installed, give --base.

    \b
    greetline screens enter-link --base https://192.168.1.10
    """
    with opened_shop(settings_file, data) as shop:
        address = (base or _address(shop.settings)).rstrip("/")
        secret = pairing.make_entrance(shop, reusable=False, name=name, role=role, zone=zone)
        click.echo(f"This works once, within {ENTRANCE_HOURS} hours. Whoever has it gets in: give it to nobody else.", err=True)
        click.echo(f"{address}/enter/{secret}")


def _address(settings: Settings) -> str:
    """Return how a browser reaches the screens, as far as the settings say. Raises click.UsageError where they do not."""
    host, names = settings.dashboard.host, settings.tls.names
    if settings.dashboard.https:
        if not names:
            raise click.UsageError(_BASE)
        return f"https://{_typed(names[0])}"
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://{_typed(host)}:{settings.dashboard.port}"


def _typed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _row(shop: Shop, screen: Screen) -> dict[str, Any]:
    here = None if screen.revoked_at else shifts.on(shop, screen)
    return {
        "id": screen.id, "name": screen.name, "role": screen.role, "zone": screen.zone, "paired": text(screen.paired_at),
        "seen": text(screen.seen_at), "revoked": text(screen.revoked_at), "signed_in": here.name if here else None,
    }  # fmt: skip


def _print(shop: Shop, rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("No screen is paired. Open the address of the screens on one, or: greetline screens enter-link", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Id", "Name", "Role", "Zone", "Seen (UTC)", "Signed in"):
        table.add_column(column)
    for row in rows:
        seen = row["seen"][:16].replace("T", " ")
        zone = shop.zones.get(row["zone"], row["zone"]) or "all"
        cells = (row["id"], row["name"], row["role"], zone, seen, row["signed_in"] or "")
        table.add_row(*cells, style="dim strike" if row["revoked"] else None)
    Console(highlight=False, markup=False).print(table)
