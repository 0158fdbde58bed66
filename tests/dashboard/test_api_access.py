"""Who may use the HTTP API, with which key, and how often."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from broker.desk import people
from broker.desk.apikeys import SCOPES
from broker.shop import Shop
from broker.store import tickets as stored
from broker.web.access import permission_of
from dashboard.api import moving
from tests.builders import TurnableClock, make_shop
from tests.dashboard.program import COUNTERS, SERVICES, Program, no
from tests.web.parts import Visitor


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


def api_doors(app: Flask) -> list[tuple[str, str, str]]:
    """Every door of the API: method, path, scope."""
    return [
        (method, rule.rule.replace("<ticket>", "none").replace("<counter>", "desk-1").removeprefix("/api/v1"), permission)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and (permission := permission_of(app, rule.endpoint)) in SCOPES
        for method in (rule.methods or set()) & {"GET", "POST"}
    ]


def test_a_key_opens_what_its_scopes_say_and_nothing_else(app: Flask, shop: Shop) -> None:
    doors = api_doors(app)
    assert {scope for _, _, scope in doors} == set(SCOPES)
    assert len(doors) == 5 + len(moving.MOVES) + 3
    for scope in SCOPES:
        program = Program(app, shop, [scope])
        for method, path, needed in doors:
            answer = program.get(path) if method == "GET" else program.post(path, {})
            if needed == scope:
                assert answer.status_code not in (401, 403), (path, scope)
            else:
                assert no(answer, 403)["scope"] == needed
                assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/api/v1/floor", "/reports", "/admin/people", "/api/v1/today", "/events"])
def test_a_key_with_every_scope_opens_no_screen_of_the_staff(program: Program, path: str) -> None:
    answer = program.client.get(path, headers=program.headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("secret", ["", "x", "glk_" + "A" * 43, "glk_"])
def test_without_a_key_or_with_a_wrong_one_nothing_is_told(app: Flask, program: Program, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    for method, path, _ in api_doors(app):
        answer = program.client.open(f"/api/v1{path}", method=method, headers=headers | {"Idempotency-Key": "request-1"})
        assert no(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_beside_the_cookies_of_a_manager_is_still_only_a_key(app: Flask, shop: Shop) -> None:
    office = Visitor(app, shop).pair("manager").sign_in("Ada", "admin")
    program = Program(app, shop, ["display.read"])
    assert office.client.get("/api/v1/line").status_code == 200
    no(office.client.get("/api/v1/line", headers=program.headers), 403)
    assert office.client.get("/admin/people", headers=program.headers).status_code == 403


def test_staff_on_a_paired_screen_may_ask_too_with_the_token_of_their_page(app: Flask, shop: Shop) -> None:
    here = Visitor(app, shop).pair().sign_in("Kari")
    headers = {"Idempotency-Key": "request-1"}
    assert here.client.post("/api/v1/tickets", json={"service": "collect"}, headers=headers).status_code == 400
    headers["X-CSRFToken"] = here.token()
    assert here.client.post("/api/v1/tickets", json={"service": "collect"}, headers=headers).status_code == 201
    kari = people.named(shop, "Kari")
    assert kari
    assert [move.by for _, move in stored.moves_after(shop.db, 0, limit=9)] == [kari.id]


def test_another_sites_page_cannot_use_a_key(program: Program) -> None:
    assert program.post("/tickets", {"service": "collect"}, Sec_Fetch_Site="cross-site").status_code == 403


def test_who_asks_too_often_is_told_when_to_ask_again_and_is_let_in_then(app: Flask, shop: Shop, clock: TurnableClock) -> None:
    eager, other = Program(app, shop, a_minute=3), Program(app, shop)
    for _ in range(3):
        assert eager.get("/services").status_code == 200
    answer = eager.get("/services")
    no(answer, 429)
    assert int(answer.headers["Retry-After"]) == 20
    assert other.get("/services").status_code == 200, "one program's haste is not another's"
    clock.turn(seconds=20)
    assert eager.get("/services").status_code == 200
    assert eager.get("/services").status_code == 429
    clock.turn(seconds=-3600)
    assert eager.get("/services").status_code == 429, "a clock that goes back gives nothing away"
    clock.turn(seconds=3700)
    assert eager.get("/services").status_code == 200
