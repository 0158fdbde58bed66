"""No picture, face, name of a customer or track number has a place to go: not on the wire and not in the store."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from broker.contract.messages import BODIES, CHANNELS, Kind, Message, StillPart
from broker.contract.topics import RETAINED, Channel
from broker.shop import Shop

FORBIDDEN = re.compile(
    r"face|image|picture|photo|frame_data|jpeg|png|track|embedding|descriptor|customer_name|phone|email|gender|age_group", re.I
)
STAFF_TABLES = {"people", "screens", "entrances", "devices", "pairings", "sessions", "attempts", "api_keys"}
"""Tables about people who work here and about devices: names there are names of staff, tablets and cameras."""


def fields_of(model: type[BaseModel]) -> list[tuple[str, object]]:
    return [(name, field.annotation) for name, field in model.model_fields.items()]


@pytest.mark.parametrize("model", [Message, *BODIES.values()], ids=lambda model: model.__name__)
def test_no_message_has_room_for_a_person(model: type[BaseModel]) -> None:
    for name, annotation in fields_of(model):
        assert not FORBIDDEN.search(name), f"{model.__name__}.{name}"
        assert "bytes" not in str(annotation), f"{model.__name__}.{name} could carry a picture"
        assert name != "name" or model.__name__ == "Command"
        assert name != "content" or model is StillPart, f"{model.__name__}.{name}"


def test_the_one_picture_there_is_answers_somebody_who_asked_and_is_kept_by_nobody() -> None:
    still = StillPart.model_fields
    assert still["request"].is_required(), "no still without a request"
    assert CHANNELS[Kind.STILL_PART] is Channel.ANSWER
    assert Channel.ANSWER not in RETAINED, "an MQTT broker would keep it"


def test_every_text_on_the_wire_has_a_limit() -> None:
    for model in (Message, *BODIES.values()):
        schema = model.model_json_schema()
        for name, part in schema["properties"].items():
            if part.get("type") == "string" and "enum" not in part and "const" not in part and part.get("format") != "date-time":
                assert "maxLength" in part or "pattern" in part, f"{model.__name__}.{name} may be of any length"


def test_no_table_has_room_for_a_person_who_came_in(shop: Shop) -> None:
    for table in shop.db.tables:
        if table.name.startswith(("sqlite_", "_sqlite")):
            continue
        for column in table.columns:
            assert not FORBIDDEN.search(column.name), f"{table.name}.{column.name}"
            # Finished hours hold times, four bytes each, in order: broker.domain.times reads them and nothing else.
            room = table.name == "rejected" or (table.name in ("finished", "finished_months") and column.name == "times")
            # A call that the office tried, spoken by this machine: kiosk.trials writes it, and nothing that hears.
            room = room or (table.name, column.name) == ("trials", "sound")
            assert column.type != "BLOB" or room, f"{table.name}.{column.name} could hold a picture"
            assert column.name != "name" or table.name in STAFF_TABLES, f"{table.name}.{column.name}"


def test_what_is_kept_of_a_rejected_message_is_too_small_for_a_picture() -> None:
    from broker.store.rejected import KEPT_BYTES

    assert KEPT_BYTES <= 8 * 1024
