"""What every live screen is told: rendered once, kept for a while, and put into the queue of each."""

from __future__ import annotations

import json
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from broker.desk import board, screens
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.stream import Tail
from broker.web.stores import Stores

KEPT_EVENTS: Final = 500
"""Newest events a screen that was away for a moment can catch up with."""
QUEUED_EVENTS: Final = 100
"""Events that wait for one slow screen; then it gets the whole floor afresh instead."""
SNAPSHOT_SECONDS: Final = 1.0
"""How long a rendered floor serves others who ask, while nothing has changed: two hundred may come back at once."""

PULSE_SECONDS: Final = 1.0
"""How long what only the clock changes (open, flood, silent service) is taken as still so."""

RESYNC: Final = b"event: resync\ndata: {}\n\n"
REPLACED: Final = b"event: replaced\ndata: {}\n\n"


class TooManyScreens(Exception):
    """No more live screens fit; this one asks now and then instead."""


Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """What screens of one kind are shown: the whole, what facts change of it, and what only the clock changes."""

    whole: Callable[[Shop], Row]
    changes: Callable[[Shop, Iterable[Fact]], list[tuple[str, Row]]]
    pulse: Callable[[Shop], Row]
    mood: Callable[[Row], tuple[object, ...]]
    """The part of a pulse that must not wait for the next heartbeat."""


def _mood_of_floor(pulse: Row) -> tuple[object, ...]:
    cameras = tuple((camera["id"], camera["watch"]) for camera in pulse["cameras"])
    service = pulse["service"] and (pulse["service"]["watch"], pulse["service"]["room"])
    return (pulse["open"], pulse["flood"], service, cameras)


FLOOR: Final = Picture(screens.floor, screens.changes, screens.pulse, _mood_of_floor)
BOARD: Final = Picture(board.display, board.changes, board.pulse, lambda pulse: (pulse["open"], pulse["late"]))
"""The customers' screens: who is called to where, and how many wait."""


class Listener:
    """One live screen: the events that wait for it."""

    def __init__(self, screen: str, place: str = "") -> None:
        self.screen = screen
        self.place = place
        self.ended = False
        self._waiting: deque[bytes] = deque()
        self._lost = False
        self._changed = threading.Condition()

    def put(self, event: bytes) -> None:
        """Queue *event*. Never waits: a queue that is full is dropped, and the screen told so."""
        with self._changed:
            if len(self._waiting) >= QUEUED_EVENTS:
                self._waiting.clear()
                self._lost = True
            self._waiting.append(event)
            self._changed.notify()

    def end(self, last: bytes = b"") -> None:
        """Let the stream of this screen end, after *last*."""
        with self._changed:
            self.ended = True
            if last:
                self._waiting.append(last)
            self._changed.notify()

    def take(self, seconds: float) -> tuple[bytes, bool]:
        """Wait up to *seconds* and return all that waits, joined, and whether something was lost before it."""
        with self._changed:
            if not self._waiting and not self.ended:
                self._changed.wait(seconds)
            taken, lost = b"".join(self._waiting), self._lost
            self._waiting.clear()
            self._lost = False
            return taken, lost


