"""`greetline export` and `greetline import`: rows of the past as files, and back."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from broker.desk import audit
from broker.settings import Settings, read
from broker.shop import Shop
from broker.store.database import change
from dashboard.which_shop import BY
from deploy import rows
from deploy.config import here, settings_option
from deploy.fault import Fault, faults_said
from deploy.up import shop_of

EXIT_BAD_ROWS: Final = 1
SHOWN_BAD: Final = 20
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("export")
@settings_option
@click.option("--what", type=click.Choice(rows.WHAT), required=True, help="Which rows.")
@click.option("--from", "begin", type=_DAY, help="First business day. [default: the first there is]")
@click.option("--to", "end", type=_DAY, help="Last business day. [default: today]")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True, help="Form of the rows.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write. [default: standard output]")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as one JSON object (with --output).")
def export(
    path: Path | None, what: str, begin: datetime | None, end: datetime | None, form: str, output: Path | None, as_json: bool
) -> None:
    """Write visits, tickets, alerts or the journal, one row a line, while the shop is open.

    Staff are in it by their id, customers not at all.

    \b
    greetline export --what visits --from 2026-11-01 --to 2026-11-30 > november.csv
    greetline export --what tickets --format jsonl -o tickets.jsonl
    """
    if begin and end and begin > end:
        raise click.UsageError("--from is after --to.")
    with faults_said():
        settings = read(Settings, here(path))
    with shop_of(settings) as shop:
        found = rows.export(shop, what, *_span(shop, begin, end))
        if output is None:
            number = rows.write(found, sys.stdout, form)
        else:
            part = output.with_name(f".{output.name}.part")
            try:
                with part.open("w", encoding="utf-8", newline="") as out:
                    number = rows.write(found, out, form)
                part.replace(output)
            except OSError as wrong:
                part.unlink(missing_ok=True)
                raise Fault(f"{output}: it cannot be written: {wrong.strerror}.") from None
        with change(shop.db):
            audit.write(shop, "rows.exported", what, by=BY, after={"rows": number, "form": form})
    if as_json and output:
        click.echo(json.dumps({"what": what, "rows": number, "file": str(output)}))
    else:
        click.echo(f"{number:,} rows", err=True)


def _span(shop: Shop, begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    last: date = end.date() if end else shop.hours.business_day(shop.clock()) + timedelta(days=1)
    return shop.hours.day_begins(begin.date()) if begin else datetime.min.replace(tzinfo=UTC), shop.hours.day_ends(last)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@settings_option
@click.option("--dry-run", is_flag=True, help="Check every row, take none.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def import_(file: Path, path: Path | None, dry_run: bool, as_json: bool) -> None:
    """Take in visits, tickets or alerts that `greetline export` wrote, CSV or JSON lines.

    Good rows are taken, bad ones are listed by their line, those that are there already stay as they are, so it may be done
    twice. Only what has ended is taken. Exit code 1: some rows were bad.

    \b
    greetline import november.csv --dry-run
    """
    with faults_said():
        settings = read(Settings, here(path))
    with shop_of(settings) as shop:
        try:
            done = rows.take(shop, file, dry_run=dry_run)
        except rows.Unreadable as wrong:
            raise Fault(str(wrong)) from None
    bad = len(done.bad) + done.more_bad
    if as_json:
        listed = [{"line": line, "why": why} for line, why in done.bad]
        said = {"what": done.what, "dry_run": dry_run, "taken": done.taken, "known": done.known, "bad": bad, "bad_rows": listed}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for line, why in done.bad[:SHOWN_BAD]:
            click.echo(f"line {line}: {why}", err=True)
        if bad > SHOWN_BAD:
            click.echo(f"and {bad - SHOWN_BAD:,} more; --json lists up to {rows.MAX_BAD:,}", err=True)
        click.echo(f"{done.what}: {done.taken:,} {'could be ' * dry_run}taken, {done.known:,} known already, {bad:,} bad")
    sys.exit(EXIT_BAD_ROWS if bad else 0)
