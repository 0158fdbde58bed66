"""How much a backup of a large store delays those who take a number meanwhile.

A store of so many gigabytes is backed up by a process of its own, as the timer does it (nice 10), while numbers are taken at
50 a second here. How long each took is compared with the same before the backup began.

    python -m benchmarks.backup [--gigabytes 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from broker.desk import tickets
from broker.settings import Settings
from broker.shop import STORE_FILE, Shop, open_shop

A_SECOND = 50
GOAL_MS = 200.0
BEFORE_S = 20.0
WITHIN_S = 1800.0
FACTS_A_MEGABYTE = 1000
FILLER = json.dumps({"filler": "x" * 900})
PROGRAM = (
    "import os, sys; os.nice(10); from pathlib import Path; from broker.settings import Settings; from deploy import backup;"
    "print(backup.make(Settings.model_validate({'store': {'data': Path(sys.argv[1])}}), None, None, secrets=False)[0])"
)


def main() -> int:
    """Measure, print, and return 0 when no number was delayed beyond the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument(
        "--folder", type=Path, help="an empty folder on the disk to be measured; without it the system's scratch folder"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = measure(Path(folder), asked.gigabytes)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if found["during_ms"]["largest"] <= GOAL_MS else 1


def measure(folder: Path, gigabytes: float) -> dict[str, Any]:
    """Make a shop in *folder* and return the figures."""
    services = [{"id": "returns", "letter": "A", "name": "Returns"}]
    shop = open_shop(Settings.model_validate({"store": {"data": folder / "var"}, "services": services}))
    try:
        fill(shop, round(gigabytes * 1000))
        before = taken(shop, threading.Event(), BEFORE_S)
        ended = threading.Event()
        began = time.monotonic()
        backup = threading.Thread(target=_back_up, args=(shop.settings.store.data, ended))
        backup.start()
        during = taken(shop, ended, WITHIN_S)
        backup.join()
        lasted = time.monotonic() - began
    finally:
        shop.db.conn.close()
    files = list((shop.settings.store.data / "backups").iterdir())
    if len(files) != 1:
        raise SystemExit("there is no backup: this measured nothing")
    return {
        "store_mb": round((shop.settings.store.data / STORE_FILE).stat().st_size / 1e6),
        "backup_mb": round(files[0].stat().st_size / 1e6), "backup_seconds": round(lasted, 1),
        "before_ms": in_figures(before), "during_ms": in_figures(during),
    }  # fmt: skip


def fill(shop: Shop, megabytes: int) -> None:
    """Make the store large with what a store is large by: facts."""
    for _ in range(megabytes):
        shop.db.execute("BEGIN IMMEDIATE")
        shop.db.conn.executemany(
            "INSERT INTO journal (at, kind, subject, zone, by, body) VALUES ('2026-11-21T11:00:00.000Z', 'filler', ?, '', '', ?)",
            [(f"s{n}", FILLER) for n in range(FACTS_A_MEGABYTE)],
        )
        shop.db.execute("COMMIT")


def taken(shop: Shop, ended: threading.Event, seconds: float) -> list[float]:
    """Take numbers, A_SECOND, until *ended* or for *seconds*; return the seconds of each, with what it waited for its turn."""
    took: list[float] = []
    due = until = time.monotonic()
    until += seconds
    while not ended.is_set() and due < until:
        due += 1 / A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        tickets.issue(shop, tickets.Wish(service="returns"), by="benchmark")
        # Counted from when it was its turn: who comes behind somebody who waits, waits as well.
        took.append(time.monotonic() - due)
    return took


def _back_up(data: Path, ended: threading.Event) -> None:
    try:
        subprocess.run([sys.executable, "-c", PROGRAM, str(data)], check=True, timeout=WITHIN_S, capture_output=True)
    finally:
        ended.set()


def in_figures(took: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and largest in milliseconds, and how many."""
    took = sorted(each * 1000 for each in took)
    return {
        "median": round(took[len(took) // 2], 1), "p99": round(took[int(len(took) * 0.99)], 1), "largest": round(took[-1], 1),
        "tickets": len(took),
    }  # fmt: skip


def in_words(found: dict[str, Any]) -> str:
    """Return it as a person reads it."""
    lines = [f"{found['store_mb']} MB backed up in {found['backup_seconds']} s, {found['backup_mb']} MB packed"]
    for name in ("before", "during"):
        one = found[f"{name}_ms"]
        lines.append(
            f"a number {name} it: median {one['median']} ms, p99 {one['p99']} ms, largest {one['largest']} ms of {one['tickets']}"
        )
    return "\n".join([*lines, f"goal: largest {GOAL_MS:g} ms"])


if __name__ == "__main__":
    sys.exit(main())
