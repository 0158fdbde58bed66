"""The line to the MQTT broker.

A Link keeps one connection alive from a thread of its own. What arrives is put into `inbox` and nothing else happens on
that thread: whoever owns the Link takes it when ready and acknowledges what it has made safe. A new connection begins
with a new paho client, so nothing that was said before a cut is said again from memory; what must survive a cut lives
in a spool.
"""

from __future__ import annotations

import logging
import queue
import random
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any, Final, Literal, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from broker.contract.codec import encode, topic_of
from broker.contract.messages import Message
from broker.link.wire import WiredClient, build, session
from broker.settings import MqttSettings

log = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
"""Messages in the inbox that no acknowledgement holds back (QoS 0, or without manual_ack); later ones are dropped."""

MAX_OUTGOING: Final = 2_000
"""Messages handed to the connection and not yet confirmed by the MQTT broker; above it `publish` returns False."""

KEEPALIVE_SECONDS: Final = 10
CONNECT_SECONDS: Final = 3.0
FIRST_RETRY_SECONDS: Final = 0.25
LAST_RETRY_SECONDS: Final = 5.0
SAME_COMPLAINT_SECONDS: Final = 60.0
_TICK_SECONDS: Final = 0.5

_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_VERSIONS: Final = {"auto": (_V5, _V311), "5": (_V5,), "3.1.1": (_V311,)}
_REFUSED_SIGN_IN: Final = frozenset({"Bad user name or password", "Not authorized", "Bad authentication method", "Banned"})
_THROWN_OUT: Final = "; was this device thrown out, or has its camera another id than the name it was let in by?"
_BROKEN: Final = (OSError, ValueError, LookupError, struct.error)
"""What paho raises on a broken line or a malformed packet: ssl.SSLError and UnicodeDecodeError are among them."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it arrived, not yet looked at."""

    topic: str
    payload: bytes
    retain: bool
    mid: int
    connection: int
    """Number of the connection it came on; an acknowledgement is good for that one only."""
    qos: int


class _End(Enum):
    """How an attempt to be connected ended."""

    HELD = auto()
    UNANSWERED = auto()
    REFUSED = auto()
    UNREACHABLE = auto()


