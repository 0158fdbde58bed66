"""What the tests of faults found: a line on the terminal, a line in a file, and from that file the table of the docs.

    GREETLINE_FAULT_ROWS=rows.json pytest -m fault tests/faults
    python -m tests.faults.rows rows.json        writes the table "What was tried" of docs/operations.md

The file holds one JSON object a line, so that several processes may write it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

VARIABLE: Final = "GREETLINE_FAULT_ROWS"
PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"
BEGIN, END = "<!-- tried -->\n", "<!-- /tried -->\n"

FAULTS: Final[dict[str, str]] = {
    "failpoints": "the process ends at a named point of the write path: each of them, one by one",
    "kill": "`kill -9` of the MQTT broker (which keeps nothing), the service and a camera, at random, under load",
    "kill-queue": "`kill -9` of the screens while numbers are taken and called",
    "cut": "the network between a camera and the shop is cut, again and again",
    "black-hole": "the network swallows everything and tells nobody",
    "half-open": "a camera loses a connection that the other side believes in",
    "slow-line": "the network is late and lets little through",
    "disk-full": "the disk is full",
    "no-growth": "the store may not grow",
    "locked": "another program holds the store",
    "clock": "the clock of the shop's machine jumps an hour, there and back",
    "skew": "a camera's clock goes wrong",
    "order": "every message twice, in any order, some of them late",
    "junk": "nonsense, lies, too much and what was kept too long",
    "slow-screen": "a screen that reads nothing more, beside one that does",
    "burst": "ten times as many events as on the busiest day",
    "copy": "power is cut: the files are copied in the middle of a write and opened elsewhere",
    "archive": "the program that keeps the archive, or one that writes the store, ends at a named point, or anywhere",
    "printer": "the printer stalls, runs out of paper or is gone",
    "webhook": "the other side of a webhook is gone",
    "internet": "the line to the Internet swallows everything: names, messages, notices, the company's sign-in",
    "speaker": "a wall has no voice",
    "counters": "two counters, four processes, one queue",
    "upgrade": "a store of every earlier schema is opened",
}
"""Every fault by name, in the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one try of a fault did. `recovery`: seconds until all was as before, None where nothing had stopped."""

    fault: str
    lost: int
    doubled: int
    recovery: float | None = None

    def __str__(self) -> str:
        return f"{self.fault} | lost {self.lost} | doubled {self.doubled} | {_seconds(self.recovery)}"


def tell(row: Row) -> None:
    """Write *row* to the file of GREETLINE_FAULT_ROWS, if there is one."""
    assert row.fault in FAULTS
    if where := os.environ.get(VARIABLE):
        with Path(where).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def table(rows: list[Row]) -> str:
    """Return the table of the docs: each fault that was tried, all its tries together."""
    lines = ["| fault | tries | lost | doubled | all as before after, at most |", "|---|---|---|---|---|"]
    for fault, says in FAULTS.items():
        tries = [row for row in rows if row.fault == fault]
        if tries:
            slowest = max((row.recovery for row in tries if row.recovery is not None), default=None)
            lost, doubled = sum(row.lost for row in tries), sum(row.doubled for row in tries)
            lines.append(f"| {says} | {len(tries)} | {lost} | {doubled} | {_seconds(slowest)} |")
    return "\n".join(lines) + "\n"


def _seconds(recovery: float | None) -> str:
    if recovery is None:
        return "nothing stopped"
    return f"{recovery:.1f} s" if recovery >= 0.1 else "below 0.1 s"


def main(file: str) -> None:
    """Write the table of the rows in *file* into the page."""
    rows = [Row(**json.loads(line)) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + table(rows) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
