"""The reference of benchmarks.service: a paho subscriber that acknowledges at once and only counts. Prints messages/s."""

from __future__ import annotations

import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def main(port: int, events: int) -> None:
    """Take *events* messages and print how many came a second."""
    moments: list[float] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-counter", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda *_: moments.append(time.perf_counter())
    kept = Properties(PacketTypes.CONNECT)
    kept.ReceiveMaximum = 1_000
    kept.SessionExpiryInterval = 600
    client.connect("127.0.0.1", port, clean_start=False, properties=kept)
    while len(moments) < events and client.loop(1.0) == MQTTErrorCode.MQTT_ERR_SUCCESS:
        pass
    print((len(moments) - 1) / (moments[-1] - moments[0]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