class Hub:
    """All live screens of this web process, and the thread that feeds them."""

    def __init__(self, stores: Stores, *, most: int, picture: Picture = FLOOR, edition: str = "") -> None:
        """Show *picture* to up to *most* screens at a time, and tell each the *edition* of the pages that are served now."""
        self.most = most
        self._edition = {"edition": edition} if edition else {}
        self._picture = picture
        self._stores = stores
        self._epoch = secrets.token_hex(4)
        self._n = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT_EVENTS)
        self._listeners: dict[tuple[str, str], Listener] = {}
        self._lock = threading.Lock()
        self._shop: Shop | None = None
        self._tail: Tail | None = None
        self._ended = False
        self._rendering = threading.Lock()
        self._snapshot: tuple[int, float, bytes] = (-1, 0.0, b"")
        self._pulsing = threading.Lock()
        self._pulse: tuple[float, dict[str, Any], tuple[object, ...]] | None = None

    def join(self, screen: str, last: str = "", *, place: str = "") -> tuple[Listener, bytes | None]:
        """Begin a stream to *screen* and end its old one. Return its listener and what it missed since the id *last*.

        None instead of what it missed means that it needs the whole. One browser may show pages of several kinds side by
        side: *place* tells them apart. Raises TooManyScreens.
        """
        listener = Listener(screen, place)
        with self._lock:
            old = self._listeners.get((screen, place))
            if self._ended or (old is None and len(self._listeners) >= self.most):
                raise TooManyScreens
            self._listeners[screen, place] = listener
            if self._tail is None:
                self._tail = Tail(lambda: self._open().db, self._told)
                self._tail.start()
            missed = self._since(last)
        if old is not None:
            old.end(REPLACED)
        return listener, missed

    def leave(self, listener: Listener) -> None:
        """The stream of *listener* has ended."""
        with self._lock:
            if self._listeners.get((listener.screen, listener.place)) is listener:
                del self._listeners[listener.screen, listener.place]

    def listening(self) -> int:
        """Return how many screens are live."""
        return len(self._listeners)

    def behind(self, shop: Shop) -> int:
        """Return how many facts are committed and not yet told to the live screens; 0 while there are none."""
        return 0 if self._tail is None else self._tail.behind(shop.db)

    def close(self) -> None:
        """End every stream and the thread that feeds them, for good."""
        with self._lock:
            self._ended = True
            listeners, tail = list(self._listeners.values()), self._tail
        for listener in listeners:
            listener.end()
        if tail:
            tail.stop()

    def snapshot(self) -> bytes:
        """Return the whole floor as an event, with the id after which it was looked at."""
        with self._rendering:
            n, rendered_at, body = self._snapshot
            now_n = self._n
            if n != now_n or monotonic() - rendered_at > SNAPSHOT_SECONDS:
                body = self._render_whole()
                self._snapshot = (now_n, monotonic(), body)
            return b"id: %s-%d\nevent: snapshot\ndata: %s\n\n" % (self._epoch.encode(), now_n, body)

    def heartbeat(self) -> bytes:
        """Return the event that proves life: the server's time, the edition of its pages, and what only the clock changes."""
        return b"event: hb\ndata: %s\n\n" % encoded(self._looked()[1] | self._edition | {"now": _written(self._stores.clock())})

    def mood(self) -> tuple[object, ...]:
        """Return what a heartbeat says that must not wait for the next: a screen that hears of a dead service late lies."""
        return self._looked()[2]

    def _looked(self) -> tuple[float, dict[str, Any], tuple[object, ...]]:
        with self._pulsing:
            if self._pulse is None or monotonic() - self._pulse[0] > PULSE_SECONDS:
                shop = self._stores.borrow()
                try:
                    row = self._picture.pulse(shop)
                finally:
                    self._stores.give_back(shop)
                self._pulse = (monotonic(), row, self._picture.mood(row))
            return self._pulse

    def _render_whole(self) -> bytes:
        shop = self._stores.borrow()
        try:
            return encoded(self._picture.whole(shop))
        finally:
            self._stores.give_back(shop)

    def _open(self) -> Shop:
        """Open the store for the tail's own thread."""
        self._shop = self._stores.open()
        return self._shop

    def _told(self, facts: list[Fact]) -> None:
        """Render what *facts* have changed, once, and queue it for everybody. Only the tail's thread comes here."""
        assert self._shop is not None
        changed = self._picture.changes(self._shop, facts)
        events = [(n, self._event(n, kind, row)) for n, (kind, row) in enumerate(changed, self._n + 1)]
        with self._lock:
            self._kept.extend(events)
            self._n += len(events)
            listeners = list(self._listeners.values())
        together = b"".join(event for _, event in events)
        for listener in listeners if together else ():
            listener.put(together)
        _end_where(listeners, facts)

    def _event(self, n: int, kind: str, row: dict[str, Any]) -> bytes:
        return f"id: {self._epoch}-{n}\nevent: {kind}\n".encode() + b"data: %s\n\n" % encoded(row)

    def _since(self, last: str) -> bytes | None:
        epoch, _, number = last.partition("-")
        if epoch != self._epoch or not number.isdecimal() or int(number) > self._n:
            return None
        n = int(number)
        first = self._kept[0][0] if self._kept else self._n + 1
        if n + 1 < first:
            return None
        return b"".join(event for at, event in self._kept if at > n)


def encoded(row: dict[str, Any]) -> bytes:
    """Return *row* as JSON on one line."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


def _written(moment: datetime) -> str:
    """Return *moment* as every other time on the stream is written: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _end_where(listeners: Iterable[Listener], facts: Iterable[Fact]) -> None:
    """End the streams of screens that were revoked and of those on which somebody signed out."""
    gone: set[str] = set()
    for fact in facts:
        if fact.kind is FactKind.REVOKED:
            gone.add(fact.subject)
        elif fact.kind is FactKind.SIGNED_OUT:
            gone.add(str(fact.body.get("screen")))
        elif fact.kind is FactKind.PERSON:
            # A person who was signed out everywhere may be on any screen; asking again is cheap and seldom.
            gone |= {listener.screen for listener in listeners}
    for listener in listeners:
        if listener.screen in gone:
            listener.end()
