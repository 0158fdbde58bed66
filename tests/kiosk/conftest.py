"""The customers' screens for every test here: a real store, the real application, the words compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from broker.desk import people
from broker.shop import Shop
from kiosk.app import create
from tests.builders import TurnableClock, make_shop
from tests.kiosk.parts import COUNTERS, SERVICES, Screen
from tests.kiosk.phones import Phone
from tests.web.parts import PIN


@pytest.fixture
def made(tmp_path: Path, clock: TurnableClock) -> Iterator[Callable[..., Screen]]:
    """Makes shops with a touch screen each: `made(opening={...})`."""
    apps: list[Flask] = []

    def make(*, role: str = "kiosk", zone: str = "", **settings: object) -> Screen:
        folder = tmp_path / f"shop{len(apps)}"
        folder.mkdir()
        shop = make_shop(folder, clock, **({"services": SERVICES, "counters": COUNTERS} | settings))
        people.add(shop, "Kari", role="staff", pin=PIN, by="test")
        apps.append(create(shop.settings, shop=shop))
        return Screen(apps[-1], shop).pair(role, zone)

    yield make
    for app in apps:
        for name in ("greetline-hub", "greetline-board", "greetline-stores", "greetline-voice"):
            app.extensions[name].close()


@pytest.fixture
def kiosk(made: Callable[..., Screen]) -> Screen:
    """A touch screen in a shop with three services and two counters."""
    return made()


@pytest.fixture
def shop(kiosk: Screen) -> Shop:
    return kiosk.shop


@pytest.fixture
def phone(kiosk: Screen) -> Phone:
    """The phone of somebody who waits and was told 5 to 10 minutes."""
    return Phone(kiosk, kiosk.someone_takes(told=(300, 600)))
