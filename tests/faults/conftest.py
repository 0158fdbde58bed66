"""One way to say what a fault did."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.rows import Row, tell

LOST = "greetline/lost"
"""`.ci/run` reads it below `.pytest_cache/v`."""


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[..., Row]:
    """Says what one try of a fault did: `found("cut", lost=0, doubled=0, recovery=1.2)`.

    What was lost or doubled once is kept beside pytest's list of what failed, so that nobody tries it until it passes.
    """

    def say(fault: str, *, lost: int, doubled: int, recovery: float | None = None) -> Row:
        row = Row(fault=fault, lost=lost, doubled=doubled, recovery=recovery)
        tell(row)
        if (lost or doubled) and (cache := getattr(request.config, "cache", None)):
            cache.set(LOST, str(row))
        with capsys.disabled():
            print(f"\n{row}")
        return row

    return say
