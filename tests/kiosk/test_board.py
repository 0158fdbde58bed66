"""The stream of who is called: to every screen of the customers at once, and never anything of the floor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from broker.desk import counters, pairing, tickets
from broker.domain.ticket import Move, Said
from tests.builders import TurnableClock
from tests.kiosk.parts import Screen
from tests.web.parts import Stream, served


@pytest.fixture
def port(kiosk: Screen) -> Iterator[int]:
    with served(kiosk.app) as server:
        yield server.port


def cookies(screen: Screen) -> str:
    found = screen.client.get_cookie("kiosk-device")
    assert found
    return f"kiosk-device={found.value}"


def board(event: dict[str, str]) -> dict[str, object]:
    return json.loads(event["data"])


def test_a_wall_gets_the_board_and_then_each_call_as_it_is_made(kiosk: Screen, port: int) -> None:
    kiosk.someone_takes()
    with Stream(port, cookies(kiosk), path="/events/board?at=wall") as stream:
        first = stream.first()
        assert (first["event"], board(first)["calls"]) == ("snapshot", [])
        kiosk.call()
        called = board(stream.until("board"))
        while not called["calls"]:  # that a counter opened may be told before
            called = board(stream.until("board"))
        assert [(call["shown"], call["counter"]) for call in called["calls"]] == [("R\u00a0001", "desk-1")]
        assert "token" not in json.dumps(called)


def test_one_browser_may_be_a_touch_screen_and_a_wall_at_once(kiosk: Screen, port: int) -> None:
    with Stream(port, cookies(kiosk), path="/events/board?at=wall") as wall:
        wall.first()
        with Stream(port, cookies(kiosk), path="/events/board?at=kiosk") as touch:
            touch.first()
            kiosk.someone_takes()
            assert board(wall.until("board"))["waiting"] == 1
            assert board(touch.until("board"))["waiting"] == 1
        with Stream(port, cookies(kiosk), path="/events/board?at=wall") as again:
            again.first()
            assert wall.until("replaced")


def test_a_screen_that_is_revoked_hears_nothing_more(kiosk: Screen, port: int) -> None:
    with Stream(port, cookies(kiosk), path="/events/board") as stream:
        stream.first()
        pairing.revoke(kiosk.shop, kiosk.id, by="test")
        while stream.next():
            pass
    assert kiosk.get("/events/board").status_code == 401


def test_what_no_queue_is_about_is_not_told(kiosk: Screen, port: int) -> None:
    with Stream(port, cookies(kiosk), path="/events/board") as stream:
        stream.first()
        kiosk.post("/kiosk/help")
        kiosk.someone_takes("collect")
        assert board(stream.until("board"))["by_service"] == {"returns": 0, "collect": 1, "advice": 0}


def test_the_wall_as_a_page_says_what_stands(kiosk: Screen, clock: TurnableClock) -> None:
    assert "Welcome" in kiosk.page("/display")
    ticket = kiosk.someone_takes(language="lv")
    assert "The next number is called here" in kiosk.page("/display")
    kiosk.call()
    page = kiosk.page("/display")
    assert "Now serving" in page
    assert "R\u00a0001" in page
    assert "Desk 1" in page
    assert ticket.token not in page
    kiosk.someone_takes("collect")
    kiosk.call("desk-2")
    assert "The long table" in kiosk.page("/display")


def test_a_closed_shop_says_so_on_the_wall_and_only_then_when_it_closes(made: Callable[..., Screen], clock: TurnableClock) -> None:
    kiosk = made(opening={"sat": ["10:00-13:00"], "mon": ["10:00-20:00"]})
    assert kiosk.get("/api/v1/board").json["open"] is True
    assert "We are closed" not in kiosk.page("/display").split("<script type=")[0]
    clock.turn(seconds=3 * 3600)
    assert "We are closed. Open again: Monday 23 November, 10:00" in kiosk.page("/display")


def test_a_counter_that_closes_and_a_pause_reach_the_screens(kiosk: Screen, port: int) -> None:
    with Stream(port, cookies(kiosk), path="/events/board") as stream:
        stream.first()
        counters.pause(kiosk.shop, "returns", minutes=5, reason="x", by="kari")
        assert stream.until("board")
        counters.open_(kiosk.shop, "desk-1", by="kari")
        assert stream.until("board")


def test_a_called_customer_who_is_served_stays_on_the_wall(kiosk: Screen) -> None:
    kiosk.someone_takes()
    called = kiosk.call()
    tickets.move(kiosk.shop, called.id, Move.START, Said(by="kari"))
    row = kiosk.get("/api/v1/board").json["calls"][0]
    assert (row["calling"], row["serving"]) == (False, True)


def test_two_shops_keep_apart(kiosk: Screen, made: Callable[..., Screen]) -> None:
    other = made()
    kiosk.someone_takes()
    assert other.get("/api/v1/board").json["waiting"] == 0
