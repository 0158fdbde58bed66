"""Notices of the browser: whom they are sent to and when not, that only one browser can read them, and how they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from broker.desk import alerts, chats, keeping, pairing, people, push, shifts
from broker.desk.people import Person, Screen
from broker.desk.roles import Refused
from broker.domain.alerts import Alert, AlertKind, AlertMove
from broker.identity import vapid
from broker.notify.pushing import Pusher
from broker.notify.tellers import Tellers
from broker.settings.push import PushSettings
from broker.shop import Shop
from broker.store import deliveries, subscriptions
from broker.store.database import change
from tests.builders import TurnableClock, make_shop
from tests.notify.push_parts import Browser, PushService, a_push_service, raw
from tests.service.parts import wait_until
from tests.web.parts import paired, person

pytest.importorskip("pywebpush", reason="the extra `notify` is not installed")

CONTACT = "mailto:it@shop.example"
WITHIN = 40
Telling = Callable[..., tuple[Shop, Pusher]]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    folder = tmp_path / "maker"
    folder.mkdir()
    with a_push_service(folder) as (made, root):
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        yield made


def wanted(**more: object) -> dict[str, object]:
    return {"enabled": True, "contact": CONTACT, "allow": ("127.0.0.1",), "timeout_seconds": 10} | more


@pytest.fixture
def telling(tmp_path: Path, from_now: TurnableClock) -> Iterator[Telling]:
    made: list[Shop] = []

    def make(**more: object) -> tuple[Shop, Pusher]:
        shop = make_shop(tmp_path / "shop", from_now, push=wanted(**more))
        made.append(shop)
        return shop, Pusher(shop)

    (tmp_path / "shop").mkdir()
    yield make
    for shop in made:
        shop.db.conn.close()


def on_shift(shop: Shop, browser: Browser, name: str = "Kari", role: str = "staff", language: str = "") -> tuple[Person, Screen]:
    """Somebody who is on shift on a tablet of their own and allowed notices there."""
    who = person(shop, name, role, language=language)
    screen, _ = paired(shop, f"Tablet of {name}")
    shifts.begin(shop, who, screen, shifts.Proof.PIN)
    push.subscribe(shop, who.id, screen.id, **browser.allows())
    return who, screen


def raised(shop: Shop, subject: str = "v1", kind: AlertKind = AlertKind.WAITING) -> Alert:
    with change(shop.db):
        return alerts.raise_(shop, kind, subject, "entrance", since=shop.clock(), at=shop.clock(), by="Mia Berg")


def climbed(shop: Shop, alert: Alert) -> Alert:
    with change(shop.db):
        return alerts.move(shop, alert, AlertMove.CLIMB, shop.clock())


def settle(pusher: Pusher) -> None:
    """Let everything that is due be sent and its answers be written down."""
    until = time.monotonic() + WITHIN
    while pusher.turn() < 0.5:
        assert time.monotonic() < until, "it never rests"
        time.sleep(0.01)


def log_of(shop: Shop) -> list[tuple[str, int | None, str]]:
    return [(str(one.state), one.status, one.reason) for one in reversed(deliveries.newest(shop.db, None, limit=50))]


def test_once_everybody_is_called_a_tablet_is_told_in_the_persons_language_and_only_its_browser_can_read_it(
    telling: Telling, service: PushService
) -> None:
    shop, pusher = telling(ttl_seconds=90)
    browser = Browser(service.port)
    on_shift(shop, browser, language="nb")
    alert = raised(shop)
    settle(pusher)
    assert service.heard == [], "the zone's own call is said by the page"
    climbed(shop, alert)
    settle(pusher)
    (heard,) = service.heard
    at = shop.clock().astimezone(shop.hours.zone)
    assert browser.opens(heard.body) == {
        "title": f"Oslo City: {shop.zones['entrance']}", "lang": "nb", "tag": alert.id,
        "text": f"{at:%H:%M} Noen venter på en hilsen. Alle på gulvet er tilkalt.",
    }  # fmt: skip
    for secret in (b"Oslo", b"Kari", b"Mia", b"venter"):
        assert secret not in heard.body
    assert "Kari" not in str(browser.opens(heard.body)) + str(heard.headers)
    assert (heard.headers["ttl"], heard.headers["content-encoding"], heard.headers["topic"]) == ("90", "aes128gcm", alert.id)
    with pytest.raises(Exception, match=r"[Dd]ecrypt"):
        Browser(service.port).opens(heard.body)
    assert log_of(shop) == [("done", 201, "")]
    settle(Pusher(shop))
    assert len(service.heard) == 1, "a restart tells nothing twice"


def test_who_we_are_is_signed_with_a_key_that_is_made_once_and_is_readable_by_its_owner_only(
    telling: Telling, service: PushService
) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    climbed(shop, raised(shop))
    settle(pusher)
    says = service.heard[0].says()
    assert (says["aud"], says["sub"]) == (f"https://127.0.0.1:{service.port}", CONTACT)
    assert 0 < says["exp"] - time.time() < 24 * 3600
    assert says["k"] == push.public_key(shop)
    file = shop.settings.store.data / push.KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    Pusher(shop)
    assert file.read_bytes() == before


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32, vapid.ORDER.to_bytes(32), b"x" * 32])
def test_any_random_bytes_make_a_key(secret: bytes) -> None:
    assert vapid.is_point(raw(vapid.public_key(secret)))


def test_off_by_default_nothing_is_offered_kept_or_sent(tmp_path: Path, from_now: TurnableClock, service: PushService) -> None:
    shop = make_shop(tmp_path, from_now)
    assert not shop.settings.push.enabled
    assert push.public_key(shop) == ""
    on_shift(shop, Browser(service.port))
    with Tellers(shop):
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("telling ")]
        climbed(shop, climbed(shop, raised(shop)))
    assert (service.heard, log_of(shop)) == ([], [])
    assert not (tmp_path / push.KEY_FILE).exists()
    shop.db.conn.close()


def test_when_the_lead_is_called_only_the_leads_on_shift_are_told(telling: Telling, service: PushService) -> None:
    shop, pusher = telling(alerts="lead")
    on_shift(shop, Browser(service.port, "kari"))
    on_shift(shop, Browser(service.port, "lea"), "Lea", "lead")
    alert = climbed(shop, raised(shop))
    settle(pusher)
    assert service.heard == []
    climbed(shop, alert)
    settle(pusher)
    assert service.paths() == ["lea"]


def test_a_camera_that_needs_a_hand_is_nothing_to_shake_a_pocket_for(telling: Telling, service: PushService) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    alert = raised(shop, "door", AlertKind.DEVICE)
    with change(shop.db):
        alerts.move(shop, alert, AlertMove.RAISE, shop.clock())
    settle(pusher)
    assert log_of(shop) == []


def test_whoever_is_not_on_shift_there_any_more_is_not_told(
    telling: Telling, service: PushService, from_now: TurnableClock
) -> None:
    shop, pusher = telling()
    kari, screen = on_shift(shop, Browser(service.port, "kari"))
    shifts.begin(shop, person(shop, "Ola"), screen, shifts.Proof.PIN)
    climbed(shop, raised(shop))
    settle(pusher)
    assert service.heard == [], "Ola is on that tablet now, and did not ask for it"
    assert push.is_on(shop, kari.id, screen.id), "Kari's wish waits for Kari"
    elsewhere, _ = paired(shop, "Another tablet")
    shifts.begin(shop, kari, elsewhere, shifts.Proof.PIN)
    climbed(shop, raised(shop, "v1b"))
    settle(pusher)
    assert service.heard == [], "nor is Kari, who works with another tablet today"
    shifts.begin(shop, kari, screen, shifts.Proof.PIN)
    climbed(shop, raised(shop, "v2"))
    settle(pusher)
    assert service.paths() == ["kari"]
    from_now.turn(seconds=shifts.IDLE.total_seconds() + 1)
    climbed(shop, raised(shop, "v3"))
    settle(pusher)
    assert service.paths() == ["kari"], "a shift that nobody ended is over all the same"


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten_at_once(telling: Telling, service: PushService, status: int) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    service.then = status
    climbed(shop, raised(shop))
    settle(pusher)
    assert log_of(shop) == [("failed", status, f"answered {status}")]
    assert subscriptions.every(shop.db) == []


def test_a_failing_push_service_is_tried_three_times_and_no_more(
    telling: Telling, service: PushService, from_now: TurnableClock
) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    service.then = 500
    climbed(shop, raised(shop))
    for pause in chats.RETRIES:
        settle(pusher)
        assert log_of(shop)[0][0] == "waiting"
        from_now.turn(seconds=pause.total_seconds())
    settle(pusher)
    from_now.turn(seconds=600)
    settle(pusher)
    assert len(service.heard) == 1 + len(chats.RETRIES)
    assert log_of(shop) == [("failed", 500, "answered 500")]
    assert subscriptions.count(shop.db) == 1, "one failure ends nothing"


def test_a_browser_whose_service_refuses_again_and_again_is_forgotten_and_one_that_cannot_be_reached_is_not(
    telling: Telling, service: PushService
) -> None:
    shop, pusher = telling()
    refused, _ = on_shift(shop, Browser(service.port, "refused"))
    unreached = Browser(service.port, "unreached")
    unreached.endpoint = "https://127.0.0.1:9/push"
    on_shift(shop, unreached, "Ola")
    service.then = 403
    for number in range(chats.GIVEN_UP_IN_A_ROW):
        assert subscriptions.count(shop.db) == 2
        climbed(shop, raised(shop, f"v{number}"))
        settle(pusher)
    assert refused.id not in {one.person for one in subscriptions.every(shop.db)}
    assert subscriptions.count(shop.db) == 1


def test_a_redirect_is_not_followed_and_a_push_service_inside_the_house_is_not_gone_to(
    telling: Telling, service: PushService
) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    service.then = 307
    climbed(shop, raised(shop))
    settle(pusher)
    assert service.paths() == ["one"]
    shut = Shop(shop.db, shop.clock, shop.settings.model_copy(update={"push": PushSettings(**wanted(allow=()))}))  # type: ignore[arg-type]
    climbed(shop, raised(shop, "v2"))
    settle(Pusher(shut))
    assert service.paths() == ["one"]
    assert "name it in `allow`" in log_of(shop)[-1][2]


def test_above_the_limit_of_an_hour_notices_are_left_out(telling: Telling, service: PushService, from_now: TurnableClock) -> None:
    shop, pusher = telling(most_per_hour=2)
    on_shift(shop, Browser(service.port))
    for number in range(4):
        climbed(shop, raised(shop, f"v{number}"))
        settle(pusher)
    assert len(service.heard) == 2
    assert log_of(shop)[-1] == ("failed", None, "left out: 2 messages within the hour")
    from_now.turn(seconds=3601)
    climbed(shop, raised(shop, "v9"))
    settle(pusher)
    assert len(service.heard) == 3


def test_what_is_no_news_any_more_is_left_out(telling: Telling, service: PushService, from_now: TurnableClock) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    climbed(shop, raised(shop))
    pusher.reader.take()
    from_now.turn(seconds=chats.FRESH.total_seconds() + 1)
    settle(pusher)
    assert (service.heard, log_of(shop)) == ([], [("failed", None, "left out: it is no news any more")])


def test_once_somebody_goes_there_nobody_else_is_told_late(telling: Telling, service: PushService, from_now: TurnableClock) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    service.then = 503
    alert = climbed(shop, raised(shop))
    settle(pusher)
    with change(shop.db):
        alerts.move(shop, alert, AlertMove.ACKNOWLEDGE, shop.clock(), by="ola")
    from_now.turn(seconds=chats.RETRIES[0].total_seconds())
    settle(pusher)
    assert len(service.heard) == 1
    assert log_of(shop) == [("failed", 503, "left out: somebody takes care already")]


def test_one_that_stalls_delays_nobody_and_is_ended_in_time(telling: Telling, service: PushService) -> None:
    shop, _ = telling(timeout_seconds=4)
    service.stalls = {"slow"}
    on_shift(shop, Browser(service.port, "slow"), "Slow")
    on_shift(shop, Browser(service.port, "quick"), "Quick")
    with Tellers(shop):
        climbed(shop, raised(shop))
        wait_until(lambda: "quick" in service.paths(), "the other has it", within=WITHIN)
        wait_until(lambda: "slow" in service.paths(), "it was tried", within=WITHIN)
        climbed(shop, raised(shop, "v2"))
        wait_until(lambda: service.paths().count("quick") == 2, "and has the next one", within=3.5)
        wait_until(lambda: any("no answer" in reason for _, _, reason in log_of(shop)), "it was ended", within=WITHIN)


def test_notices_end_with_whoever_and_whatever_they_belong_to(telling: Telling, service: PushService) -> None:
    shop, _ = telling()

    def there() -> set[str]:
        return {str(people.name_of(shop, one.person)) for one in subscriptions.every(shop.db)}

    every = {name: on_shift(shop, Browser(service.port, name), name) for name in ("Abe", "Bea", "Cid", "Dag", "Eva")}
    shifts.sign_out_everywhere(shop, person_id=every["Abe"][0].id, by="test")
    assert there() == {"Bea", "Cid", "Dag", "Eva"}
    pairing.revoke(shop, every["Bea"][1].id, by="test")
    assert there() == {"Cid", "Dag", "Eva"}
    person(shop, "Ada", "admin")
    people.deactivate(shop, every["Cid"][0].id, by="test")
    assert there() == {"Dag", "Eva"}
    push.unsubscribe(shop, every["Dag"][0].id, every["Dag"][1].id)
    assert there() == {"Eva"}
    shifts.sign_out_everywhere(shop, by="test")
    assert there() == set()


def test_whoever_did_not_come_back_for_two_months_is_forgotten(
    telling: Telling, service: PushService, from_now: TurnableClock
) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port), "Gone")
    back, screen = on_shift(shop, Browser(service.port), "Back")
    from_now.turn(seconds=push.UNUSED.total_seconds() - 3600)
    shifts.begin(shop, back, screen, shifts.Proof.PIN)
    settle(pusher)
    assert subscriptions.count(shop.db) == 2
    from_now.turn(seconds=2 * 3600)
    settle(pusher)
    assert [one.person for one in subscriptions.every(shop.db)] == [back.id]
    assert keeping.unnamed(shop) == []


@pytest.mark.parametrize("endpoint", [
    "", "http://push.example/x", "https://", "https://me:pw@push.example/x", "https://push.example/ x", "https://push.example:0/x",
    "https://push.example/" + "x" * 1000, "file:///etc/passwd", "https://push.example/\r\nHost: other", "https://[::1/x", "https://å.no/",
])  # fmt: skip
def test_an_address_that_is_none_of_a_push_service_is_refused(telling: Telling, endpoint: str) -> None:
    shop, _ = telling()
    with pytest.raises(Refused, match="push service"):
        push.subscribe(shop, "p", "s", **Browser().allows() | {"endpoint": endpoint})
    assert subscriptions.count(shop.db) == 0


@pytest.mark.parametrize("wrong", [
    {"p256dh": ""}, {"p256dh": "BA" + "A" * 85}, {"auth": "short"}, {"auth": ""}, {"p256dh": "ø" * 87}, {"auth": "!" * 22},
])  # fmt: skip
def test_keys_that_nothing_can_be_sealed_with_are_refused(telling: Telling, wrong: dict[str, str]) -> None:
    shop, _ = telling()
    with pytest.raises(Refused, match="keys"):
        push.subscribe(shop, "p", "s", **Browser().allows() | wrong)


def test_there_is_an_end_to_how_many_there_are_and_asking_anew_is_not_one_more(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = telling()
    monkeypatch.setattr(push, "MOST", 2)
    for screen in ("one", "two", "two"):
        push.subscribe(shop, "p", screen, **Browser().allows())
    with pytest.raises(Refused, match="do not fit"):
        push.subscribe(shop, "p", "three", **Browser().allows())


@pytest.mark.parametrize(("wrong", "why"), [
    ({"contact": ""}, "contact"), ({"contact": "it@shop.example"}, "match"), ({"contact": "mailto:it"}, "match"),
    ({"alerts": "zone"}, "everybody"), ({"allow": ["8.8.8.8"]}, "not inside a house"), ({"ttl_seconds": -1}, "greater"),
])  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        PushSettings.model_validate(wanted() | wrong)


def test_deliveries_are_kept_under_a_name_that_is_nobodys(telling: Telling, service: PushService) -> None:
    shop, pusher = telling()
    on_shift(shop, Browser(service.port))
    climbed(shop, raised(shop))
    settle(pusher)
    [one] = deliveries.newest(shop.db, None, limit=9)
    assert one.target == push.PREFIX + subscriptions.every(shop.db)[0].id
    assert deliveries.tried_between(shop.db, one.target, shop.clock() - timedelta(1), shop.clock()) == 1
