"""One demonstration: staff who work, a listener who takes the place of a tablet, and what came of it."""

from __future__ import annotations

import logging
import threading
from typing import Final

import click

from broker.desk import people
from broker.desk.people import Person
from broker.desk.roles import Role
from broker.embedded import reach
from broker.settings import Settings
from broker.shop import Shop
from deploy import desks, premises, staff, tally
from deploy.lines import Lines
from deploy.supervisor import Supervisor
from deploy.tally import Tally
from deploy.up import shop_of
from deploy.witness import Ear, Tablet

log = logging.getLogger(__name__)

LEAST_SECONDS: Final = 15
BEFORE_END_SECONDS: Final = 6
"""The scene is over so long before the end, so that the last who came in can still be greeted."""
SETTLE_SECONDS: Final = 30.0
"""So long is waited, at the end, for the camera to be done and the service to have acknowledged everything."""
SEED: Final = 74


def scene(seconds: int | None) -> str:
    """Return the name of the scene for a show of so many seconds."""
    return f"scene:door?seed={SEED}" + (f"&seconds={seconds - BEFORE_END_SECONDS}" if seconds else "")


class Show:
    """A demonstration in the shop of *settings*, for *seconds* or without an end."""

    def __init__(self, settings: Settings, *, seconds: int | None, headless: bool, loud: bool, lines: Lines) -> None:
        self.seconds = seconds
        self.whole = False
        """Whether it ran to its end."""
        self._settings = settings
        self._headless = headless
        self._loud = loud
        self._lines = lines
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ear: Ear | None = None
        self._tablet: Tablet | None = None

    def begin(self, supervisor: Supervisor) -> None:
        """Hire the staff, seat the listener, say where to look. Called when every part answers, before the camera starts."""
        with shop_of(self._settings) as shop:
            crew = staff.hire(shop)
            if not self._headless:
                self._tell(shop)
            if self.seconds is not None:
                self._seat_listeners(shop, crew[0])
        self._run("staff", self._work, crew)
        if not self._headless:
            self._run("desks", self._serve, crew)
        if self.seconds is not None:
            self._run("clock", self._wait_for_the_end, supervisor)

    def end(self) -> None:
        """Send everybody home. The parts have stopped."""
        self._over.set()
        if self._ear:
            self._ear.stop()
        for thread in self._threads:
            thread.join(timeout=5)

    def tally(self) -> Tally:
        """Return what came of it. The parts have stopped."""
        shown = tally.truth(camera.source for camera in self._settings.cameras)
        heard, decided = (self._tablet.heard if self._tablet else {}), (self._ear.decided if self._ear else {})
        with shop_of(self._settings) as shop:
            return tally.reckon(shop, shown, heard, decided)

    def _seat_listeners(self, shop: Shop, person: Person) -> None:
        self._ear = Ear(reach(self._settings.store.data, self._settings.mqtt), self._settings)
        self._tablet = Tablet(shop, person, next(pin for name, _, pin in staff.CREW if name == person.name))
        if not self._ear.start():
            self._lines("", "The MQTT broker does not let the listener in.")
        if not self._tablet.start():
            self._lines("", f"The listener gets no live screen: {self._tablet.trouble}")

    def _run(self, name: str, play, *arguments) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002
        thread = threading.Thread(target=play, args=arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, crew: list[Person]) -> None:
        with shop_of(self._settings) as shop:
            staff.work(shop, crew, self._over, seed=SEED)

    def _serve(self, crew: list[Person]) -> None:
        with shop_of(self._settings) as shop:
            desks.work(shop, crew, self._over, seed=SEED)

    def _wait_for_the_end(self, supervisor: Supervisor) -> None:
        assert self.seconds is not None
        assert self._ear is not None
        if self._over.wait(self.seconds):
            return
        cameras = {camera.id for camera in self._settings.cameras}
        self.whole = self._ear.wait_settled(cameras, SETTLE_SECONDS)
        if not self.whole:
            self._lines("", f"After {SETTLE_SECONDS:g} s more, {len(self._ear.open)} events were not acknowledged.")
        self._ear.stop()
        supervisor.stop()

    def _tell(self, shop: Shop) -> None:
        base, kiosk = premises.address(self._settings), premises.address(self._settings, self._settings.kiosk)
        token = people.make_entrance(shop, reusable=True, name="Tablet", role=Role.MANAGER)
        touch = people.make_entrance(shop, reusable=True, name="Kiosk", role=Role.KIOSK)
        wall = people.make_entrance(shop, reusable=True, name="Wall", role=Role.DISPLAY)
        pins = ", ".join(f"{name} {pin}{f' ({role})' if role is not Role.STAFF else ''}" for name, role, pin in staff.CREW)
        promise = self._settings.standards
        past = ", with eight made-up weeks before today" if self.seconds is None else ""
        click.echo(
            f"""
{self._settings.store.name} is open. Customers come and go on a rendered door; made-up staff greet most of them.

  Open      {base}/enter/{token}
            press the button, choose a name, type the PIN: {pins}
  Floor     {base}/floor
            a card for each party that waits, amber after {promise.warn_seconds} s, red after {promise.greet_within_seconds} s;
            tap "I'm going", then "Greeted"
  Report    {base}/reports
            how the promises were kept{past} (Ingrid or Kari)
  Screens   {base}/admin/screens
            pair another tablet: open {base}/pair on it (Kari)
  Kiosk     {kiosk}/enter/{touch}
            take a number, in five languages; made-up staff call at two of three desks
  Wall      {kiosk}/enter/{wall}
            who is called to where; best in a window of its own

Everything is on this machine and is forgotten at the end. Stop with Ctrl-C.
"""
        )
