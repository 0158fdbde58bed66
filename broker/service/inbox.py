"""What comes in: take it in batches, commit, and only then acknowledge it.

A batch is at most BATCH_MESSAGES or what comes within BATCH_SECONDS. Nothing of it is acknowledged before all of it is
safe, and whatever goes wrong with the store, the batch stays here and is tried again.
"""

from __future__ import annotations

import logging
import queue
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

from broker.contract.codec import BadMessage, decode
from broker.contract.messages import MAX_ACK_IDS, Ack, Ask, Command, Message, Status, Take, Watch, message
from broker.contract.topics import Channel, everything
from broker.desk import arrivals, devices, lights
from broker.domain.arrivals import News
from broker.failpoints import passing
from broker.link import Incoming, Link
from broker.service import translate
from broker.service.clocks import Clocks
from broker.service.floods import Floods, device_of
from broker.service.seldom import Seldom
from broker.service.trouble import is_trouble
from broker.shop import Shop
from broker.store import devices as stored_devices
from broker.store import rejected
from broker.store.database import change

log = logging.getLogger(__name__)

BATCH_MESSAGES: Final = 500
BATCH_SECONDS: Final = 0.005
"""How long a batch waits for company. What comes during a commit is the next batch anyway, so a busy service needs no more,
and a lone crossing is on the tablets sooner."""
SAME_COMPLAINT_SECONDS: Final = 60.0
ASK_AGAIN_SECONDS: Final = 10.0
"""A device whose clock seems to have jumped is asked for another word so often at most."""
MAX_DEVICES: Final = 256
"""Devices a store knows; the status of one more is refused, since names come from outside and cost a row for ever."""

Refusal = tuple[Incoming, str]
"""A message that was not taken, and why."""


