"""`greetline keys`: which programs may use the HTTP API, from a terminal.

What a program would read (a key, a list) goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 not allowed or no key of that name, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from broker.desk import apikeys as desk
from broker.desk.apikeys import REQUESTS_A_MINUTE, SCOPES, ApiKey
from broker.store.database import text
from dashboard.which_shop import BY, opened_shop, which_shop


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def keys() -> None:
    """Keys of programs that use the HTTP API: made, listed, revoked.

    \b
    greetline keys add lobby-screen --scope display.read
    greetline keys list
    greetline keys revoke lobby-screen
    """


@keys.command(epilog="Example: greetline keys add web-shop --scope tickets.take --scope tickets.read > web-shop.key")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="What it opens; repeatable.")
@click.option("--a-minute", default=REQUESTS_A_MINUTE, show_default=True, help="Requests it may make in a minute.")
@which_shop
def add(name: str, scopes: tuple[str, ...], a_minute: int, settings_file: Path | None, data: Path | None) -> None:
    """Make a key called NAME and print it, this once: only its digest is kept."""
    with opened_shop(settings_file, data) as shop:
        key, secret = desk.add(shop, name, scopes, a_minute=a_minute, by=BY)
        click.echo(f"The key {key.name} opens {', '.join(key.scopes)}. It is shown this once:", err=True)
        click.echo(secret)


@keys.command("list", epilog="Example: greetline keys list --json | jq -r '.[].name'")
@click.option("--all", "everyone", is_flag=True, help="Also those that were revoked.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(everyone: bool, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say which keys there are, what they open and when they were last used."""
    with opened_shop(settings_file, data) as shop:
        rows = [_row(key) for key in desk.every(shop, revoked=everyone)]
        if as_json:
            click.echo(json.dumps(rows))
        else:
            _print(rows)


@keys.command(epilog="Example: greetline keys revoke lobby-screen")
@click.argument("name")
@which_shop
def revoke(name: str, settings_file: Path | None, data: Path | None) -> None:
    """Let the key NAME open nothing from now on."""
    with opened_shop(settings_file, data) as shop:
        key = desk.revoke(shop, name, by=BY)
        click.echo(f"The key {key.name} opens nothing any more.", err=True)


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name, "scopes": list(key.scopes), "a_minute": key.a_minute, "made": text(key.made_at),
        "used": text(key.used_at), "revoked": text(key.revoked_at),
    }  # fmt: skip


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("There is no key yet. Make one: greetline keys add NAME --scope tickets.read", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Scopes", "Made", "Last used"):
        table.add_column(column)
    for row in rows:
        used = row["used"] or "never"
        table.add_row(row["name"], " ".join(row["scopes"]), row["made"], used, style="dim strike" if row["revoked"] else None)
    Console(highlight=False, markup=False).print(table)
