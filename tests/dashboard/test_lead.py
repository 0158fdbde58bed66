"""The lead's API and the problem records: who may, what is refused with which words, and that a retry changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.desk import cases, counters, tickets, visits
from broker.desk.tickets import Wish
from broker.domain.alerts import load
from broker.domain.ticket import Channel, Move, Outcome, Said, State, Ticket
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import counters as stored_counters
from broker.store import tickets as stored
from broker.store.database import text
from tests.builders import TurnableClock, later, make_shop
from tests.dashboard.test_floor_api import Tablet

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "shoes"},
    {"id": "collect", "letter": "C", "name": "Collect", "zone": "entrance"},
)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2"})
WHY = {"reason": "somebody who cannot stand"}


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


@pytest.fixture
def maria(shop: Shop) -> Iterator[Tablet]:
    tablet = Tablet(shop, "Maria", role="lead")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


@pytest.fixture
def kari(shop: Shop) -> Iterator[Tablet]:
    tablet = Tablet(shop, "Kari")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


def take(shop: Shop, service: str = "returns") -> Ticket:
    return tickets.issue(shop, Wish(service=service, channel=Channel.PHONE))


def problem(tablet: Tablet, **more: object) -> str:
    body = {"kind": "product", "heard": "The zip broke", "owner": tablet.person.id} | more
    answer = tablet.post("/problems", body)
    assert answer.status_code == 201, answer.json
    return str(answer.json["problem"]["id"]) if answer.json else ""


ROUTES = [
    ("GET", "/lead", {}, 403), ("GET", "/api/v1/lead", {}, 403),
    ("POST", "/api/v1/lead/services/returns/pause", WHY, 403), ("POST", "/api/v1/lead/services/returns/resume", {}, 403),
    ("POST", "/api/v1/lead/tickets/none/reorder", WHY | {"before": "x"}, 403),
    ("POST", "/api/v1/lead/tickets/none/reopen", {}, 403),
    ("POST", "/api/v1/lead/calls/none/going", {}, 403), ("POST", "/api/v1/lead/calls/none/came", {}, 403),
    ("GET", "/floor", {}, 0), ("GET", "/api/v1/floor/oldest", {}, 0), ("GET", "/api/v1/problems", {}, 0),
    ("POST", "/api/v1/problems/none/told", {}, 0), ("POST", "/api/v1/problems/none/close", {"outcome": "solved"}, 0),
    ("POST", "/api/v1/visits/none/upset", {"happened": "a", "tried": "b", "wanted": "c"}, 0),
]  # fmt: skip
"""Each door, and what staff without the lead's role are answered; 0 where they may."""


@pytest.mark.parametrize("role", ["staff", "lead", "manager", "admin"])
def test_every_role_and_every_door_of_the_floor_and_the_lead(shop: Shop, role: str) -> None:
    tablet = Tablet(shop, role.title(), role=role)
    for method, path, body, staff in ROUTES:
        if method == "GET":
            status = tablet.client.get(path).status_code
        else:
            status = tablet.post(path.removeprefix("/api/v1"), body).status_code
        assert (status == 403) == (role == "staff" and staff == 403), (role, path, status)
        assert status in (200, 403, 404), (role, path, status)
    tablet.app.extensions["greetline-stores"].close()


def test_the_lead_sees_who_calls_with_the_briefing_what_is_late_and_who_is_where(
    shop: Shop, clock: TurnableClock, maria: Tablet
) -> None:
    ticket = take(shop)
    counters.open_(shop, "desk-1", by=maria.person.id)
    tickets.call_next(shop, "desk-1", by="kari")
    cases.call_lead(shop, ticket.id, happened="It broke", tried="Another", wanted="Money", by=maria.person.id)
    row = maria.client.get("/api/v1/lead").json
    assert row
    [call] = row["calls"]
    assert (call["briefing"]["happened"], call["due"], call["coming"]) == ("It broke", text(later(120)), None)
    assert [(each["name"], each["counter"]) for each in row["shift"]] == [("Maria", "Desk 1")]
    assert row["load"] == {"per_person": 1.0, "people": 1, "band": "fine", "hours": [{"at": text(later(0)), "alerts": 1}]}
    assert maria.post(f"/lead/calls/{ticket.id}/going").json["lead"]["calls"][0]["coming"] == "Maria"  # type: ignore[index]
    assert maria.post(f"/lead/calls/{ticket.id}/came").json["lead"]["calls"] == []  # type: ignore[index]


