"""MQTT brokers to run against: ours of both kinds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.settings import MqttSettings
from tests.service.parts import own_broker

KINDS = [
    pytest.param("amqtt", id="amqtt"),
    pytest.param(
        "mosquitto",
        id="mosquitto",
        marks=[pytest.mark.mosquitto, pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here")],
    ),
]


@pytest.fixture(params=KINDS)
def mqtt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttSettings]:
    """An MQTT broker of ours, of each kind."""
    with own_broker(tmp_path, request.param) as settings:
        yield settings


@pytest.fixture
def any_mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    """An MQTT broker of ours, whichever this machine takes."""
    with own_broker(tmp_path) as settings:
        yield settings
