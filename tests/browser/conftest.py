"""Real Chromium, real waitress, real store. Without a Chromium these tests are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.counter_parts import counter_eyes, counter_house, past  # noqa: F401 - fixtures of the counter
from tests.browser.floor_parts import eyes, floor_house, service  # noqa: F401 - fixtures of the floor
from tests.browser.house import House, Watch, accessible
from tests.browser.kiosk_parts import kiosk_house, kiosk_watch, make_kiosk, touch, wall  # noqa: F401 - of the customers

LOOKED_AT = {"language": "lv", "scheme": "light", "small": True}
"""Screens are looked at in five languages, two schemes, two sizes: in the hardest each time, in the others by `make test-slow`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    first = {(item.path, item.originalname) for item in here if isinstance(item, pytest.Function) and _looked_at(item)}
    for item in here:
        item.add_marker("browser")
        if isinstance(item, pytest.Function) and (item.path, item.originalname) in first and not _looked_at(item):
            item.add_marker("slow")


def _looked_at(item: pytest.Function) -> bool:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return all(params.get(name, value) == value for name, value in LOOKED_AT.items())


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens shops: `make_house(clock=..., store=StoreSettings(...))`; each gets a folder of its own."""
    houses: list[House] = []

    def make(folder: str = "shop", **settings: object) -> House:
        house = House(tmp_path / folder, **settings)  # type: ignore[arg-type]
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """A shop that is open, with three zones and nobody in it yet."""
    return make_house()


@pytest.fixture
def watch(chromium: Browser, house: House) -> Iterator[Watch]:
    """Makes watched browsers for `house`; fails the test for console errors and for requests that leave the shop."""
    watch = Watch(chromium, house)
    yield watch
    watch.close()


@pytest.fixture
def watch_over(chromium: Browser) -> Iterator[Callable[[House], Watch]]:
    """The same for a house that the test made itself."""
    watches: list[Watch] = []

    def over(house: House) -> Watch:
        watches.append(Watch(chromium, house))
        return watches[-1]

    yield over
    for watch in watches:
        watch.close()


@pytest.fixture
def context(watch: Watch) -> BrowserContext:
    """A watched browser the size of a tablet."""
    return watch.context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of it. Pair and sign in with `house.pair(context)` and `house.sign_in(context, "Kari")`."""
    return context.new_page()


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Fails for anything that axe finds against WCAG 2.2 AA."""
    return accessible
