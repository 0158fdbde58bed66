"""A camera box without a camera, as in the tests of faults, with a name and a clock of its own that may be wrong.

    python -m benchmarks.soak.camera GREETLINE_TOML SPOOL DEVICE RATE OFFSET_FILE

The file holds the seconds by which its clock is wrong, and is read at every event. With RATE 0 it only empties its spool.
"""

from __future__ import annotations

import itertools
import logging
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from broker.contract.messages import Direction, Status, Watch, ZoneKind
from broker.settings import Settings, read
from edge import publisher as edge_publisher
from edge.heartbeat import EVERY
from edge.publisher import Publisher
from edge.sightings import Crossed, Event, Stayed
from edge.spool import Spool


def main(settings_file: str, spool_file: str, device: str, rate: str, offset_file: str) -> None:
    """Say *rate* events a second until it is ended: of every twelve three go in, one goes out and the others stood on a mat."""
    logging.basicConfig(level=logging.ERROR)
    settings, clock = read(Settings, Path(settings_file), environment={}), partial(_clock, Path(offset_file))
    # A clock that is wrong is wrong in all that is said, by which the service gets to know it.
    edge_publisher.now = clock
    spool = Spool(Path(spool_file))
    publisher = Publisher(settings.mqtt, spool, store=settings.store.id, device=device)
    publisher.start()
    here = Status(watch=Watch.WATCHING, since=clock(), zones=("entrance",))
    publisher.status(here)
    began = said = time.monotonic()
    for number in itertools.count(1) if float(rate) else ():
        time.sleep(max(0.0, began + number / float(rate) - time.monotonic()))
        if time.monotonic() - said >= EVERY.total_seconds() or publisher.report_wanted.is_set():
            publisher.report_wanted.clear()
            said = time.monotonic()
            publisher.status(here)
        publisher.say(_event(number, clock()))
    while len(spool):
        time.sleep(0.05)
    publisher.stop()
    spool.close()


def _clock(offset: Path) -> datetime:
    try:
        return datetime.now(UTC) + timedelta(seconds=float(offset.read_text()))
    except (OSError, ValueError):
        return datetime.now(UTC)


def _event(number: int, at: datetime) -> Event:
    if number % 4 not in (0, 2) or number % 12 in (4, 8):
        return Stayed(zone="entrance", area="mat", kind=ZoneKind.GREET, seconds=1.0, at=at)
    direction = Direction.OUT if number % 12 == 0 else Direction.IN
    return Crossed(number=number, party=number, line="door", zone="entrance", direction=direction, at=at, decided_at=at)


if __name__ == "__main__":
    main(*sys.argv[1:])
