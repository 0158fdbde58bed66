"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.shop import Shop
from tests.builders import TurnableClock, make_shop


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock)
