"""`greetline notify`: phones, chats and mailboxes off the floor that are told of alerts and reports: listed, tried, looked at.

What a program would read goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 refused or not taken, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from broker.desk import webhooks as desk
from broker.notify import chat
from broker.settings import NotifySettings
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import text
from broker.store.deliveries import Delivery
from dashboard.which_shop import opened_shop, which_shop
from deploy.cli_webhooks import EXIT_REFUSED, SHOWN, table

NONE: Final = "There is no phone or chat to tell. Write one into the settings: [[notify]], see docs/integrations.md."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def notify() -> None:
    """Phones, chats and mailboxes that are told of alerts and reports: listed, tried, looked at, told again.

    \b
    greetline notify list
    greetline notify test lead-phone
    greetline notify log lead-phone
    """


@notify.command("list", epilog="Example: greetline notify list --json | jq '.[] | select(.disabled)'")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say who is told of what, and who is disabled. Addresses are secrets and are not shown."""
    with opened_shop(settings_file, data) as shop:
        rows = [_row(shop, target) for target in shop.settings.notify]
    if as_json:
        click.echo(json.dumps(rows))
    elif not rows:
        click.echo(NONE, err=True)
    else:
        shown = table("Name", "Told of", "Quiet", "Waiting", "State")
        for row in rows:
            state = f"disabled: {row['reason']}" if row["disabled"] else "on"
            shown.add_row(row["id"], ", ".join(row["told_of"]) or "nothing", row["quiet"] or "", str(row["waiting"]), state)
        Console(highlight=False, markup=False).print(shown)


@notify.command(epilog="Example: greetline notify log lead-phone --json")
@click.argument("name", required=False)
@click.option("--limit", default=SHOWN, show_default=True, type=click.IntRange(1, desk.KEPT), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with what was said.")
@which_shop
def log(name: str | None, limit: int, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Show what phones and chats were told, or only NAME, and what was left out and why; newest first."""
    with opened_shop(settings_file, data) as shop:
        names = [_target(shop, name).id] if name else [target.id for target in shop.settings.notify]
        found = [one for each in names for one in deliveries.newest(shop.db, each, limit=limit)]
    rows = [_told(one) for one in sorted(found, key=lambda one: one.id, reverse=True)[:limit]]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    shown = table("No.", "To", "Event", "At", "State", "Tries", "Why")
    for row in rows:
        shown.add_row(str(row["id"]), row["to"], row["event"], row["at"], row["state"], str(row["tries"]), row["reason"])
    Console(highlight=False, markup=False).print(shown)


@notify.command(epilog="Example: greetline notify enable lead-phone")
@click.argument("name")
@which_shop
def enable(name: str, settings_file: Path | None, data: Path | None) -> None:
    """Let NAME be told again after it was disabled, of what happens from now on."""
    with opened_shop(settings_file, data) as shop:
        desk.known(shop, _target(shop, name).id)
        desk.enable(shop, name, from_now=True)
        click.echo(f"{name} is told again.", err=True)


@notify.command(epilog="Example: greetline notify test lead-phone && echo it works")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def test(name: str, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Send NAME a message that only says that the way is free, now and from here. Exit code 1: it was not taken."""
    with opened_shop(settings_file, data) as shop:
        title, said = chat.test_message(shop)
        sent = chat.send(_target(shop, name), title=title, text=said)
    if as_json:
        click.echo(json.dumps({"taken": not sent.wrong, "reason": sent.wrong, "seconds": round(sent.seconds, 3)}))
    else:
        click.echo(sent.wrong or f"{name} took it after {sent.seconds:.2f} s.", err=True)
    sys.exit(EXIT_REFUSED if sent.wrong else 0)


def _target(shop: Shop, name: str) -> NotifySettings:
    for target in shop.settings.notify:
        if target.id == name:
            return target
    there = ", ".join(target.id for target in shop.settings.notify) or "none"
    raise click.BadParameter(f"there is no {name} in [[notify]] of the settings; there is {there}", param_hint="NAME")


def _row(shop: Shop, target: NotifySettings) -> dict[str, Any]:
    known = deliveries.target(shop.db, target.id)
    wants = {
        f"alerts from {target.alerts} on": target.alerts != "none",
        "devices": target.devices,
        "weekly report": target.weekly_report,
    }  # fmt: skip
    return {
        "id": target.id, "told_of": [what for what, wanted in wants.items() if wanted], "quiet": target.quiet,
        "waiting": deliveries.waiting(shop.db, target.id), "disabled": text(known.disabled_at) if known else None,
        "reason": known.reason if known else "",
    }  # fmt: skip


def _told(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id, "to": one.target, "event": one.event, "at": text(one.at), "state": str(one.state), "tries": one.tries,
        "tried_at": text(one.tried_at), "due_at": text(one.due_at), "reason": one.reason, "said": json.loads(one.body),
    }  # fmt: skip
