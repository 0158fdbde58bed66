"""Phones and chats by apprise: what they are told and when not, one that takes nothing, and where a message may go."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from broker.desk import alerts, chats, webhooks
from broker.domain.alerts import Alert, AlertKind, AlertMove
from broker.notify import chat
from broker.notify.apprised import Guard, without
from broker.notify.chat import Messenger
from broker.notify.reader import DISABLED_LOOK_SECONDS
from broker.notify.tellers import Tellers
from broker.settings import NotifySettings, Settings
from broker.shop import Shop
from broker.store import alerts as stored_alerts
from broker.store import deliveries
from broker.store.database import change
from broker.store.deliveries import DeliveryState
from tests.builders import TurnableClock, make_shop
from tests.notify.sink import STALLS, Sink, a_sink
from tests.service.parts import wait_until

pytest.importorskip("apprise", reason="the extra `notify` is not installed")

TOPIC = "a-secret-topic"
Telling = Callable[..., tuple[Shop, Messenger]]


def target(folder: Path, url: str, **more: object) -> dict[str, object]:
    name = str(more.get("id", "lead-phone"))
    (folder / f"{name}.url").write_text(url + "\n")
    return {"id": name, "url_file": folder / f"{name}.url", "allow": ("127.0.0.1",), "timeout_seconds": 20} | more


def address(sink: Sink) -> str:
    return f"json://127.0.0.1:{sink.port}/{TOPIC}"


@pytest.fixture
def telling(tmp_path: Path, from_now: TurnableClock, sink: Sink) -> Iterator[Telling]:
    made: list[Shop] = []

    def make(url: str = "", **more: object) -> tuple[Shop, Messenger]:
        shop = make_shop(tmp_path, from_now, notify=[target(tmp_path, url or address(sink), **more)])
        made.append(shop)
        return shop, Messenger(shop, shop.settings.notify[0])

    yield make
    for shop in made:
        shop.db.conn.close()


def raised(shop: Shop, subject: str = "v1", kind: AlertKind = AlertKind.WAITING, zone: str = "entrance") -> Alert:
    with change(shop.db):
        now = shop.clock()
        found = alerts.raise_(shop, kind, subject, zone, since=now, at=now, by="Mia Berg")
        return found if found.raised_at else alerts.move(shop, found, AlertMove.RAISE, now)


def climb(shop: Shop, alert: Alert) -> Alert:
    with change(shop.db):
        return alerts.move(shop, alert, AlertMove.CLIMB, shop.clock())


def settle(messenger: Messenger) -> None:
    for _ in range(200):
        if messenger.turn():
            return
    raise AssertionError("it never rests")


def said(sink: Sink) -> list[Any]:
    return [json.loads(heard.body) for heard in sink.heard]


def log_of(shop: Shop) -> list[tuple[str, str]]:
    return [(str(one.state), one.reason) for one in deliveries.newest(shop.db, "lead-phone", limit=50)]


def test_the_lead_is_told_once_the_lead_is_called_in_words_and_of_nobody_by_name(telling: Telling, sink: Sink) -> None:
    shop, messenger = telling()
    everybody = climb(shop, raised(shop))
    settle(messenger)
    assert sink.heard == [], "nobody off the floor is needed yet"
    climb(shop, everybody)
    settle(messenger)
    (heard,) = said(sink)
    at = shop.clock().astimezone(shop.hours.zone)
    assert heard["title"] == f"Oslo City: {shop.zones['entrance']}"
    assert heard["message"] == f"{at:%H:%M} Somebody is waiting for a greeting. The shift lead is called."
    assert sink.heard[0].path == f"/{TOPIC}"
    assert "Mia" not in sink.heard[0].body
    assert log_of(shop) == [("done", "")]
    settle(Messenger(shop, shop.settings.notify[0]))
    assert len(sink.heard) == 1, "a restart tells nothing twice"


@pytest.mark.parametrize("language", ["nb", "nl", "ms", "lv"])
@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_has_words_in_every_language(tmp_path: Path, from_now: TurnableClock, language: str, kind: AlertKind) -> None:
    store = {"id": "oslo-city", "name": 'SIA "Rīga & <Ziedi>"', "data": tmp_path, "language": language}
    shop = make_shop(tmp_path, from_now, store=store, notify=[target(tmp_path, "json://x", alerts="zone", devices=True)])
    messenger = Messenger(shop, shop.settings.notify[0])
    climb(shop, raised(shop, "door", kind)) if kind is not AlertKind.DEVICE else raised(shop, "door", kind, "")
    messenger.reader.take()
    bodies = [json.loads(one.body) for one in deliveries.newest(shop.db, "lead-phone", limit=9)]
    shop.db.conn.close()
    assert bodies
    assert all(body["title"].startswith('SIA "Rīga & <Ziedi>"') and "notify." not in body["text"] for body in bodies)
    assert not any("%" in body["text"] for body in bodies)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"alerts": "zone"}, ["alert.escalated", "alert.escalated", "alert.raised"]),
        ({"alerts": "everybody"}, ["alert.escalated", "alert.escalated"]),
        ({"alerts": "lead"}, ["alert.escalated"]),
        ({"alerts": "none"}, []),
        ({"alerts": "none", "devices": True}, ["alert.raised"]),
    ],
)
def test_each_is_told_from_its_level_on(telling: Telling, more: dict[str, object], told: list[str]) -> None:
    shop, messenger = telling(**more)
    climb(shop, climb(shop, raised(shop)))
    raised(shop, "door", AlertKind.DEVICE, "")
    messenger.reader.take()
    assert [one.event for one in deliveries.newest(shop.db, "lead-phone", limit=9)] == told


def test_what_is_no_news_any_more_is_left_out(telling: Telling, sink: Sink, from_now: TurnableClock) -> None:
    shop, messenger = telling(alerts="zone")
    raised(shop)
    from_now.turn(seconds=chats.FRESH.total_seconds() + 1)
    settle(messenger)
    assert log_of(shop) == [], "the service was off meanwhile"
    raised(shop, "v2")
    messenger.reader.take()
    from_now.turn(seconds=chats.FRESH.total_seconds() + 1)
    settle(messenger)
    assert (sink.heard, log_of(shop)) == ([], [("failed", "left out: it is no news any more")])


def test_above_the_limit_of_an_hour_messages_are_left_out_and_the_log_says_so(
    telling: Telling, sink: Sink, from_now: TurnableClock
) -> None:
    shop, messenger = telling(alerts="zone", most_per_hour=2)
    for number in range(4):
        raised(shop, f"v{number}")
    settle(messenger)
    assert len(sink.heard) == 2
    assert log_of(shop)[0] == ("failed", "left out: 2 messages within the hour")
    from_now.turn(seconds=3601)
    raised(shop, "v9")
    settle(messenger)
    assert len(sink.heard) == 3


def test_messages_of_a_day_to_come_leave_none_of_today_out(telling: Telling, sink: Sink, from_now: TurnableClock) -> None:
    shop, messenger = telling(alerts="zone", most_per_hour=2)
    for number in range(2):
        raised(shop, f"v{number}")
    settle(messenger)
    from_now.turn(seconds=-24 * 3600)
    raised(shop, "v9")
    settle(messenger)
    assert len(sink.heard) == 3, "the clock was a day ahead, and is right now"


def test_in_quiet_hours_alerts_are_left_out_and_a_report_waits(telling: Telling, sink: Sink, from_now: TurnableClock) -> None:
    here = from_now()
    begins, ends = (here - timedelta(minutes=10)), (here + timedelta(minutes=30))
    zone = Settings().store.zone
    shop, messenger = telling(
        alerts="zone", weekly_report=True, quiet=f"{begins.astimezone(zone):%H:%M}-{ends.astimezone(zone):%H:%M}"
    )
    raised(shop)
    with change(shop.db):
        assert chats.tell_report(shop, title="t", text="of the week", week=here.date()) == ["lead-phone"]
    settle(messenger)
    assert sink.heard == []
    from_now.turn(seconds=1860)
    settle(messenger)
    assert [one["message"] for one in said(sink)] == ["of the week"]


def test_a_report_of_one_week_is_told_once_and_again_when_asked(telling: Telling, sink: Sink, from_now: TurnableClock) -> None:
    shop, messenger = telling(weekly_report=True)
    week = from_now().date()
    for again in (False, False, True):
        with change(shop.db):
            chats.tell_report(shop, title="t", text="of the week", week=week, again=again)
    settle(messenger)
    assert len(sink.heard) == 2


def test_what_is_not_taken_is_tried_for_a_minute_and_its_reason_keeps_the_address_secret(
    telling: Telling, sink: Sink, from_now: TurnableClock
) -> None:
    shop, messenger = telling(alerts="zone")
    sink.answers = [500, 500]
    raised(shop)
    for pause in chats.RETRIES:
        settle(messenger)
        state, reason = log_of(shop)[0]
        assert (state, "500" in reason, TOPIC in reason) == ("waiting", True, False)
        from_now.turn(seconds=pause.total_seconds())
    settle(messenger)
    assert log_of(shop) == [("done", "")]
    assert len(sink.heard) == 3


def test_after_messages_that_nobody_takes_it_is_disabled_staff_are_told_and_it_begins_again(
    telling: Telling, sink: Sink, from_now: TurnableClock
) -> None:
    shop, messenger = telling(alerts="zone")
    file = shop.settings.notify[0].url_file
    file.write_text("")
    for number in range(chats.GIVEN_UP_IN_A_ROW):
        assert messenger.turn() != DISABLED_LOOK_SECONDS
        raised(shop, f"v{number}")
        for pause in chats.RETRIES:
            settle(messenger)
            from_now.turn(seconds=pause.total_seconds())
        settle(messenger)
    assert messenger.turn() == DISABLED_LOOK_SECONDS
    assert [one.detail for one in stored_alerts.live(shop.db, subject="webhook:lead-phone")] == ["webhook_off"]
    raised(shop, "v8")
    file.write_text(address(sink))
    webhooks.enable(shop, "lead-phone", from_now=True)
    raised(shop, "v9")
    settle(messenger)
    assert len(sink.heard) == 1, "what happened meanwhile is not told"


def test_the_test_of_the_office_is_sent_by_the_service_and_disables_nothing(
    telling: Telling, sink: Sink, from_now: TurnableClock
) -> None:
    shop, messenger = telling()
    webhooks.try_out(shop, "lead-phone", by="mia")
    settle(messenger)
    assert said(sink)[0]["message"] == "The way is free: messages of Oslo City arrive here."
    sink.then = 500
    from_now.turn(seconds=1)
    webhooks.try_out(shop, "lead-phone", by="mia")
    settle(messenger)
    assert log_of(shop)[0][0] == DeliveryState.FAILED


def test_one_that_stalls_is_ended_in_time_and_delays_nobody(tmp_path: Path, from_now: TurnableClock, sink: Sink) -> None:
    with a_sink() as slow:
        slow.then = STALLS
        both = [
            target(tmp_path, address(sink), alerts="zone"),
            target(tmp_path, address(slow), id="slow", alerts="zone", timeout_seconds=3),
        ]
        shop = make_shop(tmp_path, from_now, notify=both, webhooks=[sink.settings(tmp_path)])
        with Tellers(shop):
            raised(shop)
            wait_until(lambda: len(sink.heard) >= 2, "the phone and the webhook have it")
            wait_until(lambda: deliveries.tried_between(shop.db, "slow", shop.clock() - timedelta(1), shop.clock()), "it was ended")
        assert deliveries.newest(shop.db, "slow", limit=1)[0].reason == "no answer within 3 s"
        # The slow one may have begun its next try as the end came: that one ends in time as well.
        wait_until(lambda: not any(one.name.startswith("telling ") for one in threading.enumerate()), "all have ended")
        shop.db.conn.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
def test_a_message_goes_nowhere_inside_the_house_unless_it_is_allowed(tmp_path: Path, sink: Sink, host: str) -> None:
    one = NotifySettings.model_validate(target(tmp_path, f"json://{host}:{sink.port}/{TOPIC}", allow=()))
    sent = chat.send(one, title="t", text="x")
    assert "name it in `allow`" in sent.wrong or "not one that apprise knows" in sent.wrong
    assert sink.heard == []


def test_a_redirect_into_the_house_is_not_gone_to(tmp_path: Path, sink: Sink) -> None:
    sink.then = 302
    one = NotifySettings.model_validate(target(tmp_path, address(sink)))
    assert chat.send(one, title="t", text="x").wrong
    assert len(sink.heard) == 1


@pytest.mark.parametrize("content", ["", "lead@phone", "json://" + "x" * 3000])
def test_a_file_without_an_address_is_told_and_what_is_in_it_is_not(tmp_path: Path, content: str) -> None:
    one = NotifySettings.model_validate(target(tmp_path, content))
    assert chat.send(one, title="t", text="x").wrong == (
        "lead-phone.url does not begin with an address such as ntfys://ntfy.sh/a-topic"
    )
    one.url_file.unlink()
    assert "cannot be read" in chat.send(one, title="t", text="x").wrong


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", ("osascript", [], None, None)),
        ("os.system", (b"true",)),
        ("socket.connect", (None, "/run/dbus/system_bus_socket")),
        ("socket.connect", (None, ("a-name-that-leads-anywhere", 443))),
        ("socket.connect", (None, ("fe80::1%eth0", 443, 0, 2))),
        ("socket.sendto", (None, ("192.168.1.9", 514))),
    ],
)
def test_no_service_starts_a_program_or_talks_to_one_of_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    guard = Guard(allow=())
    with pytest.raises(PermissionError):
        guard(event, arguments)
    assert guard.refused


def test_the_internet_is_open_and_so_is_what_was_connected_before() -> None:
    guard = Guard(allow=())
    guard("socket.connect", (None, ("93.184.215.14", 443)))
    guard("socket.sendmsg", (None, None))
    guard("open", ("/etc/ssl/certs", "r", 0))
    assert not guard.refused


def test_a_reason_has_no_part_of_the_address() -> None:
    reason = without("slack://TokenA%21x/TokenB/?to=TokenC", "TokenA!x said TokenB and TokenA%21x of TokenC at slack")
    assert "Token" not in reason


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"quiet": "22-7"}, "not a span"),
        ({"quiet": "22:00-22:00"}, "begins when it ends"),
        ({"quiet": "25:00-07:00"}, "not a span"),
        ({"allow": ["8.8.8.8"]}, "not inside a house"),
        ({"alerts": "staff"}, "lead"),
        ({"most_per_hour": 0}, "greater"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        NotifySettings.model_validate({"id": "a", "url_file": "a.url"} | wrong)


def test_a_webhook_and_a_phone_have_different_names(tmp_path: Path, sink: Sink) -> None:
    hooks = [sink.settings(tmp_path, id="lead-phone")]
    with pytest.raises(ValidationError, match="lead-phone"):
        Settings.model_validate({"webhooks": hooks, "notify": [target(tmp_path, "json://x")]})


@pytest.mark.parametrize(("quiet", "at", "is_quiet"), [
    ("22:00-07:00", "23:00", True), ("22:00-07:00", "06:59", True), ("22:00-07:00", "07:00", False),
    ("12:00-13:00", "12:30", True), ("12:00-13:00", "11:59", False),
])  # fmt: skip
def test_quiet_hours_may_go_over_midnight(quiet: str, at: str, is_quiet: bool) -> None:
    one = NotifySettings.model_validate({"id": "a", "url_file": "a.url", "quiet": quiet})
    assert one.quiet_at(time.fromisoformat(at)) is is_quiet
