"""The list of what makes the touch screen everybody's, in docs/kiosk.md, names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_point_of_the_list_is_held_by_a_test_that_there_is() -> None:
    page = (ROOT / "docs" / "kiosk.md").read_text(encoding="utf-8")
    table = page.split("## The list of what makes it everybody's")[1].split("\n## ")[0]
    points = re.findall(r"^\| (\d+) ", table, re.MULTILINE)
    assert [int(point) for point in points] == list(range(1, 18))
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", table):
        assert f"def {name}(" in written, name
