"""Says what happened. An event is sent at once, and again until the service has acknowledged it by its id."""

from __future__ import annotations

import itertools
import logging
import queue
import secrets
import threading
from collections import OrderedDict
from typing import Final

from broker.contract.codec import BadMessage, TooLarge, decode, encode
from broker.contract.messages import (
    Ack,
    Answer,
    Ask,
    Command,
    Crossing,
    Message,
    Seen,
    Status,
    StillPart,
    Watch,
    ZoneCount,
    ZoneStay,
    message,
    offline,
)
from broker.contract.topics import Channel, Topic
from broker.failpoints import passing
from broker.link import Incoming, Link
from broker.settings import MqttSettings
from edge.sightings import Beside, Counted, Crossed, Event, Stayed
from edge.source import monotonic, now
from edge.spool import Spool

log = logging.getLogger(__name__)

MAX_IN_FLIGHT: Final = 100
"""Events that are sent and not yet acknowledged; the others wait their turn, in order."""
AGAIN_AFTER_S: Final = (1.5, 3.0, 6.0, 10.0)
"""An event is sent again after so long, then so long, ..., then every time the last."""
MAX_PARTIES: Final = 256
"""Crossings whose ids are remembered for those who came with them."""
MAX_COMMANDS: Final = 16
"""Commands that wait to be heeded; more are passed over."""
MAX_REQUESTS: Final = 256
"""Requests that are remembered by name: one that is delivered twice is done once."""
TICK_S: Final = 0.25
"""How often to look whether something must be sent again."""
STUMBLE_S: Final = 1.0
"""A turn that failed is followed by such a pause."""


