"""The staff screens for every test here: a real store, the real application, the words compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from broker.shop import Shop
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.web.parts import Visitor


@pytest.fixture
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    made.extensions["greetline-hub"].close()
    made.extensions["greetline-stores"].close()


@pytest.fixture
def visitor(app: Flask, shop: Shop) -> Callable[[], Visitor]:
    """Makes browsers that nobody knows yet."""
    return lambda: Visitor(app, shop)


@pytest.fixture
def other_shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    """A second shop with a store of its own."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = make_shop(folder, clock)
    yield made
    made.db.conn.close()
