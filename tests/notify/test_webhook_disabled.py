"""A webhook that nobody answers: when it is disabled, who is told, and how it begins again."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.desk import alerts, visits, webhooks
from broker.desk.roles import Refused
from broker.domain.alerts import AlertKind, AlertState
from broker.notify.reader import DISABLED_LOOK_SECONDS
from broker.notify.webhook import Caller
from broker.shop import Shop
from broker.store import alerts as stored_alerts
from broker.store import deliveries
from broker.store.database import change
from broker.store.deliveries import DeliveryState
from tests.builders import TurnableClock, make_shop
from tests.notify.hooks import Listening, happen, settle
from tests.notify.sink import FINE, Sink


def the_notice(shop: Shop) -> list[str]:
    live = stored_alerts.live(shop.db, kind=AlertKind.DEVICE)
    return [alert.detail for alert in live if alert.subject == "webhook:crm" and alert.state is not AlertState.RESOLVED]


def run_out(caller: Caller, from_now: TurnableClock) -> None:
    for pause in webhooks.RETRIES:
        settle(caller)
        from_now.turn(seconds=pause.total_seconds())
    settle(caller)


def test_after_the_last_try_it_is_disabled_staff_are_told_and_it_can_begin_again(
    listening: Listening, sink: Sink, from_now: TurnableClock
) -> None:
    shop, caller = listening()
    sink.then = 500
    happen(shop, 2)
    run_out(caller, from_now)
    assert sink.ids() == ["oslo-city.1"] * 7
    assert caller.turn() == DISABLED_LOOK_SECONDS
    assert the_notice(shop) == ["webhook_off"]
    from_now.turn(seconds=10)
    alerts.run_due(shop)
    sink.then = FINE
    happen(shop)
    with pytest.raises(Refused, match="disabled"):
        webhooks.send_again(shop, 1)
    webhooks.enable(shop, "crm")
    settle(caller)
    assert sink.ids()[7] == "oslo-city.2", "what waited goes first"
    webhooks.send_again(shop, 1)
    settle(caller)
    assert sink.ids()[-1] == "oslo-city.1", "sent again under the same id"
    from_now.turn(seconds=10)
    alerts.run_due(shop)
    assert the_notice(shop) == []


def test_what_was_put_off_while_the_clock_was_ahead_keeps_nothing_waiting(
    listening: Listening, sink: Sink, from_now: TurnableClock
) -> None:
    shop, caller = listening()
    sink.then = 500
    happen(shop)
    settle(caller)
    sink.then, sink.heard = FINE, []
    from_now.turn(seconds=-30 * 24 * 3600)
    happen(shop)
    settle(caller)
    assert len(sink.heard) == 2


def test_the_staff_of_the_next_day_are_told_too(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    sink.then = 410
    happen(shop)
    settle(caller)
    visits.run_closing(shop)
    for alert in stored_alerts.live(shop.db):
        with change(shop.db):
            alerts.clear(shop, alert, from_now())
    from_now.turn(seconds=10)
    alerts.run_due(shop)
    assert the_notice(shop) == []
    caller.turn()
    assert the_notice(shop) == ["webhook_off"]


def test_beginning_again_from_now_leaves_the_past_alone(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    sink.then = 500
    happen(shop, 5)
    run_out(caller, from_now)
    sink.then, sink.heard = FINE, []
    assert webhooks.enable(shop, "crm", from_now=True) == 0
    happen(shop)
    settle(caller)
    assert len(sink.heard) == 1


def test_one_event_that_nobody_can_take_does_not_end_a_webhook_that_works(
    listening: Listening, sink: Sink, from_now: TurnableClock
) -> None:
    shop, caller = listening()
    happen(shop)
    sink.then = 422
    settle(caller)
    sink.then = FINE
    happen(shop)
    settle(caller)
    sink.then = 422
    for pause in webhooks.RETRIES:
        from_now.turn(seconds=pause.total_seconds())
        settle(caller)
    [failed] = deliveries.newest(shop.db, "crm", state=DeliveryState.FAILED, limit=9)
    assert (failed.fact, failed.tries, failed.reason) == (1, 7, "answered 422")
    known = deliveries.target(shop.db, "crm")
    assert known is not None
    assert known.disabled_at is None


def test_whoever_says_gone_is_told_nothing_more(listening: Listening, sink: Sink) -> None:
    shop, caller = listening()
    sink.then = 410
    happen(shop, 2)
    settle(caller)
    assert sink.ids() == ["oslo-city.1"]
    assert the_notice(shop) == ["webhook_off"]


def test_a_notice_about_a_webhook_that_is_gone_from_the_settings_ends(
    listening: Listening, sink: Sink, from_now: TurnableClock, tmp_path: Path
) -> None:
    shop, caller = listening()
    sink.then = 410
    happen(shop)
    settle(caller)
    shop = make_shop(tmp_path, from_now)
    webhooks.forget_notices(shop)
    from_now.turn(seconds=10)
    alerts.run_due(shop)
    assert the_notice(shop) == []
    shop.db.conn.close()


def test_a_test_event_goes_out_signed_at_once_and_is_tried_once(listening: Listening, sink: Sink, from_now: TurnableClock) -> None:
    shop, caller = listening()
    webhooks.try_out(shop, "crm", by="mia")
    settle(caller)
    assert sink.events() == ["greetline.test"]
    sink.then = 500
    from_now.turn(seconds=1)
    webhooks.try_out(shop, "crm", by="mia")
    settle(caller)
    failed, done = deliveries.newest(shop.db, "crm", limit=9)
    assert (failed.state, failed.tries, failed.status, done.state) == (DeliveryState.FAILED, 1, 500, DeliveryState.DONE)
    assert the_notice(shop) == []
    assert webhooks.known(shop, "crm").disabled_at is None
    assert len(set(sink.ids())) == 2, "each has a name of its own out there"
    with pytest.raises(Refused):
        webhooks.try_out(shop, "moon", by="mia")
