"""`greetline demo`: the whole shop on a rendered door, with made-up staff."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import tomlkit

from broker.desk import prospects
from broker.settings import Settings, read
from broker.shop import STORE_FILE, open_shop
from deploy import premises, simulate_shop
from deploy.fault import Fault, faults_said
from deploy.lines import Lines
from deploy.shop_services import SERVICES as SERVICES
from deploy.show import LEAST_SECONDS, SEED, Show, scene
from deploy.up import run_shop

SETTINGS_FILE: Final = "greetline.toml"
FIRST_PORT: Final = 8080
FIRST_KIOSK_PORT: Final = 8090
FIRST_MQTT_PORT: Final = 1883
STANDARDS: Final = {
    "warn_seconds": 5,
    "greet_within_seconds": 10,
    "escalate_seconds": 18,
    "call_lead_seconds": 26,
    "claim_seconds": 10,
    "abandon_seconds": 60,
    "browse_seconds": 120,
}
"""A shop in a hurry, so that one minute shows everything."""
PAST_DAYS: Final = 56
"""Four weeks, and the four weeks that they are compared with."""
PAST_VISITS: Final = 120
"""On a usual day."""
PASTS_TRIED: Final = 5
MANY_ALERTS: Final = 100
"""In a shop in a hurry more alerts sound than anybody could bear; they are not to be grouped for it."""


@click.command()
@click.option("--seconds", type=click.IntRange(LEAST_SECONDS, 86400), help="End after so long. Without it: at Ctrl-C.")
@click.option("--headless", is_flag=True, help="Without a browser: a listener takes the place of the tablet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end; needs --seconds.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the shop in this directory, which must be new or empty."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"Port of the screens. Without it {FIRST_PORT}, or another that is free."
)
@click.option("-v", "--verbose", is_flag=True, help="Also print what the parts say.")
def demo(seconds: int | None, headless: bool, as_json: bool, data: Path | None, port: int | None, verbose: bool) -> None:
    """Show all of it on a rendered door: customers come and go, made-up staff greet most of them in time.

    \b
    greetline demo                                  look at it in a browser, until Ctrl-C
    greetline demo --seconds 60 --headless --json   run the whole path and say what came of it

    With --seconds, exit code 0 only when everything that was rendered was counted and nothing was lost or doubled.
    """
    if as_json and seconds is None:
        raise click.UsageError("--json needs --seconds: it is printed at the end.")
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    with _folder(data) as folder:
        path = folder / SETTINGS_FILE
        path.write_text(_settings_text(seconds, port, somebody_looks=not headless), encoding="utf-8")
        with faults_said():
            settings = read(Settings, path, environment={})
        lines = Lines(quiet=not verbose)
        if seconds is None and not headless:
            lines("", "Eight weeks are made up, for the reports; a few seconds.")
            _give_it_a_past(settings)
        show = Show(settings, seconds=seconds, headless=headless, loud=not as_json, lines=lines)
        code = run_shop(settings, path, lines, show.begin)
        sys.exit(_end(show, lines, code, as_json=as_json))


def _end(show: Show, lines: Lines, code: int, *, as_json: bool) -> int:
    show.end()
    if code or show.seconds is None:
        return code
    tally = show.tally()
    click.echo(json.dumps(tally.as_json(), indent=None if not sys.stdout.isatty() else 2) if as_json else tally.in_words())
    if not (tally.right and show.whole):
        lines.last_words()
        return 1
    return 0


def _give_it_a_past(settings: Settings) -> None:
    """Fill the weeks before today; of a few such pasts the first in which the told waits were kept, so that waits are told."""
    premises.make_room(settings.store.data)
    for seed in range(SEED, SEED + PASTS_TRIED):
        for file in settings.store.data.glob(f"{STORE_FILE}*"):
            file.unlink()
        simulate_shop.live_through(settings, days=PAST_DAYS, seed=seed, visits_a_day=PAST_VISITS)
        if _tells_waits(settings):
            return


def _tells_waits(settings: Settings) -> bool:
    shop = open_shop(settings)
    try:
        return prospects.audited(shop).whole.earned
    finally:
        shop.db.conn.close()


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(prefix="greetline-demo-") as folder:
            yield Path(folder)
        return
    if data.exists() and any(data.iterdir()):
        raise Fault(f"{data} is not empty. A demonstration begins in a new directory, so that no shop is mixed up with it.")
    data.mkdir(parents=True, exist_ok=True)
    yield data.resolve()


def _settings_text(seconds: int | None, port: int | None, *, somebody_looks: bool) -> str:
    # Two shows without a browser may start in one instant, in tests: the usual ports are for people.
    mqtt_port, web_port, kiosk_port = (
        _port(first) if somebody_looks else premises.free_port() for first in (FIRST_MQTT_PORT, FIRST_PORT, FIRST_KIOSK_PORT)
    )
    return tomlkit.dumps(
        {
            "store": {"id": "demo", "name": "Nordlys Sport", "data": "var"},
            "mqtt": {"port": mqtt_port},
            "dashboard": {"port": port or web_port},
            "kiosk": {"port": kiosk_port},
            "services": SERVICES,
            "counters": [{"id": f"desk-{n}", "name": f"Desk {n}", "number": n} for n in (1, 2, 3)],
            "standards": STANDARDS,
            "alerts": {"flood_alerts": MANY_ALERTS},
            "zones": [{"id": "entrance", "name": "Entrance"}, {"id": "shoes", "name": "Shoes"}, {"id": "skis", "name": "Skis"}],
            "cameras": [{"id": "door", "name": "Front door", "source": scene(seconds), "lines": [_door()]}],
        }
    )


def _door() -> dict[str, object]:
    return {"zone": "entrance", "points": [[0.08, 0.56], [0.92, 0.56]], "inside": "up"}


def _port(first: int) -> int:
    return first if premises.port_trouble("127.0.0.1", first) is None else premises.free_port()
