"""All that are told outside: webhooks, phones and chats each in a thread and on a connection of its own, tablets in one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, Protocol, Self

from broker.desk import push
from broker.desk import webhooks as desk
from broker.notify.chat import Messenger
from broker.notify.webhook import Caller
from broker.shop import Shop, open_shop

log = logging.getLogger(__name__)

TROUBLE_SECONDS: Final = 5.0
STOP_SECONDS: Final = 2.0
"""How long a delivery that is on its way may hold up the end of the service; it is made again after the next start."""


class Teller(Protocol):
    """Tells one target what it wants to know."""

    def turn(self) -> float:
        """Do what is due, and return the seconds until the next turn."""


class Tellers:
    """Everybody outside whom one shop tells."""

    def __init__(self, shop: Shop) -> None:
        """Prepare the targets of *shop*'s settings; nothing is sent before `start`."""
        self._shop = shop
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(name, make), name=f"telling {name}", daemon=True)
            for name, make in _by_name(shop).items()
        ]

    def __enter__(self) -> Self:
        """Start."""
        desk.forget_notices(self._shop)
        for name in desk.there(self._shop) | ({push.READER} if self._shop.settings.push.enabled else set()):
            # Before anything else happens: what happens from now on is what a new one is told.
            desk.known(self._shop, name)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let what is on its way end, for a moment, and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS / len(self._threads))

    def _run(self, name: str, make: Callable[[Shop], Teller]) -> None:
        shop, teller = None, None
        while not self._stop.is_set():
            try:
                shop = shop or open_shop(self._shop.settings, create=False, clock=self._shop.clock)
                teller = teller or make(shop)
                pause = teller.turn()
            except Exception:
                log.exception("a turn of telling %s failed; it is tried again", name)
                pause = TROUBLE_SECONDS
            self._stop.wait(pause)
        if shop is not None:
            shop.db.conn.close()


def _by_name(shop: Shop) -> dict[str, Callable[[Shop], Teller]]:
    hooks: dict[str, Callable[[Shop], Teller]] = {hook.id: partial(Caller, hook=hook) for hook in shop.settings.webhooks}
    chats: dict[str, Callable[[Shop], Teller]] = {target.id: partial(Messenger, target=target) for target in shop.settings.notify}
    return hooks | chats | ({push.READER: _pusher} if shop.settings.push.enabled else {})


def _pusher(shop: Shop) -> Teller:
    # Only a shop that sends notices loads what they need.
    from broker.notify.pushing import Pusher

    return Pusher(shop)
