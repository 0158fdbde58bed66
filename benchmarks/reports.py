"""How long the reports of a year of three stores take, beside numpy on the rows themselves.

    nice python -m benchmarks.reports [--visits-a-day 2750] [--days 365] [--made DIR] [--json]

One store is simulated and stands there three times under three names: reports read three files all the same. With --made,
a directory of `greetline simulate shop` is measured instead, and left as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from broker.desk.chain_reports import chain_greetings, chain_queues
from broker.desk.queue_reports import queue_report
from broker.desk.reports import greeting_report
from broker.domain.period import Period
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from dashboard.reports import kinds
from deploy import simulate_shop
from hatch_build import compile_translations
from tests.dashboard.reading import reader

STORES = 3
TIMES = 5
GOAL_SECONDS = 0.3
"""Of every figure of all stores together."""
OF_ALL = ("chain_greetings_seconds", "chain_queues_seconds", *(f"page_of_{what}_seconds" for what in kinds.CHAIN))


def main() -> int:
    """Measure and print; 0 when whatever is asked of all stores comes in time and the quantiles are numpy's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits-a-day", type=int, default=2750, help="visits on a usual day of one store")
    parser.add_argument("--days", type=int, default=365, help="days of the past")
    parser.add_argument("--made", type=Path, help="a directory that `greetline simulate shop` made")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    told = parser.parse_args()
    compile_translations(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), told.days, told.visits_a_day, told.made)
    print(json.dumps(found) if told.json else "\n".join(f"{name}: {value}" for name, value in found.items()))
    late = {name: found[name] for name in found if name in OF_ALL and found[name] > GOAL_SECONDS}
    for name, seconds in late.items():
        print(f"{name}: {seconds} s is longer than {GOAL_SECONDS} s", file=sys.stderr)
    return 0 if not late and found["quantiles_agree"] else 1


def measure(folder: Path, days: int, visits_a_day: int, made: Path | None) -> dict[str, Any]:
    """Return the figures: seconds by the clock unless they say `cpu`, the median of TIMES."""
    found: dict[str, Any] = {}
    if made is None:
        made = folder / "store-1"
        made.mkdir()
        (made / "greetline.toml").write_text(simulate_shop.settings_text(0))
        began, busy = time.perf_counter(), time.process_time()
        simulate_shop.live_through(settings_of(made), days=days, seed=3, visits_a_day=visits_a_day)
        found |= {"simulated_seconds": since(began), "simulated_cpu_seconds": round(time.process_time() - busy, 1)}
        made = folder
    shops = opened(made, folder)
    found |= sizes(shops)
    last = shops[0].hours.business_day(shops[0].clock()) - timedelta(days=1)
    year = Period(last - timedelta(days=days - 1), last)
    for name, ask in (
        ("chain_greetings", lambda: chain_greetings(shops, period=year)),
        ("chain_queues", lambda: chain_queues(shops, period=year).together.figures.as_json()),
        ("greeting_of_one", lambda: greeting_report(shops[0], period=year)),
        ("queue_of_one", lambda: figures_of(shops[0], year)),
    ):
        wall, processor = median_of(ask)
        found |= {f"{name}_seconds": wall, f"{name}_cpu_seconds": processor}
    found |= first_bytes(shops[0], year)
    found |= pages_of_all(shops, year)
    found |= beside_numpy(shops, year)
    for shop in shops:
        shop.db.conn.close()
    return found


def settings_of(folder: Path) -> Settings:
    return read(Settings, folder / "greetline.toml", environment={})


def opened(made: Path, folder: Path) -> list[Shop]:
    """Open the stores in *made*; what is missing of STORES is copied from the first into *folder*."""
    stores = sorted(path.parent for path in made.glob("*/greetline.toml"))
    while len(stores) < STORES:
        copy = folder / f"copy-{len(stores)}"
        shutil.copytree(stores[0], copy)
        settings = tomlkit.parse((copy / "greetline.toml").read_text())
        settings["store"]["id"] = copy.name
        (copy / "greetline.toml").write_text(tomlkit.dumps(settings))
        stores.append(copy)
    return [open_shop(settings_of(each), create=False) for each in stores[:STORES]]


