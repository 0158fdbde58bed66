"""A printer never stops a ticket: it stalls, refuses, dies in the middle and runs out of paper, and the number is always there."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import pytest

from broker.desk import alerts, people, prints, tickets
from broker.desk.tickets import Wish
from broker.domain.alerts import Alert, AlertKind, AlertState
from broker.domain.printing import Job, State, Trouble
from broker.settings import Settings
from broker.shop import Shop, open_shop
from broker.store import alerts as alert_rows
from broker.store import prints as rows
from broker.store import tickets as ticket_rows
from broker.store.database import change
from kiosk.app import create
from kiosk.printing.spool import printing
from tests.builders import ZONES
from tests.faults.rows import Row
from tests.kiosk.parts import COUNTERS, SERVICES, Screen
from tests.kiosk.sinks import COVER_OPEN, NO_PAPER, PAPER_LOW, Sink
from tests.service.parts import in_quiet
from tests.web.parts import PIN

PATIENCE_SECONDS = 15.0
pytestmark = pytest.mark.fault


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    with ExitStack() as open_sinks:

        def make(*how: str, **more: float) -> Sink:
            made = Sink(*how, **more)
            open_sinks.callback(made.close)
            return made

        yield make


@pytest.fixture
def shop_with(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """Opens a shop with a printer and a touch screen that prints: `shop_with(sink.settings)`."""
    with ExitStack() as to_close:
        folders = (tmp_path / f"shop-{number}" for number in count(1))

        def make(printer: dict[str, object], **more: object) -> Screen:
            folder = next(folders)
            folder.mkdir()
            settings = a_shop(folder, printer, **more)
            shop = open_shop(settings)
            to_close.callback(shop.db.conn.close)
            people.add(shop, "Kari", role="staff", pin=PIN, by="test")
            app = create(settings, shop=shop)
            for name in ("greetline-hub", "greetline-board", "greetline-stores"):
                to_close.callback(app.extensions[name].close)
            to_close.enter_context(printing(app))
            return Screen(app, shop).pair()

        yield make


def a_shop(folder: Path, printer: dict[str, object], **more: object) -> Settings:
    return Settings.model_validate(
        {"store": {"id": "oslo", "name": "Oslo City", "data": folder}, "zones": ZONES, "services": SERVICES, "counters": COUNTERS,
         "printer": printer, "alerts": {"on_delay_seconds": 0, "off_delay_seconds": 0}} | more
    )  # fmt: skip


def take_and_print(screen: Screen) -> tuple[str, float, float]:
    """Take a number and wish it on paper by touch. Return the ticket's id and how many seconds each of the two took."""
    began = monotonic()
    taken = screen.post("/kiosk/tickets", {"service": "returns", "key": os.urandom(16).hex()})
    given = monotonic()
    assert taken.status_code == 303
    ticket = taken.location.split("/")[-1].split("?")[0]
    answer = screen.post(f"/kiosk/tickets/{ticket}/paper", headers={"Accept": "application/json"})
    assert answer.status_code in (200, 202), answer.get_data(as_text=True)
    return ticket, given - began, monotonic() - given


def known_well(screen: Screen) -> Screen:
    """Wait until the printer has been looked at, and nothing was wrong."""
    until(lambda: (found := prints.state(screen.shop)) and found.held_until is None and found.trouble is None)
    return screen


def stands(screen: Screen, ticket: str) -> str:
    return str(screen.get(f"/kiosk/tickets/{ticket}/paper", headers={"Accept": "application/json"}).json["state"])


def until(what: Callable[[], object], *, within: float = PATIENCE_SECONDS) -> object:
    """Wait until *what* is true and return it."""
    end = monotonic() + within
    while not (found := what()) and monotonic() < end:
        sleep(0.02)
    assert found, "it never came"
    return found


def alert_of(shop: Shop) -> Alert | None:
    return next(iter(alert_rows.live(shop.db, kind=AlertKind.DEVICE, subject=prints.PRINTER)), None)


def job_of(shop: Shop, ticket: str) -> Job:
    found = prints.newest(shop, ticket)
    assert found
    return found


