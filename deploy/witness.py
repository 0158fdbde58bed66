"""Witnesses of a show: a tablet that only listens, by a real HTTP connection, and an ear on the MQTT broker.

From both together comes how long it took from the frame on which a crossing was decided to the screen: the message on
MQTT carries the time of that frame, the screen's event carries the visit, and the store says which crossing opened it.
"""

from __future__ import annotations

import http.client
import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from broker.contract.codec import BadMessage, decode
from broker.contract.messages import Ack, Crossing, Status, Watch
from broker.contract.topics import Channel, everything
from broker.desk import pairing, people, shifts
from broker.desk.people import Person
from broker.desk.roles import Role
from broker.link import Link
from broker.settings import MqttSettings, Settings
from broker.shop import Shop
from deploy import premises

log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 30.0
"""A stream that says nothing for so long, not even a heartbeat, is broken."""
MAX_VISITS: Final = 100_000
CONNECT_SECONDS: Final = 10.0


class Tablet:
    """A paired screen with somebody signed in, that notes when it first hears of each visit."""

    def __init__(self, shop: Shop, person: Person, pin: str) -> None:
        """Pair and sign in. Raises what the desk raises when that is refused."""
        secret = people.make_entrance(shop, reusable=False, name="Listener", role=Role.STAFF)
        screen, device = pairing.enter(shop, secret)
        _, shift = shifts.sign_in(shop, screen, person.id, pin)
        prefix = "__Host-" if shop.settings.dashboard.https else ""
        self._cookies = f"{prefix}device={device}; {prefix}shift={shift}"
        self._address = premises.address(shop.settings).removeprefix("http://")
        self.heard: dict[str, datetime] = {}
        """When each visit was first heard of."""
        self.events: dict[str, int] = {}
        """How many events of each kind came."""
        self._rows: dict[str, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self.trouble = ""
        self.listens = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="tablet", daemon=True)

    def start(self) -> bool:
        """Begin to listen; return whether the first snapshot has come."""
        self._thread.start()
        return self.listens.wait(CONNECT_SECONDS)

    def wait_for_visit(self, *states: str, seconds: float = CONNECT_SECONDS) -> dict[str, Any]:
        """Return a visit that stands in one of *states* as the screen shows it. Raises TimeoutError when none comes."""

        def fitting() -> dict[str, Any] | None:
            return next((row for row in self._rows.values() if row["state"] in states), None)

        with self._changed:
            self._changed.wait_for(lambda: fitting() is not None, seconds)
            row = fitting()
        if row is None:
            raise TimeoutError(f"no visit is {' or '.join(states)} after {seconds:g} s {self.trouble}")
        return row

    def _listen(self) -> None:
        line = http.client.HTTPConnection(self._address, timeout=SILENCE_SECONDS)
        try:
            line.request("GET", "/events", headers={"Cookie": self._cookies, "Accept": "text/event-stream"})
            answer = line.getresponse()
            if answer.status != http.HTTPStatus.OK:
                self.trouble = f"/events answered {answer.status}"
                return
            for event, row in _events(answer):
                self._note(event, row)
        except (OSError, http.client.HTTPException, ValueError) as wrong:
            self.trouble = str(wrong)
        finally:
            line.close()

    def _note(self, event: str, row: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        self.events[event] = self.events.get(event, 0) + 1
        if event == "snapshot":
            self.listens.set()
        elif event == "visit" and len(self.heard) < MAX_VISITS:
            self.heard.setdefault(str(row["id"]), now)
            with self._changed:
                self._rows[str(row["id"])] = row
                self._changed.notify_all()


def _events(stream: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (event, data) as they come."""
    event, data = "message", ""
    while line := stream.readline():
        key, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if key == "event":
            event = value
        elif key == "data":
            data += value
        elif not key and not value:
            if data:
                yield event, json.loads(data)
            event, data = "message", ""


class Ear:
    """Hears what the cameras say on MQTT, and what the service acknowledges."""

    def __init__(self, mqtt: MqttSettings, settings: Settings) -> None:
        """Get ready to listen to *mqtt*."""
        store = settings.store.id
        self.decided: dict[str, datetime] = {}
        """Event id to the time of the frame on which the crossing was decided."""
        self.heard: dict[str, datetime] = {}
        """Event id to when it was first heard here."""
        self.acknowledged: set[str] = set()
        self.ended: set[str] = set()
        """Cameras whose film is over."""
        topics = [everything(store, channel) for channel in (Channel.EVENT, Channel.ACK, Channel.STATUS)]
        self._link = Link(mqtt, client_id=f"greetline-{store}-ear-{secrets.token_hex(4)}", subscriptions=topics)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)

    def start(self) -> bool:
        """Begin to listen; return whether the MQTT broker lets us."""
        self._link.start()
        self._thread.start()
        return self._link.wait_connected(CONNECT_SECONDS)

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._link.stop()

    @property
    def open(self) -> set[str]:
        """The events that were said and are not acknowledged yet."""
        return set(self.heard) - self.acknowledged

    def wait_settled(self, cameras: set[str], seconds: float) -> bool:
        """Wait until the films of *cameras* are over and everything that was said is acknowledged."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.is_set():
            if cameras <= self.ended and not self.open:
                return True
            time.sleep(0.05)
        return False

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                incoming = self._link.inbox.get(timeout=0.2)
            except queue.Empty:
                continue
            now = datetime.now(UTC)
            try:
                said = decode(incoming.topic, incoming.payload)
            except BadMessage as bad:
                log.warning("%s", bad.reason)
                continue
            self._note(said.id, said.device, said.data, now)

    def _note(self, event: str, device: str, body: object, now: datetime) -> None:
        match body:
            case Ack():
                self.acknowledged.update(body.ids)
            case Status():
                if body.watch is Watch.ENDED:
                    self.ended.add(device)
            case Crossing():
                self.heard.setdefault(event, now)
                if body.decided_at:
                    self.decided[event] = body.decided_at
            case _:
                self.heard.setdefault(event, now)