class Publisher:
    """The voice of one camera, and its ears. `report_wanted` is set when the service asks for a status."""

    def __init__(self, mqtt: MqttSettings, spool: Spool, *, store: str, device: str) -> None:
        self._store, self._device = store, device
        self._spool = spool
        self._boot = secrets.token_hex(4)
        self._said = itertools.count(1)
        self._commands: queue.Queue[Command] = queue.Queue(MAX_COMMANDS)
        self._requests: OrderedDict[str, None] = OrderedDict()
        self._too_many = False
        self._status: Message | None = None
        self._parties: OrderedDict[int, str] = OrderedDict()
        self._in_flight: dict[str, tuple[float, int]] = {}
        self._connection = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.report_wanted = threading.Event()
        self._link = Link(
            mqtt,
            client_id=f"{store}-{device}",
            will=offline(store=store, device=device, at=now()),
            subscriptions=[str(Topic(store, device, channel)) for channel in (Channel.ACK, Channel.COMMAND)],
        )
        self._thread = threading.Thread(target=self._listen, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to connect and to listen, and return at once."""
        self._link.start()
        self._thread.start()

    def stop(self) -> None:
        """Say that we are gone, and end."""
        gone = Status(watch=Watch.OFFLINE, since=now(), reason="switched off")
        self.status(gone)
        self._stopping.set()
        self._thread.join(4 * TICK_S)
        self._link.stop()

    def say(self, event: Event) -> None:
        """Keep *event* and send it."""
        try:
            name = self._spool.append(lambda name: encode(self._message(event, name)))
        except TooLarge as wrong:
            log.error("an event is too large to be said: %s", wrong)
            return
        if isinstance(event, Crossed):
            self._parties[event.number] = name
            while len(self._parties) > MAX_PARTIES:
                self._parties.popitem(last=False)
        self._send()

    def status(self, status: Status) -> None:
        """Say how the camera is; the newest is said again on every new connection."""
        said = message(status, id=self._name(), store=self._store, device=self._device, time=now())
        with self._lock:
            self._status = said
            self._link.publish(said, retain=True)

    def asked(self) -> Command | None:
        """Return the next command that waits, or None. `report` is not among them."""
        try:
            return self._commands.get_nowait()
        except queue.Empty:
            self._too_many = False
            return None

    def answer(self, body: Answer) -> bool:
        """Say *body* once, to whoever asked; return whether there was a connection. Safe to call from any thread."""
        said = message(body, id=self._name(), store=self._store, device=self._device, time=now())
        # Nobody may keep a picture: with QoS 1 an MQTT broker may write it to its disk.
        return self._link.publish(said, qos=0 if isinstance(body, StillPart) else 1)

    def _name(self) -> str:
        return f"{self._boot}-{next(self._said)}"

    def _message(self, event: Event, name: str) -> Message:
        body: Crossing | ZoneCount | ZoneStay | Seen
        match event:
            case Crossed():
                party = self._parties.get(event.party, name)
                body = Crossing(
                    line=event.line, zone=event.zone, direction=event.direction, party=party, decided_at=event.decided_at,
                    staff=event.staff,
                )  # fmt: skip
            case Counted():
                body = ZoneCount(
                    zone=event.zone, area=event.area, kind=event.kind, people=event.people, longest=event.longest
                )  # fmt: skip
            case Stayed():
                body = ZoneStay(zone=event.zone, area=event.area, kind=event.kind, seconds=event.seconds, outcome=event.outcome)
            case Beside():
                body = Seen(zone=event.zone, party=self._parties.get(event.party) if event.party is not None else None)
        return message(body, id=name, store=self._store, device=self._device, time=event.at)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                # A thread that ended here would leave a camera that says "watching" and tells nobody.
                log.exception("a turn of the publisher failed; what waits stays in the spool")
                self._stopping.wait(STUMBLE_S)

    def _turn(self) -> None:
        try:
            self._hear(self._link.inbox.get(timeout=TICK_S))
        except queue.Empty:
            self._spool.settle()
        self._send()

    def _hear(self, incoming: Incoming) -> None:
        try:
            said = decode(incoming.topic, incoming.payload)
        except BadMessage as wrong:
            log.warning("passed over what was said on %s: %s", incoming.topic, wrong.reason)
            return
        body = said.data
        if isinstance(body, Ack):
            self._spool.forget(body.ids)
            with self._lock:
                for name in body.ids:
                    self._in_flight.pop(name, None)
        elif isinstance(body, Command) and body.name is Ask.REPORT:
            with self._lock:
                self._in_flight.clear()
            self.report_wanted.set()
        elif isinstance(body, Command) and (said.store, said.subject) == (self._store, self._device):
            self._take(body)

    def _take(self, command: Command) -> None:
        """Let *command* wait for whoever looks at the pictures."""
        if command.request in self._requests:
            return
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            if not self._too_many:
                log.warning("%d commands wait; more are passed over", MAX_COMMANDS)
            self._too_many = True
            return
        if command.request:
            self._requests[command.request] = None
            while len(self._requests) > MAX_REQUESTS:
                self._requests.popitem(last=False)

    def _greet_new_connection(self) -> None:
        """What was sent on an earlier connection may be lost: say it all again on this one."""
        if self._link.number == self._connection:
            return
        self._connection = self._link.number
        self._in_flight.clear()
        if self._status:
            # Of now: by its time the service knows how far our clock is from its own.
            self._link.publish(self._status.model_copy(update={"time": now()}), retain=True)

    def _send(self) -> None:
        """Send what was never sent, and what was not acknowledged in time, in order."""
        if not self._link.connected.is_set():
            return
        with self._lock:
            self._greet_new_connection()
            moment = monotonic()
            for name, payload in self._spool.oldest(MAX_IN_FLIGHT):
                due, times = self._in_flight.get(name, (0.0, 0))
                if due > moment:
                    continue
                if not self._link.publish(Message.model_validate_json(payload)):
                    return
                passing("publisher.sent")
                again = AGAIN_AFTER_S[min(times, len(AGAIN_AFTER_S) - 1)]
                self._in_flight[name] = (moment + again, times + 1)
