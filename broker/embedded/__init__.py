"""The MQTT broker of a machine that has none: mosquitto where it is installed, else amqtt. Both only on 127.0.0.1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broker.embedded.own import Own
    from broker.settings import MqttSettings

# The imports stand in the functions so that the small process that starts the MQTT broker loads neither pydantic nor
# what the settings need.


def prepare(data: Path, mqtt: MqttSettings) -> Own:
    """Return our own MQTT broker, ready to be started, with its files made under *data*. See `own.prepare`."""
    from broker.embedded.own import prepare

    return prepare(data, mqtt)


def reach(data: Path, mqtt: MqttSettings) -> MqttSettings:
    """Return how a client reaches the MQTT broker: *mqtt* when it names a host, else our own with its secret."""
    return mqtt if mqtt.host else prepare(data, mqtt).settings
