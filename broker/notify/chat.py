"""Messages to phones, chats and mailboxes off the floor: a reader of the journal each, few of them, late ones not at all."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from broker.desk import chats, webhooks
from broker.domain.alerts import AlertKind
from broker.domain.facts import Fact
from broker.notify.events import TEST, event_of
from broker.notify.reader import Reader
from broker.notify.words import say
from broker.settings import NotifySettings
from broker.shop import Shop
from broker.store.deliveries import Delivery

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
QUIET_LOOK: Final = timedelta(minutes=5)
"""A report that came in quiet hours is looked at again after this."""
MAX_URL_LETTERS: Final = 2_000
MAX_ANSWER_LETTERS: Final = 4_096
TOLD: Final = frozenset({"alert.raised", "alert.escalated"})
SENTENCES: Final = {
    AlertKind.WAITING: "notify.waiting", AlertKind.QUEUE_OVER: "notify.queue_over", AlertKind.HOLD_OVERDUE: "notify.hold_overdue",
    AlertKind.HELP: "notify.help", AlertKind.DEVICE: "notify.device",
}  # fmt: skip
CALLED: Final = ("notify.zone_called", "notify.everybody_called", "notify.lead_called")
"""By the level of an alert."""
_PROGRAM: Final = (sys.executable, "-P", "-m", "broker.notify.apprised")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a try brought: empty `wrong` when it was taken, and the seconds it took."""

    wrong: str
    seconds: float


def send(target: NotifySettings, *, title: str, text: str) -> Sent:
    """Send one message to *target*, in a process of its own that ends in time. Says what came of it; raises nothing."""
    began = time.monotonic()
    try:
        url = _address(target)
        asked = {"url": url, "title": title, "text": text, "allow": target.allow, "seconds": target.timeout_seconds}
        done = subprocess.run(
            _PROGRAM, input=json.dumps(asked), capture_output=True, text=True, timeout=target.timeout_seconds, check=False,
            env=_surroundings(),
        )  # fmt: skip
        wrong = _answer(done.stdout)
    except subprocess.TimeoutExpired:
        wrong = f"no answer within {target.timeout_seconds} s"
    except (OSError, UnicodeDecodeError) as no:
        wrong = f"{target.url_file.name} cannot be read: {getattr(no, 'strerror', None) or 'it is not text'}"
    except ValueError as no:
        wrong = str(no)
    return Sent(wrong, time.monotonic() - began)


def _address(target: NotifySettings) -> str:
    lines = target.url_file.read_text(encoding="utf-8").split("\n")
    url = lines[0].strip()
    if "://" not in url or len(url) > MAX_URL_LETTERS:
        raise ValueError(f"{target.url_file.name} does not begin with an address such as ntfys://ntfy.sh/a-topic")
    return url


def _surroundings() -> dict[str, str]:
    """Return our environment without a proxy, which would go where we may not, and without passwords for other programs."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"NETRC": os.devnull}


def _answer(said: str) -> str:
    try:
        return str(json.loads(said[:MAX_ANSWER_LETTERS])["wrong"])
    except (ValueError, KeyError, TypeError):
        return "the message could not be sent: the program that sends it ended too soon"


def test_message(shop: Shop) -> tuple[str, str]:
    """Return the title and text of the message that only says that the way is free."""
    store, language = shop.settings.store.name, shop.settings.store.language
    return store, say(language, "notify.test", store=store)


def worded(shop: Shop, values: Any, fact: Fact, language: str) -> tuple[str, str]:
    """Return the title and text in *language* of the alert that *fact* tells of by *values*."""
    kind = AlertKind(values["kind"])
    place = shop.zones.get(str(values["zone"]), "") if values["zone"] else ""
    title = ": ".join(part for part in (shop.settings.store.name, place) if part)
    name = str(values["about"]).removeprefix(webhooks.ABOUT) if kind is AlertKind.DEVICE else ""
    text = say(language, SENTENCES[kind], name=name)
    if kind is not AlertKind.DEVICE:
        text += " " + say(language, CALLED[int(values["level"])])
    return title, f"{fact.at.astimezone(shop.hours.zone):%H:%M} {text}"


class Messenger:
    """Reads the journal for one target and tells it what it wants to know, while that is news."""

    def __init__(self, shop: Shop, target: NotifySettings) -> None:
        """Read *shop*'s journal for *target*; the connection is this messenger's alone."""
        self._shop = shop
        self._target = target
        self.reader = Reader(shop, target.id, self._deliveries)

    def turn(self) -> float:
        """Take what has happened, send at most one message, and return the seconds until the next turn."""
        return self.reader.turn(self._tell, look_seconds=LOOK_SECONDS)

    def _deliveries(self, fact: Fact) -> list[Delivery]:
        event, now = event_of(fact), self._shop.clock()
        if event is None or event.name not in TOLD or now - fact.at > chats.FRESH or not self._wants(event.values):
            return []
        if self._target.quiet_at(fact.at.astimezone(self._shop.hours.zone).time()):
            return []
        body = chats.message(*worded(self._shop, event.values, fact, self._shop.settings.store.language))
        return [Delivery(target=self._target.id, fact=fact.id, event=event.name, at=now, body=body, aside=True, due_at=now)]

    def _wants(self, values: Any) -> bool:
        if str(values["about"]).startswith(webhooks.ABOUT):
            # What tells of itself that nobody takes it would only fail once more.
            return self._target.devices and values["about"] != webhooks.ABOUT + self._target.id
        if values["kind"] == AlertKind.DEVICE:
            return self._target.devices
        return self._target.wants_level(int(values["level"]))

    def _tell(self, delivery: Delivery) -> None:
        now = self._shop.clock()
        if delivery.event == chats.REPORT and self._target.quiet_at(now.astimezone(self._shop.hours.zone).time()):
            chats.put_off(self._shop, delivery, now + QUIET_LOOK)
            return
        if why := self._stays_here(delivery):
            chats.leave_out(self._shop, delivery, why)
            return
        title, text = self._said(delivery)
        sent = send(self._target, title=title, text=text)
        after = chats.tried(self._shop, delivery, sent.wrong)
        if sent.wrong:
            until = f"again at {after.due_at:%H:%M:%S} UTC" if after.due_at else "given up"
            log.warning("%s was not told %s: %s; %s", self._target.id, delivery.event, sent.wrong, until)

    def _stays_here(self, delivery: Delivery) -> str:
        """Return why an alert is not sent after all, or nothing."""
        if delivery.event not in TOLD:
            return ""
        if self._shop.clock() - delivery.at > chats.FRESH:
            return "it is no news any more"
        if not delivery.tries and chats.full(self._shop, self._target.id, self._target.most_per_hour):
            return f"{self._target.most_per_hour} messages within the hour"
        return ""

    def _said(self, delivery: Delivery) -> tuple[str, str]:
        if delivery.event == TEST:
            return test_message(self._shop)
        said = json.loads(delivery.body)
        return str(said["title"]), str(said["text"])