def test_a_lead_takes_an_upset_customer_over_only_after_the_briefing(shop: Shop, maria: Tablet, kari: Tablet) -> None:
    visit = visits.add(shop, zone="shoes", by="door")
    assert visit
    visits.raise_upset(shop, visit.id, by="kari")
    answer = maria.post(f"/lead/calls/{visit.id}/came")
    assert (answer.status_code, "briefing" in answer.json["detail"]) == (409, True)  # type: ignore[index]
    told = {"happened": "It\nbroke", "tried": "Another", "wanted": "Money"}
    for _ in range(2):
        assert kari.post(f"/visits/{visit.id}/upset", told, key="same-tap").status_code == 200
    [call] = maria.client.get("/api/v1/lead").json["calls"]  # type: ignore[index]
    assert (call["upset"], call["briefing"]["happened"]) == (True, "It broke")
    assert maria.post(f"/lead/calls/{visit.id}/came").status_code == 200
    assert visits.find(shop, visit.id).taken_over_by == maria.person.id


def test_the_order_is_changed_with_a_reason_that_is_kept_and_a_retry_changes_nothing(shop: Shop, maria: Tablet) -> None:
    first, second = take(shop), take(shop)
    path = f"/lead/tickets/{second.id}/reorder"
    assert maria.post(path, {"before": first.id}).status_code == 422
    for _ in range(2):
        assert maria.post(path, WHY | {"before": first.id}, key="one-tap-of-it").status_code == 200
    moves = [(m.move, m.reason) for m in stored.moves_of(shop.db, second.id)]
    assert moves == [("issue", ""), ("reorder", WHY["reason"])]
    following = tickets.call_next(shop, "desk-1", by="kari")
    assert following
    assert following.id == second.id


def test_nobody_is_put_before_somebody_who_came_much_earlier(shop: Shop, clock: TurnableClock, maria: Tablet) -> None:
    first = take(shop)
    clock.turn(seconds=1801)
    late, other = take(shop), take(shop, "collect")
    answer = maria.post(f"/lead/tickets/{late.id}/reorder", WHY | {"before": first.id})
    assert (answer.status_code, "30 minutes" in answer.json["detail"]) == (409, True)  # type: ignore[index]
    assert maria.post(f"/lead/tickets/{other.id}/reorder", WHY | {"before": late.id}).status_code == 409


def test_a_service_is_paused_until_closing_and_opened_again(tmp_path: Path, clock: TurnableClock) -> None:
    opening = OpeningSettings(sat=("09:00-18:00",))
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, opening=opening)
    maria = Tablet(shop, "Maria", role="lead")
    assert maria.post("/lead/services/returns/pause", {"minutes": 15}).status_code == 422
    for _ in range(2):
        assert maria.post("/lead/services/returns/pause", WHY, key="the-same-tap").status_code == 200
    [pause] = stored_counters.pauses(shop.db)
    assert (pause.until, pause.reason) == (datetime(2026, 11, 21, 17, 0, tzinfo=UTC), WHY["reason"])
    row = maria.post("/lead/services/returns/resume").json
    assert row
    assert row["lead"]["services"][0]["paused_until"] is None
    assert maria.post("/lead/services/bakery/pause", WHY).status_code == 404
    maria.app.extensions["greetline-stores"].close()


def test_what_ended_a_moment_ago_is_opened_again_for_ten_minutes(shop: Shop, clock: TurnableClock, maria: Tablet) -> None:
    ticket = take(shop)
    tickets.call_next(shop, "desk-1", by="kari")
    tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
    tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    assert [row["id"] for row in maria.client.get("/api/v1/lead").json["ended"]] == [ticket.id]  # type: ignore[index]
    assert maria.post(f"/lead/tickets/{ticket.id}/reopen").status_code == 200
    assert tickets.find(shop, ticket.id).state is State.WAITING
    clock.turn(seconds=601)
    assert maria.post(f"/lead/tickets/{ticket.id}/reopen").status_code == 409


