"""How much the archive delays those who take a number, and how much it writes.

Numbers are taken at 50 a second without the archive and with it: the program that keeps it runs by itself, as in a shop.

    python -m benchmarks.archive [--seconds 60] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.backup import GOAL_MS, in_figures, taken
from broker.settings import Settings
from broker.shop import STORE_FILE, open_shop
from broker.store import archive, archived

STARTS_S = 60.0
TICK_HZ = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, print, and return 0 when no number was delayed beyond the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, help="an empty folder on the disk to be measured")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = measure(Path(folder), asked.seconds)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if found["with_ms"]["largest"] <= GOAL_MS else 1


def measure(folder: Path, seconds: float) -> dict[str, Any]:
    """Make a shop in *folder* and return the figures."""
    (folder / "stick").mkdir()
    file = folder / "greetline.toml"
    file.write_text('[store]\ndata = "var"\n[backup]\narchive_to = "stick"\n')
    services = [{"id": "returns", "letter": "A", "name": "Returns"}]
    shop = open_shop(Settings.model_validate({"store": {"data": folder / "var"}, "services": services}))
    try:
        without = taken(shop, threading.Event(), seconds)
        program = subprocess.Popen([sys.executable, "-m", "broker", "archive", "-q", "--settings", str(file)])
        try:
            _wait(folder / "var")
            before = _bytes(folder)
            having = taken(shop, threading.Event(), seconds)
            cpu, log = _cpu_seconds(program.pid), (folder / "var" / f"{STORE_FILE}-wal").stat().st_size
        finally:
            program.terminate()
            program.wait(20)
    finally:
        shop.db.conn.close()
    return {
        "without_ms": in_figures(without), "with_ms": in_figures(having), "log_mb": round(log / 1e6, 1),
        "archive_kb_a_second": round((_bytes(folder) - before) / seconds / 1000, 1),
        "program_cpu_percent": round(100 * cpu / seconds, 1),
    }  # fmt: skip


def _wait(data: Path) -> None:
    until = time.monotonic() + STARTS_S
    while (found := archived.look(data)) is None or found.state is not archived.ArchiveState.GOES_ON:
        if time.monotonic() > until:
            raise SystemExit("the archive does not begin: this measured nothing")
        time.sleep(0.1)


def _bytes(folder: Path) -> int:
    return sum(piece.bytes for piece in archive.pieces(folder / "stick" / "greetline-shop") if piece.seen is None)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_HZ


def in_words(found: dict[str, Any]) -> str:
    """Return it as a person reads it."""
    lines = []
    for name in ("without", "with"):
        one = found[f"{name}_ms"]
        lines.append(
            f"a number {name} it: median {one['median']} ms, p99 {one['p99']} ms, largest {one['largest']} ms of {one['tickets']}"
        )
    lines.append(
        f"{found['archive_kb_a_second']} kB a second, {found['program_cpu_percent']} % of a core; log {found['log_mb']} MB"
    )
    return "\n".join([*lines, f"goal: largest {GOAL_MS:g} ms"])


if __name__ == "__main__":
    sys.exit(main())
