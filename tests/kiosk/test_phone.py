"""A customer's own page: every state in words, and what can be done in it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask_babel import force_locale

from broker.desk import counters, tickets
from broker.domain.ticket import Move, Outcome, Said, State
from broker.store import learnt
from broker.store.database import change
from broker.web.languages import say
from tests.builders import TurnableClock, later
from tests.kiosk.parts import Screen
from tests.kiosk.phones import Phone, text_of, words

LANGUAGES = ("en", "nb", "nl", "ms", "lv")
LONG = "9" * 10_000
EVIL = ("\x00", "\u202e", "\x1b[2J", "<script>alert(1)</script>", "' OR 1=1 --", LONG)


def test_who_waits_reads_the_place_the_range_and_where(kiosk: Screen, clock: TurnableClock) -> None:
    for _ in range(3):
        kiosk.someone_takes()
        clock.turn(seconds=60)
    page = Phone(kiosk, kiosk.someone_takes(told=(300, 600))).page()
    assert "<title>3 ahead · R\u00a0004</title>" in page
    read = words(page)
    assert "Your place in the queue R 004 3 people ahead of you About 5–10 min Your estimate from 12:03" in read
    assert "You will be called to: Desk 1" in read
    assert page.split('data-part="people"')[1].split("</p>")[0].count('"#person"') == 3


def test_what_was_told_is_never_edited(phone: Phone, clock: TurnableClock) -> None:
    for seconds in (0, 240, 200):
        clock.turn(seconds=seconds)
        assert "About 5–10 min Your estimate from 12:00" in words(phone.page())


def test_a_wait_that_cannot_be_kept_is_said_with_an_apology_and_the_choice(kiosk: Screen, clock: TurnableClock) -> None:
    counters.open_(kiosk.shop, "desk-1", by="kari")
    for _ in range(3):
        kiosk.someone_takes()
        clock.turn(seconds=1)
    phone = Phone(kiosk, kiosk.someone_takes(told=(60, 120)))
    body = {"samples": 60, "ranges": [["", -1, -0.2, 0.2, 0.0]], "pace": {"returns": [600.0] * 30}, "judged": 60, "earned": True}
    with change(kiosk.shop.db):
        learnt.keep(kiosk.shop.db, "waits", kiosk.shop.clock(), body | {"audit": {}})
    read = words(phone.page())
    assert "We told you at 12:00: About 1–2 min This is taking longer than we said. We are sorry. New estimate: About" in read
    assert "Choose what suits you: stay, or one of the buttons below." in read
    assert {"away", "book"} <= set(phone.offered())
    with change(kiosk.shop.db):
        learnt.keep(kiosk.shop.db, "waits", kiosk.shop.clock(), body | {"earned": False, "audit": {}})
    assert "We are sorry" not in words(phone.page())
    clock.turn(seconds=121)
    assert "We do not know yet how long; your place is kept." in words(phone.page())


def test_a_called_customer_reads_where_and_by_when_and_may_say_that_they_are_here(kiosk: Screen, phone: Phone) -> None:
    kiosk.call()
    assert "It is your turn R 001 Please come to Desk 1 Please come by 12:01. I’m here" in words(phone.page())
    assert "<title>It is your turn · R\u00a0001</title>" in phone.page()
    assert phone.tap("here").status_code == 303
    assert (phone.ticket.state, phone.ticket.staff, phone.ticket.counter) == (State.SERVING, "kari", "desk-1")
    assert words(phone.page()).startswith("You are being served R 001 Desk 1")


@pytest.mark.parametrize(
    ("reason", "read"),
    [
        ("stockroom", "kari is in the stockroom and is back by 12:05."),
        ("colleague", "kari is asking a colleague and is back by 12:05."),
        ("payment", "kari is seeing to the payment and is back by 12:05."),
        ("She shouts, careful", "kari is back by 12:05."),
    ],
)
def test_on_hold_they_read_who_and_until_when_and_never_what_staff_wrote(
    kiosk: Screen, phone: Phone, clock: TurnableClock, reason: str, read: str
) -> None:
    kiosk.call()
    tickets.move(kiosk.shop, phone.id, Move.START, Said(by="kari"))
    tickets.move(kiosk.shop, phone.id, Move.HOLD, Said(by="kari", until=later(300), reason=reason))
    assert words(phone.page()).startswith(f"We are working on it R 001 {read}")
    assert "shouts" not in phone.page()
    clock.turn(seconds=301)
    assert "We said 12:05 and are still on it. We are sorry." in words(phone.page())


def test_the_customer_reads_what_the_counter_was_shown_before(kiosk: Screen) -> None:
    for language in LANGUAGES:
        with kiosk.app.test_request_context(), force_locale(language):
            for why in ("stockroom", "colleague", "payment", "other"):
                shown, read = (say(f"{key}_{why}", name="Kari", time="14:07") for key in ("counter.reads", "mobile.held"))
                assert shown.strip("“”«»") == read


def test_a_note_for_the_next_counter_is_not_for_the_customer(kiosk: Screen, phone: Phone) -> None:
    tickets.transfer(kiosk.shop, phone.id, service="advice", note="Smells of drink", by="kari")
    page = phone.page()
    assert "You now wait for: Advice. Your number and your time stay." in words(page)
    assert "drink" not in page


def test_stepping_away_keeps_the_place_once_and_counts_down(phone: Phone, clock: TurnableClock) -> None:
    before = phone.page()
    assert re.findall(r'name="minutes" value="(\d+)"', before) == ["5", "10", "15"]
    assert phone.tap("away", minutes="10").status_code == 303
    clock.turn(seconds=55)
    assert "Your place is kept until 12:10 9:05 No one ahead of you" in words(phone.page())
    assert phone.tap("back").status_code == 303
    assert phone.ticket.state is State.WAITING
    assert "away5" not in phone.offered()
    assert phone.tap("away", page=before, minutes="5", version=str(phone.ticket.version)).status_code == 409


def test_a_shop_says_for_how_long_somebody_may_step_away(made: Callable[..., Screen]) -> None:
    for seconds, offered in ((600, ["5", "10"]), (120, ["2"])):
        kiosk = made(queues={"step_away_seconds": seconds})
        phone = Phone(kiosk, kiosk.someone_takes())
        assert re.findall(r'name="minutes" value="(\d+)"', phone.page()) == offered
        for minutes in ("15", "1", "-5", "5.0", "x", LONG):
            assert phone.tap("away", minutes=minutes).status_code == 409
        assert phone.tap("away", minutes=offered[-1]).status_code == 303


def test_the_next_person_goes_first_where_there_is_one(kiosk: Screen, phone: Phone, clock: TurnableClock) -> None:
    assert "pass" not in phone.offered()
    clock.turn(seconds=1)
    kiosk.someone_takes()
    assert phone.tap("pass").status_code == 303
    assert "1 person ahead of you" in words(phone.page())
    assert "pass" not in phone.offered()


def test_leaving_asks_first_and_ends_the_page(phone: Phone) -> None:
    asked = text_of(phone.client.get(f"{phone.address}/leave"))
    assert "Leave the queue? To come back you need a new number." in words(asked)
    assert phone.ticket.state is State.WAITING
    assert phone.tap("leave", page=asked).location.endswith(phone.address[1:])
    assert "This number has left the queue R 001 You are welcome to take a new number in the shop." in words(phone.page())
    assert phone.client.get(f"{phone.address}/leave").status_code == 303


def test_a_call_back_has_a_window_that_is_stated_and_kept(kiosk: Screen, clock: TurnableClock) -> None:
    counters.open_(kiosk.shop, "desk-1", by="kari")
    for _ in range(4):
        kiosk.someone_takes()
    phone = Phone(kiosk, kiosk.someone_takes())
    assert "book" not in phone.offered()
    body = {"samples": 60, "ranges": [["", -1, -0.2, 0.2, 0.0]], "pace": {"returns": [600.0] * 30}, "judged": 60, "earned": True}
    with change(kiosk.shop.db):
        learnt.keep(kiosk.shop.db, "waits", kiosk.shop.clock(), body | {"audit": {}})
    offered = re.search(r"We call your number between (\S+) and (\S+)\.", phone.page())
    assert offered
    assert phone.tap("book").status_code == 303
    read = words(phone.page())
    assert f"We call you later R 005 We call your number between {offered[1]} and {offered[2]}." in read
    assert f"You are free until {offered[1]}; please be in the shop from then." in read
    assert phone.ticket.until
    clock.at = phone.ticket.until
    tickets.run_due(kiosk.shop)
    assert "We are sorry. We did not call you in the time that we said." in words(phone.page())
    assert phone.tap("back").status_code == 303
    assert phone.ticket.state is State.WAITING


def test_who_missed_their_calls_may_come_back_for_half_an_hour(kiosk: Screen, phone: Phone, clock: TurnableClock) -> None:
    kiosk.call()
    clock.turn(seconds=90)
    tickets.run_due(kiosk.shop)
    assert "We called your number and kept you a place. Your number stays good." in words(phone.page())
    tickets.call_next(kiosk.shop, "desk-1", by="kari")
    clock.turn(seconds=90)
    tickets.run_due(kiosk.shop)
    assert "We called your number R 001 You can have your place back until 12:33. I’m back" in words(phone.page())
    before = phone.page()
    clock.turn(seconds=1801)
    assert "This number is no longer waiting" in words(phone.page())
    assert phone.tap("back", page=before).status_code == 409
    clock.turn(seconds=-60)
    assert phone.tap("back").status_code == 303
    assert phone.ticket.state is State.WAITING


def test_a_shop_that_has_closed_offers_no_way_back(made: Callable[..., Screen], clock: TurnableClock) -> None:
    kiosk = made(opening={"sat": ["10:00-12:10"]})
    phone = Phone(kiosk, kiosk.someone_takes())
    assert "We close at 12:10." in phone.page()
    clock.turn(seconds=660)
    tickets.run_closing(kiosk.shop)
    assert "This number is no longer waiting R 001 You are welcome to take a new number" in words(phone.page())
    assert phone.offered() == []


@pytest.mark.parametrize(
    ("outcome", "told", "read"),
    [
        (Outcome.SOLVED, (60, 120), "Thank you for coming to us. You are welcome back any time."),
        (Outcome.NOT_SOLVED, (60, 120), "We are sorry that this is not solved yet. Thank you for your patience."),
        (Outcome.SOLVED, (10, 20), "We are sorry that you waited longer than we said. Thank you for your patience."),
        (Outcome.REFERRED, (60, 120), "Thank you for coming to us. You know where to go next, and they know your case."),
    ],
)
def test_the_goodbye_suits_how_it_went(
    kiosk: Screen, clock: TurnableClock, outcome: Outcome, told: tuple[float, float], read: str
) -> None:
    phone = Phone(kiosk, kiosk.someone_takes(told=told))
    clock.turn(seconds=60)
    kiosk.call()
    tickets.move(kiosk.shop, phone.id, Move.START, Said(by="kari"))
    tickets.finish(kiosk.shop, phone.id, outcome, by="kari", reason="Repairs, drunk again")
    assert words(phone.page()).startswith(f"Goodbye R 001 {read}")
    assert "drunk" not in phone.page()


def test_feedback_is_one_tap_that_may_be_changed(kiosk: Screen, phone: Phone) -> None:
    kiosk.call()
    assert phone.tap("feedback", verdict="good").status_code == 409
    tickets.move(kiosk.shop, phone.id, Move.START, Said(by="kari"))
    tickets.finish(kiosk.shop, phone.id, Outcome.SOLVED, by="kari")
    assert phone.offered() == ["good", "fair", "poor"]
    for verdict in ("poor", "good"):
        assert phone.tap("feedback", verdict=verdict).status_code == 303
        assert f'value="{verdict}" data-key="{verdict}" aria-pressed="true"' in phone.page()
    assert "Thank you for telling us." in words(phone.page())
    for verdict in ("", "great", *EVIL):
        assert phone.tap("feedback", verdict=verdict).status_code == 409
    assert 'value="good" data-key="good" aria-pressed="true"' in phone.page()
