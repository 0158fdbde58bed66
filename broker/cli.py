"""The commands of the memory: run it, look it over, copy it, see what it did not take.

Exit codes: 0 done, 1 failed or not sound, 2 wrong use, 3 cannot start (settings, store, another service).
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from broker import anew, log
from broker.desk import audit
from broker.embedded import reach
from broker.service import archiving
from broker.service.run import Occupied, sole_service, stop_at_signals
from broker.service.run import run as serve
from broker.settings import BadSettings, Settings, read
from broker.shop import STORE_FILE, Shop
from broker.store import rejected as stored_rejected
from broker.store import upkeep
from broker.store.database import StoreError, open_store

SETTINGS_FILE: Final = "greetline.toml"
EXIT_FAILED: Final = 1
EXIT_CANNOT_START: Final = 3

_which_shop = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    help=f"Settings of the shop. [default: ./{SETTINGS_FILE}, if there]",
)
_which_store = click.option(
    "--data", type=click.Path(path_type=Path), help="Directory of the store file, instead of the settings'."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The memory of the shop: knows every visit, keeps the standards, tells the screens."""


@main.command(epilog="Example: greetline broker run --settings greetline.toml --mqtt-host 127.0.0.1")
@_which_shop
@_which_store
@click.option("--mqtt-host", help="Address of the MQTT broker, instead of the settings'.")
@click.option("--mqtt-port", type=click.IntRange(1, 65535), help="Its port.")
@click.option("--log-level", type=click.Choice(log.LEVELS), help="The least that is written, instead of the settings'.")
@click.option("-v", "--verbose", count=True, help="Write more.")
@click.option("-q", "--quiet", count=True, help="Write less.")
def run(
    settings_file: Path | None, data: Path | None, mqtt_host: str | None, mqtt_port: int | None, log_level: str | None,
    verbose: int, quiet: int,
) -> None:  # fmt: skip
    """Serve the shop until SIGTERM or Ctrl-C.

    Without an MQTT broker in the settings, the one that `greetline up` starts on this machine is used.
    """
    stop = stop_at_signals()
    watch = anew.Watch(_file(settings_file))
    with _clear_words():
        settings = _settings(settings_file, data)
        log.set_up(log_level or settings.log.level, settings.log.form, louder=verbose - quiet)
        said = {key: value for key, value in (("host", mqtt_host), ("port", mqtt_port)) if value is not None}
        mqtt = settings.mqtt.model_copy(update=said)
        settings.store.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sole_service(settings.store.data), _shop(settings, create=True) as shop:
            watch.begin(stop.set)
            sys.exit(watch.exit_code(serve(shop, reach(settings.store.data, mqtt), stop)))


@main.command(epilog="Example: greetline broker archive --settings greetline.toml")
@_which_shop
@click.option("-v", "--verbose", count=True, help="Write more.")
@click.option("-q", "--quiet", count=True, help="Write less.")
def archive(settings_file: Path | None, verbose: int, quiet: int) -> None:
    """Keep what is committed in the archive of [backup], until SIGTERM or Ctrl-C; `greetline restore --at` goes back to a moment.

    `greetline up` starts it where the settings name a folder.
    """
    stop = stop_at_signals()
    watch = anew.Watch(_file(settings_file))
    with _clear_words():
        settings = _settings(settings_file, None)
        log.set_up(settings.log.level, settings.log.form, louder=verbose - quiet)
        settings.store.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _shop(settings, create=True):
            pass  # The store is made, or brought up to date, before its log is followed.
        with archiving.sole_archiver(settings.store.data):
            watch.begin(stop.set)
            archiving.run(settings, stop)
            sys.exit(watch.exit_code(0))


