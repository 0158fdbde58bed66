"""`greetline people`: who works here, from a terminal.

What a program would read (a PIN, a password, a list) goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 not allowed or nobody of that name, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import passwords, pins, shifts
from broker.desk import people as desk
from broker.desk.people import LANGUAGES, Person
from broker.desk.roles import OF_PEOPLE, Refused
from broker.shop import Shop
from broker.store.database import text
from dashboard.which_shop import BY, opened_shop, which_shop

ROLES: Final = tuple(str(role) for role in OF_PEOPLE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def people() -> None:
    """Who works here: added, given another PIN or password, signed out, gone.

    \b
    greetline people add Kari --role lead
    greetline people list
    greetline people reset-pin Kari
    greetline people password Ada
    greetline people sign-out Kari
    greetline people deactivate Kari
    """


@people.command(epilog="Example: greetline people add Kari --role lead --language nb")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([str(role) for role in OF_PEOPLE]), default="staff", show_default=True, help="May do what."
)
@click.option("--pin", help="4 to 6 digits, not easy to guess. [default: one is made and printed once]")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of their screens. [default: the shop's]")
@which_shop
def add(name: str, role: str, pin: str | None, language: str | None, settings_file: Path | None, data: Path | None) -> None:
    """Add NAME, who works here from now on."""
    with opened_shop(settings_file, data) as shop:
        made = pin or pins.new_pin()
        person = desk.add(shop, name, role=role, pin=made, by=BY, language=language or "")
        click.echo(f"{person.name} works here now, as {person.role}.", err=True)
        if not pin:
            _print_once(person, made)


@people.command("list", epilog="Example: greetline people list --json | jq -r '.[].name'")
@click.option("--all", "everyone", is_flag=True, help="Also those who no longer work here.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(everyone: bool, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say who works here."""
    with opened_shop(settings_file, data) as shop:
        here = desk.everybody(shop, inactive=everyone)
        if as_json:
            click.echo(json.dumps([_row(person) for person in here], ensure_ascii=False))
        else:
            _print(shop, here)


@people.command("reset-pin", epilog="Example: greetline people reset-pin Kari")
@click.argument("name")
@click.option("--pin", help="4 to 6 digits, not easy to guess. [default: one is made and printed once]")
@which_shop
def reset_pin(name: str, pin: str | None, settings_file: Path | None, data: Path | None) -> None:
    """Give NAME another PIN and sign them out everywhere."""
    with opened_shop(settings_file, data) as shop:
        made = pin or pins.new_pin()
        person = desk.reset_pin(shop, _known(shop, name).id, pin=made, by=BY)
        click.echo(f"{person.name} has another PIN and is signed out.", err=True)
        if not pin:
            _print_once(person, made)


@people.command(epilog="Example: greetline people password Ada")
@click.argument("name")
@which_shop
def password(name: str, settings_file: Path | None, data: Path | None) -> None:
    """Make NAME, a manager or admin, a password for one sign-in, and sign them out everywhere.

    For a lost password when nobody else can get into the office. It lasts 72 hours; they then choose their own.
    """
    with opened_shop(settings_file, data) as shop:
        person = _known(shop, name)
        made = passwords.make(shop, person, by=BY)
        click.echo(f"The password of {person.name} for one sign-in within {passwords.MADE_HOURS} hours, shown this once:", err=True)
        click.echo(made)


@people.command("sign-out", epilog="Example: greetline people sign-out Kari; greetline people sign-out --everybody")
@click.argument("name", required=False)
@click.option("--everybody", is_flag=True, help="Each person on each screen. Screens stay paired.")
@which_shop
def sign_out(name: str | None, everybody: bool, settings_file: Path | None, data: Path | None) -> None:
    """Sign NAME, or everybody, out on every screen."""
    if bool(name) == everybody:
        raise click.UsageError("Say a NAME, or --everybody.")
    with opened_shop(settings_file, data) as shop:
        person = _known(shop, name) if name else None
        ended = shifts.sign_out_everywhere(shop, person_id=person.id if person else None, by=BY)
        click.echo(f"{person.name if person else 'Everybody'} is signed out: {ended} sessions ended.", err=True)


@people.command(epilog="Example: greetline people deactivate Kari")
@click.argument("name")
@which_shop
def deactivate(name: str, settings_file: Path | None, data: Path | None) -> None:
    """Sign NAME out and take them off the sign-in page; what they did stays in the reports."""
    with opened_shop(settings_file, data) as shop:
        person = desk.deactivate(shop, _known(shop, name).id, by=BY)
        click.echo(f"{person.name} no longer works here.", err=True)


def _known(shop: Shop, name: str) -> Person:
    person = desk.named(shop, name)
    if person is None:
        raise Refused("nobody", f"Nobody called {name} works here. `greetline people list` shows who does.")
    return person


def _print_once(person: Person, pin: str) -> None:
    click.echo(f"The PIN of {person.name}, shown this once:", err=True)
    click.echo(pin)


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id, "name": person.name, "role": person.role, "language": person.language, "active": person.active,
        "added": text(person.made_at),
    }  # fmt: skip


def _print(shop: Shop, here: list[Person]) -> None:
    if not here:
        click.echo("Nobody works here yet. Add somebody: greetline people add NAME --role manager", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Name", "Role", "Language", "Added"):
        table.add_column(column)
    for person in here:
        added = person.made_at.astimezone(shop.settings.store.zone).date().isoformat()
        table.add_row(
            person.name, person.role, person.language or "shop's", added, style=None if person.active else "dim strike"
        )  # fmt: skip
    Console(highlight=False, markup=False).print(table)
