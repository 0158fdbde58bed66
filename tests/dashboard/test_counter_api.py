"""The counter's JSON API: a real store, real Flask clients, a clock that is turned; every move and every no."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.desk import alerts, counters, people, screens
from broker.domain.ticket import State
from broker.shop import Shop
from broker.store import cases as stored_cases
from broker.store import tickets as stored
from broker.store.database import text
from tests.builders import TurnableClock, later, make_shop
from tests.dashboard.counters import COUNTERS, SERVICES, Counter, a_ticket, refused, served, state
from tests.dashboard.test_floor_api import Tablet

ODD = "A\u202e zip\x00 broke.\u200b"


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


@pytest.fixture
def kari(shop: Shop) -> Iterator[Counter]:
    tablet = Counter(shop, "Kari", "desk-1")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


@pytest.fixture
def jonas(shop: Shop, kari: Counter) -> Iterator[Counter]:
    tablet = Counter(shop, "Jonas", "desk-2", language="nb")
    yield tablet
    tablet.app.extensions["greetline-stores"].close()


def test_next_start_and_finish_answer_with_ticket_and_counter_as_they_stand(
    shop: Shop, clock: TurnableClock, kari: Counter
) -> None:
    ticket = a_ticket(shop)
    called = kari.say("next").get_json()
    assert (called["ticket"]["id"], called["ticket"]["state"], called["counter"]["here"]["id"]) == (ticket.id, "called", ticket.id)
    clock.turn(seconds=10)
    assert kari.do(ticket, "start").get_json()["counter"]["here"]["state"] == "serving"
    clock.turn(seconds=30)
    ended = kari.do(ticket, "finish", {"outcome": "solved"}).get_json()
    assert (ended["ticket"]["state"], ended["ticket"]["serving"], ended["counter"]["here"]) == ("finished", 30, None)
    nobody = kari.say("next")
    assert (nobody.status_code, nobody.get_json()["ticket"]) == (200, None)


@pytest.mark.parametrize(
    ("what", "body", "becomes"),
    [
        ("recall", {}, State.CALLED), ("start", {}, State.SERVING), ("miss", {}, State.WAITING), ("cancel", {}, State.CANCELLED),
        ("undo", {}, State.WAITING), ("transfer", {"service": "collect", "note": "n"}, State.WAITING),
    ],
)  # fmt: skip
def test_every_move_of_who_is_called(shop: Shop, kari: Counter, what: str, body: dict[str, Any], becomes: State) -> None:
    ticket = a_ticket(shop)
    kari.say("next")
    assert kari.do(ticket, what, body).status_code == 200
    assert state(shop, ticket) is becomes


@pytest.mark.parametrize(
    ("what", "body", "becomes"),
    [
        ("hold", {"until": text(later(300)), "reason": "stockroom"}, State.HELD),
        ("transfer", {"service": "collect", "note": "wants the money"}, State.WAITING),
        ("finish", {"outcome": "referred", "reason": "the workshop; receipt seen"}, State.FINISHED),
        ("finish", {"outcome": "not_solved"}, State.FINISHED), ("undo", {}, State.CALLED),
    ],
)  # fmt: skip
def test_every_move_of_who_is_served(shop: Shop, kari: Counter, what: str, body: dict[str, Any], becomes: State) -> None:
    ticket = served(shop, kari)
    assert kari.do(ticket, what, body).status_code == 200
    assert state(shop, ticket) is becomes


@pytest.mark.parametrize(
    ("what", "body", "becomes"),
    [
        ("resume", {}, State.SERVING), ("update", {}, State.HELD), ("release", {}, State.WAITING), ("cancel", {}, State.CANCELLED),
        ("update", {"until": text(later(900))}, State.HELD), ("finish", {"outcome": "solved"}, State.FINISHED),
        ("hold", {"until": text(later(600)), "reason": "payment"}, State.HELD),
    ],
)  # fmt: skip
def test_every_move_of_who_is_on_hold(shop: Shop, kari: Counter, what: str, body: dict[str, Any], becomes: State) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "hold", {"until": text(later(300)), "reason": "stockroom"})
    assert kari.do(ticket, what, body).status_code == 200
    assert state(shop, ticket) is becomes


def test_a_finished_ticket_is_opened_again_and_one_who_stepped_away_is_back(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "finish", {"outcome": "partly"})
    assert kari.do(ticket, "reopen").status_code == 200
    assert state(shop, ticket) is State.WAITING


def test_a_stale_tab_that_calls_whom_a_colleague_has_called_reads_who_has_them(shop: Shop, kari: Counter, jonas: Counter) -> None:
    ticket = a_ticket(shop)
    kari.say("call", {"ticket": ticket.id})
    body = refused(jonas.say("call", {"ticket": ticket.id}), 409, "Kari har R 001 ved Desk 1")
    assert (body["ticket"]["counter"], body["ticket"]["state"]) == ("desk-1", "called")
    assert body["counter"]["here"] is None


def test_two_tabs_of_one_counter_call_one_customer(shop: Shop, kari: Counter) -> None:
    a_ticket(shop)
    a_ticket(shop)
    assert kari.say("next").status_code == 200
    body = refused(kari.say("next"), 409, "R 001 is still with you: finish first")
    assert body["counter"]["here"]["shown"].endswith("001")


def test_the_same_tap_twice_is_one_call_and_is_answered_the_same_way(shop: Shop, kari: Counter) -> None:
    a_ticket(shop)
    second = a_ticket(shop)
    first, again = (kari.say("next", key="one-tap-of-kari") for _ in range(2))
    assert first.get_json()["ticket"]["id"] == again.get_json()["ticket"]["id"]
    assert state(shop, second) is State.WAITING


DOES_NOT_FIT: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("start", {}, "R 001 waits in the line again"), ("recall", {}, "waits in the line again"),
    ("finish", {"outcome": "solved"}, "waits in the line again"), ("resume", {}, "waits in the line again"),
    ("hold", {"until": text(later(300)), "reason": "x"}, "waits in the line again"), ("undo", {}, "too long ago"),
)  # fmt: skip


def test_a_move_that_does_not_fit_is_409_and_changes_nothing(shop: Shop, kari: Counter) -> None:
    ticket = a_ticket(shop)
    for what, body, words in DOES_NOT_FIT:
        answer = refused(kari.do(ticket, what, body), 409, words)
        assert answer["ticket"]["state"] == "waiting"
        assert answer["counter"]["counter"] == "desk-1"
    assert [move.move for move in stored.moves_of(shop.db, ticket.id)] == ["issue"]


def test_what_is_over_is_over(shop: Shop, clock: TurnableClock, kari: Counter) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "finish", {"outcome": "solved"})
    refused(kari.do(ticket, "finish", {"outcome": "solved"}), 409, "R 001 is over already")
    clock.turn(seconds=601)
    refused(kari.do(ticket, "reopen"), 409, "too long ago")


def test_nobody_decides_about_the_customer_of_another_counter(shop: Shop, kari: Counter, jonas: Counter) -> None:
    ticket = a_ticket(shop)
    kari.say("next")
    for what in ("start", "recall", "miss", "resume", "cancel"):
        refused(jonas.do(ticket, what), 409, "Kari har R 001 ved Desk 1")
    assert state(shop, ticket) is State.CALLED


def test_a_colleague_tells_whom_another_counter_has_on_hold_and_gives_them_back_to_the_line(
    shop: Shop, kari: Counter, jonas: Counter
) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "hold", {"until": text(later(300)), "reason": "stockroom"})
    refused(jonas.do(ticket, "resume"), 409, "Kari har R 001 på vent ved Desk 1")
    assert jonas.do(ticket, "update").status_code == 200
    assert jonas.do(ticket, "release").status_code == 200
    assert jonas.say("next").get_json()["ticket"]["id"] == ticket.id


WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("hold", {"reason": "stockroom"}, "when you are back and why"),
    ("hold", {"until": text(later(300))}, "when you are back and why"),
    ("hold", {"until": text(later(300)), "reason": " \u200b "}, "when you are back and why"),
    ("hold", {"until": text(later(-1)), "reason": "x"}, "still to come"),
    ("hold", {"until": text(later(9 * 3600)), "reason": "x"}, "still to come"),
    ("hold", {"until": "14:07", "reason": "x"}, "when you are back and why"),
    ("transfer", {"service": "collect"}, "not understood"), ("transfer", {"service": "collect", "note": ""}, "not understood"),
    ("transfer", {"service": "bakery", "note": "n"}, "no such service"),
    ("finish", {}, "not understood"), ("finish", {"outcome": "bored"}, "not understood"),
    ("finish", {"outcome": "referred"}, "where to"), ("finish", {"outcome": "referred", "reason": " "}, "where to"),
    ("finish", {"outcome": "solved", "reason": "x" * 10_000}, "at most 500 characters"),
    ("recap", {"heard": ""}, "not understood"), ("recap", {"heard": "x" * 10_000}, "at most 500 characters"),
    ("confirm", {}, "not understood"), ("lead", {"happened": "a", "tried": "", "wanted": "b"}, "not understood"),
    ("problem", {"kind": "weather", "heard": "x", "owner": "kari"}, "not understood"),
    ("problem", {"kind": "product", "heard": "x", "owner": "nobody"}, "Nobody of that id"),
    ("start", {"because": 1}, "not understood"),
)  # fmt: skip


def test_what_is_missing_or_wrong_is_422_with_a_sentence(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    for what, body, words in WRONG:
        refused(kari.do(ticket, what, body), 422, words)
    assert [move.move for move in stored.moves_of(shop.db, ticket.id)] == ["issue", "call", "start"]
    assert stored_cases.recap(shop.db, ticket.id) is None


def test_what_is_not_there_is_404(shop: Shop, kari: Counter) -> None:
    ticket = a_ticket(shop)
    refused(kari.post("/counters/desk-9/next"), 404, "no counter")
    refused(kari.post(f"/counters/desk-9/tickets/{ticket.id}/start"), 404, "no counter")
    refused(kari.say("tickets/nobody/start"), 404, "no such number")
    refused(kari.say("tickets/nobody/recap", {"heard": "x"}), 404, "no such number")
    refused(kari.say("call", {"ticket": "nobody"}), 404, "no such number")
    assert kari.client.get("/api/v1/counters/desk-9").status_code == 404


def test_a_request_without_a_key_or_a_body_is_400(shop: Shop, kari: Counter) -> None:
    a_ticket(shop)
    refused(kari.client.post("/api/v1/counters/desk-1/next", json={}), 400, "Idempotency-Key")
    refused(kari.client.post("/api/v1/counters/desk-1/next", headers={"Idempotency-Key": "12345678"}), 400, "JSON object")


def test_a_call_out_of_order_needs_a_reason_that_is_kept_without_marks_that_hide(shop: Shop, kari: Counter) -> None:
    a_ticket(shop)
    second = a_ticket(shop)
    refused(kari.say("call", {"ticket": second.id}), 409, "Somebody else is next")
    refused(kari.say("call", {"ticket": second.id, "reason": "\u200b"}), 409, "Somebody else is next")
    assert kari.say("call", {"ticket": second.id, "reason": ODD}).status_code == 200
    assert stored.moves_of(shop.db, second.id)[-1].reason == "A zip broke."


def test_only_an_open_counter_calls_and_only_for_whom_it_is_open(shop: Shop, kari: Counter, jonas: Counter) -> None:
    ticket = a_ticket(shop)
    assert kari.say("rest").get_json()["counter"]["shift"]["kind"] == "break"
    refused(kari.say("next"), 409, "Open Desk 1 first")
    kari.say("close")
    refused(kari.say("call", {"ticket": ticket.id}), 409, "Open Desk 1 first")
    refused(kari.post("/counters/desk-2/next"), 409, "Jonas has Desk 2 now")
    assert state(shop, ticket) is State.WAITING
    assert kari.say("open").get_json()["counter"]["shift"]["staff_name"] == "Kari"
    assert kari.say("next").status_code == 200


def test_a_counter_with_a_customer_is_neither_left_nor_taken(shop: Shop, kari: Counter, jonas: Counter) -> None:
    served(shop, kari)
    refused(kari.say("rest"), 409, "R 001 is still here")
    refused(kari.say("close"), 409, "R 001 is still here")
    refused(jonas.post("/counters/desk-1/open"), 409, "R 001 er her fortsatt")


def test_a_call_that_waited_for_a_connection_calls_nobody_and_a_finish_counts_from_the_tap(
    shop: Shop, clock: TurnableClock, kari: Counter
) -> None:
    ticket = served(shop, kari)
    clock.turn(seconds=300)
    ended = kari.do(ticket, "finish", {"outcome": "solved", "tapped_at": text(later(60))})
    assert ended.get_json()["ticket"]["serving"] == 60
    waiting = a_ticket(shop)
    refused(kari.say("next", {"tapped_at": text(later(200))}), 409, "Nobody was called")
    assert state(shop, waiting) is State.WAITING
    early = served(shop, kari)
    assert kari.do(early, "finish", {"outcome": "solved", "tapped_at": text(later(0))}).get_json()["ticket"]["serving"] == 0


def test_a_transfer_to_a_service_that_is_paused_says_so(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    counters.pause(shop, "collect", minutes=15, reason="the lift is stuck", by="x")
    refused(kari.do(ticket, "transfer", {"service": "collect", "note": "n"}), 409, "choose another")
    assert state(shop, ticket) is State.SERVING


def test_the_next_counter_reads_the_note_and_the_recap(shop: Shop, kari: Counter, jonas: Counter) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "recap", {"heard": ODD, "has": "receipt"})
    confirmed = kari.do(ticket, "confirm", {"said_yes": True}).get_json()["counter"]["here"]["recap"]
    assert (confirmed["heard"], confirmed["confirmed"]) == ("A zip broke.", "yes")
    kari.do(ticket, "recap", {"heard": ODD, "has": "receipt"})
    assert kari.row()["here"]["recap"]["confirmed"] == "yes", "the same words again ask for nothing anew"
    kari.do(ticket, "transfer", {"service": "collect", "note": "wants medium"})
    jonas.say("next")
    here = jonas.row()["here"]
    assert (here["notes"][-1]["note"], here["notes"][-1]["by"], here["recap"]["heard"]) == ("wants medium", "Kari", "A zip broke.")


def test_the_lead_is_called_with_the_briefing_and_the_counter_sees_who_comes(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    refused(kari.do(ticket, "lead-came"), 409, "R 001")
    kari.do(ticket, "lead", {"happened": "late", "tried": "looked", "wanted": "money"})
    [call] = screens.floor(shop)["alerts"]
    assert call["briefing"] == {"number": "R\u00a0001", "happened": "late", "tried": "looked", "wanted": "money"}
    maria = people.add(shop, "Maria", role="lead", pin="2580", by="test")
    alerts.acknowledge(shop, call["id"], by=maria.id)
    assert kari.row()["here"]["lead"]["acknowledged_name"] == "Maria"
    assert kari.do(ticket, "lead-came").get_json()["counter"]["here"]["briefing"]["answered_by"] == "Maria"
    assert screens.floor(shop)["alerts"] == []


def test_a_call_for_the_lead_ends_with_the_ticket(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    kari.do(ticket, "lead", {"happened": "late", "tried": "looked", "wanted": "money"})
    kari.do(ticket, "finish", {"outcome": "not_solved"})
    assert screens.floor(shop)["alerts"] == []


def test_a_second_person_is_called_once(shop: Shop, kari: Counter) -> None:
    served(shop, kari)
    for _ in range(2):
        assert kari.say("help").get_json()["counter"]["help"]["state"] == "raised"
    assert [(call["about"], call["zone"], call["by_name"]) for call in screens.floor(shop)["alerts"]] == [
        ("desk-1", "entrance", "Kari")
    ]


def test_a_problem_is_kept_once_with_its_owner(shop: Shop, kari: Counter) -> None:
    ticket = served(shop, kari)
    record = {"kind": "product", "heard": "the zip", "owner": kari.person.id, "promised_by": text(later(3600))}
    for _ in range(2):
        assert kari.do(ticket, "problem", record, key="one-problem").status_code == 200
    [problem] = stored_cases.open_problems(shop.db)
    assert (problem.ticket, problem.owner, problem.promised_by) == (ticket.id, kari.person.id, later(3600))
    refused(kari.do(ticket, "problem", record | {"promised_by": text(later(-5))}), 422, "still to come")


def test_the_goodbye_of_each_outcome_is_there_before_it_ends(shop: Shop, clock: TurnableClock, kari: Counter) -> None:
    ticket = a_ticket(shop, told=(60, 120))
    clock.turn(seconds=300)
    kari.say("next")
    kari.do(ticket, "start")
    said = kari.row()["here"]["goodbyes"]
    assert said["solved"] == ["sorry_wait", "thanks_patience", "welcome_back"]
    assert said["not_solved"][0] == "sorry_unsolved"
    assert said["referred"][-1] == "next_referred"


def test_the_row_is_304_while_only_time_passes_and_no_row_knows_the_customers_own_page(
    shop: Shop, clock: TurnableClock, kari: Counter
) -> None:
    ticket = served(shop, kari)
    a_ticket(shop)
    first = kari.client.get("/api/v1/counters/desk-1")
    assert ticket.token not in first.get_data(as_text=True)
    clock.turn(seconds=30)
    again = kari.client.get("/api/v1/counters/desk-1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["Greetline-Now"]) == (304, text(clock()))
    kari.do(ticket, "finish", {"outcome": "solved"})
    assert kari.client.get("/api/v1/counters/desk-1", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_counters_can_be_chosen_from_and_the_page_is_only_where_there_are_some(
    tmp_path: Path, clock: TurnableClock, shop: Shop, kari: Counter
) -> None:
    served(shop, kari)
    rows = kari.client.get("/api/v1/counters").get_json()["counters"]
    assert [(row["id"], row["shift"] and row["shift"]["staff_name"], row["here"]) for row in rows] == [
        ("desk-1", "Kari", "R\u00a0001"), ("desk-2", None, None), ("desk-3", None, None),
    ]  # fmt: skip
    assert kari.client.get("/counter").status_code == 200
    assert "/counter" in kari.client.get("/floor").get_data(as_text=True)
    (tmp_path / "bare").mkdir()
    bare = Tablet(make_shop(tmp_path / "bare", clock), "Ann")
    assert bare.client.get("/counter").headers["Location"] == "/floor"
    assert "/counter" not in bare.client.get("/floor").get_data(as_text=True)
    bare.app.extensions["greetline-stores"].close()


def test_nobody_who_is_not_signed_in_asks_anything(shop: Shop, kari: Counter) -> None:
    kari.client.delete_cookie("shift")
    assert kari.say("next").status_code == 401
    assert kari.client.get("/api/v1/counters/desk-1").status_code == 401


def _race(folder: str, name: str, counter: str, ticket: str) -> int:
    """One process of the staff's screens: somebody at *counter* calls *ticket*."""
    here = Counter(make_shop(Path(folder), TurnableClock(), services=SERVICES, counters=COUNTERS), name, counter)
    return here.say("call", {"ticket": ticket, "reason": "race"}).status_code


def test_two_processes_call_the_same_ticket_and_one_of_them_has_it(tmp_path: Path) -> None:
    shop = make_shop(tmp_path, TurnableClock(), services=SERVICES, counters=COUNTERS)
    for name in ("Kari", "Jonas"):
        people.add(shop, name, role="staff", pin="2580", by="test")
    ticket = a_ticket(shop)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(_race, [(str(tmp_path), "Kari", "desk-1", ticket.id), (str(tmp_path), "Jonas", "desk-2", ticket.id)])
    assert sorted(found) == [200, 409]
    assert [move.move for move in stored.moves_of(shop.db, ticket.id)] == ["issue", "call"]


def test_a_recap_and_a_problem_are_refused_for_whom_another_counter_has(shop: Shop, kari: Counter, jonas: Counter) -> None:
    ticket = served(shop, kari)
    refused(jonas.do(ticket, "recap", {"heard": "x"}), 409, "Kari har R 001")
    assert stored_cases.recap(shop.db, ticket.id) is None
