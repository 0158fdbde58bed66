"""docs/asyncapi.yaml is what the models say, is whole, and fits what is really said on the wire and to webhooks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from broker.contract.codec import encode
from broker.contract.messages import Body, Kind, message
from broker.desk import tickets, visits
from broker.domain.ticket import Move, Outcome, Said, State
from broker.notify.events import body_of, event_of
from broker.settings.telling import EVENTS
from broker.store import journal
from broker.store import tickets as stored
from docs.asyncapi import TOLD, text
from docs.pictures import busy, numbers
from tests.contract.test_messages import AT, EACH

PAGE = Path(__file__).resolve().parents[1] / "docs/asyncapi.yaml"


@cache
def document() -> dict[str, Any]:
    if os.environ.get("GREETLINE_WRITE_DOCS"):
        PAGE.write_text(text(), encoding="utf-8")
    found: dict[str, Any] = yaml.load(PAGE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def at(ref: str) -> Any:
    """What *ref* points to. Raises KeyError when it is not there."""
    found: Any = document()
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (each for name, each in value.items() if name == "$ref")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from refs(each)


def fits(name: str, said: Any) -> list[str]:
    """What of *said* is not as the message *name* has it."""
    whole = {"allOf": [{"$ref": f"#/components/messages/{name}/payload"}], "components": document()["components"]}
    return [wrong.message for wrong in Draft7Validator(whole).iter_errors(said)]


def named(kind: str) -> str:
    return next(name for name, each in document()["components"]["messages"].items() if each["name"] == kind)


def test_the_file_is_what_the_models_say() -> None:
    assert document()
    assert PAGE.read_text(encoding="utf-8") == text(), "run the tests once with GREETLINE_WRITE_DOCS=1 and look at the change"


def test_every_reference_leads_somewhere() -> None:
    for ref in set(refs(document())):
        assert at(ref), ref


def test_it_has_the_shape_of_asyncapi_3() -> None:
    whole = document()
    assert whole["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(whole["info"])
    for server in whole["servers"].values():
        assert {"host", "protocol"} <= set(server)
    for channel in whole["channels"].values():
        asked = {part[1:-1] for part in (channel["address"] or "").split("/") if part.startswith("{")}
        assert set(channel.get("parameters", {})) == asked
        assert channel["messages"]
    used = {operation["channel"]["$ref"] for operation in whole["operations"].values()}
    assert used == {f"#/channels/{name}" for name in whole["channels"]}
    assert {operation["action"] for operation in whole["operations"].values()} == {"send", "receive"}
    said = {ref for channel in whole["channels"].values() for ref in refs(channel["messages"])}
    assert said == {f"#/components/messages/{name}" for name in whole["components"]["messages"]}
    for schema in whole["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_every_kind_of_message_and_every_event_is_there() -> None:
    assert {each["name"] for each in document()["components"]["messages"].values()} == {*Kind, *TOLD}
    assert set(EVENTS) < set(TOLD)


@pytest.mark.parametrize("body", EACH, ids=lambda body: type(body).__name__)
def test_what_is_said_on_the_wire_fits_and_what_is_not_does_not(body: Body) -> None:
    made = message(body, id="ab-1", store="oslo-city", device="door", time=AT)
    said = json.loads(encode(made))
    assert fits(named(made.type), said) == []
    assert fits(named(made.type), said | {"data": said["data"] | {"face": "x"}})
    assert fits(named(made.type), said | {"type": "greetline.other"})


def test_what_webhooks_are_told_of_a_busy_day_fits(tmp_path: Path) -> None:
    day = busy(tmp_path)
    first, by = numbers(day), day.people[3].id
    tickets.call(day.shop, first.id, "desk-2", by=by)
    tickets.move(day.shop, first.id, Move.MISS, Said(by=by))
    here = next(each for each in stored.open_ones(day.shop.db) if each.state is State.SERVING)
    tickets.finish(day.shop, here.id, Outcome.SOLVED, by=by)
    visits.run_due(day.at(day.now + timedelta(hours=1)))
    seen = set()
    for event in filter(None, map(event_of, every(day.shop.db))):
        seen.add(event.name)
        assert fits(named(event.name), json.loads(body_of(event, store="oslo-city", at=AT))) == []
    assert seen == set(EVENTS)


def every(db: Any) -> Iterator[Any]:
    last = 0
    while page := journal.after(db, last):
        yield from page
        last = page[-1].id
