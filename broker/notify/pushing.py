"""Notices of the browser: one reader of the journal for all of them, and for each that is sent a thread of its own.

What is said is sealed for the one browser that asked for it (RFC 8291), so a push service carries it and cannot read it; who we
are is said by a signature (RFC 8292). The address came from a browser and is gone to as a webhook's is: looked up once, never
into the house unless the settings allow it, no redirect, all within one time.
"""

from __future__ import annotations

import base64
import json
import logging
import queue
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from broker.desk import chats, push
from broker.domain.alerts import AlertKind, AlertState, Level
from broker.domain.facts import Fact
from broker.identity import vapid
from broker.notify import reach
from broker.notify.chat import TOLD, worded
from broker.notify.events import event_of
from broker.notify.reader import Reader
from broker.settings import PushSettings
from broker.shop import Shop
from broker.store import alerts
from broker.store.deliveries import Delivery
from broker.store.subscriptions import Subscription

log = logging.getLogger(__name__)

NOT_INSTALLED: Final = "notices of the browser are on, and pywebpush is not installed: pip install 'greetline[notify]'"
LOOK_SECONDS: Final = 0.5
BUSY_LOOK_SECONDS: Final = 0.05
NOT_INSTALLED_SECONDS: Final = 600.0
PRUNE_EVERY: Final = timedelta(hours=1)
MOST_AT_A_TIME: Final = 64
"""So many are on their way at once; one that stalls holds one of them for `timeout_seconds`."""
SIGNED_FOR: Final = timedelta(hours=1)
"""How long a signature counts; push services take a day at most."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a try brought: the status, or why there is none; empty `wrong` when it was taken."""

    status: int | None
    wrong: str


def send(settings: PushSettings, secret: bytes, to: Subscription, body: str, *, topic: str) -> Sent:
    """Seal *body* for the browser of *to*, sign it with the shop's *secret* and send it. Says what came of it.

    A newer one with the same *topic* takes the place of one that its push service still keeps. Raises ModuleNotFoundError
    without the extra `notify`.
    """
    headers = {
        "Authorization": _signature(settings, secret, to.endpoint), "TTL": str(settings.ttl_seconds), "Urgency": "high",
        "Topic": topic, "Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm", "User-Agent": "greetline",
    }  # fmt: skip
    sealed = _sealed(to, body.encode())
    try:
        answered = reach.post(to.endpoint, sealed, headers, allow=settings.networks, seconds=settings.timeout_seconds)
    except (reach.NotAllowed, reach.Unreached) as no:
        return Sent(None, str(no))
    taken = HTTPStatus.OK <= answered.status < HTTPStatus.MULTIPLE_CHOICES
    return Sent(answered.status, "" if taken else f"answered {answered.status}")


