"""Boards of others: what the MQTT broker keeps of the queues and the wall follows the store, and tells nothing it must not."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from broker.contract.boards import MAX_CALLS, MAX_SERVICES, Display, Queue
from broker.contract.codec import decode, encode
from broker.contract.messages import BODIES, Mirror, Status, Watch, message
from broker.contract.topics import Channel, Topic
from broker.desk import counters, people, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Channel as Taken
from broker.domain.ticket import Move, Said, Ticket
from broker.link import Link
from broker.service.mirrors import CLOCK_SECONDS, LOOK_SECONDS, SAY_SECONDS, Mirrors, display
from broker.service.mirrors import queue as queue_of
from broker.settings import MqttSettings, Settings, read, tables
from broker.shop import Shop, open_shop
from tests.builders import NOON, TurnableClock, make_shop
from tests.service.parts import STORE, in_quiet, service, settings_file, wait_until

M = TypeVar("M", Queue, Display, Status)

TABLES = """
[[services]]
id = "returns"
letter = "R"
name = "Returns"
[[services]]
id = "collect"
letter = "C"
name = "Collect"
[[counters]]
id = "desk-1"
name = "Desk 1"
"""
SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"}, {"id": "collect", "letter": "C", "name": "Collect"})
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)


class Board:
    """Somebody else's board: an MQTT client that reads what is kept, and knows no more than the contract."""

    def __init__(self, mqtt: MqttSettings) -> None:
        topics = [str(Topic(STORE, "service", channel)) for channel in (Channel.QUEUE, Channel.DISPLAY, Channel.STATUS)]
        self._link = Link(mqtt, client_id="test-board", subscriptions=topics)
        self.payloads: list[bytes] = []
        self._newest: dict[type, object] = {}

    def __enter__(self) -> Board:
        self._link.start()
        assert self._link.wait_connected(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._link.stop()

    def newest(self, kind: type[M]) -> M | None:
        while True:
            try:
                incoming = self._link.inbox.get_nowait()
            except queue.Empty:
                return self._newest.get(kind)  # type: ignore[return-value]
            self.payloads.append(incoming.payload)
            body = decode(incoming.topic, incoming.payload).data
            self._newest[type(body)] = body

    def wait(self, kind: type[M], true: Callable[[M], bool]) -> M:
        def found() -> M | None:
            newest = self.newest(kind)
            return newest if newest is not None and true(newest) else None

        return wait_until(found, f"a {kind.__name__} that is right; the newest is {self.newest(kind)}")  # type: ignore[return-value]


@contextmanager
def a_shop(settings: Path) -> Iterator[Shop]:
    shop = open_shop(read(Settings, settings))
    try:
        yield shop
    finally:
        shop.db.close()


def written(folder: Path, mqtt: MqttSettings) -> Path:
    path = settings_file(folder, mqtt)
    path.write_text(path.read_text() + TABLES)
    return path


def test_a_board_that_comes_late_is_told_at_once_and_then_within_a_second(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = written(tmp_path, mqtt)
    with service(settings), a_shop(settings) as shop:
        kari = people.add(shop, "Kari Nordmann", role="staff", pin="2580", by="test")
        counters.open_(shop, "desk-1", by=kari.id)
        first = tickets.issue(shop, Wish(service="returns"))
        tickets.issue(shop, Wish(service="returns"))
        with Board(mqtt) as board:
            line = board.wait(Queue, lambda said: said.services[0].waiting == 2)
            assert (line.services[0].oldest, line.services[0].counters, line.services[1].waiting) == (first.t0, 1, 0)
            tickets.call_next(shop, "desk-1", by=kari.id)
            wall = board.wait(Display, lambda said: bool(said.calls))
            assert (wall.calls[0].shown, wall.calls[0].counter, wall.calls[0].state) == ("R\u00a0001", "desk-1", "calling")
            board.wait(Queue, lambda said: said.services[0].waiting == 1)
            waiting = count(2)

            def is_told_in_time() -> None:
                began, number = time.monotonic(), next(waiting)
                tickets.issue(shop, Wish(service="collect"))
                board.wait(Display, lambda said: said.waiting == number)
                # A second, and what the rest of the way takes.
                assert time.monotonic() - began < SAY_SECONDS + 1.0

            in_quiet(is_told_in_time)
            everything = b"".join(board.payloads)
        for secret in (first.token, first.id, kari.id, "Kari", "Nordmann"):
            assert secret.encode() not in everything, f"{secret} is on a wire that anybody may read"


def test_when_the_service_stops_they_stay_and_its_status_says_that_they_are_old(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = written(tmp_path, mqtt)
    with service(settings), a_shop(settings) as shop, Board(mqtt) as board:
        tickets.issue(shop, Wish(service="collect"))
        board.wait(Queue, lambda said: said.services[1].waiting == 1)
    with Board(mqtt) as board:
        board.wait(Status, lambda said: said.watch is Watch.OFFLINE)
        assert board.wait(Queue, lambda said: True).services[1].waiting == 1
        assert board.wait(Display, lambda said: True).waiting == 1


class Ear:
    """What is said to it, as if it were an MQTT broker; it can be deaf."""

    def __init__(self) -> None:
        self.heard: list[Mirror] = []
        self.deaf = False

    def __call__(self, body: Mirror) -> bool:
        if not self.deaf:
            self.heard.append(body)
        return not self.deaf

    def queues(self) -> list[Queue]:
        return [body for body in self.heard if isinstance(body, Queue)]


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


@pytest.fixture
def mirrors(shop: Shop, clock: TurnableClock) -> Mirrors:
    return Mirrors(shop, lambda: (clock() - NOON).total_seconds())


def take(shop: Shop) -> Ticket:
    return tickets.issue(shop, Wish(service="collect", channel=Taken.API))


def test_many_changes_are_one_word_a_second_and_the_last_is_not_lost(shop: Shop, mirrors: Mirrors, clock: TurnableClock) -> None:
    ear = Ear()
    for _ in range(30):
        take(shop)
        mirrors.turn(1, ear)
        clock.turn(seconds=0.1)
    clock.turn(seconds=SAY_SECONDS)
    mirrors.turn(1, ear)
    assert 3 <= len(ear.queues()) <= 5
    assert ear.queues()[-1].services[1].waiting == 30


def test_nothing_is_said_while_nothing_changes(shop: Shop, mirrors: Mirrors, clock: TurnableClock) -> None:
    ear = Ear()
    for _ in range(100):
        mirrors.turn(1, ear)
        clock.turn(seconds=1)
    assert [type(body) for body in ear.heard] == [Queue, Display]


def test_a_new_connection_is_told_all_of_it_again(shop: Shop, mirrors: Mirrors, clock: TurnableClock) -> None:
    ear = Ear()
    mirrors.turn(1, ear)
    clock.turn(seconds=SAY_SECONDS)
    mirrors.turn(2, ear)
    assert [type(body) for body in ear.heard] == [Queue, Display] * 2


def test_what_was_not_taken_is_said_again(shop: Shop, mirrors: Mirrors, clock: TurnableClock) -> None:
    ear = Ear()
    ear.deaf = True
    mirrors.turn(1, ear)
    ear.deaf = False
    clock.turn(seconds=SAY_SECONDS)
    mirrors.turn(1, ear)
    assert [type(body) for body in ear.heard] == [Queue, Display]


def test_closing_time_is_told_though_nobody_did_anything(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, opening={"sat": ("10:00-18:00",)})
    mirrors, ear = Mirrors(shop, lambda: (clock() - NOON).total_seconds()), Ear()
    mirrors.turn(1, ear)
    clock.turn(seconds=timedelta(hours=6).total_seconds() + CLOCK_SECONDS)
    mirrors.turn(1, ear)
    assert [said.open for said in ear.queues()] == [True, False]
    assert not any(line.open for line in ear.queues()[-1].services)


def test_a_shop_without_tickets_says_nothing(tmp_path: Path, clock: TurnableClock) -> None:
    mirrors, ear = Mirrors(make_shop(tmp_path, clock), lambda: (clock() - NOON).total_seconds()), Ear()
    mirrors.turn(1, ear)
    assert ear.heard == []


def test_the_largest_shop_there_can_be_fits_on_the_wire(tmp_path: Path, clock: TurnableClock) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWX"
    services = [{"id": f"{letter.lower():a>32}", "letter": letter, "name": "\U0001f600" * 40} for letter in letters]
    desks = [{"id": f"{'d' * 29}-{n:02d}", "name": "\U0001f600" * 20} for n in range(64)]
    shop = make_shop(tmp_path, clock, services=services, counters=desks)
    for number in range(70):
        tickets.issue(shop, Wish(service=str(services[number % 24]["id"])))
    for desk in desks:
        counters.open_(shop, str(desk["id"]), by="kari")
        called = tickets.call_next(shop, str(desk["id"]), by="kari")
        assert called is not None
        tickets.move(shop, called.id, Move.START, Said(by="kari"))
    line, wall = queue_of(shop), display(shop)
    assert (len(line.services), len(wall.calls)) == (MAX_SERVICES, MAX_CALLS)
    for body in (line, wall):
        encode(message(body, id="a-1", store="s" * 32, device="service", time=NOON))


def test_the_limits_of_the_wire_are_those_of_the_settings() -> None:
    limit = next(m.max_length for m in tables.Settings.model_fields["services"].metadata if hasattr(m, "max_length"))
    assert limit == MAX_SERVICES
    assert {Queue, Display} <= set(BODIES.values())
    assert LOOK_SECONDS < SAY_SECONDS
