"""The doors by which a browser allows notices and takes that back, and what the own page offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from broker.desk import push
from broker.shop import Shop
from broker.store import subscriptions
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.notify.push_parts import Browser
from tests.web.parts import Visitor

pytest.importorskip("pywebpush", reason="the extra `notify` is not installed")

NEW = "https://push.example/new"


@pytest.fixture
def noticing(tmp_path: Path, clock: TurnableClock) -> Iterator[tuple[Flask, Shop]]:
    """A shop that sends notices, and its staff screens."""
    folder = tmp_path / "noticing"
    folder.mkdir()
    shop = make_shop(folder, clock, push={"enabled": True, "contact": "mailto:it@shop.example"})
    app = create(shop.settings, shop=shop)
    yield app, shop
    for name in ("greetline-hub", "greetline-board", "greetline-stores"):
        app.extensions[name].close()
    shop.db.conn.close()


def test_whoever_is_on_shift_turns_it_on_and_off_for_themselves_on_this_screen(noticing: tuple[Flask, Shop]) -> None:
    app, shop = noticing
    here = Visitor(app, shop).pair().sign_in("Kari")
    page = here.get("/me").get_data(as_text=True)
    assert f'data-key="{push.public_key(shop)}"' in page
    assert 'data-part="push"' in page
    assert 'data-on="0" hidden' in page, "only a script that finds everything there shows it"
    for _ in range(2):
        assert here.post("/me/push", Browser().allows()).status_code == 204
    [kept] = subscriptions.every(shop.db)
    assert here.screen
    assert (kept.screen, kept.endpoint) == (here.screen.id, Browser().endpoint)
    assert 'data-on="1"' in here.get("/me").get_data(as_text=True)
    here.sign_in("Ola")
    assert 'data-on="0"' in here.get("/me").get_data(as_text=True)
    assert here.post("/me/push/off").status_code == 204
    assert len(subscriptions.every(shop.db)) == 1, "Ola's no is not Kari's"
    here.sign_in("Kari")
    assert here.post("/me/push/off").status_code == 204
    assert subscriptions.every(shop.db) == []


@pytest.mark.parametrize("wrong", [
    {}, {"endpoint": "http://push.example/x"}, {"endpoint": "https://push.example/x", "p256dh": "x", "auth": "x"},
    {"endpoint": "https://push.example/\x00"}, Browser().allows() | {"auth": ""}, Browser().allows() | {"p256dh": "\ud7ff"},
])  # fmt: skip
def test_what_no_browser_says_is_refused(noticing: tuple[Flask, Shop], wrong: dict[str, str]) -> None:
    app, shop = noticing
    here = Visitor(app, shop).pair().sign_in()
    assert here.post("/me/push", wrong).status_code == 400
    assert subscriptions.every(shop.db) == []


@pytest.mark.parametrize("path", ["/me/push", "/me/push/off"])
def test_no_other_page_turns_it_on_or_off(noticing: tuple[Flask, Shop], path: str) -> None:
    app, shop = noticing
    here = Visitor(app, shop).pair().sign_in()
    here.post("/me/push", Browser().allows())
    assert here.client.post(path, data=Browser().allows() | {"endpoint": NEW}).status_code == 400
    other_site = {"Sec-Fetch-Site": "cross-site"}
    assert here.post(path, Browser().allows() | {"endpoint": NEW}, headers=other_site).status_code == 403
    assert [one.endpoint for one in subscriptions.every(shop.db)] == [Browser().endpoint]


def test_where_it_is_off_nothing_is_offered_and_nothing_taken(visitor: Callable[[], Visitor], shop: Shop) -> None:
    here = visitor().pair().sign_in()
    assert "push" not in here.get("/me").get_data(as_text=True)
    assert here.post("/me/push", Browser().allows()).status_code == 404
    assert subscriptions.every(shop.db) == []
    assert not (shop.settings.store.data / push.KEY_FILE).exists()


def test_signing_out_everywhere_ends_it(noticing: tuple[Flask, Shop]) -> None:
    app, shop = noticing
    here = Visitor(app, shop).pair().sign_in()
    here.post("/me/push", Browser().allows())
    here.post("/me/sign-out-everywhere")
    assert subscriptions.every(shop.db) == []
