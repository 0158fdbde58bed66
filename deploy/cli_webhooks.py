"""`greetline webhooks`: who is told what happens, what each was told, and again.

What a program would read goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 refused or not taken, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import webhooks as desk
from broker.notify import webhook
from broker.settings import WebhookSettings
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import text
from broker.store.deliveries import Delivery, DeliveryState
from dashboard.which_shop import opened_shop, which_shop

EXIT_REFUSED: Final = 1
SECRET_BYTES: Final = 32
SHOWN: Final = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def webhooks() -> None:
    """Programs of others that are told what happens: listed, tried, looked at, told again.

    \b
    greetline webhooks secret shop-crm.secret
    greetline webhooks test shop-crm
    greetline webhooks log --failed
    """


@webhooks.command("list", epilog="Example: greetline webhooks list --json | jq '.[] | select(.disabled)'")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say which webhooks there are, how many events wait for each, and which are disabled."""
    with opened_shop(settings_file, data) as shop:
        rows = [_hook_row(shop, hook) for hook in shop.settings.webhooks]
    if as_json:
        click.echo(json.dumps(rows))
    elif not rows:
        click.echo("There is no webhook. Write one into the settings: [[webhooks]], see docs/integrations.md.", err=True)
    else:
        _print_hooks(rows)


@webhooks.command(epilog="Example: greetline webhooks log shop-crm --failed --json")
@click.argument("name", required=False)
@click.option("--failed", is_flag=True, help="Only what was given up.")
@click.option("--limit", default=SHOWN, show_default=True, type=click.IntRange(1, desk.KEPT), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the body.")
@which_shop
def log(name: str | None, failed: bool, limit: int, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Show what webhooks were told, or only NAME, newest first."""
    with opened_shop(settings_file, data) as shop:
        state = DeliveryState.FAILED if failed else None
        rows = [_delivery_row(shop, one) for one in deliveries.newest(shop.db, name, state=state, limit=limit)]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
    else:
        _print_log(rows)


@webhooks.command("send-again", epilog="Example: greetline webhooks send-again 1042")
@click.argument("deliveries", type=int, nargs=-1, required=True, metavar="DELIVERY...")
@which_shop
def send_again(deliveries: tuple[int, ...], settings_file: Path | None, data: Path | None) -> None:
    """Let the service make DELIVERY anew, by its number in the log; the webhook-id stays the same."""
    with opened_shop(settings_file, data) as shop:
        for number in deliveries:
            again = desk.send_again(shop, number)
            click.echo(f"{again.event} goes to {again.target} again as soon as the service runs.", err=True)


@webhooks.command(epilog="Example: greetline webhooks enable shop-crm --from-now")
@click.argument("name")
@click.option("--from-now", is_flag=True, help="Give up what waits, and begin with what happens next.")
@which_shop
def enable(name: str, from_now: bool, settings_file: Path | None, data: Path | None) -> None:
    """Let the webhook NAME be told again after it was disabled, or try at once what waits for it."""
    with opened_shop(settings_file, data) as shop:
        waiting = desk.enable(shop, name, from_now=from_now)
        click.echo(f"{name} is told again; {waiting} waiting.", err=True)


@webhooks.command(epilog="Example: greetline webhooks test shop-crm && echo it works")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def test(name: str, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Send NAME an event that only says that the way is free, now and from here. Exit code 1: it was not taken."""
    with opened_shop(settings_file, data) as shop:
        hook = _hook(shop, name)
        now = shop.clock()
        number = f"{shop.settings.store.id}.test-{secrets.token_hex(6)}"
        sent = webhook.send(hook, id=number, at=now, body=webhook.test_body(shop, now))
    if as_json:
        click.echo(
            json.dumps({"taken": not sent.wrong, "status": sent.status, "reason": sent.wrong, "seconds": round(sent.seconds, 3)})
        )
    else:
        click.echo(sent.wrong or f"{name} answered {sent.status} after {sent.seconds:.2f} s.", err=True)
    sys.exit(EXIT_REFUSED if sent.wrong else 0)


@webhooks.command(epilog="Example: greetline webhooks secret shop-crm.secret")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def secret(file: Path) -> None:
    """Write a new secret into FILE, which nobody else may read, and print it once for the other side."""
    made = webhook.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
            written.write(made + "\n")
    except FileExistsError:
        click.echo(f"{file} is there already; its secret stays. Name another file.", err=True)
        sys.exit(EXIT_REFUSED)
    except OSError as wrong:
        click.echo(f"{file}: {wrong.strerror}", err=True)
        sys.exit(EXIT_REFUSED)
    click.echo(f"Written to {file}; the other side needs it too:", err=True)
    click.echo(made)


def _hook(shop: Shop, name: str) -> WebhookSettings:
    for hook in shop.settings.webhooks:
        if hook.id == name:
            return hook
    there = ", ".join(hook.id for hook in shop.settings.webhooks) or "none"
    raise click.BadParameter(f"there is no webhook {name} in the settings; there is {there}", param_hint="NAME")


def _hook_row(shop: Shop, hook: WebhookSettings) -> dict[str, Any]:
    known = deliveries.target(shop.db, hook.id)
    return {
        "id": hook.id, "url": hook.url, "events": list(hook.events), "waiting": deliveries.waiting(shop.db, hook.id),
        "disabled": text(known.disabled_at) if known else None, "reason": known.reason if known else "",
    }  # fmt: skip


def _delivery_row(shop: Shop, one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id, "webhook": one.target, "webhook_id": webhook.webhook_id(shop.settings.store.id, one.fact),
        "event": one.event, "at": text(one.at), "state": str(one.state), "tries": one.tries, "tried_at": text(one.tried_at),
        "due_at": text(one.due_at), "status": one.status, "reason": one.reason, "body": json.loads(one.body),
    }  # fmt: skip


def _print_hooks(rows: list[dict[str, Any]]) -> None:
    shown = table("Name", "Address", "Waiting", "State")
    for row in rows:
        state = f"disabled: {row['reason']}" if row["disabled"] else "on"
        shown.add_row(row["id"], row["url"], str(row["waiting"]), state, style="bold" if row["disabled"] else None)
    Console(highlight=False, markup=False).print(shown)


def _print_log(rows: list[dict[str, Any]]) -> None:
    shown = table("No.", "Webhook", "Event", "At", "State", "Tries", "Why")
    for row in rows:
        why = row["reason"] or (str(row["status"]) if row["status"] else "")
        shown.add_row(str(row["id"]), row["webhook"], row["event"], row["at"], row["state"], str(row["tries"]), why)
    Console(highlight=False, markup=False).print(shown)


def table(*columns: str) -> Table:
    """Return a table with *columns* and no lines, for a terminal."""
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column)
    return made
