"""`greetline restore`: a backup, or the store as it was at a moment, in the place of the one that is there."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from broker.settings import Settings
from deploy.cli_store import settings_of, store_said
from deploy.config import SETTINGS_FILE, settings_option
from deploy.restore import Restored
from deploy.restore import restore as put
from deploy.restore_at import Had, archive_of, had, moment_of, restore_at

WIDTH = 160


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--at", metavar="MOMENT", help='Instead of FILE: "2026-11-22 14:05" in the shop\'s time, or with an offset.')
@click.option("--archive", type=click.Path(file_okay=False, path_type=Path), help="Folder of the archive. [default: of [backup]]")
@click.option("--list", "listing", is_flag=True, help="Say which moments the archive has; change nothing.")
@settings_option
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def restore(
    file: Path | None, at: str | None, archive: Path | None, listing: bool, path: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Put the backup FILE, or the store as it was at a moment, in the place of the store; what was there is kept in replaced/.

    Only while the shop is closed down. What happened afterwards is not in it. Exit code 3: nothing was changed, and
    it is said why.

    \b
    greetline restore backups/greetline-oslo-20261122T020000Z.tar.gz --dry-run
    greetline restore --list
    greetline restore --at "2026-11-22 14:05"
    """
    if sum(map(bool, (file, at, listing))) != 1:
        raise click.UsageError("Give the FILE of a backup, or --at and a moment, or --list.")
    path = path or SETTINGS_FILE
    settings = settings_of(path if path.exists() else None)
    with store_said():
        if listing:
            _list(archive_of(settings, archive), settings, as_json)
            return
        if at:
            folder = archive_of(settings, archive)
            done = restore_at(folder, moment_of(at, settings.store.zone), settings, path, dry_run=dry_run)
        else:
            assert file is not None
            done = put(file, settings, path, dry_run=dry_run)
    _tell(done, settings.store.zone, dry_run, as_json)
    if file and not (as_json or dry_run or done.manifest.secrets):
        click.echo("The backup had no keys: PINs that were made on another machine must be made anew.", err=True)


def _tell(done: Restored, zone: ZoneInfo, dry_run: bool, as_json: bool) -> None:
    said = {
        "dry_run": dry_run, "made_at": done.manifest.made_at, "store": done.manifest.store, "counts": done.counts,
        "kept": [str(each) for each in done.kept], "written": [str(each) for each in done.written],
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(said))
        return
    rows = ", ".join(f"{table} {rows:,}" for table, rows in done.counts.items())
    at = datetime.fromisoformat(done.manifest.made_at).astimezone(zone)
    click.echo(f"{'Could be restored' if dry_run else 'Restored'}: {done.manifest.store} as of {at:%Y-%m-%d %H:%M:%S %z}: {rows}")
    for each in done.kept:
        click.echo(f"kept: {each}", err=True)
    if done.beside:
        click.echo(f"The settings here differ from those of the backup: compare them with {done.beside}.", err=True)


def _list(folder: Path, settings: Settings, as_json: bool) -> None:
    spans = had(folder)
    if as_json:
        click.echo(json.dumps({"archive": str(folder), "spans": [_as_json(span) for span in spans]}))
        return
    if not spans:
        click.echo(f"{folder}: no moment can be had yet.")
        return
    table = Table("from", "to", "behind it")
    for span in spans:
        table.add_row(_local(span.begins, settings.store.zone), _local(span.ends, settings.store.zone), span.why)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def _as_json(span: Had) -> dict[str, str]:
    return {"from": span.begins.isoformat(), "to": span.ends.isoformat(), "behind": span.why}


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone).isoformat(sep=' ', timespec='milliseconds')}"
