"""The floor's JSON API: a real store, a real Flask client, a clock that is turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from broker.desk import alerts, arrivals, pairing, people, screens, shifts, visits
from broker.desk.people import Person
from broker.domain.visit import State, Visit
from broker.shop import Shop
from broker.store import visits as stored
from broker.store.database import text
from dashboard import reckoned
from dashboard.app import create
from tests.builders import TurnableClock, crossed

Post = Callable[..., TestResponse]


class Tablet:
    """A paired screen with somebody signed in, as a client of the application."""

    def __init__(self, shop: Shop, name: str, *, role: str = "staff", language: str = "") -> None:
        app = create(shop.settings, shop=shop)
        app.config["WTF_CSRF_ENABLED"] = False
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.person: Person = people.named(shop, name) or people.add(
            shop, name, role=role, pin="2580", by="test", language=language
        )
        screen, token = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name=name, role="staff"))
        self.client.set_cookie("device", token)
        _, shift = shifts.sign_in(shop, screen, self.person.id, "2580")
        self.client.set_cookie("shift", shift)
        self._n = 0

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> TestResponse:
        self._n += 1
        headers = {"Idempotency-Key": key or f"{self.person.name}-key-{self._n:04d}"}
        return self.client.post(f"/api/v1{path}", json=body or {}, headers=headers)


@pytest.fixture
def kari(shop: Shop) -> Iterator[Tablet]:
    tablet = Tablet(shop, "Kari")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


@pytest.fixture
def jonas(shop: Shop, kari: Tablet) -> Iterator[Tablet]:
    tablet = Tablet(shop, "Jonas", language="nb")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


@pytest.fixture
def visit(shop: Shop) -> Visit:
    found = visits.add(shop, zone="entrance", by="door", size=2)
    assert found is not None
    return found


def state(shop: Shop, visit: Visit) -> State:
    return stored.get(shop.db, visit.id).state


def test_a_greeting_is_a_claim_and_a_tap(shop: Shop, clock: TurnableClock, kari: Tablet, visit: Visit) -> None:
    clock.turn(seconds=12)
    claimed = kari.post(f"/visits/{visit.id}/claim")
    assert claimed.status_code == 200
    assert claimed.json
    assert claimed.json["visit"]["claimed_name"] == "Kari"
    clock.turn(seconds=6)
    greeted = kari.post(f"/visits/{visit.id}/greet")
    assert greeted.json
    assert greeted.json["visit"]["state"] == "acknowledged"
    assert stored.get(shop.db, visit.id).greet_seconds == 18
    assert stored.get(shop.db, visit.id).acknowledged_by == kari.person.id


def test_the_second_who_goes_reads_who_was_first_in_the_own_language(kari: Tablet, jonas: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/claim")
    late = jonas.post(f"/visits/{visit.id}/claim")
    assert late.status_code == 409
    assert late.content_type == "application/problem+json"
    assert late.json
    assert late.json["detail"] == "Kari er allerede på vei"
    assert late.json["visit"]["claimed_by"] == kari.person.id
    assert late.json["status"] == 409
    assert late.json["title"]


def test_who_already_said_hello_is_named(kari: Tablet, jonas: Tablet, visit: Visit) -> None:
    jonas.post(f"/visits/{visit.id}/greet")
    late = kari.post(f"/visits/{visit.id}/greet")
    assert late.status_code == 409
    assert late.json
    assert late.json["detail"] == "Jonas has already said hello"


def test_a_visit_that_ended_is_told_so(shop: Shop, kari: Tablet, visit: Visit) -> None:
    visits.dismiss(shop, visit.id, by="x", reason="courier")
    late = kari.post(f"/visits/{visit.id}/claim")
    assert (late.status_code, late.json and late.json["detail"]) == (409, "They are no longer on the list")


@pytest.mark.parametrize("what", ["claim", "greet", "release", "undo", "close", "reopen", "help"])
def test_a_visit_that_never_was_is_404(kari: Tablet, what: str) -> None:
    answer = kari.post(f"/visits/nobody/{what}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_release_gives_it_back_to_everybody(shop: Shop, kari: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/claim")
    assert kari.post(f"/visits/{visit.id}/release").status_code == 200
    assert state(shop, visit) is State.ENTERED


def test_undo_takes_a_greeting_back_but_not_for_ever(shop: Shop, clock: TurnableClock, kari: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/greet")
    assert kari.post(f"/visits/{visit.id}/undo").status_code == 200
    assert state(shop, visit) is State.ENTERED
    kari.post(f"/visits/{visit.id}/greet")
    clock.turn(seconds=61)
    late = kari.post(f"/visits/{visit.id}/undo")
    assert (late.status_code, late.json and late.json["detail"]) == (409, "That is too long ago to take back")


@pytest.mark.parametrize("reason", ["staff", "courier", "child", "false"])
def test_not_a_customer_keeps_the_reason(shop: Shop, kari: Tablet, visit: Visit, reason: str) -> None:
    assert kari.post(f"/visits/{visit.id}/dismiss", {"reason": reason}).status_code == 200
    assert stored.get(shop.db, visit.id).dismissed_as == reason


def test_a_party_is_sent_to_another_zone(shop: Shop, kari: Tablet, visit: Visit) -> None:
    assert kari.post(f"/visits/{visit.id}/send", {"zone": "shoes"}).status_code == 200
    assert stored.get(shop.db, visit.id).zone == "shoes"
    assert kari.post(f"/visits/{visit.id}/send", {"zone": "moon"}).status_code == 422


def test_two_visits_become_one_party(shop: Shop, kari: Tablet, visit: Visit) -> None:
    other = visits.add(shop, zone="shoes", by="door")
    assert other is not None
    answer = kari.post(f"/visits/{other.id}/merge", {"into": visit.id})
    assert answer.json
    assert (answer.json["visit"]["id"], answer.json["visit"]["size"]) == (visit.id, 3)
    assert kari.post(f"/visits/{visit.id}/merge", {"into": visit.id}).status_code == 409
    assert kari.post(f"/visits/{visit.id}/merge", {"into": "nobody"}).status_code == 404


def test_two_parties_a_camera_saw_become_one(shop: Shop, kari: Tablet) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    first, second = (f"door.ab-{n}" for n in (1, 2))
    answer = kari.post(f"/visits/{first}/merge", {"into": second})
    assert answer.json
    assert (answer.status_code, answer.json["visit"]["id"], answer.json["visit"]["size"]) == (200, second, 2)


def test_close_and_reopen(shop: Shop, kari: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/greet")
    kari.post(f"/visits/{visit.id}/close")
    assert state(shop, visit) is State.CLOSED
    assert kari.post(f"/visits/{visit.id}/reopen").status_code == 200
    assert state(shop, visit) is State.ACKNOWLEDGED


def test_a_visit_no_camera_saw_is_added_once(shop: Shop, clock: TurnableClock, kari: Tablet) -> None:
    tapped = text(clock.at - timedelta(seconds=20))
    first = kari.post("/visits", {"zone": "shoes", "size": 3, "tapped_at": tapped}, key="the-same-tap")
    again = kari.post("/visits", {"zone": "shoes", "size": 3, "tapped_at": tapped}, key="the-same-tap")
    assert (first.status_code, again.status_code) == (201, 200)
    [found] = stored.open_ones(shop.db)
    assert (found.zone, found.size) == ("shoes", 3)
    assert found.t0 == clock.at - timedelta(seconds=20)
    assert again.json == {"visit": None}


@pytest.mark.parametrize(
    "body",
    [{}, {"zone": "moon"}, {"zone": "shoes", "size": 0}, {"zone": "shoes", "size": 21}, {"zone": "shoes", "name": "Ola"},
     {"zone": "shoes", "tapped_at": "2026-11-21T11:00:00"}, {"zone": 7}],
)  # fmt: skip
def test_a_wrong_body_is_422_and_opens_nothing(shop: Shop, kari: Tablet, body: dict[str, Any]) -> None:
    answer = kari.post("/visits", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert stored.open_ones(shop.db) == []


def test_what_is_not_json_or_has_no_key_is_400(kari: Tablet, visit: Visit) -> None:
    path = f"/api/v1/visits/{visit.id}/claim"
    assert kari.client.post(path, data="going", headers={"Idempotency-Key": "12345678"}).status_code == 400
    assert kari.client.post(path, json=[1], headers={"Idempotency-Key": "12345678"}).status_code == 400
    assert kari.client.post(path, json={}).status_code == 400
    assert kari.client.post(path, json={}, headers={"Idempotency-Key": "x" * 61}).status_code == 400
    assert kari.client.post(path, data="{" * 70_000, content_type="application/json").status_code == 413


def test_the_same_tap_sent_twice_counts_once(shop: Shop, clock: TurnableClock, kari: Tablet, jonas: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/claim", key="tap-00001")
    kari.post(f"/visits/{visit.id}/greet", key="tap-00002")
    clock.turn(seconds=5)
    for key, what in (("tap-00001", "claim"), ("tap-00002", "greet")):
        again = kari.post(f"/visits/{visit.id}/{what}", key=key)
        assert again.status_code == 200
        assert again.json
        assert again.json["visit"]["state"] == "acknowledged"
    assert stored.get(shop.db, visit.id).greet_seconds == 0
    # Another screen's key is another key, even if it reads the same.
    assert jonas.post(f"/visits/{visit.id}/greet", key="tap-00002").status_code == 409


def test_an_answer_that_waited_counts_from_when_it_was_tapped(shop: Shop, clock: TurnableClock, kari: Tablet, visit: Visit) -> None:
    clock.turn(seconds=90)
    kari.post(f"/visits/{visit.id}/greet", {"tapped_at": text(clock.at - timedelta(seconds=70))})
    assert stored.get(shop.db, visit.id).greet_seconds == 20


def test_a_call_for_help_is_seen_answered_and_ended(
    shop: Shop, clock: TurnableClock, kari: Tablet, jonas: Tablet, visit: Visit
) -> None:
    kari.post(f"/visits/{visit.id}/help")
    alerts.run_due(shop)
    [call] = screens.floor(shop)["alerts"]
    assert (call["kind"], call["by_name"], call["state"], call["level"]) == ("help", "Kari", "raised", 1)
    coming = jonas.post(f"/alerts/{call['id']}/acknowledge")
    assert coming.json
    assert coming.json["alert"]["acknowledged_name"] == "Jonas"
    kari.post(f"/visits/{visit.id}/greet")
    assert [alert["state"] for alert in screens.floor(shop)["alerts"]] == ["acknowledged"], "a greeting is not help"
    assert jonas.post(f"/alerts/{call['id']}/resolve").status_code == 200
    clock.turn(seconds=10)
    alerts.run_due(shop)
    assert screens.floor(shop)["alerts"] == []
    assert jonas.post("/alerts/nothing/acknowledge").status_code == 404


def test_who_called_for_help_does_not_answer_the_own_call_by_going(shop: Shop, kari: Tablet, jonas: Tablet, visit: Visit) -> None:
    kari.post(f"/visits/{visit.id}/help")
    kari.post(f"/visits/{visit.id}/claim")
    assert screens.floor(shop)["alerts"][0]["state"] == "raised"
    kari.post(f"/visits/{visit.id}/release")
    jonas.post(f"/visits/{visit.id}/claim")
    assert screens.floor(shop)["alerts"][0]["state"] == "acknowledged"


def test_a_zone_is_paused_with_a_reason_and_resumed(shop: Shop, kari: Tablet) -> None:
    paused = kari.post("/zones/shoes/pause", {"minutes": 15, "reason": "delivery"}, key="pause-tap")
    assert paused.json
    assert [(row["zone"], row["by_name"], row["reason"]) for row in paused.json["pauses"]] == [("shoes", "Kari", "delivery")]
    resumed = kari.post("/zones/shoes/resume")
    assert resumed.json == {"pauses": []}
    assert kari.post("/zones/shoes/pause", {"minutes": 15, "reason": "delivery"}, key="pause-tap").json == {"pauses": []}


@pytest.mark.parametrize(
    "body", [{"minutes": 15}, {"minutes": 7, "reason": "delivery"}, {"minutes": 5, "reason": ""}, {"minutes": 5, "reason": "bored"}]
)
def test_a_pause_without_reason_or_of_another_length_is_422(kari: Tablet, body: dict[str, Any]) -> None:
    assert kari.post("/zones/shoes/pause", body).status_code == 422


def test_a_zone_that_is_not_there_is_404(kari: Tablet) -> None:
    assert kari.post("/zones/moon/pause", {"minutes": 5, "reason": "event"}).status_code == 404
    assert kari.post("/zones/moon/resume").status_code == 404


def test_an_unchanged_floor_is_304_and_still_tells_the_time(clock: TurnableClock, kari: Tablet, visit: Visit) -> None:
    first = kari.client.get("/api/v1/floor")
    assert first.json
    assert [row["id"] for row in first.json["visits"]] == [visit.id]
    clock.turn(seconds=3)
    second = kari.client.get("/api/v1/floor", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304
    assert second.headers["Greetline-Now"] == text(clock.at)
    kari.post(f"/visits/{visit.id}/claim")
    assert kari.client.get("/api/v1/floor", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_today_has_figures_last_and_hour(clock: TurnableClock, kari: Tablet, visit: Visit) -> None:
    clock.turn(seconds=18)
    kari.post(f"/visits/{visit.id}/greet")
    day = kari.client.get("/api/v1/today").json
    assert day
    assert day["today"]["visits"] == 1
    assert (day["last"]["by_name"], day["last"]["greet_seconds"]) == ("Kari", 18)
    assert len(day["hour"]) == 1


def test_all_tablets_that_ask_for_today_at_once_have_it_reckoned_once(
    clock: TurnableClock, kari: Tablet, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Shop] = []
    kari.post(f"/visits/{visit.id}/greet")
    monkeypatch.setattr(reckoned.screens, "today", lambda shop, look=screens.today: asked.append(shop) or look(shop))
    for n, milliseconds in enumerate((0, 200, 300, 1, 700), 1):
        clock.turn(seconds=milliseconds / 1000)
        day = kari.client.get("/api/v1/today").json
        assert day
        assert (day["now"], day["today"]["visits"]) == (text(clock.at), 1), n
    assert len(asked) == 3
    clock.turn(seconds=-3600)
    kari.client.get("/api/v1/today")
    assert len(asked) == 4, "a clock that was set back keeps nothing"


def test_nobody_answers_without_a_shift_or_a_screen(shop: Shop, kari: Tablet, visit: Visit) -> None:
    kari.client.delete_cookie("shift")
    assert kari.post(f"/visits/{visit.id}/claim").status_code == 401
    assert kari.client.get("/api/v1/floor").status_code == 401
    kari.client.delete_cookie("device")
    assert kari.post(f"/visits/{visit.id}/claim").status_code == 401
    assert state(shop, visit) is State.ENTERED


def test_a_page_of_another_site_cannot_answer(shop: Shop, kari: Tablet, visit: Visit) -> None:
    headers = {"Idempotency-Key": "12345678", "Sec-Fetch-Site": "cross-site"}
    assert kari.client.post(f"/api/v1/visits/{visit.id}/claim", json={}, headers=headers).status_code == 403
    kari.app.config["WTF_CSRF_ENABLED"] = True
    assert kari.post(f"/visits/{visit.id}/claim").status_code == 400
    assert state(shop, visit) is State.ENTERED


def test_a_person_chooses_the_language_of_the_floor(shop: Shop, kari: Tablet) -> None:
    answer = kari.client.post("/language", data={"language": "lv"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/floor")
    page = kari.client.get("/floor").get_data(as_text=True)
    assert 'lang="lv"' in page
    assert "Pievienot apmeklējumu" in page
    kari.client.post("/language", data={"language": "xx"})
    assert people.find(shop, kari.person.id).language == "lv"  # type: ignore[union-attr]
