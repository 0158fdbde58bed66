"""`greetline simulate shop`: shops with a past, to look at reports, to take pictures, to measure."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import click
import tomlkit
from rich.console import Console
from rich.progress import Progress

from broker.settings import Settings, read
from broker.shop import STORE_FILE, Shop
from broker.shop import now as real_now
from broker.store.database import open_store
from deploy import premises, staff
from deploy.fault import Fault, faults_said
from deploy.shop_rows import fill
from deploy.shop_services import SERVICES

SETTINGS_FILE: Final = "greetline.toml"
TRUTH_FILE: Final = "truth.json"
NAMES: Final = ("Nordlys Sport Sentrum", "Nordlys Sport Havna", "Nordlys Sport Torget", "Nordlys Sport Fjellet")
MOST_DAYS: Final = 366
MOST_STORES: Final = 50
MOST_VISITS: Final = 20_000
"""A day, of one store."""
BYTES_A_VISIT: Final = 1_000
"""Room on the disk that one visit takes, with its part of the tickets, the alerts and the indexes."""
OPENING: Final = {
    **{day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "sat": ["10:00-18:00"],
    "sun": ["12:00-18:00"],
}


@click.command("shop")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=28, show_default=True, help="Days of the past of each shop.")
@click.option("--stores", type=click.IntRange(1, MOST_STORES), default=1, show_default=True, help="How many shops.")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), required=True, help="A directory that is new or empty.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and days are the same past.")
@click.option(
    "--visits-a-day", type=click.IntRange(1, MOST_VISITS), default=400, show_default=True, help="Visits on a usual day of one shop."
)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day. Without it: yesterday.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def shop(
    days: int, stores: int, into: Path, seed: int, visits_a_day: int, until: Any, as_json: bool
) -> None:  # fmt: skip
    """Make shops with a past: visits, greetings, tickets, breaks, holidays, cameras that did not watch.

    Each shop is a directory with a greetline.toml, its store, and truth.json: the figures that the simulation knows by
    itself, which the reports must equal.

    \b
    greetline simulate shop --into past
    greetline simulate shop --days 365 --stores 3 --visits-a-day 2700 --into chain
    greetline report --settings chain/store-1/greetline.toml
    greetline up --settings chain/store-1/greetline.toml
    """
    with faults_said(), _new(into, days * stores * visits_a_day * BYTES_A_VISIT) as aside:
        began = time.monotonic()
        console = Console(stderr=True)
        quiet = as_json or not console.is_terminal
        with nullcontext() if quiet else Progress(console=console, transient=True) as progress:
            task = progress.add_task("days", total=days * stores) if progress else None
            tell = (lambda: progress.advance(task)) if progress and task is not None else None
            made = [
                _store(aside, number, days, seed, visits_a_day, until.date() if until else None, tell) for number in range(stores)
            ]
    told = {"days": days, "stores": made, "seed": seed, "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        click.echo(json.dumps(told))
        return
    for each in made:
        click.echo(f"{into / each['id']}: {each['visits']:,} visits, {each['tickets']:,} tickets, {each['megabytes']:,} MB")
    click.echo(f"{told['seconds']} s. Look at one: greetline up --settings {into / made[0]['id'] / SETTINGS_FILE}")


@contextmanager
def _new(into: Path, needed: int) -> Iterator[Path]:
    """Give a directory beside *into* that takes its place when all went well, and is gone when not. Raises Fault."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Fault(f"{into} is not empty. Shops are made in a new directory, so that none is mixed up with another: name one.")
    parent = into.absolute().parent
    if not parent.is_dir():
        raise Fault(f"{parent} is no directory. Make it first, or name another.")
    if premises.free_bytes(parent) < needed:
        raise Fault(
            f"{into}: {needed // 2**20:,} MB are needed and {premises.free_bytes(parent) // 2**20:,} MB are free. "
            "Make room, or ask for fewer days, stores or visits."
        )
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=parent))
    except OSError as wrong:
        raise Fault(f"{parent} cannot be written: {wrong.strerror}. Name another directory.") from None
    try:
        yield aside
        aside.chmod(0o755)
        if into.exists():
            into.rmdir()
        aside.replace(into)
    except (sqlite3.OperationalError, OSError) as wrong:
        if not isinstance(wrong, sqlite3.OperationalError) and wrong.errno != errno.ENOSPC:
            raise
        raise Fault(f"{into}: nothing was made: {wrong}. Make room on the disk, or ask for fewer days, stores or visits.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _store(
    into: Path, number: int, days: int, seed: int, visits_a_day: int, until: date | None, tell: Callable[[], None] | None
) -> dict[str, Any]:
    folder = into / f"store-{number + 1}"
    folder.mkdir()
    path = folder / SETTINGS_FILE
    path.write_text(settings_text(number), encoding="utf-8")
    settings = read(Settings, path, environment={})
    truth = live_through(settings, days=days, seed=seed, visits_a_day=visits_a_day, until=until, tell=tell)
    (folder / TRUTH_FILE).write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in settings.store.data.iterdir())
    return {
        "id": folder.name, "visits": truth["greeting"]["visits"], "tickets": truth["tickets"]["issued"],
        "megabytes": round(size / 2**20), "first": truth["first"], "last": truth["last"],
    }  # fmt: skip


def live_through(
    settings: Settings, *, days: int, seed: int, visits_a_day: float, until: date | None = None,
    tell: Callable[[], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give the shop of *settings* a past of so many days, up to yesterday or *until*; return what is true of it.

    Before the shop is opened: nobody else may write its store meanwhile.
    """
    data = settings.store.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = _open(settings)
    try:
        last = until or made.hours.business_day(made.clock()) - timedelta(days=1)
        every = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
        crew = [person.id for person in staff.hire(made)][: staff.WORKING]
        truth = fill(made, every, seed=seed, visits_a_day=visits_a_day, crew=crew, tell=tell)
        # What was not waited for is waited for once.
        made.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        made.db.execute("PRAGMA optimize")
        _sync(data / STORE_FILE)
        return {"first": every[0].isoformat(), "last": every[-1].isoformat(), **truth.as_json()}
    finally:
        made.db.conn.close()


def _open(settings: Settings) -> Shop:
    db = open_store(settings.store.data / STORE_FILE)
    # Nothing of this is worth a power cut: a store that was not finished is thrown away.
    db.execute("PRAGMA synchronous=OFF")
    db.execute(f"PRAGMA cache_size=-{CACHE_KILOBYTES}")
    return Shop(db, real_now, settings)


CACHE_KILOBYTES: Final = 128 * 1024


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def settings_text(number: int) -> str:
    """Return the greetline.toml of the simulated shop *number*, from 0."""
    name = NAMES[number] if number < len(NAMES) else f"Nordlys Sport {number + 1}"
    services = [service | {"zone": "shoes"} for service in SERVICES]
    line = {"zone": "entrance", "points": [[0.08, 0.56], [0.92, 0.56]], "inside": "up"}
    return tomlkit.dumps(
        {
            "store": {"id": f"store-{number + 1}", "name": name, "data": "var"},
            "opening": OPENING,
            "mqtt": {"port": 1883 + number},
            "dashboard": {"port": 8080 + number},
            "kiosk": {"port": 8180 + number},
            "services": services,
            "counters": [{"id": f"desk-{n}", "name": f"Desk {n}", "number": n} for n in range(1, 6)],
            "zones": [{"id": "entrance", "name": "Entrance"}, {"id": "shoes", "name": "Shoes"}, {"id": "skis", "name": "Skis"}],
            "cameras": [{"id": "door", "name": "Front door", "source": "scene:door", "lines": [line]}],
        }
    )