@pytest.mark.parametrize("how", ["stalls", "refuses", "dies", "freezes", NO_PAPER, COVER_OPEN])
def test_whatever_the_printer_does_the_number_is_there_at_once_and_the_screen_knows_within_three_seconds(
    sink: Callable[..., Sink], shop_with: Callable[..., Screen], how: str, found: Callable[..., Row]
) -> None:
    def has_failed() -> tuple[Screen, str]:
        there = sink("answers")
        screen = known_well(shop_with(there.settings))
        if how == "refuses":
            there.close()
        elif how in (NO_PAPER, COVER_OPEN):
            there.wrong = how
        else:
            there.how = how
        ticket, given, asked = take_and_print(screen)
        assert given < 1
        assert asked < 1
        until(lambda: stands(screen, ticket) == "failed", within=3.2)
        return screen, ticket

    screen, ticket = in_quiet(has_failed)
    page = screen.page(f"/kiosk/tickets/{ticket}")
    assert "R\u00a0001" in page
    assert "We could not print. Please take a photo of your number." in page
    told = until(lambda: alert_of(screen.shop))
    assert isinstance(told, Alert)
    assert told.state is AlertState.RAISED
    expected = {NO_PAPER: Trouble.NO_PAPER, COVER_OPEN: Trouble.COVER_OPEN, "refuses": Trouble.UNREACHABLE}
    assert told.detail == expected.get(how, Trouble.STALLED)
    given = len(ticket_rows.open_ones(screen.shop.db))
    found("printer", lost=max(0, 1 - given), doubled=max(0, given - 1))


def test_a_roll_that_is_loaded_in_time_brings_the_waiting_ticket_out_and_ends_the_call(
    sink: Callable[..., Sink], shop_with: Callable[..., Screen], found: Callable[..., Row]
) -> None:
    there = sink("answers")
    screen = known_well(shop_with(there.settings))
    there.wrong = NO_PAPER
    ticket, _, _ = take_and_print(screen)
    until(lambda: alert_of(screen.shop))
    there.wrong = ""
    began = monotonic()
    assert there.printed(1)
    until(lambda: stands(screen, ticket) == "done")
    until(lambda: alert_of(screen.shop) is None)
    found("printer", lost=0, doubled=len(there.tickets) - 1, recovery=monotonic() - began)
    assert len(there.tickets) == 1


def test_after_three_tries_nobody_tries_again_and_the_printer_is_watched_until_it_is_well(
    sink: Callable[..., Sink], shop_with: Callable[..., Screen]
) -> None:
    there = sink("answers")
    screen = known_well(shop_with(there.settings))
    there.wrong = NO_PAPER
    ticket, _, _ = take_and_print(screen)
    until(lambda: job_of(screen.shop, ticket).state is State.FAILED)
    assert job_of(screen.shop, ticket).tries == 3
    other = tickets.issue(screen.shop, Wish(service="collect"))
    assert "Print my number" not in screen.page(f"/kiosk/tickets/{other.id}"), "a printer without paper is not offered"
    there.wrong = ""
    until(lambda: alert_of(screen.shop) is None)
    assert there.tickets == [], "what had failed for good is not printed later"
    assert "Print my number" in screen.page(f"/kiosk/tickets/{other.id}")


def test_little_paper_prints_and_tells_staff(sink: Callable[..., Sink], shop_with: Callable[..., Screen]) -> None:
    there = sink("answers", PAPER_LOW)
    screen = shop_with(there.settings)
    ticket, _, _ = take_and_print(screen)
    until(lambda: stands(screen, ticket) == "done")
    told = until(lambda: alert_of(screen.shop))
    assert isinstance(told, Alert)
    assert told.detail == Trouble.PAPER_LOW
    alerts.acknowledge(screen.shop, told.id, by="kari")
    there.wrong = NO_PAPER
    take_and_print(screen)
    again = until(lambda: (found := alert_of(screen.shop)) and found.detail == Trouble.NO_PAPER and found)
    assert isinstance(again, Alert)
    assert again.state is AlertState.RAISED, "who took care of little paper is told that there is none"


def test_a_printer_that_stopped_once_is_offered_again_and_the_next_ticket_ends_the_call(
    sink: Callable[..., Sink], shop_with: Callable[..., Screen]
) -> None:
    there = sink("stalls")
    screen = shop_with(there.settings | {"ask_status": False})
    take_and_print(screen)
    until(lambda: alert_of(screen.shop))
    there.how = "mute"
    ticket, _, _ = take_and_print(screen)
    until(lambda: stands(screen, ticket) == "done")
    until(lambda: alert_of(screen.shop) is None)


