"""Webhooks: each is a reader of the journal with a thread of its own, so that a slow one keeps nobody waiting.

At least once, in order: an event is kept as a row before it is sent, and taken off only when the other side has answered that
it has it. While the other side is down, those behind wait; one that it refuses for its own sake steps aside.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from standardwebhooks import Webhook

from broker.desk import webhooks as desk
from broker.desk.webhooks import Tried
from broker.domain.facts import Fact
from broker.failpoints import passing
from broker.notify import reach
from broker.notify.events import TEST, Event, body_of, event_of
from broker.notify.reader import Reader
from broker.settings import WebhookSettings
from broker.shop import Shop
from broker.store.deliveries import Delivery

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25
"""A webhook hears of what happened this much late at most, while it answers."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what a secret begins with
SECRET_BYTES: Final = 24
"""The shortest secret that Standard Webhooks allows."""
_TRY_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals that say something of the other side and nothing of the event."""


class BadSecret(Exception):
    """The file with the secret of a webhook cannot be used. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a try brought: the status, or why there is none, and the seconds it took."""

    status: int | None
    wrong: str
    seconds: float = 0.0


def send(hook: WebhookSettings, *, id: str, at: datetime, body: str, ca_file: str | None = None) -> Sent:
    """Sign *body* and send it to *hook* under the webhook-id *id*, as of *at*. Says what came of it; raises nothing."""
    try:
        signature = Webhook(secret(hook)).sign(id, at, body)
        headers = {
            "Content-Type": "application/json", "User-Agent": "greetline", "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
        }  # fmt: skip
        answered = reach.post(hook.url, body.encode(), headers, allow=hook.networks, seconds=hook.timeout_seconds, ca_file=ca_file)
    except (BadSecret, reach.NotAllowed, reach.Unreached) as wrong:
        return Sent(None, str(wrong))
    taken = HTTPStatus.OK <= answered.status < HTTPStatus.MULTIPLE_CHOICES
    return Sent(answered.status, "" if taken else _refusal(answered.status), answered.seconds)


def secret(hook: WebhookSettings) -> str:
    """Return the secret of *hook* as its file has it now, so that a new one needs no restart. Raises BadSecret."""
    try:
        lines = hook.secret_file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not text"
        raise BadSecret(f"the secret of {hook.id} cannot be read ({hook.secret_file.name}: {why})") from None
    words = lines[0] if lines else ""
    try:
        long_enough = len(base64.b64decode(words.removeprefix(SECRET_PREFIX), validate=True)) >= SECRET_BYTES
    except ValueError:
        long_enough = False
    if not long_enough:
        raise BadSecret(f"{hook.secret_file.name} does not hold a secret; `greetline webhooks secret` makes one")
    return words


def webhook_id(store: str, fact: int) -> str:
    """Return the name of an event for ever: the store and the journal's id, the same at every try and after every restart."""
    return f"{store}.{fact}"


def test_body(shop: Shop, now: datetime) -> str:
    """Return the body of the event that only says that the way is free."""
    return body_of(Event(TEST, {}), store=shop.settings.store.id, at=now)


def _refusal(status: int) -> str:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"answered {status}: it wants to send us elsewhere, and we do not follow; put the right address into `url`"
    return f"answered {status}"


class Caller:
    """Reads the journal for one webhook and tells it what it wants to know."""

    def __init__(self, shop: Shop, hook: WebhookSettings) -> None:
        """Read *shop*'s journal for *hook*; the connection is this caller's alone."""
        self._shop = shop
        self._hook = hook
        self.reader = Reader(shop, hook.id, self._deliveries)

    def turn(self) -> float:
        """Take what has happened, tell at most one event, and return the seconds until the next turn."""
        return self.reader.turn(self._tell, look_seconds=LOOK_SECONDS)

    def _deliveries(self, fact: Fact) -> list[Delivery]:
        event = event_of(fact)
        if event is None or event.name not in self._hook.events:
            return []
        body = body_of(event, store=self._shop.settings.store.id, at=fact.at)
        now = self._shop.clock()
        return [Delivery(target=self._hook.id, fact=fact.id, event=event.name, at=now, body=body, due_at=now)]

    def _tell(self, delivery: Delivery) -> None:
        said_as = webhook_id(self._shop.settings.store.id, delivery.fact)
        now = self._shop.clock()
        body = test_body(self._shop, now) if delivery.event == TEST else delivery.body
        sent = send(self._hook, id=said_as, at=now, body=body)
        passing("webhook.sent")
        after = desk.tried(self._shop, delivery, _judged(sent))
        passing("webhook.told")
        if sent.wrong:
            until = f"again at {after.due_at:%H:%M:%S} UTC" if after.due_at else "given up"
            log.warning("webhook %s was not told %s: %s; %s", self._hook.id, delivery.event, sent.wrong, until)


def _judged(sent: Sent) -> Tried:
    status = sent.status or 0
    refused = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Tried(sent.status, sent.wrong, aside=refused and status not in _TRY_LATER, gone=status == HTTPStatus.GONE)