def _sealed(to: Subscription, body: bytes) -> bytes:
    from pywebpush import WebPusher

    seal = WebPusher({"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}})
    return bytes(seal.encode(body, "aes128gcm")["body"])


def _signature(settings: PushSettings, secret: bytes, endpoint: str) -> str:
    from py_vapid import Vapid02

    parts = urlsplit(endpoint)
    key = Vapid02.from_raw(base64.urlsafe_b64encode(vapid.private_key(secret)).rstrip(b"="))
    says = {
        "aud": f"{parts.scheme}://{parts.netloc}", "sub": settings.contact, "exp": int(time.time() + SIGNED_FOR.total_seconds())
    }  # fmt: skip
    return str(key.sign(says)["Authorization"])


class Pusher:
    """Reads the journal for everybody who allowed notices, and has each of them told while it is news."""

    def __init__(self, shop: Shop) -> None:
        """Read *shop*'s journal; the connection is this pusher's alone. Raises OSError when the shop has no key and gets none."""
        self._shop = shop
        self._there = bool(push.public_key(shop))
        self._secret = push.secret(shop)
        self.reader = Reader(shop, push.READER, self._deliveries)
        self._on_their_way: set[str] = set()
        self._ended: queue.SimpleQueue[tuple[Delivery, Sent]] = queue.SimpleQueue()
        self._pruned_at: datetime | None = None
        if not self._there:
            log.warning(NOT_INSTALLED)

    def turn(self) -> float:
        """Write down what came of what was sent, take what has happened, send what is due; return the seconds until the next."""
        if not self._there:
            return NOT_INSTALLED_SECONDS
        self._note()
        more = self.reader.take()
        self._send_due()
        self._prune()
        if more:
            return 0.0
        return BUSY_LOOK_SECONDS if self._on_their_way else LOOK_SECONDS

    def _note(self) -> None:
        while not self._ended.empty():
            delivery, sent = self._ended.get()
            self._on_their_way.discard(push.reader_of(delivery))
            after = push.tried(self._shop, delivery, sent.status, sent.wrong)
            if sent.wrong:
                until = f"again at {after.due_at:%H:%M:%S} UTC" if after.due_at else "given up"
                log.warning("a tablet (%s) was not told %s: %s; %s", delivery.target, delivery.event, sent.wrong, until)

    def _deliveries(self, fact: Fact) -> list[Delivery]:
        event, now = event_of(fact), self._shop.clock()
        if event is None or event.name not in TOLD or now - fact.at > chats.FRESH or not self._wants(event.values):
            return []
        return [
            Delivery(
                target=push.PREFIX + one.id, fact=fact.id, event=event.name, at=now, aside=True, due_at=now,
                body=self._body(event.values, fact, person.language or self._shop.settings.store.language),
            )
            for one, person in push.on_shift(self._shop, Level(int(event.values["level"])))
        ]  # fmt: skip

    def _wants(self, values: Any) -> bool:
        return values["kind"] != AlertKind.DEVICE and self._shop.settings.push.wants_level(int(values["level"]))

    def _body(self, values: Any, fact: Fact, language: str) -> str:
        title, text = worded(self._shop, values, fact, language)
        return json.dumps({"title": title, "text": text, "tag": fact.subject, "lang": language}, ensure_ascii=False)

    def _send_due(self) -> None:
        waiting = push.due(self._shop, besides=self._on_their_way)
        if not waiting:
            return
        here = {one.id: one for one, _ in push.on_shift(self._shop, Level.ZONE)}
        for delivery in waiting:
            to = here.get(push.reader_of(delivery))
            if why := self._stays_here(delivery, to):
                chats.leave_out(self._shop, delivery, why)
            elif to is not None and len(self._on_their_way) < MOST_AT_A_TIME:
                self._on_their_way.add(to.id)
                threading.Thread(target=self._send, args=(delivery, to), name=f"a notice to {to.id}", daemon=True).start()

    def _stays_here(self, delivery: Delivery, to: Subscription | None) -> str:
        """Return why a notice is not sent after all, or nothing."""
        if to is None:
            return "nobody is on shift there who wants it"
        alert = alerts.find(self._shop.db, _about(delivery))
        if alert is None or alert.state is not AlertState.RAISED:
            return "somebody takes care already"
        if self._shop.clock() - delivery.at > chats.FRESH:
            return "it is no news any more"
        most = self._shop.settings.push.most_per_hour
        if not delivery.tries and chats.full(self._shop, delivery.target, most):
            return f"{most} messages within the hour"
        return ""

    def _send(self, delivery: Delivery, to: Subscription) -> None:
        sent = Sent(None, "the message could not be made")
        try:
            sent = send(self._shop.settings.push, self._secret, to, delivery.body, topic=_about(delivery))
        finally:
            self._ended.put((delivery, sent))

    def _prune(self) -> None:
        now = self._shop.clock()
        if self._pruned_at is None or now - self._pruned_at > PRUNE_EVERY:
            push.prune(self._shop)
            self._pruned_at = now


def _about(delivery: Delivery) -> str:
    """Return the id of the alert that *delivery* is about."""
    return str(json.loads(delivery.body)["tag"])
