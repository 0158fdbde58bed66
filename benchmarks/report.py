"""How long the report page of four weeks takes, and a file of every visit: a shop with a thousand visits a day.

    python -m benchmarks.report [--a-day 1000] [--json]

The page is asked for as a browser does, with the days it is compared with; nothing of it is kept between requests.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hatch_build import compile_translations
from tests.builders import NOON, TurnableClock, make_shop
from tests.dashboard.reading import reader
from tests.history import a_camera, fill

DAYS = 56
TIMES = 7
GOAL_SECONDS = 1.0


def main() -> int:
    """Measure and print; 0 when the page reaches its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--a-day", type=int, default=1000, help="visits a day")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    told = parser.parse_args()
    compile_translations(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), told.a_day)
    print(json.dumps(found) if told.json else "\n".join(f"{name}: {value}" for name, value in found.items()))
    return 0 if found["page_28d_seconds"] < GOAL_SECONDS else 1


def measure(folder: Path, a_day: int) -> dict[str, float]:
    """Return the seconds of each request (the median of TIMES), and how many visits there are."""
    opening = {day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    shop = make_shop(folder, TurnableClock(NOON + timedelta(hours=7)), opening=opening)
    visits = fill(shop, DAYS, a_day=a_day)
    a_camera(shop, "Entrance", "entrance", gaps=((NOON - timedelta(hours=2), NOON - timedelta(hours=1)),))
    client = reader(shop)
    csv = "/reports/greeting.csv?period=28d&table=visits"
    found: dict[str, float] = {"visits": visits}
    for name, path in (("page_28d", "/reports?period=28d"), ("page_7d", "/reports"), ("page_today", "/reports?period=today")):
        wall, processor = median_of(lambda path=path: client.get(path).data)
        found |= {f"{name}_seconds": round(wall, 3), f"{name}_cpu_seconds": round(processor, 3)}
        found[f"{name}_kilobytes"] = round(len(client.get(path).data) / 1000)
    found["csv_28d_seconds"] = round(median_of(lambda: client.get(csv).data)[0], 3)
    shop.db.conn.close()
    return found


def median_of(ask: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of TIMES calls: by the clock, and of the processor."""
    taken, worked = [], []
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        ask()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    return sorted(taken)[TIMES // 2], sorted(worked)[TIMES // 2]


if __name__ == "__main__":
    sys.exit(main())
