"""The running process: one loop that takes what comes in, runs what is due and says what must be said."""

from __future__ import annotations

import gc
import logging
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from broker import lifeline
from broker.desk import standards_page
from broker.link import Link
from broker.lock import Held, held
from broker.notify.tellers import Tellers
from broker.service.deadlines import Deadlines
from broker.service.inbox import Inbox, subscriptions
from broker.service.jumps import Jumps
from broker.service.night import Night
from broker.service.outbox import Outbox, last_will
from broker.service.room import RoomWatch
from broker.service.seldom import Seldom
from broker.service.trouble import is_trouble
from broker.settings import MqttSettings
from broker.shop import Shop
from broker.watchdog import Watchdog

log = logging.getLogger(__name__)

FAILURES_IN_A_ROW: Final = 3
"""So many turns of the loop may fail one after the other; then the process ends and its supervisor starts it afresh."""
FIRST_RETRY_SECONDS: Final = 0.1
LAST_RETRY_SECONDS: Final = 2.0
SAME_COMPLAINT_SECONDS: Final = 10.0
LOCK_FILE: Final = "service.lock"

COLLECT_AFTER_OBJECTS: Final = 20_000
"""A batch makes some ten thousand values that all die with it. Looking for cycles among them every 700 costs a tenth of
the processor and finds none."""

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1


class Occupied(Exception):
    """Another service already works on this store."""


@contextmanager
def sole_service(data: Path) -> Iterator[None]:
    """Hold the lock of the store in *data*; the kernel lets go of it however we end. Raises Occupied."""
    with ExitStack() as holding:
        try:
            holding.enter_context(held(data / LOCK_FILE))
        except Held as taken:
            raise Occupied(f"{data}: a service already works on this store{taken.who}.") from None
        yield


def run(shop: Shop, mqtt: MqttSettings, stop: threading.Event) -> int:
    """Serve *shop* on the MQTT broker until *stop* is set. Return 0, or 1 when the loop has failed."""
    store = shop.settings.store.id
    link = Link(
        mqtt,
        client_id=f"greetline-{store}-service",
        will=last_will(store, shop.clock()),
        subscriptions=subscriptions(store, takes=shop.settings.home_assistant.enabled),
        manual_ack=True,
        clean=False,
    )
    inbox, deadlines, night = Inbox(shop, link), Deadlines(shop), Night(shop)
    outbox, room = Outbox(shop, link, counted=inbox.counted), RoomWatch(shop)
    gc.set_threshold(COLLECT_AFTER_OBJECTS, *gc.get_threshold()[1:])
    standards_page.keep_at_start(shop)
    with link, Tellers(shop):
        code = _loop(stop, Jumps(shop), inbox, deadlines, outbox, night, room)
        night.stop()
        try:
            outbox.goodbye()
        except sqlite3.Error as wrong:
            log.warning("the store does not know that the service stops: %s", wrong)
    return code


def _loop(
    stop: threading.Event, jumps: Jumps, inbox: Inbox, deadlines: Deadlines, outbox: Outbox, night: Night, room: RoomWatch
) -> int:
    failures, pause, complaints, watchdog = 0, FIRST_RETRY_SECONDS, Seldom(SAME_COMPLAINT_SECONDS), Watchdog()
    while not stop.is_set():
        try:
            if jumps.turn():
                outbox.ask_again()
            outbox.turn()
            deadlines.turn()
            night.turn()
            room.turn()
            inbox.turn(deadlines.wait_seconds())
        except Exception as wrong:
            room.failed(wrong)
            if not is_trouble(wrong):
                log.exception("a turn of the service failed")
                failures += 1
                if failures == FAILURES_IN_A_ROW:
                    return EXIT_FAILED
            elif complaints.due(str(wrong)):
                # Nothing is lost: what was not committed is not acknowledged and stays where it came from.
                log.exception("THE STORE CANNOT BE WRITTEN; it is tried again until it can")
            stop.wait(pause)
            pause = min(pause * 2, LAST_RETRY_SECONDS)
        else:
            if pause > FIRST_RETRY_SECONDS:
                log.warning("the service goes on")
            failures, pause = 0, FIRST_RETRY_SECONDS
        watchdog.turned()
    return EXIT_DONE


def stop_at_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and the end of our supervisor set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lifeline.watch()
    return stop
