"""What a machine of this class is enough for: cameras, tablets and tickets a day, with half of it kept in reserve.

Tablets: the most that all show a change within 300 ms, 99 of 100 times, none missed. Tickets: taken, called, begun and finished
over HTTP, as many a second as go; half of them, with a fifth of a day in its busiest hour. Cameras of a shop: durable
events a second of the service, half of them, ten a second for the door of a station. Cameras of one box: the most whose
frames are looked at within 300 ms and of which at most one in a hundred is dropped; needs the measuring clip.

    python -m benchmarks.capacity [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks import box, eyes, queue, screens, service

TABLETS = (25, 50, 100, 200, 400)
BOX_CAMERAS = (1, 2, 4, 8, 12, 16)
LATE_MS = 300.0
DROPPED_SHARE = 0.01
RESERVE = 0.5
BUSIEST_HOUR = 0.2
"""The share of a day's customers that come in its busiest hour."""
EVENTS_A_CAMERA = 10.0
COMMITS_A_SECOND = 4.0


def main() -> int:
    """Measure and print; there is no goal, so it always returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter, and less to be trusted")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), 5.0 if asked.quick else 20.0)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0


def measure(folder: Path, seconds: float) -> dict[str, Any]:
    """Measure each for about *seconds* and return the figures."""
    (folder / "queue").mkdir()
    began = time.monotonic()
    asked = queue.over_http(folder / "queue", int(20 * seconds), 8)
    # A ticket is one request when it is taken, and three when it is called, begun and finished.
    a_second = 1 / (1 / asked["take_requests_a_second"] + 3 / asked["call_requests_a_second"])
    return {
        "machine": machine(), "load_before": round(os.getloadavg()[0], 1), "tablets": tablets(folder, seconds),
        "tickets_a_second": round(a_second, 1), "tickets_a_day": int(a_second * RESERVE * 3600 / BUSIEST_HOUR),
        **shop_cameras(folder, seconds),
        "box_cameras": box_cameras(folder, seconds), "minutes": round((time.monotonic() - began) / 60, 1),
    }  # fmt: skip


def most(steps: tuple[int, ...], holds: Callable[[int], bool]) -> int:
    """Return the largest of *steps* that holds, going up until one does not; 0 when none does."""
    found = 0
    for step in steps:
        if not holds(step):
            break
        found = step
    return found


def tablets(folder: Path, seconds: float) -> int:
    """Return how many tablets show each change in time."""

    def holds(number: int) -> bool:
        here = folder / f"tablets-{number}"
        here.mkdir()
        found = screens.measure(here, number, COMMITS_A_SECOND, seconds)
        return found["missed"] == 0 and found["commit_to_tablet_ms"]["p99"] <= LATE_MS

    return most(TABLETS, holds)


def shop_cameras(folder: Path, seconds: float) -> dict[str, Any]:
    """Return the service's events a second, and for how many cameras half of them are enough."""
    if not shutil.which("mosquitto"):
        return {"events_a_second": None, "shop_cameras": None}
    here = folder / "service"
    here.mkdir()
    with service.mosquitto(here) as port:
        rate, _ = service.serving(here / "one", port, service.events(int(400 * seconds), crossings_only=False))
    return {"events_a_second": round(rate), "shop_cameras": int(rate * RESERVE / EVENTS_A_CAMERA)}


def box_cameras(folder: Path, seconds: float) -> int | None:
    """Return how many cameras one box on this machine looks at in time, or None without the clip."""
    if not (eyes.SHARED / "footage" / box.CLIP).is_file():
        return None
    told = Namespace(seconds=seconds, fps=10.0, model=None)

    def holds(number: int) -> bool:
        here = folder / f"box-{number}"
        here.mkdir()
        row = box.run(here, number, told)
        return row["said"] == number and row["age_p99_ms"] <= LATE_MS and row["dropped_share"] <= DROPPED_SHARE

    return most(BOX_CAMERAS, holds)


def machine() -> str:
    """Return what this machine is."""
    cores, memory = len(os.sched_getaffinity(0)), psutil.virtual_memory().total / 1e9
    return f"{cores} cores of {platform.machine()}, {memory:.0f} GB"


def in_words(found: dict[str, Any]) -> str:
    """Return the table as docs/operations.md has it."""
    said = {
        "tickets a day": f"{found['tickets_a_day']:,} ({found['tickets_a_second']} a second at most)",
        "tablets at a time": found["tablets"] or f"fewer than {TABLETS[0]}",
        "cameras of one shop": found["shop_cameras"] and f"{found['shop_cameras']} ({found['events_a_second']:,} events a second)",
        "cameras of one box, without a model": found["box_cameras"],
    }
    lines = [
        f"{found['machine']}; load before {found['load_before']}, {found['minutes']} minutes",
        "",
        "| what | enough for |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| {name} | {'not measured here' if value is None else value} |" for name, value in said.items())])


if __name__ == "__main__":
    sys.exit(main())
