"""`greetline backup|prune|privacy`: what is kept, for how long, and a second copy of it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from broker.desk import keeping
from broker.desk.roles import Refused
from broker.settings import Settings
from broker.settings import read as read_settings
from broker.shop import Shop
from broker.store.database import StoreError
from deploy import backup as backups
from deploy.config import here, settings_option
from deploy.fault import Fault, faults_said
from deploy.up import shop_of

EXIT_REFUSED: Final = 1
BY: Final = "terminal"
"""Who did it, in the journal: whoever may use this machine."""
REST_TIMES: Final = 2
"""`prune` rests so many times as long as a step held the store, so that tickets and taps come in between."""
NICE: Final = 10
WIDTH: Final = 160
"""Letters of a line that nobody's terminal limits."""
T = TypeVar("T")


@click.command()
@settings_option
@click.option("--to", type=click.Path(path_type=Path), help="File, or folder to name one in. [default: backups/ beside the store]")
@click.option(
    "--keep", type=click.IntRange(1, 1000), help="Afterwards delete all but the newest so many of this shop in that folder."
)
@click.option(
    "--with-secrets", is_flag=True, help="Also keys and passwords that lie beside the store: then guard the file like them."
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def backup(path: Path | None, to: Path | None, keep: int | None, with_secrets: bool, as_json: bool) -> None:
    """Copy the store, the settings and the certificates into one file, while the shop is open.

    Plans of cameras are in the store. The copy is checked before the file takes its name. The settings go in as they are,
    passwords in the addresses of cameras too. Exit code 3: it could not be made.

    \b
    greetline backup
    greetline backup --to /media/stick --keep 14
    greetline backup --with-secrets --to /media/usb/greetline.tar.gz
    """
    path = here(path)
    settings = settings_of(path)
    with _progress("copying the store") as told, store_said():
        file, manifest = _nicely(lambda: backups.make(settings, path, to, secrets=with_secrets, told=told))
    gone = backups.forget_old(file.parent, settings.store.id, keep, file) if keep else []
    if as_json:
        said = {"file": str(file), "bytes": file.stat().st_size, "deleted": [str(each) for each in gone], **asdict(manifest)}
        click.echo(json.dumps(said))
        return
    click.echo(file)
    click.echo(f"{file.stat().st_size:,} bytes: {', '.join(manifest.files)}. {_secrets(manifest.secrets)}", err=True)
    for each in gone:
        click.echo(f"deleted {each}", err=True)


def _nicely(work: Callable[[], T]) -> T:
    """Do *work* in a thread that takes the processor only when nobody else wants it."""

    def yielding() -> None:
        thread = threading.get_native_id()
        # Whoever was called with less of it already may not take more.
        os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))

    with ThreadPoolExecutor(1, initializer=yielding) as one:
        return one.submit(work).result()


def _secrets(there: bool) -> str:
    if there:
        return "Keys and passwords are in it: guard it like them."
    return (
        "Of what lies beside the store no key or password is in it: on another machine staff would set their PINs anew "
        "(--with-secrets takes them along). The settings are in it as they are, with passwords in the addresses of cameras."
    )