class Link:
    """A line to the MQTT broker that mends itself.

    *will* is said for us, retained, when we are gone. *subscriptions* are renewed on every connection. With
    *manual_ack* the MQTT broker keeps a message until `acknowledge`; with *clean* False it also keeps the session.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        *,
        client_id: str,
        will: Message | None = None,
        subscriptions: Sequence[str] = (),
        manual_ack: bool = False,
        clean: bool = True,
    ) -> None:
        """Prepare the line; nothing is opened before `start`. Raises TooLarge when *will* is."""
        self.inbox: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self.connected = threading.Event()
        self.dropped = 0
        self._mqtt = mqtt
        self._client_id = client_id
        self._will = (str(topic_of(will)), encode(will)) if will else None
        self._subscriptions = tuple(subscriptions)
        self._manual_ack = manual_ack
        self._clean = clean
        self._versions = _VERSIONS[mqtt.protocol]
        self._live: tuple[int, Client] | None = None
        self._number = 0
        self._answer: ReasonCode | None = None
        self._stopping = threading.Event()
        self._complaint = ("", -SAME_COMPLAINT_SECONDS)
        self._doubt = _THROWN_OUT if mqtt.cert_file else ""
        self._thread = threading.Thread(target=self._keep_connected, name=f"link {client_id}", daemon=True)

    @property
    def number(self) -> int:
        """Number of the newest connection, from 1; it tells one connection from the next."""
        return self._number

    @property
    def address(self) -> str:
        """Where the MQTT broker is, as a person reads it."""
        return f"{self._mqtt.host or '127.0.0.1'}:{self._mqtt.port}"

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye, so that the last will is not said, and end the thread."""
        self._stopping.set()
        live = self._live
        if live:
            live[1].disconnect()
        if self._thread.is_alive():
            self._thread.join(CONNECT_SECONDS + 2 * _TICK_SECONDS)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    def wait_connected(self, timeout: float) -> bool:
        """Wait at most *timeout* seconds for a connection with all its subscriptions; return whether there is one."""
        return self.connected.wait(timeout)

    def publish(self, message: Message, *, retain: bool = False, qos: Literal[0, 1] = 1) -> bool:
        """Hand *message* to the connection and return whether there was one; nothing is kept for later.

        True is not a promise: what must not be lost waits for the service's own acknowledgement. With *qos* 0 no MQTT
        broker queues it for anybody or writes it down. Raises TooLarge.
        """
        return self._hand(str(topic_of(message)), encode(message), retain=retain, qos=qos)

    def keep(self, topic: str, payload: bytes) -> bool:
        """Let the MQTT broker keep *payload* on a *topic* that is not of our contract; none takes away what it keeps there.

        Returns what `publish` does.
        """
        return self._hand(topic, payload, retain=True, qos=1)

    def _hand(self, topic: str, payload: bytes, *, retain: bool, qos: Literal[0, 1]) -> bool:
        live = self._live
        # Not `connected`: what comes in before the subscriptions are confirmed wants an answer too.
        if live is None or self._answer is None or self._answer.is_failure:
            return False
        sent = live[1].publish(topic, payload, qos=qos, retain=retain)
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, incoming: Incoming) -> None:
        """Tell the MQTT broker that *incoming* is safe. Call it in the order of arrival.

        A message of an earlier connection is left alone: its number means something else by now, and it comes again.
        """
        live = self._live
        if live and live[0] == incoming.connection and incoming.qos:
            live[1].ack(incoming.mid, incoming.qos)

    def _keep_connected(self) -> None:
        pause = FIRST_RETRY_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            end = self._try_versions()
            if end is _End.HELD and time.monotonic() - began > 1.0:
                pause = FIRST_RETRY_SECONDS
            # Jitter, so that a shop full of devices does not come back in one instant.
            self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, LAST_RETRY_SECONDS)

    def _try_versions(self) -> _End:
        end = _End.UNANSWERED
        for version in self._versions:
            end = self._connection(version)
            if end is _End.HELD and version is not self._versions[0]:
                self._versions = self._versions[::-1]
            if end is not _End.UNANSWERED or self._stopping.is_set():
                return end
        self._complain(f"the MQTT broker at {self.address} does not answer, or hangs up{self._doubt}")
        return end

    def _connection(self, version: MQTTProtocolVersion) -> _End:
        """Open one connection and stay on it until it ends."""
        self._answer, reached = None, False
        try:
            client = self._client(version)
            kept = session(version, clean=self._clean)
            client.connect(self._mqtt.host or "127.0.0.1", self._mqtt.port, KEEPALIVE_SECONDS, **kept)
            reached = True
            self._number += 1
            self._live = (self._number, client)
            self._stay(client)
        except _BROKEN as broken:
            self._complain(f"no connection to the MQTT broker at {self.address}: {broken}")
        finally:
            held = self.connected.is_set()
            self.connected.clear()
            self._live = None
        return self._how_it_ended(reached=reached, held=held)

    def _stay(self, client: WiredClient) -> None:
        ready_by = time.monotonic() + CONNECT_SECONDS
        while client.loop(_TICK_SECONDS) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            client.read_what_is_here()
            if not self.connected.is_set() and time.monotonic() > ready_by:
                break
            if self._stopping.is_set():
                client.disconnect()

    def _how_it_ended(self, *, reached: bool, held: bool) -> _End:
        if held:
            if not self._stopping.is_set():
                log.warning("lost the connection to the MQTT broker at %s", self.address)
            return _End.HELD
        if not reached:
            return _End.UNREACHABLE
        # A broker that speaks 3.1.1 only (amqtt) says so to MQTT 5, or, when there is a last will, says nothing at all.
        if self._answer is None or not self._answer.is_failure:
            return _End.UNANSWERED
        if self._answer.getName() == "Unsupported protocol version":
            return _End.UNANSWERED
        self._complain(self._refusal(self._answer))
        return _End.REFUSED

    def _refusal(self, answer: ReasonCode) -> str:
        if answer.getName() not in _REFUSED_SIGN_IN:
            return f"the MQTT broker at {self.address} refused the connection: {answer.getName()}"
        who = f"the sign-in of {self._mqtt.username!r}" if self._mqtt.username else "to let us in without a name"
        return f"the MQTT broker at {self.address} refused {who}; see username and password_file in [mqtt]"

    def _complain(self, text: str) -> None:
        """Say it once, and the same again only after a minute."""
        said, at = self._complaint
        if text != said or time.monotonic() - at >= SAME_COMPLAINT_SECONDS:
            self._complaint = (text, time.monotonic())
            log.warning("%s", text)

    def _client(self, version: MQTTProtocolVersion) -> WiredClient:
        """Return a paho client that has not been connected. Raises OSError for a file that cannot be read."""
        client = build(self._mqtt, client_id=self._client_id, version=version, clean=self._clean, manual_ack=self._manual_ack)
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages = MAX_OUTGOING
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        # Other threads publish: paho then leaves the socket to our thread instead of writing from theirs.
        client.on_socket_register_write = _leave_it_to_the_thread
        if self._will:
            client.will_set(*self._will, qos=1, retain=True)
        return client

    def _on_connect(self, client: Client, _: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answer = reason
        if reason.is_failure:
            return
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._ready()

    def _on_subscribe(self, client: Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        for topic, reason in zip(self._subscriptions, reasons, strict=False):
            if reason.is_failure:
                self._complain(f"the MQTT broker at {self.address} does not let us read {topic}: {reason.getName()}")
        self._ready()

    def _ready(self) -> None:
        log.info("connected to the MQTT broker at %s", self.address)
        self._complaint = ("", -SAME_COMPLAINT_SECONDS)
        self.connected.set()

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        held_back = self._manual_ack and message.qos
        if not held_back and self.inbox.qsize() >= MAX_WAITING:
            self.dropped += 1
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # Not a topic of ours either; an exception here would end the thread.
        payload = bytes(message.payload)
        self.inbox.put(Incoming(topic, payload, message.retain, message.mid, self._number, message.qos))

    def _on_publish(self, client: Client, _: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._complain(f"the MQTT broker at {self.address} did not take a message: {reason.getName()}{self._doubt}")


def _leave_it_to_the_thread(client: Client, _: Any, socket: Any) -> None:
    """Do nothing: the thread that loops is woken by paho and writes."""
