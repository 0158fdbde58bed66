"""How hard is tried, and what a stranger would write where a value is expected.

`make fuzz` tries ROUNDS times as long and differently each time; without it the same is tried each time, and quickly.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

ROUNDS: Final = int(os.environ.get("GREETLINE_FUZZ", "1"))
"""How many times as many examples as in the plain suite."""

DEEP: Final = 3_000
"""Brackets in brackets: more than a reader that calls itself can stand."""

NASTY: Final = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, -1e308, "", " ", "0", "-1", "null",
    "\x00", "\ud800", "\u202e", "a" * 70, "../../etc/passwd", "'; DROP TABLE visits; --", "<script>", "%s%n", "=1+1",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z", "1e400", "NaN", [], {}, [[]], {"": {}}, [None] * 70, {"a" * 70: 1},
)  # fmt: skip
"""Values at which readers fall over."""

NUMBERS: Final = (
    0,
    1,
    2,
    3,
    60,
    255,
    999,
    1_000,
    3_600,
    86_399,
    100_000,
    2**31,
    2**53,
    2**63 - 1,
    2**63,
    10**40,
    0.5,
    1e-9,
    1e15,
    1e308,
    -1,
)
MOMENTS: Final = (
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999Z",
    "1969-12-31T23:59:59Z", "2026-11-22T12:00:00Z", "2026-11-21T13:04:31.25+01:00", "2200-01-01T00:00:00Z",
    "2026-10-25T02:30:00+01:00", "2026-11-21T13:04:31",
)  # fmt: skip
NAMES: Final = ("a", "z" * 32, "x-1", "door", "cam-door", "service", "till", "entrance", "ab-1", "R", "", "1")
"""Values of the right kind that few programs ever send."""

ANY: Final = st.sampled_from(NASTY) | st.text(max_size=20) | st.integers() | st.floats(allow_nan=True)
TREE: Final = st.recursive(
    ANY, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=8
)


def tried(examples: int) -> Callable[[Any], Any]:
    """Try *examples* times: the same each time, or ROUNDS times as many and others each time."""
    return settings(
        max_examples=examples * ROUNDS, deadline=None, derandomize=ROUNDS == 1, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def refusal(act: Callable[[], object], *kinds: type[Exception]) -> str | None:
    """Return what *act* says when it refuses by one of *kinds*, or None when it does it."""
    try:
        act()
    except kinds as no:
        return str(no)
    return None


@st.composite
def spoilt(draw: st.DrawFn, wholes: list[Any], values: st.SearchStrategy[Any] = TREE) -> Any:
    """One of *wholes* with one or two of its places, whichever, taken out, doubled or filled with something else."""
    there = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(1, 2))):
        there = _spoilt(draw, there, values)
    return there


def _spoilt(draw: st.DrawFn, there: Any, values: st.SearchStrategy[Any]) -> Any:
    keys = list(there) if isinstance(there, dict) else list(range(len(there))) if isinstance(there, list) else []
    if not keys:
        return draw(st.sampled_from(_akin(there)) if draw(st.booleans()) else values)
    key, copy = draw(st.sampled_from(keys)), dict(there) if isinstance(there, dict) else list(there)
    how = draw(st.sampled_from(("deeper", "deeper", "deeper", "deeper", "other", "gone", "more")))
    if how == "gone":
        del copy[key]
    elif how == "more" and isinstance(copy, dict):
        copy[draw(st.text(max_size=8))] = draw(values)
    elif how == "more":
        copy.append(there[key])
    else:
        copy[key] = _spoilt(draw, there[key], values) if how == "deeper" else draw(values)
    return copy


def _akin(there: Any) -> tuple[Any, ...]:
    """Return values of the kind of *there*, which get further than others."""
    if isinstance(there, bool) or there is None:
        return (True, False, None)
    if isinstance(there, int | float):
        return NUMBERS
    return MOMENTS if isinstance(there, str) and there[4:5] == "-" and there[10:11] == "T" else NAMES
