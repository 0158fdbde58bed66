"""MQTT brokers for the eyes to speak to: ours, of each kind."""

from tests.service.conftest import any_mqtt, mqtt

__all__ = ["any_mqtt", "mqtt"]
