"""What is said on the wire and to webhooks, for programs of others: `python -m docs.asyncapi > docs/asyncapi.yaml`.

AsyncAPI 3.0 made from the models that check each message (`broker/contract`) and from the events of `broker/notify/events.py`.
Sent and received are meant from the side of the shop's service.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import yaml
from pydantic.json_schema import models_json_schema

from broker.contract.messages import BODIES, CHANNELS, MAX_BYTES, Kind
from broker.contract.topics import NAME, RETAINED, TOPICS, VERSION, Channel
from broker.desk.webhooks import TEST
from broker.settings.telling import EVENTS

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,59}$"
HEARD: Final = frozenset({Channel.EVENT, Channel.STATUS, Channel.ANSWER, Channel.TAKE})
"""What the service hears; the rest it says."""
SAID: Final = {
    Channel.EVENT: "Something happened, once each.",
    Channel.STATUS: "How a device is: every 10 s, on change, and by the MQTT broker as its last will.",
    Channel.ACK: "These events are committed.",
    Channel.COMMAND: "Something is asked of a device.",
    Channel.ANSWER: "What was asked for, said once; the parts of a picture with QoS 0.",
    Channel.QUEUE: "Who waits for what, and how long it takes.",
    Channel.DISPLAY: "What the wall shows.",
    Channel.LIGHT: "How a zone is, for lights and buzzers.",
    Channel.TAKE: "Somebody takes care of the oldest alert of a zone.",
}
PLACES: Final = {
    "store": "The store, 1 to 32 of a-z, 0-9 and inner hyphens.",
    "device": "The device, spelled alike; on queue and display it is `service`.",
    "zone": "The zone, spelled alike.",
}
ABOUT_VISIT: Final = ("visit", "zone")
ABOUT_ALERT: Final = ("alert", "kind", "about", "zone", "level")
ABOUT_TICKET: Final = ("ticket", "service", "number", "counter")
TOLD: Final[dict[str, tuple[str, ...]]] = {
    "visit.started": (*ABOUT_VISIT, "size", "came_in", "late"),
    "visit.greeted": ABOUT_VISIT,
    "visit.left_ungreeted": ABOUT_VISIT,
    "alert.raised": (*ABOUT_ALERT, "again"),
    "alert.acknowledged": ABOUT_ALERT,
    "alert.escalated": ABOUT_ALERT,
    "alert.cleared": ABOUT_ALERT,
    "ticket.issued": ABOUT_TICKET,
    "ticket.called": (*ABOUT_TICKET, "again"),
    "ticket.served": ABOUT_TICKET,
    "ticket.no_show": (*ABOUT_TICKET, "final"),
    TEST: (),
}
"""Event of a webhook -> its values beside `store`."""
VALUES: Final[dict[str, dict[str, Any]]] = {
    "store": {"type": "string", "description": "The store."},
    "visit": {"type": "string", "description": "Names the visit."},
    "zone": {"type": "string", "description": "The zone; empty for what belongs to none."},
    "size": {"type": ["integer", "null"], "description": "How many came in together."},
    "came_in": {"type": ["string", "null"], "format": "date-time", "description": "When they came in, by the camera's clock."},
    "late": {"type": ["boolean", "null"], "description": "The camera's word came too late to tell anybody."},
    "alert": {"type": "string", "description": "Names the alert."},
    "kind": {"type": ["string", "null"], "description": "Of the alert, such as waiting or help."},
    "about": {"type": ["string", "null"], "description": "The id of what it is about."},
    "level": {"type": ["integer", "null"], "description": "0: the zone is told; 1: everybody; 2: the lead."},
    "again": {"type": "boolean", "description": "Not for the first time."},
    "ticket": {"type": "string", "description": "Names the ticket."},
    "service": {"type": ["string", "null"], "description": "The service it is for."},
    "number": {"type": ["integer", "null"], "description": "Its number."},
    "counter": {"type": ["string", "null"], "description": "The counter, once it was called."},
    "final": {"type": "boolean", "description": "The number has lapsed."},
}


def document() -> dict[str, Any]:
    """Return the whole document as plain values."""
    schemas = _schemas()
    schemas |= {_name(event): _told(event) for event in TOLD}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Greetline", "version": f"{VERSION}.0.0", "license": {"name": "Apache-2.0"},
            "description": f"MQTT messages of at most {MAX_BYTES} bytes, each a CloudEvent; webhooks by Standard Webhooks. "
            "docs/protocol.md and docs/integrations.md say what is promised.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "mqtt": {"host": "127.0.0.1:1883", "protocol": "mqtt", "protocolVersion": "5", "description": "3.1.1 is spoken too."},
            "mqtts": {"host": "shop.example:8883", "protocol": "secure-mqtt", "protocolVersion": "5", "description": "With TLS."},
        },
        "channels": {str(channel): _channel(channel) for channel in Channel} | {"webhook": _webhook()},
        "operations": {str(channel): _operation(channel) for channel in Channel} | {"webhook": _call()},
        "components": {
            "messages": {**{_name(kind): _message(kind) for kind in Kind}, **{_name(event): _post(event) for event in TOLD}},
            "schemas": schemas,
        },
    }  # fmt: skip


def _name(kind: str) -> str:
    """Return `greetline.zone-count` as ZoneCount and `ticket.no_show` as TicketNoShow."""
    words = kind if kind == TEST else kind.removeprefix("greetline.")
    return "".join(word.capitalize() for word in words.replace(".", " ").replace("-", " ").replace("_", " ").split())


def _of(kind: Channel) -> list[Kind]:
    return [each for each in Kind if CHANNELS[each] is kind]


def _channel(channel: Channel) -> dict[str, Any]:
    address = TOPICS[channel].replace("<", "{").replace(">", "}")
    return {
        "address": address,
        "description": SAID[channel],
        "servers": [{"$ref": "#/servers/mqtt"}, {"$ref": "#/servers/mqtts"}],
        "parameters": {place: {"description": said} for place, said in PLACES.items() if f"{{{place}}}" in address},
        "messages": {_name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in _of(channel)},
    }


def _operation(channel: Channel) -> dict[str, Any]:
    return {
        "action": "receive" if channel in HEARD else "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": SAID[channel],
        "bindings": {"mqtt": {"qos": 1, "retain": channel in RETAINED, "bindingVersion": "0.2.0"}},
    }


def _message(kind: Kind) -> dict[str, Any]:
    said: dict[str, Any] = {
        "specversion": {"const": "1.0"}, "id": {"type": "string", "pattern": ID},
        "source": {"type": "string", "pattern": "^/[a-z0-9-]+/[a-z0-9-]+$", "description": "Who speaks: `/<store>/<device>`."},
        "subject": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "For whom; the zone, on light and take."},
        "type": {"const": str(kind)}, "time": {"type": "string", "format": "date-time"},
        "data": {"$ref": f"#/components/schemas/{BODIES[kind].__name__}"},
    }  # fmt: skip
    return {
        "name": str(kind),
        "summary": (BODIES[kind].__doc__ or "").strip(),
        "payload": {
            "type": "object", "properties": said, "additionalProperties": False,
            "required": ["id", "source", "type", "time", "data"],
        },
    }  # fmt: skip


def _schemas() -> dict[str, Any]:
    models = [(body, "validation") for body in dict.fromkeys(BODIES.values())]
    _, made = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = _older(made["$defs"])
    return found


def _older(value: Any) -> Any:
    """Return a schema of 2020-12 as one of draft 7, which AsyncAPI's own is made of: a tuple's places are its `items`."""
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = {("items" if name == "prefixItems" else name): _older(each) for name, each in value.items()}
    return {name: each for name, each in named.items() if not (name == "title" and isinstance(each, str))}


def _webhook() -> dict[str, Any]:
    return {
        "address": None,
        "description": "A POST to the `url` of each [[webhooks]], at least once and in order.",
        "messages": {_name(event): {"$ref": f"#/components/messages/{_name(event)}"} for event in TOLD},
    }


def _call() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/webhook"},
        "summary": "Tell another program what happened.",
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
    }


def _post(event: str) -> dict[str, Any]:
    text = {"type": "string"}
    headers = {"webhook-id": text, "webhook-timestamp": text, "webhook-signature": text}
    return {
        "name": event,
        "headers": {"type": "object", "properties": headers, "required": list(headers)},
        "payload": {"$ref": f"#/components/schemas/{_name(event)}"},
    }


def _told(event: str) -> dict[str, Any]:
    values = {name: VALUES[name] for name in ("store", *TOLD[event])}
    data = {"type": "object", "properties": values, "required": list(values), "additionalProperties": False}
    said = {"type": {"const": event}, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    return {"type": "object", "properties": said, "required": list(said), "additionalProperties": False}


class _Plain(yaml.SafeDumper):
    """Says everything where it stands: no anchors, which not every reader follows."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return that nothing is said by an anchor."""
        return True


def text() -> str:
    """Return the document as YAML."""
    head = "# Made by `python -m docs.asyncapi`; tests/test_docs_asyncapi.py holds it to the models.\n"
    return head + yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=130)


if __name__ == "__main__":
    assert set(EVENTS) | {TEST} == set(TOLD), "an event of the webhooks is not described"
    sys.stdout.write(text())