@click.command()
@settings_option
@click.option("--dry-run", is_flag=True, help="Say what would go, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def prune(path: Path | None, dry_run: bool, as_json: bool) -> None:
    """Take away now what is older than [retention] says; the service does it every night by itself.

    \b
    greetline prune --dry-run
    """
    with _opened(path) as shop:
        due = keeping.due(shop)
        done = None if dry_run else _pruned(shop, sum(each.rows for each in due))
        zone = shop.settings.store.zone
    if as_json:
        rows = [{**asdict(each), "since": each.since.isoformat()} for each in due]
        click.echo(json.dumps({"dry_run": dry_run, "rows": rows, **(asdict(done) if done else {})}))
        return
    gone_by = "rows that would go" if dry_run else "rows gone"
    table = Table("what", "kept", Column("setting", overflow="fold"), "kept from", gone_by)
    for each in due:
        gone = each.rows if done is None else done.gone.get(each.what, 0)
        table.add_row(each.what, f"{each.days} days", each.setting, f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}", f"{gone:,}")
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    if done and done.steps:
        click.echo(f"{done.steps} steps; the longest held the store for {done.longest_lock * 1000:.1f} ms", err=True)


def _pruned(shop: Shop, rows: int) -> keeping.Pruned:
    def rest(lock: float) -> bool:
        time.sleep(REST_TIMES * lock)
        return False

    gone: dict[str, int] = {}
    with _progress("taking away") as told:

        def count(what: str, so_far: int) -> None:
            gone[what] = so_far
            told(sum(gone.values()), rows)

        return keeping.prune(shop, rest=rest, told=count)


@click.group()
def privacy() -> None:
    """What is stored about whom and until when; and forgetting somebody who left."""


@privacy.command()
@settings_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def report(path: Path | None, as_json: bool) -> None:
    """Say from the live store what is stored about whom, since when, and until when.

    \b
    greetline privacy report
    greetline privacy report --json | jq '.rows[] | select(.rows > 0)'
    """
    with _opened(path) as shop:
        held, unnamed = keeping.stored(shop), keeping.unnamed(shop)
        people, archive = _people(shop), _archive(shop.settings)
    if as_json:
        rows = [{**asdict(each), "oldest": each.oldest.isoformat() if each.oldest else None} for each in held]
        said = {"customers_by_name": 0, **people, "archive": archive, "rows": rows, "tables_without_a_word": unnamed}
        click.echo(json.dumps(said))
        return
    table = Table("what", "about", "says", "rows", "oldest", "until")
    for each in held:
        until = f"{each.days} days" if each.days else each.until
        table.add_row(
            each.what, str(each.about), each.says, f"{each.rows:,}", f"{each.oldest:%Y-%m-%d}" if each.oldest else "", until
        )
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    click.echo("Customers by name: none. There is no column for one.")
    click.echo(f"Staff by name: {people['staff']}, of whom {people['left']} no longer work here. Screens: {people['screens']}.")
    if archive:
        click.echo(f"{archive['folder']} has the store of each moment of {archive['days']} days: also what was taken away since.")
    for each_table in unnamed:
        click.echo(f"Nothing is said of the table {each_table}: it is not of this version.")


def _archive(settings: Settings) -> dict[str, str | int] | None:
    folder = settings.backup.folder(settings.store.id)
    return {"folder": str(folder), "days": settings.backup.archive_days} if folder else None


def _people(shop: Shop) -> dict[str, int]:
    from broker.desk import pairing
    from broker.desk import people as desk

    everybody = desk.everybody(shop, inactive=True)
    named = [person for person in everybody if not person.name.startswith(keeping.FORMER)]
    return {"staff": len(named), "left": sum(not person.active for person in named), "screens": len(pairing.screens(shop))}


@privacy.command()
@settings_option
@click.option("--person", required=True, help="The id of somebody who left: `greetline people list --all --json` shows it.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def erase(path: Path | None, person: str, dry_run: bool, as_json: bool) -> None:
    """Forget the name of somebody who left. What was done stays in the history and the audit, by a former colleague.

    Backups made before still have the name, and the archive for [backup] archive_days.
    Exit code 1: nobody has this id, or they still work here.

    \b
    greetline privacy erase --person 3f9c2a51d0e7b864 --dry-run
    """
    try:
        with _opened(path) as shop:
            done = keeping.erase(shop, person, by=BY, dry_run=dry_run)
    except Refused as no:
        click.echo(str(no), err=True)
        sys.exit(EXIT_REFUSED)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **asdict(done)}))
    else:
        click.echo(f"{done.name} {'would be' if dry_run else 'is'} called {done.becomes} from now on, also in the past.")


def settings_of(path: Path | None) -> Settings:
    """Return the settings of the file at *path*. Raises Fault."""
    with faults_said():
        return read_settings(Settings, path)


@contextmanager
def _opened(path: Path | None) -> Iterator[Shop]:
    with store_said(), shop_of(settings_of(here(path))) as shop:
        yield shop


@contextmanager
def store_said() -> Iterator[None]:
    """Say what is wrong with the store, or with where something is read or written, as something to be set right first."""
    try:
        yield
    except StoreError as wrong:
        raise Fault(str(wrong)) from None
    except OSError as wrong:
        said = f"{wrong.filename}: {wrong.strerror}. Is it there, and may you use it?" if wrong.filename else f"{wrong}"
        raise Fault(said) from None


@contextmanager
def _progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on a terminal only."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task: Any = bar.add_task(words, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