def figures_of(shop: Shop, year: Period) -> dict[str, Any]:
    """Ask for every figure: they are only reckoned when somebody does."""
    report = queue_report(shop, period=year)
    for row in (*report.services, *report.counters, *report.hours):
        row.figures.as_json()
    return report.figures.as_json()


def sizes(shops: Sequence[Shop]) -> dict[str, Any]:
    """Return how many rows there are and how much room they take, and that of the finished ones."""
    counted = {"visits": "visits", "tickets": "tickets", "finished_rows": "finished", "month_rows": "finished_months"}
    found: dict[str, Any] = {
        name: sum(shop.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for shop in shops)
        for name, table in counted.items()
    }
    pages = sum(
        shop.db.execute("PRAGMA page_count").fetchone()[0] * shop.db.execute("PRAGMA page_size").fetchone()[0] for shop in shops
    )
    asked = "SELECT sum(length(counts) + length(series) + length(times)) FROM {}"
    kept = sum(
        shop.db.execute(asked.format(table)).fetchone()[0] or 0 for shop in shops for table in ("finished", "finished_months")
    )
    return found | {"megabytes": round(pages / 1e6), "finished_megabytes": round(kept / 1e6, 1)}


def first_bytes(shop: Shop, year: Period) -> dict[str, float]:
    """Return the seconds until the first byte of the greeting page of the year, of one store."""
    client = reader(shop)
    path = f"/reports?period={year.first}..{year.last}"
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    wall, processor = median_of(lambda: client.get(path).data)
    return {"page_of_one_seconds": wall, "page_of_one_cpu_seconds": processor, "page_kilobytes": round(len(answer.data) / 1000)}


def pages_of_all(shops: Sequence[Shop], year: Period) -> dict[str, float]:
    """Return the seconds until the first byte of the pages that show all stores side by side, each store opened anew."""
    files = tuple(shop.settings.store.data.parent / "greetline.toml" for shop in shops[1:])
    reports = shops[0].settings.reports.model_copy(update={"stores": files})
    here = Shop(shops[0].db, shops[0].clock, shops[0].settings.model_copy(update={"reports": reports}))
    client, found = reader(here), {}
    for what in kinds.CHAIN:
        path = f"/reports/{what}?from={year.first}&to={year.last}"
        assert f"{len(shops)} stores" in client.get(path).text
        wall, processor = median_of(lambda path=path: client.get(path).data)
        found |= {f"page_of_{what}_seconds": wall, f"page_of_{what}_cpu_seconds": processor}
    return found


def beside_numpy(shops: Sequence[Shop], year: Period) -> dict[str, Any]:
    """Return how long numpy takes with the rows themselves, and whether it says the same."""
    began = time.perf_counter()
    spans = [(shop.hours.day_begins(year.first), shop.hours.day_ends(year.last)) for shop in shops]
    asked = (
        "SELECT round((julianday(acknowledged_at) - julianday(t0)) * 86400000) FROM visits WHERE t0 >= ? AND t0 < ? "
        "AND acknowledged_at IS NOT NULL AND NOT late AND state NOT IN ('dismissed', 'merged')"
    )
    parts = [
        np.fromiter((row[0] for row in shop.db.execute(asked, [begin.isoformat()[:19], end.isoformat()[:19]])), dtype=np.float64)
        for shop, (begin, end) in zip(shops, spans, strict=True)
    ]
    true = np.quantile(np.concatenate(parts) / 1000, [0.5, 0.9, 0.95])
    taken = since(began)
    told = chain_greetings(shops, period=year).together.figures
    agree = bool(np.allclose(true, [told.median or 0, told.p90 or 0, told.p95 or 0], rtol=0, atol=1e-9))
    return {"numpy_seconds": taken, "quantiles": [round(float(each), 4) for each in true], "quantiles_agree": agree}


def since(began: float) -> float:
    return round(time.perf_counter() - began, 1)


def median_of(ask: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of TIMES calls: by the clock, and of the processor."""
    taken, worked = [], []
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        ask()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    return round(statistics.median(taken), 3), round(statistics.median(worked), 3)


if __name__ == "__main__":
    sys.exit(main())