def test_a_problem_is_closed_with_an_outcome_and_only_once_the_customer_was_told(shop: Shop, kari: Tablet) -> None:
    visit = visits.add(shop, zone="shoes", by="door")
    assert visit
    known = problem(kari, visit=visit.id, promised_by=text(later(3600)))
    untold = kari.post(f"/problems/{known}/close", {"outcome": "solved"})
    assert (untold.status_code, "Tell the customer" in untold.json["detail"]) == (409, True)  # type: ignore[index]
    assert kari.post(f"/problems/{known}/told").status_code == 200
    assert kari.post(f"/problems/{known}/close").status_code == 422
    assert kari.post(f"/problems/{known}/close", {"outcome": "great"}).status_code == 422
    for _ in range(2):
        assert kari.post(f"/problems/{known}/close", {"outcome": "partly"}).json["problems"] == []  # type: ignore[index]
    assert kari.post(f"/problems/{known}/told").status_code == 409
    assert kari.post("/problems/none/told").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"heard": ""}, 422, id="without words"),
        pytest.param({"heard": "\u202e\u0007"}, 422, id="words nobody can see"),
        pytest.param({"heard": "x" * 10_000}, 422, id="ten thousand letters"),
        pytest.param({"kind": "weather"}, 422, id="a kind that is none"),
        pytest.param({"owner": "nobody"}, 422, id="nobody's"),
        pytest.param({"promised_by": text(later(-1))}, 422, id="promised for a second ago"),
        pytest.param({"visit": "nowhere"}, 404, id="of a visit that is not there"),
        pytest.param({"colour": "red"}, 422, id="with a field that is none"),
    ],
)
def test_a_problem_that_is_not_one_is_refused_with_words(kari: Tablet, body: dict[str, object], status: int) -> None:
    whole = {"kind": "product", "heard": "The zip broke", "owner": kari.person.id} | body
    answer = kari.post("/problems", whole)
    assert (answer.status_code, bool(answer.json["detail"])) == (status, True)  # type: ignore[index]


def test_a_problem_whose_time_has_passed_stands_on_top(shop: Shop, clock: TurnableClock, maria: Tablet) -> None:
    problem(maria, heard="no promise")
    problem(maria, heard="tomorrow", promised_by=text(later(86_400)))
    problem(maria, heard="soon", promised_by=text(later(60)))
    clock.turn(seconds=61)
    rows = maria.client.get("/api/v1/lead").json["problems"]  # type: ignore[index]
    assert [(row["heard"], row["overdue"]) for row in rows] == [("soon", True), ("tomorrow", False), ("no promise", False)]


def test_the_same_tap_sent_twice_is_one_problem(kari: Tablet) -> None:
    body = {"kind": "wait", "heard": "An hour", "owner": kari.person.id}
    ids = {kari.post("/problems", body, key="twice-the-same").json["problem"]["id"] for _ in range(2)}  # type: ignore[index]
    assert len(ids) == 1
    assert len(kari.client.get("/api/v1/problems").json["problems"]) == 1  # type: ignore[index]


@pytest.mark.parametrize(("rate", "band"), [(0, "fine"), (6, "fine"), (6.1, "busy"), (12, "busy"), (12.1, "heavy"), (30, "flood")])
def test_the_bands_of_alerts_per_hour_and_person(rate: float, band: str) -> None:
    assert load(rate) == band


@pytest.mark.parametrize(
    "night",
    [
        pytest.param(datetime(2026, 11, 21, 22, 59, 30, tzinfo=UTC), id="midnight"),
        pytest.param(datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC), id="summer time ends"),
        pytest.param(datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC), id="summer time begins"),
    ],
)
def test_no_age_jumps_when_the_day_or_the_clock_changes(tmp_path: Path, night: datetime) -> None:
    clock = TurnableClock(night)
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    maria, ticket = Tablet(shop, "Maria", role="lead"), take(shop)
    visit = visits.add(shop, zone="shoes", by="door")
    assert visit
    clock.turn(seconds=60)
    floor = maria.client.get("/api/v1/floor").json
    assert floor
    now = datetime.fromisoformat(floor["now"])
    [row], [party] = floor["tickets"], floor["visits"]
    assert [now - datetime.fromisoformat(each["t0"]) for each in (row, party)] == [timedelta(seconds=60)] * 2
    assert row["id"] == ticket.id
    maria.app.extensions["greetline-stores"].close()
