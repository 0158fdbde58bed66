"""The OpenAPI document is true: whatever it allows, and much that it does not, is answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from broker.desk import tickets
from broker.desk.apikeys import SCOPES
from broker.domain.ticket import AT_COUNTER, CLOCK, Move, Said, State
from broker.shop import Shop
from broker.store import tickets as stored
from broker.web.access import permission_of
from dashboard.api.document import whole
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.dashboard.program import COUNTERS, SERVICES, Program, brought_to

DOORS = [(path, method) for path, item in whole()["paths"].items() for method in item]
EXAMPLES: Final = 20
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, negative_data_rejection,
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("api"), TurnableClock(), services=SERVICES, counters=COUNTERS)
    yield made
    made.db.conn.close()


@pytest.fixture(scope="module")
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    made.extensions["greetline-stores"].close()


@pytest.fixture(scope="module")
def program(app: Flask, shop: Shop) -> Program:
    made = Program(app, shop)
    made.open("desk-1", "desk-2", "desk-12")
    return made


RIGHT_AND_WRONG = [
    pytest.param(path, method, mode, id=f"{mode.value} {method} {path}")
    for path, method in DOORS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or path != "/api/v1/display"  # Nothing can be asked wrongly of the wall.
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method", "mode"), RIGHT_AND_WRONG)
def test_every_answer_is_one_the_document_promises(
    app: Flask, shop: Shop, program: Program, path: str, method: str, mode: GenerationMode
) -> None:
    door = allowed(app)[path][method]
    for there in stored.open_ones(shop.db):
        if there.state in AT_COUNTER:
            tickets.move(shop, there.id, Move.EXPIRE, Said(by=CLOCK))
    ids = [brought_to(shop, state, f"desk-{number}") for number, state in enumerate(State, start=3)]

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=door.as_strategy(generation_mode=mode), ticket=st.sampled_from(ids))
    def asked(case: Any, ticket: str) -> None:
        if "ticket" in (case.path_parameters or {}) and mode is GenerationMode.POSITIVE:
            case.path_parameters["ticket"] = ticket
        # As it is: what asks here, in one process with the program, unpacks no Brotli.
        case.headers = dict(case.headers or {}) | program.headers | {"Accept-Encoding": "identity"}
        case.call_and_validate(checks=CHECKS)

    asked()


def allowed(app: Flask) -> Any:
    """What the document allows to somebody whose key is good: keys that are none have tests of their own."""
    document = {
        **whole(),
        "paths": {path: {m: _keyless(said) for m, said in item.items()} for path, item in whole()["paths"].items()},
    }
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    return schema


def _keyless(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "security"}


def test_the_document_says_what_holds_for_every_door(app: Flask) -> None:
    document = whole()
    assert document["openapi"].startswith("3.1")
    views = {rule.rule.replace("<", "{").replace(">", "}"): rule.endpoint for rule in app.url_map.iter_rules()}
    for path, method in DOORS:
        said = document["paths"][path][method]
        scope = permission_of(app, views[path])
        assert scope in SCOPES
        assert said["security"] == [{"key": [scope]}], path
        assert said["summary"]
        refs = [each.get("$ref") for each in said.get("parameters", [])]
        assert ("#/components/parameters/IdempotencyKey" in refs) == (method == "post")
        assert {"400", "401", "403", "404", "409", "422", "429"} <= set(said["responses"])


def test_everything_the_document_refers_to_is_in_it() -> None:
    document = whole()

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            part = list(part.values())
        if isinstance(part, list):
            for inner in part:
                yield from references(inner)

    for reference in set(references(document)):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_the_page_names_every_door(app: Flask) -> None:
    page = (Path(__file__).parents[2] / "docs/api.md").read_text(encoding="utf-8")
    for path, method in DOORS:
        assert f"`{method.upper()} {path.removeprefix('/api/v1')}`" in page, f"docs/api.md does not know {method} {path}"
