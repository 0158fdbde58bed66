"""The list in docs/security.md has each requirement of ASVS 5.0 up to level 2 once, and names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UP_TO_LEVEL_2 = {
    "V1.1": 2, "V1.2": 9, "V1.3": 11, "V1.4": 3, "V1.5": 2, "V2.1": 3, "V2.2": 3, "V2.3": 4, "V2.4": 1, "V3.2": 2, "V3.3": 4,
    "V3.4": 6, "V3.5": 5, "V3.7": 2, "V4.1": 3, "V4.2": 1, "V4.3": 2, "V4.4": 4, "V5.1": 1, "V5.2": 3, "V5.3": 2, "V5.4": 3,
    "V6.1": 3, "V6.2": 12, "V6.3": 4, "V6.4": 4, "V6.5": 5, "V6.6": 3, "V6.8": 4, "V7.1": 3, "V7.2": 4, "V7.3": 2, "V7.4": 5,
    "V7.5": 2, "V7.6": 2, "V8.1": 2, "V8.2": 3, "V8.3": 1, "V8.4": 1, "V9.1": 3, "V9.2": 4, "V11.1": 2, "V11.2": 3, "V11.3": 3,
    "V11.4": 4, "V11.5": 1, "V11.6": 1, "V12.1": 3, "V12.2": 2, "V12.3": 4, "V13.1": 1, "V13.2": 5, "V13.3": 2, "V13.4": 5,
    "V14.1": 2, "V14.2": 4, "V14.3": 3, "V15.1": 3, "V15.2": 3, "V15.3": 7, "V16.1": 1, "V16.2": 5, "V16.3": 4, "V16.4": 3,
    "V16.5": 3,
}  # fmt: skip
"""How many requirements of levels 1 and 2 each section has; they stand first, the ones of level 3 behind them.

Of V10 and V17 the product has nothing: 29 and 7, in a line each."""


def lines() -> list[tuple[str, str, str]]:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    table = page.split("## OWASP ASVS 5.0")[1]
    found = re.findall(r"^\| (V[^|]+) \| ([^|]*) ?\| ([^|]+) \|$", table, re.MULTILINE)
    assert len(found) == table.count("\n| V"), "a line that is no row of three"
    return [(name, here, shown) for name, here, shown in found]


def test_each_requirement_has_its_line_once() -> None:
    named = [each for name, _, _ in lines() for each in name.split(", ")]
    wanted = [f"{section}.{n}" for section, count in UP_TO_LEVEL_2.items() for n in range(1, count + 1)]
    assert sorted(named) == sorted([*wanted, "V10", "V17"])
    assert len(wanted) + 29 + 7 == 253


def test_each_line_names_a_test_that_there_is_or_says_that_there_is_none() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for name, _, shown in lines():
        tests = re.findall(r"`(test_\w+)`", shown)
        assert tests or shown.startswith(("Not done", "None here", "Read: ")), name
        for test in tests:
            assert f"def {test}(" in written, f"{name}: {test}"


def test_each_test_that_a_page_names_is_there() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {
        (page.name, test) for page in (ROOT / "docs").rglob("*.md") for test in re.findall(r"`(test_\w+)`", page.read_text("utf-8"))
    }
    assert len(named) > 100
    assert not [(page, test) for page, test in sorted(named) if f"def {test}(" not in written]
