"""Nobody else's page may act for who is signed in here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from broker.desk import people, visits
from broker.shop import Shop
from broker.store import visits as stored
from tests.builders import TurnableClock
from tests.web.parts import PIN, Visitor
from tests.web.test_headers import path_of

New = Callable[[], Visitor]

NO_COOKIE = frozenset({"/box/join"})
"""Heeds no cookie, so another's page gains nothing: a camera box brings a proof over its very words."""


def changes(app: Flask) -> list[str]:
    posts = [path_of(rule) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())]
    return [path for path in posts if path not in NO_COOKIE]


def test_every_change_without_the_token_is_refused(app: Flask, visitor: New) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    office.token()
    for path in changes(app):
        assert office.client.post(path, data={"name": "Eve"}).status_code == 400, path
        assert office.client.post(path, json={}, headers={"Idempotency-Key": "12345678"}).status_code == 400, path
        assert office.client.post(path, data={"csrf_token": "made-up"}).status_code == 400, path


def test_every_change_with_the_token_gets_past_that_guard(app: Flask, visitor: New, clock: TurnableClock) -> None:
    """The twin of the test above: it would pass too if everything were refused for another reason."""
    for path in changes(app):
        clock.turn(seconds=1)  # Each pairs a screen: the newest links are kept.
        office = visitor().pair("manager").sign_in("Ada", "admin")
        headers = {"Idempotency-Key": "12345678", "X-CSRFToken": office.token()}
        api = path.startswith("/api/")
        answer = office.client.post(path, json={}, headers=headers) if api else office.post(path)
        assert answer.status_code != 400, (path, answer.get_data(as_text=True)[:200])


def test_the_token_of_another_browser_is_worth_nothing(shop: Shop, visitor: New) -> None:
    office, thief = visitor().pair("manager").sign_in("Ada", "admin"), visitor()
    office.token()
    answer = office.client.post("/admin/people", data={"csrf_token": thief.token(), "name": "Eve", "role": "staff", "pin": PIN})
    assert answer.status_code == 400
    assert people.named(shop, "Eve") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "made-up"])
def test_what_another_site_asks_for_is_refused_even_with_a_token(app: Flask, visitor: New, site: str) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    for path in changes(app):
        headers = {"Idempotency-Key": "12345678", "X-CSRFToken": office.token(), "Sec-Fetch-Site": site}
        assert office.client.post(path, json={}, headers=headers).status_code == 403, path


def test_our_own_page_may(shop: Shop, visitor: New) -> None:
    visit = visits.add(shop, zone="entrance", by="door")
    assert visit
    here = visitor().pair().sign_in()
    headers = {"Idempotency-Key": "12345678", "X-CSRFToken": here.token(), "Sec-Fetch-Site": "same-origin"}
    assert here.client.post(f"/api/v1/visits/{visit.id}/greet", json={}, headers=headers).status_code == 200
    assert stored.get(shop.db, visit.id).acknowledged_by is not None


def test_no_get_changes_the_store(app: Flask, shop: Shop, visitor: New) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    version = shop.db.conn.execute("PRAGMA data_version").fetchone()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and rule.rule != "/events":
            office.get(path_of(rule))
    assert shop.db.conn.execute("PRAGMA data_version").fetchone() == version, "another site can have any page opened"
