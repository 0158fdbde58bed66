"""`greetline audit`: who changed what, and whether the log of it is whole.

What a program would read (rows) goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 the log was tampered with, 2 wrong use, 3 settings or store must be set right first.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import audit as desk
from broker.desk import people
from broker.desk.audit import Entry
from broker.shop import Shop
from broker.store.database import moment
from dashboard.exports import harmless
from dashboard.which_shop import opened_shop, which_shop

EXIT_BROKEN: Final = 1
SHOWN: Final = 50
MOST_SHOWN: Final = 10_000
WIDTH: Final = 160
"""Letters of a line that nobody's terminal limits."""
COLUMNS: Final = ("id", "at", "by", "screen", "address", "what", "subject", "before", "after", "digest")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def audit() -> None:
    """Who changed people, screens, keys, plans, pauses and standards, and who took reports away.

    \b
    greetline audit verify
    greetline audit show --what people
    greetline audit export -o audit.csv
    """


@audit.command(epilog="Example: greetline audit verify || mail -s 'audit log' owner@shop.example")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def verify(as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say whether any row was changed, taken out or put in since it was written; exit code 1 when one was."""
    with opened_shop(settings_file, data) as shop:
        found = desk.verify(shop)
        if as_json:
            click.echo(json.dumps({"whole": found.whole, **dataclasses.asdict(found)}))
        elif found.whole:
            click.echo(f"The audit log is whole: {found.rows:,} rows, {found.gone:,} older ones gone by retention.", err=True)
        else:
            click.echo(f"The audit log was tampered with: {found.why}. The {found.rows:,} rows before it are good.", err=True)
    sys.exit(0 if found.whole else EXIT_BROKEN)


@audit.command(epilog="Example: greetline audit show --what pauses --limit 5")
@click.option("--what", default="", help="Only this kind, such as people or people.added. [default: all]")
@click.option("--limit", default=SHOWN, show_default=True, type=click.IntRange(1, MOST_SHOWN), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@which_shop
def show(what: str, limit: int, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Show the newest rows, newest first."""
    with opened_shop(settings_file, data) as shop:
        rows = desk.newest(shop, limit=limit, what=what)
        if as_json:
            for row in rows:
                click.echo(json.dumps(_row(row), ensure_ascii=False))
        else:
            _print(shop, rows)


@audit.command(epilog="Example: greetline audit export -o /media/stick/audit.csv")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write. [default: standard output]")
@which_shop
def export(output: Path | None, settings_file: Path | None, data: Path | None) -> None:
    """Write every row, oldest first, as CSV."""
    with opened_shop(settings_file, data) as shop:
        rows = desk.every(shop)
        if output is None:
            _write(sys.stdout, rows)
            return
        fresh = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="") as file:
                count = _write(file, rows)
            fresh.replace(output)
        finally:
            fresh.unlink(missing_ok=True)
    click.echo(f"{count:,} rows in {output}.", err=True)


def _write(file: Any, rows: Iterable[Entry]) -> int:
    line = csv.writer(file, lineterminator="\n")
    line.writerow(COLUMNS)
    written = 0
    for row in rows:
        line.writerow([harmless(str(getattr(row, column))) for column in COLUMNS])
        written += 1
    return written


def _row(row: Entry) -> dict[str, Any]:
    return dataclasses.asdict(row) | {"before": json.loads(row.before), "after": json.loads(row.after)}


def _print(shop: Shop, rows: list[Entry]) -> None:
    if not rows:
        click.echo("Nothing of this kind was changed yet.", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("When", "Who", "Screen", "Address", "What", "Of", "Before", "After"):
        table.add_column(column, overflow="fold")
    zone = shop.settings.store.zone
    for row in rows:
        at = moment(row.at)
        table.add_row(
            f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else row.at, people.name_of(shop, row.by) or "", row.screen,
            row.address, row.what, people.name_of(shop, row.subject) or "", row.before.strip("{}"), row.after.strip("{}"),
        )  # fmt: skip
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH).print(table)
