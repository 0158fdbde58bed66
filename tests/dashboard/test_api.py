"""The HTTP API for other programs: every move, every refusal, and what nobody gets to know."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from broker.desk import counters, tickets
from broker.domain import order
from broker.domain.ticket import CLOCK, MOVES, OPEN, Move, Said, State
from broker.shop import Shop
from broker.store import tickets as stored
from broker.store.database import text
from dashboard.api import moving
from dashboard.app import create
from tests.builders import TurnableClock, later, make_shop
from tests.dashboard.program import COUNTERS, SERVICES, Program, brought_to, good, no
from tests.web.parts import person

SOON = text(later(600))
BODIES: dict[Move, dict[str, Any]] = {
    Move.CALL: {"reason": "a baby cries"}, Move.HOLD: {"until": SOON, "reason": "asks the workshop"},
    Move.UPDATE: {"reason": "still asking"}, Move.TRANSFER: {"service": "returns", "note": "has the receipt"},
    Move.STEP_AWAY: {"until": SOON}, Move.BOOK: {"until": SOON}, Move.FINISH: {"outcome": "solved"}, Move.CANCEL: {},
}  # fmt: skip
"""What each move is asked with when nothing is wrong with it; the counter of a call is added."""


@pytest.fixture
def shop(tmp_path: Any, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


@pytest.mark.parametrize("move", moving.MOVES)
def test_a_move_is_made_where_the_table_has_it_and_refused_with_how_it_stands_where_not(
    shop: Shop, program: Program, move: Move
) -> None:
    for number, state in enumerate(State, start=1):
        ticket = brought_to(shop, state, f"desk-{number}")
        program.open("desk-12")
        was = stored.get(shop.db, ticket)
        body = BODIES.get(move, {}) | ({"counter": "desk-12"} if move is Move.CALL else {})
        answer = program.post(f"/tickets/{ticket}/{move}", body if move in BODIES else None)
        if (state, move) in MOVES:
            row = good(answer)
            assert (row["id"], row["version"]) == (ticket, was.version + 1), state
        else:
            problem = no(answer, 409)
            assert (problem["ticket"]["state"], problem["ticket"]["version"]) == (state, was.version), state
            assert stored.get(shop.db, ticket) == was, f"a refused {move} changed a ticket that is {state}"
        for there in (stored.at_counter(shop.db, f"desk-{n}") for n in (number, 12)):
            if there is not None:
                tickets.move(shop, there.id, Move.EXPIRE, Said(by=CLOCK))


def test_the_api_has_every_move_but_the_clocks_own() -> None:
    assert set(moving.MOVES) == set(Move) - {Move.EXPIRE, Move.REORDER}, "the clock ends a day, a lead changes the order"


HOLD, ANY = "/tickets/{held}/hold", "/tickets/{waits}"
FUTURE = {"until": SOON, "reason": "x"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        pytest.param("/tickets/{serving}/hold", {}, "until", id="a hold without a time"),
        pytest.param("/tickets/{serving}/hold", {"until": SOON}, "reason", id="a hold without a reason"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"until": text(later(-1))}, "until", id="a hold until a minute ago"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"until": "2026-11-21T12:00:00"}, "until", id="a time without a zone"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"until": 1795000000}, "until", id="a time that is a number"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"until": "9999-12-31T23:59:59-14:00"}, "until", id="the end of time"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"reason": "x" * 10_000}, "reason", id="ten thousand characters"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"reason": "\u202e\u0007"}, "reason", id="a reason nobody can see"),
        pytest.param("/tickets/{serving}/hold", FUTURE | {"colour": "red"}, "colour", id="a field that is none"),
        pytest.param("/tickets/{serving}/transfer", {"service": "returns"}, "note", id="a transfer without a note"),
        pytest.param("/tickets/{serving}/transfer", {"service": "bakery", "note": "x"}, "service", id="to an unknown service"),
        pytest.param("/tickets/{serving}/finish", {}, "outcome", id="an end without an outcome"),
        pytest.param("/tickets/{serving}/finish", {"outcome": "fine"}, "outcome", id="an outcome that is none"),
        pytest.param("/tickets/{waits}/call", {}, "counter", id="a call to nowhere"),
        pytest.param("/tickets/{waits}/call", {"counter": "desk-99"}, "counter", id="a call to an unknown counter"),
        pytest.param("/tickets/{waits}/book", {}, "until", id="a call-back without a time"),
        pytest.param("/tickets/next", {"counter": "desk-99"}, "counter", id="next for an unknown counter"),
        pytest.param("/tickets", {"service": "bakery"}, "service", id="an unknown service"),
        pytest.param("/tickets", {"service": "collect", "language": "xx"}, "language", id="an unknown language"),
        pytest.param("/tickets", {"service": "collect", "priority": 9}, "priority", id="too much priority"),
        pytest.param("/tickets", {"service": "collect", "priority": True}, "priority", id="a priority that is no number"),
        pytest.param("/tickets", {"service": "collect", "visit": "nobody"}, "visit", id="an unknown visit"),
        pytest.param("/counters/desk-1/shift", {"kind": "ajar"}, "kind", id="a counter that is ajar"),
    ],
)
def test_what_does_not_fit_is_422_with_its_field(shop: Shop, program: Program, path: str, body: dict[str, Any], field: str) -> None:
    serving, waits = brought_to(shop, State.SERVING, "desk-1"), brought_to(shop, State.WAITING, "")
    before = stored.moves_after(shop.db, 0, limit=100)
    problem = no(program.post(path.format(serving=serving, waits=waits), body), 422)
    assert field in [error["field"] for error in problem["errors"]]
    assert stored.moves_after(shop.db, 0, limit=100) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/tickets/none"), ("POST", "/tickets/none/start"), ("POST", "/tickets/none/fly"), ("POST", "/counters/none/shift"),
     ("GET", "/tickets/none/moves"), ("POST", "/tickets/none/expire"), ("GET", "/nothing")],
)  # fmt: skip
def test_what_is_not_there_is_404(program: Program, method: str, path: str) -> None:
    if method == "GET":
        no(program.get(path), 404)
    else:
        no(program.post(path, {"kind": "open"} if "shift" in path else None), 404)


def test_a_stale_tab_that_calls_a_called_ticket_is_told_who_has_it(shop: Shop, program: Program) -> None:
    kari = person(shop, "Kari")
    ticket = program.take()
    counters.open_(shop, "desk-1", by=kari.id)
    tickets.call_next(shop, "desk-1", by=kari.id)
    program.open("desk-2")
    problem = no(program.post(f"/tickets/{ticket['id']}/call", {"counter": "desk-2"}), 409)
    assert problem["detail"] == "Kari has already called it to desk-1"
    assert (problem["ticket"]["staff"], problem["ticket"]["counter_name"]) == ("Kari", "Desk 1")


def test_a_counter_that_has_somebody_or_is_not_open_calls_nobody_and_is_shown(program: Program) -> None:
    first, _ = program.take(), program.take()
    closed = no(program.post("/tickets/next", {"counter": "desk-1"}), 409)
    assert (closed["counter"]["kind"], "open it first" in closed["detail"]) == ("closed", True)
    program.open("desk-1")
    assert good(program.post("/tickets/next", {"counter": "desk-1"}))["id"] == first["id"]
    busy = no(program.post("/tickets/next", {"counter": "desk-1"}), 409)
    assert busy["counter"]["ticket"] == first["id"]


def test_nobody_in_line_is_no_content(program: Program) -> None:
    program.open("desk-1")
    assert program.post("/tickets/next", {"counter": "desk-1"}).status_code == 204


@pytest.mark.parametrize(("closed", "why"), [("hours", "closed"), ("pause", "paused")])
def test_a_queue_that_gives_no_tickets_says_why(tmp_path: Any, clock: TurnableClock, closed: str, why: str) -> None:
    opening = {"sat": ("13:00-18:00",)} if closed == "hours" else {}
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, opening=opening)
    if closed == "pause":
        counters.pause(shop, "collect", minutes=10, reason="the lift is stuck", by="kari")
    app = create(shop.settings, shop=shop)
    program = Program(app, shop)
    assert no(program.post("/tickets", {"service": "collect"}), 409)["why"] == why
    services = good(program.get("/services"))["services"]
    assert (services[1]["open"], services[1]["why"]) == (False, why)
    app.extensions["greetline-stores"].close()


def test_a_retried_request_is_the_same_ticket_and_the_same_call(program: Program) -> None:
    first, again = (program.post("/tickets", {"service": "collect"}, key="order-4711") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert good(first) == good(again)
    assert first.headers["Location"] == f"/api/v1/tickets/{good(first)['id']}"
    program.take()
    program.open("desk-1")
    one, two = (good(program.post("/tickets/next", {"counter": "desk-1"}, key="call-4711")) for _ in range(2))
    assert one == two
    started, repeated = (good(program.post(f"/tickets/{one['id']}/start", key="start-4711")) for _ in range(2))
    assert started == repeated, "a start that is sent twice is not refused the second time"


def test_a_call_that_is_sent_again_when_its_counter_has_closed_is_still_the_same_call(program: Program) -> None:
    chosen, following = program.take()["id"], program.take()["id"]
    program.open("desk-1", "desk-2")
    asked = [(f"/tickets/{chosen}/call", "desk-1", "call-0001"), ("/tickets/next", "desk-2", "call-0002")]
    for path, desk, key in asked:
        good(program.post(path, {"counter": desk}, key=key))
    for ticket, desk in ((chosen, "desk-1"), (following, "desk-2")):
        good(program.post(f"/tickets/{ticket}/cancel", {}))
        good(program.post(f"/counters/{desk}/shift", {"kind": "closed"}))
    for (path, desk, key), ticket in zip(asked, (chosen, following), strict=True):
        assert good(program.post(path, {"counter": desk}, key=key))["id"] == ticket


def test_the_same_key_of_another_program_or_at_another_address_is_another_request(app: Flask, shop: Shop, program: Program) -> None:
    mine = good(program.post("/tickets", {"service": "collect"}, key="order-0001"))
    theirs = good(Program(app, shop).post("/tickets", {"service": "collect"}, key="order-0001"))
    assert mine["id"] != theirs["id"]
    gone = good(program.post(f"/tickets/{mine['id']}/cancel", {}, key="order-0001"))
    assert gone["state"] == "cancelled"


def test_a_hold_that_is_sent_again_when_its_time_is_over_is_still_the_same_hold(
    shop: Shop, program: Program, clock: TurnableClock
) -> None:
    ticket = brought_to(shop, State.SERVING, "desk-1")
    assert good(program.post(f"/tickets/{ticket}/hold", FUTURE, key="hold-0001"))["state"] == "held"
    clock.turn(seconds=700)
    assert good(program.post(f"/tickets/{ticket}/hold", FUTURE, key="hold-0001"))["state"] == "held"


@pytest.mark.parametrize("key", ["", "short", "x" * 61, "blåbærsyltetøy", "with\ttab-inside"])
def test_a_request_that_cannot_be_told_from_its_retry_is_refused(program: Program, key: str) -> None:
    headers = {**program.headers, "Idempotency-Key": key} if key else program.headers
    no(program.client.post("/api/v1/tickets", json={"service": "collect"}, headers=headers), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"{\\"service\\": \\"collect\\"}"', b"\xff\xfe", b"null", b"[" * 5000])
def test_a_body_that_is_no_json_object_is_refused(program: Program, body: bytes) -> None:
    headers = program.headers | {"Idempotency-Key": "request-1", "Content-Type": "application/json"}
    no(program.client.post("/api/v1/tickets", data=body, headers=headers), 400)


def test_words_are_kept_without_what_could_reorder_a_screen(shop: Shop, program: Program) -> None:
    ticket = brought_to(shop, State.SERVING, "desk-1")
    said = good(program.post(f"/tickets/{ticket}/hold", FUTURE | {"reason": "asks \u202ethe\u0000 workshop\u2066"}))
    assert said["reason"] == "asks the workshop"


def test_a_page_of_the_history_leads_to_the_next_and_the_last_waits_for_more(program: Program) -> None:
    made = [program.take()["id"] for _ in range(5)]
    seen, cursor = [], ""
    for size in (2, 2, 1, 0):
        page = good(program.get(f"/history?limit=2{cursor}"))
        assert len(page["moves"]) == size
        seen += [move["ticket"] for move in page["moves"]]
        cursor = f"&cursor={page['next']}"
    assert seen == made
    more = program.take()["id"]
    assert [move["ticket"] for move in good(program.get(f"/history?limit=2{cursor}"))["moves"]] == [more]
    for wrong in ("limit=0", "limit=501", "limit=x", "cursor=-1", "cursor=abc", "cursor=" + "9" * 30, "page=2"):
        no(program.get(f"/history?{wrong}"), 422)


@pytest.mark.parametrize("path", ["/services", "/line", "/history", "/display", "/tickets/{ticket}", "/openapi.json"])
def test_what_has_not_changed_is_304_and_what_has_is_not(program: Program, clock: TurnableClock, path: str) -> None:
    path = path.format(ticket=program.take()["id"])
    first = program.get(path)
    tag = first.headers["ETag"]
    clock.turn(seconds=5)
    unchanged = program.get(path, If_None_Match=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    program.take()
    program.take()
    program.open("desk-1")
    program.post("/tickets/next", {"counter": "desk-1"})
    changed = program.get(path, If_None_Match=tag)
    assert changed.status_code == (304 if "openapi" in path else 200)


def test_the_line_is_in_the_order_of_calls_and_counts_who_is_ahead(shop: Shop, program: Program, clock: TurnableClock) -> None:
    made = []
    for service, priority in (("collect", 0), ("returns", 0), ("collect", 0), ("collect", 1)):
        made.append(program.take(service, priority=priority)["id"])
        clock.turn(seconds=1)
    line = good(program.get("/line"))
    assert [row["id"] for row in line["tickets"]] == [made[3], made[0], made[1], made[2]]
    assert [row["ahead"] for row in line["tickets"]] == [0, 1, 0, 2]
    assert [good(program.get(f"/tickets/{row['id']}"))["ahead"] for row in line["tickets"]] == [0, 1, 0, 2]
    here = stored.open_ones(shop.db)
    assert [order.ahead(ticket, here) for ticket in order.ordered(here)] == [0, 1, 0, 2]
    assert [row["id"] for row in good(program.get("/line?service=returns"))["tickets"]] == [made[1]]
    assert [counter["kind"] for counter in line["counters"]] == ["closed"] * 12


def test_services_are_named_in_the_language_that_is_asked_for(program: Program) -> None:
    assert [s["name"] for s in good(program.get("/services?language=nb"))["services"]] == ["Retur", "Collect"]
    no(program.get("/services?language=xx"), 422)


def test_a_counter_opens_rests_and_closes_and_saying_it_twice_changes_nothing(program: Program) -> None:
    for kind in ("open", "open", "break", "open", "closed", "closed"):
        assert good(program.post("/counters/desk-1/shift", {"kind": kind}))["kind"] == kind
    program.take()
    program.open("desk-1")
    program.post("/tickets/next", {"counter": "desk-1"})
    for kind in ("break", "closed"):
        assert no(program.post("/counters/desk-1/shift", {"kind": kind}), 409)["counter"]["kind"] == "open"


def test_the_address_of_a_customers_page_is_told_to_whoever_took_the_ticket_and_nowhere_else(program: Program) -> None:
    ticket = program.take()
    token = ticket["token"]
    program.open("desk-1")
    answers = [program.post("/tickets/next", {"counter": "desk-1"}), program.post(f"/tickets/{ticket['id']}/start")]
    answers += [program.get(path) for path in ("/services", "/line", "/history", "/display", f"/tickets/{ticket['id']}")]
    answers.append(program.post(f"/tickets/{ticket['id']}/start"))
    for answer in answers:
        assert token not in answer.get_data(as_text=True), answer.request.path


def test_every_state_there_is_is_one_that_somebody_can_read(shop: Shop, program: Program) -> None:
    program.open("desk-1")
    for number, state in enumerate(State, start=1):
        row = good(program.get(f"/tickets/{brought_to(shop, state, f'desk-{number}')}"))
        assert (row["state"], row["ended_at"] is None) == (state, state in OPEN)
