"""A camera box without a camera: the real spool and the real publisher, fed by a clock instead of by eyes.

    python -m tests.faults.feeder GREETLINE_TOML SPOOL LEDGER RATE

With RATE 0 it only empties its spool and ends. Of every four events one goes in, one goes out and two are counts; a line
in the ledger is written after the spool has the event, so the ledger is never longer than what was kept.
"""

from __future__ import annotations

import itertools
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from broker.contract.messages import Direction, Status, Watch, ZoneKind
from broker.settings import Settings, read
from edge.publisher import Publisher
from edge.sightings import Crossed, Event, Stayed
from edge.spool import Spool

DEVICE = "cam-door"


def main(settings_file: str, spool_file: str, ledger_file: str, rate: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    settings = read(Settings, Path(settings_file))
    spool = Spool(Path(spool_file))
    publisher = Publisher(settings.mqtt, spool, store=settings.store.id, device=DEVICE)
    publisher.start()
    publisher.status(Status(watch=Watch.WATCHING, since=datetime.now(UTC), zones=("entrance",)))
    if float(rate):
        with Path(ledger_file).open("a", buffering=1) as ledger:
            _feed(publisher, ledger, float(rate))
    while len(spool):
        time.sleep(0.05)
    publisher.stop()
    spool.close()


def _feed(publisher: Publisher, ledger, rate: float) -> None:
    began = time.monotonic()
    for number in itertools.count(1):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        publisher.say(_event(number))
        ledger.write(f"{number}\n")


def _event(number: int) -> Event:
    now = datetime.now(UTC)
    if number % 2:
        return Stayed(zone="entrance", area="mat", kind=ZoneKind.GREET, seconds=1.0, at=now)
    direction = Direction.IN if number % 4 else Direction.OUT
    return Crossed(number=number, party=number, line="door", zone="entrance", direction=direction, at=now, decided_at=now)


if __name__ == "__main__":
    main(*sys.argv[1:])
