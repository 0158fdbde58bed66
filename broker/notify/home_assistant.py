"""Each zone as a device of Home Assistant: it is told where to look and what to send, in the form of its MQTT discovery.

Home Assistant then reads what every other light reads, and its button says a message of our own contract.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from typing import Any, Final

from broker.contract.topics import Channel, Topic
from broker.desk import devices
from broker.settings import Settings
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import change

SPEAKER: Final = "home-assistant"
"""Who speaks when its button is pressed."""

_WAITING: Final = "{{ 'OFF' if value_json.data.state == 'calm' else 'ON' }}"
_LONGEST: Final = "{{ value_json.data.longest | int }}"
_ATTRIBUTES: Final = "{{ {'state': value_json.data.state, 'waiting': value_json.data.waiting} | tojson }}"
_THERE: Final = "{{ 'online' if value_json.data.watch == 'watching' else 'offline' }}"


def discovery(settings: Settings) -> dict[str, bytes]:
    """Return what Home Assistant is told, by topic: one device a zone, none when it is not enabled."""
    home = settings.home_assistant
    if not home.enabled:
        return {}
    store = settings.store.id
    return {
        f"{home.prefix}/device/greetline_{store}_{zone.id}/config": _encoded(_device(settings, zone.id, zone.name))
        for zone in settings.zones
    }


def _device(settings: Settings, zone: str, name: str) -> dict[str, Any]:
    store = settings.store
    light, take = (str(Topic(store.id, zone, channel)) for channel in (Channel.LIGHT, Channel.TAKE))
    unique = f"greetline_{store.id}_{zone}"
    version = metadata.version("greetline")
    return {
        "device": {"identifiers": [unique], "name": f"{store.name}: {name}", "manufacturer": "Greetline", "sw_version": version},
        "origin": {"name": "Greetline", "sw_version": version},
        "availability": [{"topic": str(Topic(store.id, devices.SERVICE, Channel.STATUS)), "value_template": _THERE}],
        "qos": 1,
        "components": {
            "waiting": {
                "platform": "binary_sensor", "name": "Customer waiting", "unique_id": f"{unique}_waiting",
                "device_class": "occupancy", "state_topic": light, "value_template": _WAITING,
                "json_attributes_topic": light, "json_attributes_template": _ATTRIBUTES,
            },
            "longest": {
                "platform": "sensor", "name": "Longest wait", "unique_id": f"{unique}_longest", "device_class": "duration",
                "unit_of_measurement": "s", "state_class": "measurement", "state_topic": light, "value_template": _LONGEST,
            },
            "acknowledge": {
                "platform": "button", "name": "Acknowledge", "unique_id": f"{unique}_acknowledge", "command_topic": take,
                "command_template": _pressed(store.id, zone),
            },
        },
    }  # fmt: skip


def _pressed(store: str, zone: str) -> str:
    """Return the template of what the button sends: a `greetline.take` of this zone, new at every press."""
    said = {
        "specversion": "1.0", "id": "ha-{{ (as_timestamp(now()) * 1000) | int }}", "source": f"/{store}/{SPEAKER}",
        "subject": zone, "type": "greetline.take", "time": "{{ utcnow().isoformat() }}", "data": {"zone": zone},
    }  # fmt: skip
    return json.dumps(said)


def _encoded(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


class Announcer:
    """Tells Home Assistant of the zones on every new connection, and takes back what was told before and is so no more."""

    def __init__(self, shop: Shop) -> None:
        """Speak of the zones of *shop*."""
        self._shop = shop
        self._told_on = 0

    def turn(self, connection: int, keep: Callable[[str, bytes], bool]) -> None:
        """Say it once on the *connection* of that number; *keep* publishes retained bytes, none of them to take back a topic."""
        if connection == self._told_on:
            return
        wanted, before = discovery(self._shop.settings), deliveries.announced(self._shop.db)
        if wanted.keys() != before:
            # Written down first: what was said and not written would stay in Home Assistant for ever.
            with change(self._shop.db):
                deliveries.announce(self._shop.db, before | wanted.keys(), self._shop.clock())
        taken_back = before - wanted.keys()
        said = [keep(topic, payload) for topic, payload in (*wanted.items(), *((topic, b"") for topic in taken_back))]
        if all(said):
            self._told_on = connection
            if taken_back:
                with change(self._shop.db):
                    deliveries.announce(self._shop.db, wanted.keys(), self._shop.clock())