@main.command(epilog="Example: greetline broker check --deep --json | jq .sound (`greetline check` is the same)")
@_which_shop
@_which_store
@click.option("--deep", is_flag=True, help="Look at every row, index and column; takes minutes for a large store.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(settings_file: Path | None, data: Path | None, deep: bool, as_json: bool) -> None:
    """Say whether the store is sound: the file itself, the rules that must hold of what is in it, with --deep the audit log.

    Works while the shop is open. Exit code 1: it is not sound; 3: it cannot be opened.
    """
    with _clear_words(), _shop(_settings(settings_file, data), create=False) as shop:
        found = upkeep.check(shop.db, deep=deep)
        chain = audit.verify(shop) if deep else None
    if chain and not chain.whole:
        found = dataclasses.replace(found, damage=(*found.damage, f"the audit log: {chain.why}"))
    if as_json:
        click.echo(json.dumps({"sound": found.sound, **dataclasses.asdict(found)}))
    else:
        _print_soundness(found)
    sys.exit(0 if found.sound else EXIT_FAILED)


@main.command(epilog="Example: greetline broker backup -o /media/stick/shop.db")
@_which_shop
@_which_store
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write. [default: backups/ beside the store]"
)
def backup(settings_file: Path | None, data: Path | None, output: Path | None) -> None:
    """Copy the store alone while it is in use, check the copy, and print its name.

    `greetline backup` takes the settings and certificates along, and can be restored.
    """
    with _clear_words():
        settings = _settings(settings_file, data)
        target = output or settings.store.data / "backups" / f"greetline-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"
        with _shop(settings, create=False) as shop:
            upkeep.backup(shop.db, target)
    click.echo(target)


@main.command(epilog="Example: greetline broker rejected --limit 5")
@_which_shop
@_which_store
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, stored_rejected.KEPT_MESSAGES), help="At most so many."
)
def rejected(settings_file: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    """Show the messages that were not taken and why, newest first."""
    with _clear_words(), _shop(_settings(settings_file, data), create=False) as shop:
        for kept in stored_rejected.newest(shop.db, limit=limit):
            click.echo(json.dumps(_as_json(kept)) if as_json else _as_text(kept))


def _as_json(kept: stored_rejected.Rejected) -> dict[str, Any]:
    at = kept.at.isoformat() if kept.at else None
    return {"id": kept.id, "at": at, "topic": kept.topic, "reason": kept.reason, "payload": kept.payload.decode(errors="replace")}


def _as_text(kept: stored_rejected.Rejected) -> str:
    start = kept.payload[:100].decode(errors="replace")
    return f"{kept.at:%Y-%m-%d %H:%M:%S} {kept.topic!r}: {kept.reason}\n    {start!r}"


def _print_soundness(found: upkeep.Soundness) -> None:
    click.echo("The store is sound." if found.sound else "The store is NOT sound.")
    for what in found.damage:
        click.echo(f"  damaged: {what}")
    for rule, times in found.broken.items():
        click.echo(f"  does not hold {times} times: {rule}")
    for thing in found.odd:
        click.echo(f"  {thing}")
    click.echo(f"  schema {', '.join(found.schema)}; {found.bytes:,} bytes")
    click.echo("  " + ", ".join(f"{table} {rows:,}" for table, rows in found.counts.items()))


def _file(file: Path | None) -> Path | None:
    return Path(SETTINGS_FILE) if file is None and Path(SETTINGS_FILE).exists() else file


def _settings(file: Path | None, data: Path | None) -> Settings:
    settings = read(Settings, _file(file))
    if data is None:
        return settings
    return settings.model_copy(update={"store": settings.store.model_copy(update={"data": data.absolute()})})


@contextmanager
def _shop(settings: Settings, *, create: bool) -> Iterator[Shop]:
    db = open_store(settings.store.data / STORE_FILE, create=create)
    try:
        yield Shop(db, settings=settings)
    finally:
        db.close()


@contextmanager
def _clear_words() -> Iterator[None]:
    """Turn what a person can put right into a sentence and exit code 3."""
    try:
        yield
    except (BadSettings, StoreError, Occupied, archiving.Occupied, archiving.NoArchive, OSError) as wrong:
        click.echo(f"{wrong}", err=True)
        sys.exit(EXIT_CANNOT_START)
