"""The line to the MQTT broker: the one place that knows paho."""

from broker.link.line import Incoming, Link

__all__ = ["Incoming", "Link"]
