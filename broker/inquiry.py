"""Asking a camera box something for the person who sets it up: one picture, the plan in force, what a plan would count.

Each question opens a line of its own to the MQTT broker, asks, waits and closes it. Whatever is asked, the answer is for
the one who asked: it is on no retained topic, and nothing of it is written down here.
"""

from __future__ import annotations

import base64
import binascii
import queue
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from broker.contract.codec import BadMessage, TooLarge, decode
from broker.contract.messages import (
    Ask,
    Command,
    Refused,
    Shown,
    Status,
    StillPart,
    UniformSeen,
    Watch,
    message,
)
from broker.contract.messages import Counting as Counting
from broker.contract.messages import Trial as Trial
from broker.contract.plan import Plan, Point
from broker.contract.topics import BadTopic, Channel, Topic
from broker.link import Link
from broker.settings import EdgeSettings

CONNECT_SECONDS: Final = 5.0
"""The MQTT broker must let us in within this."""
ANSWER_SECONDS: Final = 6.0
"""A camera that watches answers within this; a picture of 64 parts too."""
TRIAL_SECONDS: Final = 15.0
"""An hour of paths is counted within this, on a slow box."""
WATCH_SECONDS: Final = 60.0
"""So long a camera counts by a plan that is tried."""
SILENCE_SECONDS: Final = 5.0
"""A camera that counts says so every second; after so long without a word it is gone."""
JPEG_BEGINS: Final = b"\xff\xd8\xff"

Corners = tuple[Point, Point]
"""Two opposite corners of a box, in fractions of the picture."""


class NoAnswer(Exception):
    """Nobody answered. The text says why, and what to do, to the person who asked.

    `why` is a short key for the words of a page: "broker" (the MQTT broker), "camera" (the camera box) or "garbled".
    """

    def __init__(self, text: str, *, why: str = "camera") -> None:
        super().__init__(text)
        self.why = why


class NotDone(Exception):
    """The camera box says why it does not do it, in a sentence for the person who asked: `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Still:
    """One picture: a JPEG, and the size in pixels of the camera's whole picture, of which it may be a smaller copy."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


def still(settings: EdgeSettings, device: str) -> Still:
    """Return the newest picture of *device*. Keep it no longer than it is shown. Raises NoAnswer or NotDone."""
    parts: dict[int, StillPart] = {}
    with _asking(settings, device) as asked:
        asked.say(Command(name=Ask.STILL, request=asked.request))
        first = asked.next(StillPart, ANSWER_SECONDS)
        parts[first.part] = first
        until = time.monotonic() + ANSWER_SECONDS
        while len(parts) < first.parts:
            part = asked.next(StillPart, until - time.monotonic())
            if (part.parts, part.width, part.height) == (first.parts, first.width, first.height) and part.part <= first.parts:
                parts[part.part] = part
    return Still(_joined([parts[number].content for number in range(1, first.parts + 1)], device), first.width, first.height)


def shown(settings: EdgeSettings, device: str) -> Plan:
    """Return the plan by which *device* looks now. Raises NoAnswer or NotDone."""
    with _asking(settings, device) as asked:
        asked.say(Command(name=Ask.SHOW, request=asked.request))
        return asked.next(Shown, ANSWER_SECONDS).plan


def trial(settings: EdgeSettings, device: str, plan: Plan) -> Trial:
    """Return what *plan* would have counted over the last hour at most. Raises NoAnswer or NotDone."""
    with _asking(settings, device) as asked:
        asked.say(Command(name=Ask.TRY, request=asked.request, plan=plan))
        return asked.next(Trial, TRIAL_SECONDS)


def uniform(settings: EdgeSettings, device: str, box: Corners) -> tuple[int, ...]:
    """Return the colours inside *box* of the last still of *device*, as `StaffSigns.uniform` takes them.

    Raises NoAnswer, or NotDone when the still is forgotten: two minutes after it was asked for.
    """
    with _asking(settings, device) as asked:
        asked.say(Command(name=Ask.UNIFORM, request=asked.request, box=box))
        return asked.next(UniformSeen, ANSWER_SECONDS).uniform


