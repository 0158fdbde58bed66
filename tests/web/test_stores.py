"""The connections of a web process: as many as are kept are there from the beginning, and each is used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.shop import Shop
from broker.store.database import StoreError
from broker.web.stores import KEPT_CONNECTIONS, Stores
from tests.builders import TurnableClock, make_shop


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    shop = make_shop(tmp_path, TurnableClock())
    shop.db.conn.close()
    made = Stores(shop.settings, shop)
    yield made
    made.close()


def test_requests_one_by_one_use_every_connection_in_turn(stores: Stores) -> None:
    used = []
    for _ in range(3 * KEPT_CONNECTIONS):
        shop = stores.borrow()
        used.append(id(shop.db.conn))
        stores.give_back(shop)
    assert len(set(used)) == KEPT_CONNECTIONS, "no more memory is taken when some meet"
    assert used[:KEPT_CONNECTIONS] == used[KEPT_CONNECTIONS : 2 * KEPT_CONNECTIONS]


def test_more_at_once_than_are_kept_have_one_each_and_those_are_closed_again(stores: Stores) -> None:
    lent: list[Shop] = [stores.borrow() for _ in range(2 * KEPT_CONNECTIONS)]
    assert len({id(shop.db.conn) for shop in lent}) == 2 * KEPT_CONNECTIONS
    for shop in lent:
        stores.give_back(shop)
    kept = {id(stores.borrow().db.conn) for _ in range(KEPT_CONNECTIONS)}
    assert kept <= {id(shop.db.conn) for shop in lent}
    for shop in lent:
        if id(shop.db.conn) not in kept:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                shop.db.conn.execute("SELECT 1")


def test_a_store_that_could_not_be_opened_at_first_has_all_its_connections_later(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as locked:
        locked.setattr(stores, "open", refused)
        with pytest.raises(StoreError):
            stores.borrow()
    stores.give_back(stores.borrow())
    assert len(stores._free) == KEPT_CONNECTIONS


def test_a_connection_that_is_there_is_lent_when_no_further_one_can_be_opened(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [stores.open()]
    monkeypatch.setattr(stores, "open", lambda: opened.pop() if opened else refused())
    stores.give_back(stores.borrow())


def refused() -> Shop:
    raise StoreError("the store is locked.", hint="Try again.")
