"""Every door of both web programs, asked for with whatever a stranger would send: it is never a mistake of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import Rule

import kiosk.app
from broker.desk import arrivals, people, tickets
from broker.desk.tickets import Wish
from broker.shop import Shop
from broker.store import upkeep
from dashboard.app import create
from tests.builders import TurnableClock, crossed, make_shop
from tests.contract.test_messages import PLAN
from tests.fuzz.parts import ANY, DEEP, TREE, spoilt, tried
from tests.kiosk.parts import COUNTERS, SERVICES
from tests.web.parts import PIN, Visitor
from tests.web.test_security_roles import token_of

BODIES = [
    {"tapped_at": "2026-11-21T11:00:00Z", "zone": "entrance", "size": 2, "reason": "staff", "into": "x", "minutes": 5},
    {"tapped_at": "2026-11-21T11:00:00Z"}, {"zone": "shoes", "size": 1}, {"reason": "child"}, {"into": "v1"},
    {"minutes": 15, "reason": "event"}, {"service": "collect", "counter": "desk-1", "kind": "open"},
    {"plan": PLAN.model_dump(mode="json"), "base": 0}, {"version": 1, "base": 1}, {"box": [[0.1, 0.1], [0.2, 0.2]]},
    {"person": "x", "pin": PIN, "name": "Kari", "role": "staff", "language": "en"},
    {"outcome": "solved", "until": "2026-11-21T12:00:00Z"},
]  # fmt: skip
"""What tablets send; most doors want one of them, and get every one."""
LEAVES_OUT = frozenset({"web.sign_out", "static"})
KEYS = st.sampled_from(("12345678", "", "k" * 61, "schlüssel", "a\tb", "0" * 60))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("web"), TurnableClock(), services=SERVICES, counters=COUNTERS)
    arrivals.take(made, [crossed(n, at=made.clock()) for n in range(6)])
    people.add(made, "Ada", role="admin", pin=PIN, by="test")
    for _ in range(3):
        tickets.issue(made, Wish(service="collect"))
    yield made
    made.db.conn.close()


@pytest.fixture(scope="module")
def ids(shop: Shop) -> list[str]:
    """Names of things that are there."""
    some = [shop.db.execute(f"SELECT id FROM {table} LIMIT 2").fetchall() for table in ("visits", "tickets", "people")]
    return [row[0] for rows in some for row in rows] + ["entrance", "collect", "desk-1", "door"]


@pytest.fixture(scope="module")
def office(shop: Shop) -> Iterator[tuple[Visitor, Flask]]:
    app = create(shop.settings, shop=shop)
    yield Visitor(app, shop).pair("manager").sign_in("Ada", "admin"), app
    _closed(app)


@pytest.fixture(scope="module")
def screen(shop: Shop) -> Iterator[tuple[Visitor, Flask]]:
    app = kiosk.app.create(shop.settings, shop=shop)
    here = Visitor(app, shop).pair("kiosk")
    here.client.set_cookie("kiosk-device", here.cookie("device"))
    yield here, app
    _closed(app)


def _closed(app: Flask) -> None:
    for name in ("greetline-hub", "greetline-board", "greetline-stores", "greetline-voice"):
        if name in app.extensions:
            app.extensions[name].close()


def doors(app: Flask) -> list[tuple[str, Rule]]:
    found = [(m, rule) for rule in app.url_map.iter_rules() for m in sorted((rule.methods or set()) & {"POST", "PUT", "DELETE"})]
    return [(method, rule) for method, rule in found if rule.endpoint not in LEAVES_OUT]


def addressed(rule: Rule, words: dict[str, str]) -> str:
    parts = rule.rule.split("/")
    named = {f"{name}>": quote(word.encode("utf-8", "replace"), safe="") for name, word in words.items()}
    return "/".join(next((word for end, word in named.items() if part.endswith(end)), part) for part in parts)


def knocked(here: Visitor, app: Flask, headers: dict[str, str], ids: list[str], examples: int, role: str) -> int:
    """Knock at each door *examples* times; return how many were opened. Each answer is one that we meant."""
    tried_at, turns = set(), count()

    @tried(examples)
    @given(data=st.data())
    def asked(method: str, rule: Rule, data: Any) -> None:
        words = {name: data.draw(st.sampled_from(ids) | ANY.map(str)) for name in rule.arguments}
        path = addressed(rule, words)
        body = data.draw(spoilt(BODIES) | TREE)
        raw = data.draw(st.sampled_from((None, None, None, b"[" * DEEP, b"{", b"\xff", b"")))
        form = data.draw(st.booleans()) and isinstance(body, dict) and not rule.rule.startswith("/api/")
        sent: dict[str, Any] = {"data": json.dumps(body) if raw is None else raw, "content_type": "application/json"}
        if form:
            fields = {str(k)[:50]: str(v)[:200].encode("utf-8", "replace") for k, v in body.items()}
            sent = {"data": fields | {"csrf_token": headers["X-CSRFToken"]}}
        key = data.draw(KEYS).encode().decode("latin-1")
        answer = here.client.open(path, method=method, headers=headers | {"Idempotency-Key": key}, buffered=False, **sent)
        status = answer.status_code
        answer.close()
        if status == 401:
            _enter(here, role, next(turns))  # One of the doors behind us revoked the screen or sent everybody home.
        else:
            tried_at.add(rule.rule)
        assert status < 500 or status in (502, 503), f"{method} {path} answered {status}"

    for method, rule in doors(app):
        asked(method, rule)
    return len(tried_at)


@pytest.mark.parametrize("who", ["office", "screen"])
def test_no_page_falls_over_at_what_is_asked_for(
    office: tuple[Visitor, Flask], screen: tuple[Visitor, Flask], ids: list[str], caplog: pytest.LogCaptureFixture, who: str
) -> None:
    here, app = office if who == "office" else screen
    pages = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and "events" not in rule.rule]
    names = (
        "day",
        "from",
        "to",
        "zone",
        "before",
        "kind",
        "language",
        "lang",
        "at",
        "limit",
        "person",
        "format",
        "who",
        "q",
        "after",
    )

    @tried(3 * len(pages))
    @given(data=st.data())
    def asked(data: Any) -> None:
        rule = data.draw(st.sampled_from(pages))
        path = addressed(rule, {name: data.draw(st.sampled_from(ids) | ANY.map(str)) for name in rule.arguments})
        query = data.draw(st.dictionaries(st.sampled_from(names), ANY.map(str), max_size=3))
        sent = {name: value.encode("utf-8", "replace") for name, value in query.items()}
        answer = here.client.get(path, query_string=sent, buffered=False)
        status = answer.status_code
        answer.close()
        assert status < 500 or status in (502, 503), f"GET {path} {query} answered {status}"

    with caplog.at_level(logging.ERROR):
        asked()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def _enter(here: Visitor, role: str, turn: int) -> None:
    here.shop.clock.turn(seconds=1)  # type: ignore[attr-defined] - of links made in one instant any may be the one that is forgotten
    here.pair(role)
    if role == "kiosk":
        here.client.set_cookie("kiosk-device", here.cookie("device"))
    else:
        here.sign_in(f"Ada {turn}", "admin")


def test_no_request_of_the_office_is_a_mistake_of_ours(
    office: tuple[Visitor, Flask], ids: list[str], shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    here, app = office
    with caplog.at_level(logging.ERROR):
        reached = knocked(here, app, {"X-CSRFToken": here.token()}, ids, 8, "manager")
    assert reached > len(doors(app)) * 0.9, "else only the guard is tried"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_no_request_of_a_screen_of_the_customers_is_a_mistake_of_ours(
    screen: tuple[Visitor, Flask], ids: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    here, app = screen
    with caplog.at_level(logging.ERROR):
        reached = knocked(here, app, {"X-CSRFToken": token_of(here, "/kiosk")}, ids, 8, "kiosk")
    assert reached >= len(doors(app)) / 2
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_the_store_is_sound_after_all_of_it(shop: Shop) -> None:
    found = upkeep.check(shop.db, deep=True)
    assert found.sound, found
