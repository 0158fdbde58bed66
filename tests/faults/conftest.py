"""One way to say what a fault did."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.rows import Row, tell


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> Callable[..., Row]:
    """Says what one try of a fault did: `found("cut", lost=0, doubled=0, recovery=1.2)`."""

    def say(fault: str, *, lost: int = 0, doubled: int = 0, recovery: float | None = None) -> Row:
        row = Row(fault=fault, lost=lost, doubled=doubled, recovery=recovery)
        tell(row)
        with capsys.disabled():
            print(f"\n{row}")
        return row

    return say
