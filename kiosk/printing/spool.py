"""The worker that puts numbers on paper, one at a time, beside the screens and never in their way."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flask import Flask

from broker.desk import prints, tickets
from broker.domain.printing import SEEN_BY_CONNECTING, Job, Trouble
from broker.shop import Shop
from broker.web.stores import Stores
from kiosk.printing.paper import written
from kiosk.printing.wire import PrinterError

if TYPE_CHECKING:
    from PIL.Image import Image

IDLE_SECONDS: Final = 1.0
"""How often the store is looked at when nobody woke the worker: another program may have asked."""
AFTER_A_FAULT_SECONDS: Final = 5.0
STOPS_WITHIN_SECONDS: Final = 15.0

log = logging.getLogger(__name__)


@contextmanager
def printing(app: Flask) -> Iterator[None]:
    """Print what *app* is asked for while the block runs; a shop without a printer of ours is left without a trace of one.

    Raises StoreError.
    """
    stores: Stores = app.extensions["greetline-stores"]
    if not stores.settings.printer.spooled:
        shop = stores.open()
        prints.retire(shop)
        shop.db.conn.close()
        yield
        return
    spool = app.extensions["greetline-spool"] = Spool(app)
    spool.start()
    try:
        yield
    finally:
        spool.stop()


class Spool:
    """One worker thread of a kiosk process. Any number of processes may have one: whoever holds the printer prints."""

    def __init__(self, app: Flask) -> None:
        """Print for the shop of *app*, in its languages."""
        self._app = app
        self._stores: Stores = app.extensions["greetline-stores"]
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="printing", daemon=True)

    def start(self) -> None:
        """Begin, with whatever a restart left behind."""
        self._thread.start()

    def wake(self) -> None:
        """Something was asked for just now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the ticket that is being printed."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOPS_WITHIN_SECONDS)

    def _run(self) -> None:
        while not self._stopping:
            try:
                shop = self._stores.open()
                try:
                    self._work(shop)
                finally:
                    shop.db.conn.close()
            except Exception:
                log.exception("printing failed; it goes on in %g s", AFTER_A_FAULT_SECONDS)
                self._wait(AFTER_A_FAULT_SECONDS)

    def _work(self, shop: Shop) -> None:
        while not self._stopping:
            if not self.turn(shop):
                self._wait(IDLE_SECONDS)

    def _wait(self, seconds: float) -> None:
        if not self._stopping:
            self._wake.wait(seconds)
        self._wake.clear()

    def turn(self, shop: Shop) -> bool:
        """Print one ticket, or look at the printer, if either is due. Return whether a ticket was printed or tried."""
        job = prints.claim(shop, by=self._name)
        if job is None:
            if prints.claim_look(shop, by=self._name):
                self._look(shop)
            return False
        self._print(shop, job)
        return True

    def _print(self, shop: Shop, job: Job) -> None:
        # Drawing and ESC/POS take a third of a second to load, which no first page need wait for.
        from kiosk.printing import printer
        from kiosk.printing.fonts import BadFont

        try:
            content = printer.encoded(self._picture(shop, job), cut=shop.settings.printer.cut)
            trouble = printer.send(shop.settings.printer, content)
        except PrinterError as wrong:
            log.warning("print job %s, try %d: %s: %s", job.id, job.tries, wrong.trouble, wrong)
            prints.fail(shop, job, wrong.trouble, str(wrong))
        except BadFont as wrong:
            log.error("print job %s: %s", job.id, wrong)
            prints.fail(shop, job, Trouble.SET_UP, str(wrong))
        else:
            prints.finish(shop, job, trouble)

    def _picture(self, shop: Shop, job: Job) -> Image:
        from kiosk.printing.fonts import Fonts
        from kiosk.printing.receipt import drawn

        with self._app.app_context():
            paper = written(shop, tickets.find(shop, job.ticket), language=job.language, ahead=job.ahead)
        return drawn(paper, Fonts.of(shop.settings.printer), shop.settings.printer.dots)

    def _look(self, shop: Shop) -> None:
        from kiosk.printing import printer
        from kiosk.printing.fonts import BadFont, Fonts

        try:
            Fonts.of(shop.settings.printer)
            seen = printer.look(shop.settings.printer)
        except BadFont:
            seen = printer.Look(False, Trouble.SET_UP)
        known = prints.state(shop)
        if seen.answers or seen.trouble or (known and known.trouble in SEEN_BY_CONNECTING):
            prints.looked(shop, seen.trouble, by=self._name)
        else:
            # It is there and says nothing: only a ticket that comes out shows that it prints again.
            prints.give_back(shop, by=self._name)
