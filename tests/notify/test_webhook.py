"""Webhooks: at least once, in order, signed, tried again by the clock, and never told of what was before."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from broker.desk import alerts, tickets, visits, webhooks
from broker.desk.tickets import Wish
from broker.domain.alerts import AlertKind
from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import Move, Said
from broker.notify.tellers import Tellers
from broker.notify.webhook import LOOK_SECONDS, Caller
from broker.settings.telling import EVENTS
from broker.shop import Shop, now
from broker.store import deliveries, journal
from broker.store.database import change
from broker.store.deliveries import DeliveryState
from tests.builders import TurnableClock, a_visit, make_shop
from tests.notify.hooks import Listening, happen, settle
from tests.notify.sink import CLOSES, FINE, STALLS, Sink, a_sink
from tests.service.parts import wait_until


def test_a_visit_is_told_signed_and_once(listening: Listening, sink: Sink) -> None:
    shop, caller = listening()
    happen(shop)
    settle(caller)
    settle(caller)
    [heard] = sink.heard
    said = heard.read()
    assert (said["type"], said["data"]["store"], said["data"]["zone"]) == ("visit.started", "oslo-city", "entrance")
    assert (heard.path, heard.headers["content-type"], heard.id) == ("/hook?shop=1", "application/json", "oslo-city.1")


def test_what_was_before_the_webhook_is_not_told(listening: Listening, sink: Sink, tmp_path: Path, from_now: TurnableClock) -> None:
    with closing(make_shop(tmp_path, from_now).db.conn) as before:
        before.execute("SELECT 1")
    shop = make_shop(tmp_path, from_now)
    happen(shop, 3)
    shop.db.conn.close()
    shop, caller = listening()
    settle(caller)
    assert sink.heard == []
    happen(shop)
    settle(caller)
    assert sink.ids() == ["oslo-city.4"]


def test_reading_the_journal_again_sends_nothing_again(listening: Listening, sink: Sink) -> None:
    shop, caller = listening()
    happen(shop, 3)
    settle(caller)
    shop.db.execute("UPDATE targets SET read_to = 0")
    settle(Caller(shop, shop.settings.webhooks[0]))
    assert sink.ids() == ["oslo-city.1", "oslo-city.2", "oslo-city.3"]


def a_day(shop: Shop, from_now: TurnableClock) -> None:
    """Everything a webhook can be told, once."""
    happen(shop)
    with change(shop.db):
        visits.open_(shop, a_visit(id="v2", t0=from_now()), from_now(), by="door")
    visits.greet(shop, "v2", by="kari")
    with change(shop.db):
        help_ = alerts.raise_(shop, AlertKind.QUEUE_OVER, "entrance", "entrance", since=from_now(), at=from_now())
    from_now.turn(seconds=40)
    alerts.run_due(shop)
    alerts.acknowledge(shop, help_.id, by="kari")
    with change(shop.db):
        found = alerts.find(shop, help_.id)
        assert found is not None
        alerts.clear(shop, found, from_now())
    first, second = tickets.issue(shop, Wish(service="returns")), tickets.issue(shop, Wish(service="returns"))
    tickets.call_next(shop, "desk-1", by="kari")
    tickets.move(shop, first.id, Move.START, Said(by="kari"))
    tickets.move(shop, first.id, Move.FINISH, Said(by="kari", outcome="solved"))
    tickets.call_next(shop, "desk-1", by="kari")
    tickets.move(shop, second.id, Move.MISS, Said(by="kari"))
    from_now.turn(seconds=700)
    visits.run_due(shop)


def test_everything_there_is_can_be_told_and_nobody_is_named(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    a_day(shop, from_now)
    settle(caller)
    told = [json.loads(heard.body) for heard in sink.heard]
    assert {said["type"] for said in told} == set(EVENTS)
    everything = "".join(heard.body for heard in sink.heard)
    for (token,) in shop.db.execute("SELECT token FROM tickets").fetchall():
        assert token not in everything, "the address of a customer's page"
    assert "kari" not in everything


def test_only_what_was_asked_for_is_told(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening(events=("ticket.called", "visit.greeted"))
    a_day(shop, from_now)
    settle(caller)
    assert [json.loads(heard.body)["type"] for heard in sink.heard] == ["visit.greeted", "ticket.called", "ticket.called"]


def test_events_come_in_order_though_the_other_side_was_down(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    sink.answers = [500, CLOSES, 503, 429]
    happen(shop, 3)
    settle(caller)
    assert sink.ids() == ["oslo-city.1"], "those behind wait"
    for pause in (5, 300, 1800):
        from_now.turn(seconds=pause - 1)
        settle(caller)
        before = len(sink.heard)
        from_now.turn(seconds=1)
        settle(caller)
        assert len(sink.heard) == before + 1, f"tried again after {pause} s and not before"
    from_now.turn(seconds=7200)
    settle(caller)
    assert sink.ids() == ["oslo-city.1"] * 5 + ["oslo-city.2", "oslo-city.3"]
    assert {one.state for one in deliveries.newest(shop.db, "crm", limit=9)} == {DeliveryState.DONE}


@pytest.mark.parametrize("answer", [400, 401, 404, 302])
def test_one_that_is_refused_for_its_own_sake_steps_aside(
    listening: Listening, sink: Sink, from_now: TurnableClock, answer: int
) -> None:
    shop, caller = listening()
    sink.answers = [answer]
    happen(shop, 3)
    settle(caller)
    assert sink.ids() == ["oslo-city.1", "oslo-city.2", "oslo-city.3"]
    from_now.turn(seconds=5)
    settle(caller)
    assert sink.ids()[3:] == ["oslo-city.1"]
    assert all(heard.path == "/hook?shop=1" for heard in sink.heard)


def test_a_stalled_answer_is_a_failure_and_comes_again_under_the_same_id(
    listening: Listening, sink: Sink, from_now: TurnableClock
) -> None:
    shop, caller = listening(timeout_seconds=1)
    sink.answers = [STALLS]
    happen(shop)
    settle(caller)
    [one] = deliveries.newest(shop.db, "crm", limit=1)
    assert one.reason == "no answer within 1 s"
    from_now.turn(seconds=5)
    settle(caller)
    assert sink.ids() == ["oslo-city.1", "oslo-city.1"]


def test_an_address_inside_that_nobody_allowed_is_not_gone_to(listening: Listening, sink: Sink) -> None:
    shop, caller = listening(allow=("10.0.0.1",))
    happen(shop)
    settle(caller)
    assert sink.heard == []
    [one] = deliveries.newest(shop.db, "crm", limit=1)
    assert "name it in `allow`" in one.reason


@pytest.mark.parametrize("content", [None, "", "not base64 ~~", "\xff\xfe", "whsec_"])
def test_without_a_secret_nothing_is_sent_and_with_one_it_goes_on(
    listening: Listening, sink: Sink, from_now: TurnableClock, tmp_path: Path, content: str | None
) -> None:
    shop, caller = listening()
    file = tmp_path / "hook.secret"
    good = file.read_text()
    file.unlink()
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    happen(shop)
    settle(caller)
    assert sink.heard == []
    [one] = deliveries.newest(shop.db, "crm", limit=1)
    assert "hook.secret" in one.reason
    file.write_text(good)
    from_now.turn(seconds=5)
    settle(caller)
    assert sink.ids() == ["oslo-city.1"]


def test_a_day_of_silence_loses_nothing_and_fills_nothing(
    listening: Listening, sink: Sink, from_now: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_WAITING", 50)
    shop, caller = listening()
    sink.then = 500
    for _ in range(10):
        happen(shop, 20)
        settle(caller)
    assert deliveries.waiting(shop.db, "crm") <= 50
    sink.then, sink.heard = FINE, []
    from_now.turn(seconds=5)
    for _ in range(20):
        settle(caller)
    assert sink.ids() == [f"oslo-city.{n}" for n in range(1, 201)]


def test_the_log_keeps_the_newest_and_forgets_no_event_that_waits(listening: Listening, sink: Sink) -> None:
    shop, caller = listening()
    happen(shop, 30)
    settle(caller)
    sink.then = 500
    happen(shop, 5)
    settle(caller)
    with change(shop.db):
        deliveries.forget_made(shop.db, "crm", keep=10)
    kept = deliveries.newest(shop.db, "crm", limit=99)
    assert (len(kept), deliveries.waiting(shop.db, "crm")) == (15, 5)


def test_a_journal_full_of_other_things_is_read_to_its_end(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    with change(shop.db):
        journal.append(shop.db, *(Fact(kind=FactKind.CROSSED, subject="door", at=from_now()) for _ in range(2600)))
    happen(shop)
    settle(caller)
    assert sink.ids() == ["oslo-city.2601"]


def test_threads_tell_each_its_own_and_a_slow_one_delays_nobody(tmp_path: Path, sink: Sink) -> None:
    with a_sink() as slow:
        slow.then = STALLS
        hooks = [sink.settings(tmp_path), slow.settings(tmp_path, id="slow", timeout_seconds=2)]
        shop = make_shop(tmp_path, TurnableClock(now()), webhooks=hooks)
        with Tellers(shop):
            happen(shop, 3)
            wait_until(lambda: len(sink.heard) == 3, "the quick one has all")
            assert len(slow.heard) <= 1
        assert not [thread for thread in threading.enumerate() if thread.name == "telling crm"]
        shop.db.conn.close()


def test_a_service_that_is_started_again_goes_on_where_it_was(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    sink.then = 500
    happen(shop, 2)
    settle(caller)
    happen(shop)
    again = Caller(shop, shop.settings.webhooks[0])
    settle(again)
    assert len(sink.heard) == 1, "a restart is no reason to try sooner"
    sink.then = FINE
    from_now.turn(seconds=5)
    settle(again)
    assert sink.ids() == ["oslo-city.1", "oslo-city.1", "oslo-city.2", "oslo-city.3"]
    assert again.turn() == LOOK_SECONDS