def counting(settings: EdgeSettings, device: str, plan: Plan, seconds: float = WATCH_SECONDS) -> Iterator[Counting]:
    """Yield the live count of *device* by *plan*, a word a second, for *seconds*; close it to hear no more.

    The last has `last` set, sooner when somebody else begins to count with the same camera. Raises NoAnswer or NotDone.
    """
    with _asking(settings, device) as asked:
        asked.say(Command(name=Ask.WATCH, request=asked.request, plan=plan))
        until = time.monotonic() + min(seconds, WATCH_SECONDS) + SILENCE_SECONDS
        while time.monotonic() < until:
            said = asked.next(Counting, SILENCE_SECONDS)
            yield said
            if said.last or said.seconds >= seconds:
                return


Said = TypeVar("Said", StillPart, Shown, Trial, Counting, UniformSeen)


class _Asked:
    """One question on its way: hears what *device* says on `answer` and `status`, and takes what is for us."""

    def __init__(self, link: Link, store: str, device: str) -> None:
        self.request = secrets.token_hex(12)
        self._link, self._store, self._device = link, store, device

    def say(self, command: Command) -> None:
        """Ask. Raises NoAnswer when it cannot be said."""
        asking = message(command, id=self.request, store=self._store, device="ask", time=datetime.now(UTC), to=self._device)
        try:
            said = self._link.publish(asking)
        except TooLarge:
            raise NotDone("That plan has too many corners to be sent. Draw it with fewer.") from None
        if not said:
            raise NoAnswer("The line to the MQTT broker was cut. Try again.", why="broker")

    def next(self, kind: type[Said], seconds: float) -> Said:
        """Return the next answer to us within *seconds*. Raises NotDone, or NoAnswer when there is none."""
        until = time.monotonic() + seconds
        while True:
            try:
                incoming = self._link.inbox.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise NoAnswer(f"Camera {self._device} does not answer. Is it running and connected?") from None
            try:
                body = decode(incoming.topic, incoming.payload).data
            except BadMessage:
                continue
            self._heed(body)
            if isinstance(body, kind) and body.request == self.request:
                return body

    def _heed(self, body: Any) -> None:
        if isinstance(body, Refused) and body.request == self.request:
            raise NotDone(body.reason)
        # The last will is kept by the MQTT broker: it says at once what waiting would only guess.
        if isinstance(body, Status) and body.watch is Watch.OFFLINE:
            raise NoAnswer(f"Camera {self._device} is not connected{f': {body.reason}' if body.reason else ''}.")


@contextmanager
def _asking(settings: EdgeSettings, device: str) -> Iterator[_Asked]:
    """Open a line for one question. Raises NoAnswer when the MQTT broker cannot be reached."""
    store = settings.store.id
    try:
        topics = [str(Topic(store, device, channel)) for channel in (Channel.ANSWER, Channel.STATUS)]
    except BadTopic as wrong:
        raise NoAnswer(str(wrong)) from None
    link = Link(settings.mqtt, client_id=f"{store}-ask-{secrets.token_hex(6)}", subscriptions=topics)
    with link:
        if not link.wait_connected(CONNECT_SECONDS):
            raise NoAnswer(f"The MQTT broker at {link.address} cannot be reached.", why="broker")
        yield _Asked(link, store, device)


def _joined(parts: list[str], device: str) -> bytes:
    try:
        jpeg = base64.b64decode("".join(parts), validate=True)
    except binascii.Error:
        jpeg = b""
    if not jpeg.startswith(JPEG_BEGINS):
        raise NoAnswer(f"The picture of camera {device} came garbled. Ask again.", why="garbled")
    return jpeg
