"""Trials that the office asks for: a test number on paper, and a call spoken. Each is answered by what was in the way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from flask import Flask
from flask_babel import force_locale

from broker.desk import prints, trials
from broker.desk.trials import Kind, Trial
from broker.domain import numbering
from broker.domain.printing import PRINTS_STILL, Trouble
from broker.shop import Shop
from broker.web.languages import locale_of
from broker.web.stores import Stores
from kiosk.voice import phrases, sounds
from kiosk.voice.speaker import Voice
from kiosk.voice.ways import Mute

LOOK_SECONDS: Final = 1.0
AFTER_A_FAULT_SECONDS: Final = 5.0
STOPS_WITHIN_SECONDS: Final = 10.0
PRINTER_FREE_WITHIN_SECONDS: Final = 15.0
"""How long a trial waits for a number that is being printed."""
GLANCE_SECONDS: Final = 0.1
NUMBER: Final = 47

log = logging.getLogger(__name__)


@contextmanager
def trying(app: Flask) -> Iterator[None]:
    """Answer the trials of the shop of *app* while the block runs."""
    worker = Trials(app)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


class Trials:
    """One worker thread of a kiosk process; of several processes one takes each trial."""

    def __init__(self, app: Flask) -> None:
        """Answer for the shop of *app*."""
        self._app = app
        self._stores: Stores = app.extensions["greetline-stores"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trials", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the trial that is on its way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOPS_WITHIN_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                shop = self._stores.open()
                try:
                    while not self._stop.is_set():
                        if not self.turn(shop):
                            self._stop.wait(LOOK_SECONDS)
                finally:
                    shop.db.conn.close()
            except Exception:
                log.exception("a trial failed; it goes on in %g s", AFTER_A_FAULT_SECONDS)
                self._stop.wait(AFTER_A_FAULT_SECONDS)

    def turn(self, shop: Shop) -> bool:
        """Answer one trial if there is one, and return whether there was."""
        trial = trials.claim(shop)
        if trial is None:
            return False
        if trial.kind is Kind.VOICE:
            self._say(shop, trial)
        else:
            self._print(shop, trial)
        return True

    def _say(self, shop: Shop, trial: Trial) -> None:
        voice: Voice = self._app.extensions["greetline-voice"]
        counter = next((each.id for each in shop.settings.counters), None)
        with self._app.app_context(), force_locale(locale_of(trial.language)):
            phrase = phrases.call(shop.settings, numbering.shown("T", NUMBER), counter, trial.language)
        try:
            made = voice.spoken(phrase)
        except Mute as wrong:
            trials.finish(shop, trial, why="mute", says=str(wrong))
        else:
            trials.finish(shop, trial, sound=sounds.written(made))

    def _print(self, shop: Shop, trial: Trial) -> None:
        kind = shop.settings.printer.kind
        if not shop.settings.printer.spooled:
            trials.finish(shop, trial, why="no_printer" if kind == "none" else "browser")
            return
        if not self._hold(shop):
            trials.finish(shop, trial, why="busy")
            return
        trouble, says = self._on_paper(shop, trial)
        prints.looked(shop, trouble, by=self._name)
        stands = trouble is None or trouble in PRINTS_STILL
        trials.finish(shop, trial, why="" if stands else str(trouble), says=says)

    @property
    def _name(self) -> str:
        return f"trials-{id(self):x}"

    def _hold(self, shop: Shop) -> bool:
        """Take the printer as soon as nobody has it."""
        end = monotonic() + PRINTER_FREE_WITHIN_SECONDS
        while not prints.take(shop, by=self._name):
            if monotonic() > end or self._stop.wait(GLANCE_SECONDS):
                return False
        return True

    def _on_paper(self, shop: Shop, trial: Trial) -> tuple[Trouble | None, str]:
        # Drawing and ESC/POS take a third of a second to load, which no first page need wait for.
        from kiosk.printing import printer
        from kiosk.printing.fonts import BadFont, Fonts
        from kiosk.printing.paper import sample
        from kiosk.printing.receipt import drawn
        from kiosk.printing.wire import PrinterError

        settings = shop.settings
        try:
            with self._app.app_context():
                paper = sample(settings, trial.language, at=shop.clock())
            picture = drawn(paper, Fonts.of(settings.printer), settings.printer.dots)
            return printer.send(settings.printer, printer.encoded(picture, cut=settings.printer.cut)), ""
        except PrinterError as wrong:
            return wrong.trouble, str(wrong)
        except BadFont as wrong:
            return Trouble.SET_UP, str(wrong)
