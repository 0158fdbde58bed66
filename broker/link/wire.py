"""paho's client on a socket that is read by the bucket, and what it says about its session.

paho asks for a byte, another byte, a payload; here the kernel is asked once for hundreds of messages.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from broker.settings import MqttSettings

BUCKET_BYTES: Final = 64 * 1024

MAX_UNACKNOWLEDGED: Final = 1_000
"""Messages the MQTT broker may send before the first is acknowledged (MQTT 5, manual_ack). It bounds the inbox; on 3.1.1
the MQTT broker's own `max_inflight_messages` does."""

MAX_PACKET_BYTES: Final = 256 * 1024
"""A larger packet is not sent to us (MQTT 5)."""

SESSION_SECONDS: Final = 120
"""How long an MQTT 5 broker keeps the session of a Link that is not `clean`."""


class Wire:
    """A connected socket with what it has received beyond what was asked for."""

    def __init__(self, sock: socket.socket) -> None:
        """Read from *sock* from now on through this alone."""
        # What we say is small and wanted at once. Held back to be joined with more, an acknowledgement is 40 ms late.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._bucket = b""
        self._read = 0

    def recv(self, size: int) -> bytes:
        """Return 1 to *size* bytes, or none at the end. Raises what the socket raises when there is nothing."""
        begin = self._read
        if begin == len(self._bucket):
            self._bucket, begin = self._sock.recv(max(size, BUCKET_BYTES)), 0
        self._read = end = min(begin + size, len(self._bucket))
        return self._bucket[begin:end]

    def pending(self) -> int:
        """Return how many bytes can be had without the kernel, which `select` therefore does not know of."""
        inside = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return len(self._bucket) - self._read + inside

    def send(self, data: bytes) -> int:
        """Send some of *data* and return how much."""
        return self._sock.send(data)

    def fileno(self) -> int:
        """Return the socket's number, for `select`."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Let the socket wait, or not."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class WiredClient(Client):
    """paho's client on a Wire."""

    def _create_socket(self) -> Any:
        return Wire(super()._create_socket())  # type: ignore[arg-type]

    def read_what_is_here(self) -> None:
        """Read the messages that one look into the socket brought, without a `select` for each."""
        while (wire := self.socket()) and wire.pending() and self.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS:  # type: ignore[attr-defined]
            pass


def build(mqtt: MqttSettings, *, client_id: str, version: MQTTProtocolVersion, clean: bool, manual_ack: bool) -> WiredClient:
    """Return a client that has not been connected. Raises OSError for a file that cannot be read."""
    client = WiredClient(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=version,
        clean_session=None if version is MQTTProtocolVersion.MQTTv5 else clean,
        reconnect_on_failure=False,
        manual_ack=manual_ack,
    )
    if mqtt.username is not None:
        lines = mqtt.password_file.read_text(encoding="utf-8").splitlines() if mqtt.password_file else []
        client.username_pw_set(mqtt.username, lines[0].strip() if lines else None)
    if mqtt.ca_file or mqtt.cert_file:
        context = ssl.create_default_context(cafile=str(mqtt.ca_file) if mqtt.ca_file else None)
        if mqtt.cert_file:
            context.load_cert_chain(mqtt.cert_file, mqtt.key_file)
        client.tls_set_context(context)
    return client


def session(version: MQTTProtocolVersion, *, clean: bool) -> dict[str, Any]:
    """Return what `connect` is told about the session and its limits; 3.1.1 has no words for it."""
    if version is not MQTTProtocolVersion.MQTTv5:
        return {}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = MAX_UNACKNOWLEDGED
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    properties.SessionExpiryInterval = 0 if clean else SESSION_SECONDS
    return {"clean_start": clean, "properties": properties}
