"""A value that is sent twice is one value: the first, for whoever checks and for whoever acts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from broker.desk import people
from broker.desk.apikeys import SCOPES
from broker.shop import Shop
from broker.web.access import permission_of
from dashboard.api.document import whole
from tests.dashboard.program import Program
from tests.web.parts import PIN, WRONG, Visitor, person


def test_of_two_people_and_two_pins_the_first_ones_count(shop: Shop, visitor: Callable[[], Visitor]) -> None:
    here = visitor().pair("staff")
    kari, ola = person(shop, "Kari"), person(shop, "Ola")
    form = {"csrf_token": here.token(), "person": [kari.id, ola.id], "pin": [WRONG, PIN]}
    here.client.post("/signin", data=form)
    assert here.cookie("shift") == ""
    assert here.get("/floor").status_code != 200, "a right PIN behind a wrong one opens nothing"


def test_a_value_of_the_address_is_none_of_the_form(shop: Shop, visitor: Callable[[], Visitor]) -> None:
    here, kari = visitor().pair("staff"), person(shop, "Kari")
    here.client.post(f"/signin?person={kari.id}&pin={PIN}", data={"csrf_token": here.token()})
    assert here.get("/floor").status_code != 200
    office = visitor().pair("manager").sign_in("Ada", "admin")
    answer = office.client.post(f"/admin/people?csrf_token={office.token()}&name=Eva&role=admin&pin={PIN}", data={})
    assert answer.status_code == 400
    assert people.named(shop, "Eva") is None


@pytest.mark.parametrize("name", ["limit", "from", "to", "service", "state"])
def test_a_value_that_the_api_is_asked_for_twice_is_as_one_or_refused(app: Flask, shop: Shop, name: str) -> None:
    program = Program(app, shop)
    doors = [path for path, item in whole()["paths"].items() if "get" in item and "{" not in path]
    assert doors
    for path in doors:
        once = program.client.get(f"{path}?{name}=1", headers=program.headers).status_code
        twice = program.client.get(f"{path}?{name}=1&{name}=x%27--", headers=program.headers).status_code
        assert twice in (once, 400, 422), path


def test_every_door_that_a_key_opens_is_in_the_document_that_is_tried_out(app: Flask) -> None:
    there = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if permission_of(app, rule.endpoint) in SCOPES and rule.rule.startswith("/api/")
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    assert there == {(path, method) for path, item in whole()["paths"].items() for method in item}
