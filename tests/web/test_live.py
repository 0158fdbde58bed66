"""The live floor over real sockets: snapshot, changes, resuming, limits, and screens that are slow or gone."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from broker.desk import pairing, people, shifts, visits
from broker.domain.facts import Fact
from broker.settings import DashboardSettings
from broker.shop import Shop, open_shop
from broker.store.database import open_store
from broker.stream import Tail
from broker.web import hub as hub_module
from broker.web import live
from broker.web.hub import QUEUED_EVENTS, RESYNC, Hub
from broker.web.server import CannotListen, Server
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.web.parts import Stream, Visitor, eventually, person, served

MOST = 4
"""Live screens of the shop here."""
New = Callable[[], Visitor]


@pytest.fixture
def shop(tmp_path: Any, clock: TurnableClock) -> Iterator[Shop]:
    made = make_shop(tmp_path, clock, dashboard=DashboardSettings(max_streams=MOST))
    yield made
    made.db.conn.close()


@pytest.fixture
def hub(app: Flask) -> Hub:
    found: Hub = app.extensions["greetline-hub"]
    return found


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    with served(app, max_streams=MOST) as running:
        yield running


def tablet(visitor: New, name: str = "Kari") -> Visitor:
    return visitor().pair(name=name).sign_in(name)


def cookies(here: Visitor) -> str:
    return "; ".join(f"{name}={here.cookie(name)}" for name in ("device", "shift"))


def opened(server: Server, here: Visitor, **more: Any) -> Stream:
    """A stream of which the first word was read."""
    stream = Stream(server.port, cookies(here), **more)
    assert stream.status == 200
    return stream


def comes(shop: Shop, zone: str = "entrance") -> str:
    visit = visits.add(shop, zone=zone, by="door")
    assert visit
    return visit.id


def number(event: dict[str, str]) -> int:
    return int(event["id"].partition("-")[2])


def test_a_stream_begins_with_the_whole_floor_and_the_time(shop: Shop, server: Server, visitor: New) -> None:
    waiting = comes(shop)
    with opened(server, tablet(visitor)) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["Cache-Control"] == "no-store"
        assert stream.answer.headers["X-Accel-Buffering"] == "no"
        first, second = stream.first(), stream.next()
    assert first["event"] == "snapshot"
    assert [row["id"] for row in json.loads(first["data"])["visits"]] == [waiting]
    assert second["event"] == "hb"
    assert json.loads(second["data"])["now"] == "2026-11-21T11:00:00.000Z"
    assert "id" not in second, "a heartbeat is no place to resume from"


def test_what_changes_is_told_within_a_blink_with_rising_ids_of_one_epoch(shop: Shop, server: Server, visitor: New) -> None:
    here = tablet(visitor)
    with opened(server, here) as stream:
        began = stream.until("snapshot")
        seen, took = [], []
        for _ in range(3):
            told_at = time.monotonic()
            added = comes(shop)
            event = stream.until("visit")
            took.append(time.monotonic() - told_at)
            assert json.loads(event["data"])["id"] == added
            seen.append(event)
        assert here.screen
        visits.greet(shop, added, by=person(shop, "Kari").id)
        assert json.loads(stream.until("visit")["data"])["acknowledged_name"] == "Kari"
    assert min(took) < 1, "one of them may have met a machine that had much else to do"
    assert len({event["id"].partition("-")[0] for event in (began, *seen)}) == 1
    assert [number(event) for event in seen] == sorted(number(event) for event in seen)
    assert number(seen[0]) > number(began)


def test_a_screen_that_was_away_gets_what_it_missed_and_nothing_twice(shop: Shop, server: Server, visitor: New) -> None:
    here = tablet(visitor)
    with opened(server, here) as stream:
        stream.until("snapshot")
        comes(shop)
        last = stream.until("visit")["id"]
    missed = [comes(shop), comes(shop)]
    with opened(server, here, last=last) as stream:
        events = [stream.first()]
        while sum(event.get("event") == "visit" for event in events) < 2:
            events.append(stream.next())
    assert "snapshot" not in {event.get("event") for event in events}
    assert [json.loads(event["data"])["id"] for event in events if event.get("event") == "visit"] == missed


def test_after_a_restart_an_old_id_is_answered_with_the_whole_floor(shop: Shop, app: Flask, visitor: New) -> None:
    here = tablet(visitor)
    with served(app) as before, opened(before, here) as stream:
        last = stream.until("snapshot")["id"]
    waiting = comes(shop)
    again = create(shop.settings, shop=shop)
    with served(again) as after, opened(after, here, last=last) as stream:
        first = stream.first()
    assert first["event"] == "snapshot"
    assert first["id"].partition("-")[0] != last.partition("-")[0]
    assert [row["id"] for row in json.loads(first["data"])["visits"]] == [waiting]


@pytest.mark.parametrize("last", ["x", "-", "0-0", "{epoch}-999999", "{epoch}--1", "{epoch}-", "{epoch}-٣", "{epoch}-" + "9" * 60])
def test_an_id_that_was_never_given_is_answered_with_the_whole_floor(hub: Hub, last: str) -> None:
    _, nothing = hub.join("one")
    assert nothing is None
    epoch = hub.snapshot().split(b"\n")[0].removeprefix(b"id: ").split(b"-")[0].decode()
    _, missed = hub.join("one", last.format(epoch=epoch))
    assert missed is None


def test_who_was_away_for_too_many_events_gets_the_whole_floor(shop: Shop, visitor: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "KEPT_EVENTS", 5)
    app, here = create(shop.settings, shop=shop), tablet(visitor)
    with served(app) as server:
        with opened(server, here) as stream:
            first = stream.until("snapshot")["id"]
            for _ in range(3):
                comes(shop)
                newest = stream.until("cameras")
        assert number(newest) == 6, "a visit and what its camera counted, three times"
        with opened(server, here, last=first) as stream:
            assert stream.first()["event"] == "snapshot"
        with opened(server, here, last=newest["id"]) as stream:
            assert stream.first()["event"] == "hb"


def test_heartbeats_have_a_name_that_a_page_can_hear(
    server: Server, visitor: New, monkeypatch: pytest.MonkeyPatch, clock: TurnableClock
) -> None:
    assert live.HEARTBEAT_SECONDS == 10, "the page gives up after 25 s of silence"
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.5)
    with opened(server, tablet(visitor)) as stream:
        stream.until("hb")
        clock.turn(seconds=90)
        # One more may have been on its way when the clock was turned.
        assert "2026-11-21T11:01:30.000Z" in [json.loads(stream.until("hb")["data"])["now"] for _ in range(3)]


def test_a_page_hears_of_which_edition_it_is_and_another_shop_has_another(
    shop: Shop, app: Flask, server: Server, visitor: New
) -> None:
    here = tablet(visitor)
    with opened(server, here) as stream:
        told = json.loads(stream.until("hb")["data"])["edition"]
    assert f'<meta name="edition" content="{told}">' in here.get("/floor").text
    editions = app.jinja_env.globals["edition"], create(shop.settings, shop=shop).jinja_env.globals["edition"]
    assert editions == (told, told), "it is the settings' and not the program's"
    other = shop.settings.model_copy(update={"zones": shop.settings.zones[:1]})
    assert create(other, shop=shop).jinja_env.globals["edition"] != told


def test_a_screen_has_one_stream_and_the_newest_wins(shop: Shop, server: Server, hub: Hub, visitor: New) -> None:
    here = tablet(visitor)
    with opened(server, here) as old:
        old.until("hb")
        with opened(server, here) as new:
            new.until("hb")
            assert old.until("replaced")["data"] == "{}"
            assert old.next() == {}, "and then it ends"
            added = comes(shop)
            assert json.loads(new.until("visit")["data"])["id"] == added
            assert hub.listening() == 1


def test_a_last_word_is_told_even_if_the_stream_was_busy_when_it_ended(hub: Hub) -> None:
    first, missed = hub.join("one")
    stream = live.stream(hub, first, missed, lambda: False)
    next(stream)
    hub.join("one")
    assert b"".join(stream) == hub_module.REPLACED, "without it, two pages of one screen throw each other out for ever"


def test_a_slow_screen_is_told_to_begin_afresh_and_its_queue_never_grows(shop: Shop, hub: Hub) -> None:
    listener, missed = hub.join("slow")
    stream = live.stream(hub, listener, missed, lambda: False)
    next(stream)
    longest = 0
    for n in range(3 * QUEUED_EVENTS):
        listener.put(b"id: x-%d\nevent: visit\ndata: {}\n\n" % n)
        longest = max(longest, len(listener._waiting))
    told = next(stream)
    assert longest == QUEUED_EVENTS
    assert told.startswith(RESYNC)
    assert b"event: snapshot" in told, "the floor follows at once"
    assert b"x-299" in told
    comes(shop)
    assert RESYNC not in next(stream), "said once"


def test_a_screen_that_does_not_read_holds_up_nobody(shop: Shop, server: Server, hub: Hub, visitor: New) -> None:
    slow, fast = tablet(visitor, "Slow"), tablet(visitor, "Fast")
    stuck = Stream(server.port, cookies(slow), receive_bytes=2048)
    with opened(server, fast) as stream:
        stream.until("hb")
        eventually(lambda: hub.listening() == 2)
        # What a socket takes before it blocks differs from machine to machine; this is more than any.
        filler = b"event: visit\ndata: %s\n\n" % (b"x" * 100_000)
        for _ in range(QUEUED_EVENTS + 60):
            hub._listeners[slow.screen.id, ""].put(filler)  # type: ignore[union-attr]
            time.sleep(0.001)
        took = []
        for _ in range(20):
            began = time.monotonic()
            added = comes(shop)
            assert json.loads(stream.until("visit")["data"])["id"] == added
            took.append(time.monotonic() - began)
    stuck.close()
    # Half of them: a machine that is busy with other tests holds one up, the slow screen would hold up each of them.
    assert sorted(took)[10] < 1
    eventually(lambda: hub.listening() == 0)


def test_many_events_at_once_come_as_one_piece(hub: Hub) -> None:
    listener, missed = hub.join("one")
    stream = live.stream(hub, listener, missed, lambda: False)
    next(stream)
    for n in range(50):
        listener.put(b"id: x-%d\n\n" % n)
    assert next(stream).count(b"id: ") == 50


def test_above_the_limit_a_screen_is_told_when_to_come_again_and_asks_now_and_then(
    shop: Shop, server: Server, visitor: New
) -> None:
    tablets = [tablet(visitor, f"T{n}") for n in range(MOST + 1)]
    streams = [opened(server, each) for each in tablets[:MOST]]
    with Stream(server.port, cookies(tablets[-1])) as refused:
        assert refused.status == 503
        assert refused.answer.headers["Retry-After"] == "5"
        assert refused.answer.headers["Content-Type"] == "application/problem+json"
    first = tablets[-1].get("/api/v1/floor")
    assert first.status_code == 200
    known = {"If-None-Match": first.headers["ETag"]}
    assert tablets[-1].get("/api/v1/floor", headers=known).status_code == 304
    comes(shop)
    assert tablets[-1].get("/api/v1/floor", headers=known).status_code == 200
    with opened(server, tablets[0]) as replacement:
        assert replacement.first()["event"] == "snapshot", "a screen that is in may come again"
    for stream in streams:
        stream.close()


def test_a_screen_that_is_gone_is_noticed_and_its_place_is_free(server: Server, hub: Hub, visitor: New) -> None:
    for ends in ("closed", "reset"):
        stream = opened(server, tablet(visitor))
        stream.until("hb")
        assert hub.listening() == 1
        if ends == "reset":
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
        assert eventually(lambda: hub.listening() == 0) < 6


def test_a_screen_that_left_without_a_goodbye_is_given_up_by_the_kernel(server: Server, visitor: New) -> None:
    with opened(server, tablet(visitor)) as stream:
        stream.until("hb")
        channels = [each for each in server._waitress._map.values() if type(each).__name__ == "HTTPChannel"]
        assert channels
        for channel in channels:
            assert channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
            assert channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("how", ["revoked", "signed out", "gone", "another PIN"])
def test_who_may_no_longer_see_the_floor_sees_nothing_more(shop: Shop, server: Server, visitor: New, how: str) -> None:
    here = tablet(visitor)
    kari = person(shop, "Kari")
    with opened(server, here) as stream:
        stream.until("hb")
        assert here.screen
        if how == "revoked":
            pairing.revoke(shop, here.screen.id, by="test")
        elif how == "signed out":
            shifts.sign_out(shop, here.cookie("shift"))
        elif how == "gone":
            people.deactivate(shop, kari.id, by="test")
        else:
            people.reset_pin(shop, kari.id, pin="8306", by="test")
        assert stream.next() == {}
    with Stream(server.port, cookies(here)) as again:
        assert again.status == 401


def test_nobody_listens_without_a_shift(server: Server, visitor: New) -> None:
    for secrets in ("", cookies(visitor().pair())):
        with Stream(server.port, secrets) as stream:
            assert stream.status == 401


def test_the_server_stops_at_once_with_streams_open(app: Flask, visitor: New) -> None:
    here = tablet(visitor)
    with served(app) as server:
        stream = opened(server, here)
        stream.until("hb")
        began = time.monotonic()
    assert time.monotonic() - began < 8
    assert stream.next() == {}
    stream.close()


def test_a_port_in_use_is_said_in_one_sentence(app: Flask, server: Server) -> None:
    with pytest.raises(CannotListen, match=rf"Port {server.port} on 127.0.0.1 is in use by another program"):
        Server(app, host="127.0.0.1", port=server.port, max_streams=MOST)


def test_a_thread_is_left_for_a_tap_when_every_place_is_taken(shop: Shop, server: Server, visitor: New) -> None:
    tablets = [tablet(visitor, f"T{n}") for n in range(MOST)]
    streams = [opened(server, each) for each in tablets]
    visit, headers = comes(shop), {"Idempotency-Key": "12345678", "X-CSRFToken": tablets[0].token()}
    answer = tablets[0].client.post(f"/api/v1/visits/{visit}/greet", json={}, headers=headers)
    assert answer.status_code == 200
    for stream in streams:
        while json.loads(stream.until("visit")["data"])["state"] != "acknowledged":
            pass
        stream.close()


def test_the_tail_tells_everything_in_order_also_after_trouble(shop: Shop) -> None:
    told: list[Fact] = []
    failures = [OSError("no descriptor left"), OSError("again")]
    path = shop.settings.store.data / "greetline.db"

    def open_or_fail() -> Any:
        if len(told) == 1 and failures:
            raise failures.pop()
        return open_store(path, create=False)

    def tell(facts: list[Fact]) -> None:
        if len(told) == 1 and failures:
            raise RuntimeError("a mistake in drawing")
        told.extend(facts)

    tail = Tail(open_or_fail, tell)
    tail.start()
    wanted = [comes(shop)]
    eventually(lambda: len(told) >= 1)
    wanted += [comes(shop), comes(shop)]
    eventually(lambda: len(told) >= 3)
    tail.stop()
    assert [fact.subject for fact in told] == wanted


def test_the_tail_begins_with_what_comes_and_not_with_history(shop: Shop) -> None:
    comes(shop)
    told: list[Fact] = []
    tail = Tail(lambda: open_shop(shop.settings, create=False).db, told.extend)
    tail.start()
    added = comes(shop)
    eventually(lambda: bool(told))
    tail.stop()
    assert [fact.subject for fact in told] == [added]
