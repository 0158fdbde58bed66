"""What was tried is told as it was: each fault once, its tries together, and none that lost or doubled anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.faults import rows
from tests.faults.rows import FAULTS, Row

TRIED = rows.PAGE.read_text(encoding="utf-8").partition(rows.BEGIN)[2].partition(rows.END)[0]
LINE = re.compile(r"\| (?P<says>.+) \| (?P<tries>\d+) \| (?P<lost>\d+) \| (?P<doubled>\d+) \| (?P<after>.+) \|")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_stands_in_the_page_and_cost_nothing(fault: str) -> None:
    [line] = [found for line in TRIED.splitlines() if (found := LINE.match(line)) and found["says"] == FAULTS[fault]]
    assert int(line["tries"]) > 0
    assert (line["lost"], line["doubled"]) == ("0", "0")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_a_test_that_says_what_it_cost(fault: str) -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
    assert f'found("{fault}"' in said or f'"{fault}", ' in said


def test_tries_of_one_fault_are_one_line_with_the_slowest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows.json"
    monkeypatch.setenv(rows.VARIABLE, str(file))
    rows.tell(Row(fault="cut", lost=1, doubled=0, recovery=2.0))
    rows.tell(Row(fault="cut", lost=0, doubled=3, recovery=0.5))
    rows.tell(Row(fault="order", lost=0, doubled=0))
    read = [Row(**json.loads(line)) for line in file.read_text().splitlines()]
    assert f"| {FAULTS['cut']} | 2 | 1 | 3 | 2.0 s |\n| {FAULTS['order']} | 1 | 0 | 0 | nothing stopped |\n" in rows.table(read)