def test_a_restart_goes_on_where_the_spool_was(sink: Callable[..., Sink], tmp_path: Path) -> None:
    there = sink("answers")
    settings = a_shop(tmp_path, there.settings)
    with ExitStack() as to_close:
        shop = open_shop(settings)
        to_close.callback(shop.db.conn.close)
        asked = [prints.ask(shop, tickets.issue(shop, Wish(service="returns")), "lv") for _ in range(3)]
        app = create(settings, shop=shop)
        for name in ("greetline-hub", "greetline-board", "greetline-stores"):
            to_close.callback(app.extensions[name].close)
        with printing(app):
            assert there.printed(3)
            until(lambda: all((job := rows.find(shop.db, each.id)) and job.state is State.DONE for each in asked))
        assert there.most_at_once == 1


def spool_alone(settings: Settings) -> None:
    app = create(settings)
    with printing(app):
        signal.pause()


@pytest.fixture
def program() -> Iterator[Callable[[Settings], multiprocessing.Process]]:
    """Starts kiosk programs that print; each is ended by its own number."""
    started: list[multiprocessing.Process] = []
    apart = multiprocessing.get_context("spawn")

    def start(settings: Settings) -> multiprocessing.Process:
        made = apart.Process(target=spool_alone, args=(settings,), daemon=True)
        made.start()
        started.append(made)  # type: ignore[arg-type]
        return made  # type: ignore[return-value]

    yield start
    for each in started:
        each.kill()
        each.join(10)


@pytest.mark.slow
def test_two_programs_print_each_ticket_once_and_never_at_the_same_time(
    sink: Callable[..., Sink], tmp_path: Path, program: Callable[[Settings], multiprocessing.Process]
) -> None:
    there = sink("answers", slow=0.02)
    settings = a_shop(tmp_path, there.settings)
    shop = open_shop(settings)
    first, second = program(settings), program(settings)
    asked = []
    for _ in range(12):
        asked.append(prints.ask(shop, tickets.issue(shop, Wish(service="returns")), "en"))
        sleep(0.02)
    assert there.printed(12, within=30)
    until(lambda: all((job := rows.find(shop.db, each.id)) and job.state is State.DONE for each in asked))
    assert there.most_at_once == 1
    assert Counter(there.tickets).most_common(1)[0][1] == 1
    assert len(there.tickets) == 12
    assert first.is_alive()
    assert second.is_alive()
    shop.db.conn.close()


@pytest.mark.slow
def test_a_program_that_is_killed_while_it_prints_has_its_ticket_printed_once_more_and_no_more(
    sink: Callable[..., Sink], tmp_path: Path, program: Callable[[Settings], multiprocessing.Process]
) -> None:
    there = sink("answers", slow=60)  # it prints for a minute and has not said that it is done
    settings = a_shop(tmp_path, there.settings)
    shop = open_shop(settings)
    job = prints.ask(shop, tickets.issue(shop, Wish(service="returns")), "en")
    killed = program(settings)
    until(lambda: (found := rows.find(shop.db, job.id)) and found.state is State.PRINTING and there.at_once)
    assert killed.pid is not None
    os.kill(killed.pid, signal.SIGKILL)
    killed.join(10)
    there.slow = 0
    assert prints.claim(shop, by="another") is None, "until its lease is over nobody else has the printer"
    _let_the_lease_pass(shop)
    program(settings)
    until(lambda: (found := rows.find(shop.db, job.id)) and found.state is State.DONE, within=20)
    found = rows.find(shop.db, job.id)
    assert found is not None
    assert (found.lost, found.tries) == (1, 2)
    shop.db.conn.close()


def _let_the_lease_pass(shop: Shop) -> None:
    """Nobody waits twenty seconds in a test: the moment that was written down is moved instead."""
    with change(shop.db):
        held = rows.printer(shop.db, prints.PRINTER)
        assert held is not None
        assert held.held_until is not None
        lapsed = shop.clock() - timedelta(seconds=1)
        shop.db.conn.execute("UPDATE printers SET held_until = ?", [lapsed.isoformat(timespec="milliseconds")[:23] + "Z"])