@dataclass(slots=True)
class _Read:
    """A batch, read: news to take, the newest word of each device on itself, and what is refused."""

    news: list[tuple[Incoming, News]] = field(default_factory=list)
    words: dict[str, tuple[Incoming, dict[str, Any]]] = field(default_factory=dict)
    takes: list[tuple[Incoming, Message]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    """Devices whose clock seems to have jumped."""


class Inbox:
    """Takes messages from a Link into the store."""

    def __init__(self, shop: Shop, link: Link, floods: Floods | None = None) -> None:
        """Take from *link* into *shop*; both are open and stay open. *floods* says how much one device may say."""
        self._shop = shop
        self._link = link
        self._batch: list[Incoming] = []
        self._complaints = Seldom(SAME_COMPLAINT_SECONDS)
        self._floods, self._flooded = floods or Floods(), Seldom(SAME_COMPLAINT_SECONDS)
        self._asked = Seldom(ASK_AGAIN_SECONDS)
        self._epoch = secrets.token_hex(4)
        self._said = 0
        self._taken = self._rejected = 0
        everyone = stored_devices.everyone(shop.db)
        self._known = {device.id for device in everyone}
        self._clocks = Clocks({device.id: device.skew for device in everyone})
        self._silent_after = timedelta(seconds=shop.settings.alerts.device_silent_seconds)

    def turn(self, wait_seconds: float) -> int:
        """Take one batch, waiting at most *wait_seconds* for its first message. Return how many messages it held.

        Raises sqlite3.OperationalError while the store cannot be written; the batch is kept for the next turn.
        """
        if not self._batch:
            self._gather(wait_seconds)
        if not self._batch:
            return 0
        passing("inbox.gathered")
        read = self._read(self._batch)
        self._take(read)
        passing("inbox.taken")
        self._hear(read)
        self._take_care(read)
        passing("inbox.heard")
        self._keep_refused(read.refused)
        # Everything is committed. What is said from here on may be lost without harm: it would come again.
        for incoming in self._batch:
            self._link.acknowledge(incoming)
            passing("inbox.acknowledging")
        passing("inbox.acknowledged")
        self._tell_devices(read)
        passing("inbox.told")
        done, self._batch = len(self._batch), []
        self._taken, self._rejected = self._taken + len(read.news), self._rejected + len(read.refused)
        return done

    def counted(self) -> dict[str, object]:
        """Return how many events were taken and messages not taken since the start."""
        passed = self._floods.passed_over
        return {"events_taken": self._taken, "messages_rejected": self._rejected, "messages_passed_over": passed}

    def _gather(self, wait_seconds: float) -> None:
        until = time.monotonic() + wait_seconds
        while len(self._batch) < BATCH_MESSAGES and (incoming := self._next(until)):
            if not self._batch:
                until = time.monotonic() + BATCH_SECONDS
            self._batch.append(incoming)

    def _next(self, until: float) -> Incoming | None:
        """Return the next message, or None when none has come *until* then."""
        try:
            return self._link.inbox.get_nowait()
        except queue.Empty:
            left = until - time.monotonic()
        try:
            return self._link.inbox.get(timeout=left) if left > 0 else None
        except queue.Empty:
            return None

    def _read(self, batch: Sequence[Incoming]) -> _Read:
        read, now = _Read(), self._shop.clock()
        for incoming in batch:
            if not self._floods.allows(incoming.topic):
                self._complain_of_flood(incoming)
                continue
            try:
                self._sort(read, incoming, decode(incoming.topic, incoming.payload), now)
            except BadMessage as bad:
                read.refused.append((incoming, bad.reason))
            except OverflowError:
                read.refused.append((incoming, "a time in it is one that no clock of ours can have"))
        return read

    def _complain_of_flood(self, incoming: Incoming) -> None:
        device = device_of(incoming.topic)
        if times := self._flooded.due(device):
            log.warning(
                "%r says more than it may: %d messages passed over; an honest camera says them again. If it goes on, "
                "find out what it is, or throw it out with `greetline mqtt revoke`", device, times,
            )  # fmt: skip

    def _sort(self, read: _Read, incoming: Incoming, said: Message, now: datetime) -> None:
        if said.store != self._shop.settings.store.id:
            raise BadMessage(f"store {said.store} is not this one")
        if isinstance(said.data, Take):
            translate.check_take(said, said.data, now=now)
            read.takes.append((incoming, said))
        elif not isinstance(said.data, Status):
            read.news.append((incoming, self._clocks.ours(translate.news(said))))
        elif said.device != devices.SERVICE:
            if said.device not in self._known and len(self._known) >= MAX_DEVICES:
                raise BadMessage(f"{MAX_DEVICES} devices are known already")
            self._known.add(said.device)
            # The last word of a batch is enough: a device that talks without end must not cost a commit a word.
            live = not incoming.retain
            word = translate.condition(said, said.data, now=now, silent_after=self._silent_after, live=live)
            speaks = live and said.data.watch is not Watch.OFFLINE
            if speaks and self._clocks.heard(said.device, (now - said.time).total_seconds()) and self._asked.due(said.device):
                read.unsure.append(said.device)
            word["since"] += self._clocks.behind(said.device)
            read.words[said.device] = (incoming, word)

    def _take(self, read: _Read) -> None:
        """Take the news in one transaction; when one of them cannot be taken, each in its own."""
        if not read.news:
            return
        if self._attempt(lambda: arrivals.take(self._shop, [news for _, news in read.news])):
            log.error("the batch of %d is taken one by one", len(read.news))
            for incoming, news in read.news:
                if why := self._attempt(lambda news=news: arrivals.take(self._shop, [news])):  # type: ignore[misc]
                    log.error("message %s of %s is kept in `rejected`", news.event, news.device)
                    read.refused.append((incoming, why))

    def _hear(self, read: _Read) -> None:
        for device, (incoming, word) in read.words.items():
            if why := self._attempt(lambda device=device, word=word: devices.heard(self._shop, device, **word)):  # type: ignore[misc]
                log.error("the status of %s is kept in `rejected`", device)
                read.refused.append((incoming, why))

    def _take_care(self, read: _Read) -> None:
        for incoming, said in read.takes:
            speaker = said.source.split("/")[2]
            take = partial(lights.take, self._shop, said.device, by=speaker, key=f"take:{speaker}:{said.id}")
            if why := self._attempt(take):
                log.error("a press for %s is kept in `rejected`", said.device)
                read.refused.append((incoming, why))

    def _attempt(self, take: Callable[[], object]) -> str | None:
        """Return None when *take* is done, or what is wrong with us. Trouble with the store is raised: it passes."""
        try:
            take()
        except Exception as wrong:
            if is_trouble(wrong):
                raise
            log.exception("a mistake of ours")
            return f"a mistake of ours: {type(wrong).__name__}: {wrong}"
        return None

    def _keep_refused(self, refused: Sequence[Refusal]) -> None:
        if not refused:
            return
        now = self._shop.clock()
        with change(self._shop.db):
            rejected.keep(self._shop.db, [(now, i.topic, reason, i.payload) for i, reason in refused])
        for incoming, reason in refused:
            levels = incoming.topic.split("/")
            device = levels[3] if len(levels) == 5 else "?"
            if times := self._complaints.due(device):
                more = f" ({times - 1} more of it in the last minute)" if times > 1 else ""
                log.warning("a message of %r was not taken: %s%s", device[:32], reason, more)

    def _tell_devices(self, read: _Read) -> None:
        """Tell each device which of its events it may forget, those taken earlier among them."""
        done: defaultdict[str, list[str]] = defaultdict(list)
        for _, news in read.news:
            done[news.device].append(news.event)
        for incoming, _ in read.refused:
            if known := translate.claimed(incoming.topic, incoming.payload):
                done[known[0]].append(known[1])
        now = self._shop.clock()
        for device in read.unsure:
            self._link.publish(self._ask(device, now))
        for device, ids in done.items():
            for some in _pieces(dict.fromkeys(ids), MAX_ACK_IDS):
                self._said += 1
                self._link.publish(self._ack(device, some, now))

    def _ask(self, device: str, now: datetime) -> Message:
        self._said += 1
        number, store = f"{self._epoch}-{self._said}", self._shop.settings.store.id
        return message(Command(name=Ask.REPORT), id=number, store=store, device=devices.SERVICE, time=now, to=device)

    def _ack(self, device: str, ids: tuple[str, ...], now: datetime) -> Message:
        number = f"{self._epoch}-{self._said}"
        return message(Ack(ids=ids), id=number, store=self._shop.settings.store.id, device=devices.SERVICE, time=now, to=device)


def subscriptions(store: str, *, takes: bool = False) -> tuple[str, ...]:
    """Return what the service of *store* listens to; *takes*: also to the buttons beside lights."""
    listened = (Channel.EVENT, Channel.STATUS, *((Channel.TAKE,) if takes else ()))
    return tuple(everything(store, channel) for channel in listened)


def _pieces(ids: Iterable[str], size: int) -> Iterable[tuple[str, ...]]:
    rest = iter(ids)
    while some := tuple(islice(rest, size)):
        yield some
