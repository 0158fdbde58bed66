"""A customer's own page: every state in words, every tap once, and calm words for whatever leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask_babel import force_locale
from werkzeug.test import TestResponse

from broker.desk import counters, tickets
from broker.domain.ticket import Channel, Move, Outcome, Said, State, Ticket
from broker.store import learnt
from broker.store import tickets as rows
from broker.store.database import change
from broker.web.languages import say
from tests.builders import TurnableClock, later
from tests.kiosk.parts import Screen

LANGUAGES = ("en", "nb", "nl", "ms", "lv")
LONG = "9" * 10_000
EVIL = ("\x00", "\u202e", "\x1b[2J", "<script>alert(1)</script>", "' OR 1=1 --", LONG)


class Phone:
    """A phone of a customer: a browser that is paired with nothing, and the page of one ticket."""

    def __init__(self, kiosk: Screen, ticket: Ticket) -> None:
        self.client = kiosk.app.test_client()
        self.shop = kiosk.shop
        self.id, self.address = ticket.id, f"/t/{ticket.token}"

    @property
    def ticket(self) -> Ticket:
        return rows.get(self.shop.db, self.id)

    def page(self, query: str = "", status: int = 200) -> str:
        answer = self.client.get(self.address + query)
        assert answer.status_code == status
        return text_of(answer)

    def tap(self, action: str, *, page: str = "", query: str = "", **fields: str) -> TestResponse:
        """Tap what *page* offers; without one, what the page offers now."""
        html = page or self.client.get(self.address).get_data(as_text=True)
        form = {
            name: found[1] for name in ("csrf_token", "version") if (found := re.search(rf'name="{name}" value="([^"]+)"', html))
        }
        return self.client.post(f"{self.address}/{action}{query}", data=form | fields)

    def offered(self) -> list[str]:
        """What can be done on the page now."""
        return re.findall(r'data-key="(\w+)"', self.client.get(self.address).get_data(as_text=True))


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def words(page: str) -> str:
    """What is read on a page, without marks."""
    body = page.split("<body")[1].split("<footer")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body.split('id="live"')[1].partition(">")[2]).split())


@pytest.fixture
def phone(kiosk: Screen) -> Phone:
    return Phone(kiosk, kiosk.someone_takes(told=(300, 600)))


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


def test_one_tap_is_done_once_however_often_it_is_sent_and_from_however_many_phones(
    kiosk: Screen, phone: Phone, clock: TurnableClock
) -> None:
    for _ in range(3):
        clock.turn(seconds=1)
        kiosk.someone_takes()
    other = Phone(kiosk, phone.ticket)
    first, second = phone.page(), other.page()
    for tapped in (phone.tap("pass", page=first), phone.tap("pass", page=first), other.tap("pass", page=second)):
        assert tapped.status_code == 303
    assert "1 person ahead of you" in words(phone.page())
    other.tap("pass")
    assert "2 people ahead of you" in words(phone.page())


def test_what_the_state_refuses_is_said_in_words_with_how_it_stands(phone: Phone) -> None:
    for action in ("here", "back", "pass", "book"):
        answer = phone.tap(action)
        assert answer.status_code == 409
        read = words(text_of(answer))
        assert read.startswith("That is no longer possible. This is how it stands now. Your place in the queue R 001")
    assert phone.ticket.version == 1


def test_a_page_from_before_does_what_is_still_possible_and_nothing_else(kiosk: Screen, phone: Phone) -> None:
    before = phone.page()
    kiosk.call()
    refused = phone.tap("away", page=before, minutes="5")
    assert refused.status_code == 409
    assert "It is your turn" in words(text_of(refused))
    for version in ("0", "99", "-1", "x", "", LONG, "1e3"):
        assert phone.tap("here", version=version).status_code == 409
    assert phone.ticket.state is State.CALLED


@pytest.mark.parametrize(
    "token", ["x" * 22, "x", "x" * 10_000, "x" * 21 + "\u202e", "%00" * 22, "../../etc/passwd", "gone, ticket 1"]
)
def test_an_unknown_address_is_a_calm_page_that_says_what_to_do(kiosk: Screen, phone: Phone, token: str) -> None:
    assert phone.ticket
    for path in (f"/t/{token}", f"/t/{token}/leave"):
        answer = phone.client.get(path)
        assert answer.status_code == 404
        assert "There is no number behind this address" in text_of(answer)
        assert "For a new number, come to us in the shop." in text_of(answer)


def test_an_action_that_is_none_is_calm_too(phone: Phone) -> None:
    for action in ("undo", "finish", "cancel", "a" * 5_000):
        assert phone.tap(action).status_code == 404
    assert phone.ticket.version == 1


def test_nothing_is_done_by_looking(phone: Phone) -> None:
    for action in ("here", "away", "back", "pass", "book", "feedback"):
        answer = phone.client.get(f"{phone.address}/{action}")
        assert answer.status_code == 405
        assert "Your place is kept. Please look again." in text_of(answer)
        assert f'href="../../t/{phone.address[3:]}"' in answer.get_data(as_text=True)
    assert phone.ticket.version == 1


def test_a_form_of_another_page_is_refused_and_leads_back(phone: Phone) -> None:
    for form in ({"version": "1"}, {"version": "1", "csrf_token": "made-up"}, {"csrf_token": LONG}):
        answer = phone.client.post(f"{phone.address}/leave", data=form)
        assert answer.status_code == 400
        assert "This page was too old" in text_of(answer)
        assert "Look again" in text_of(answer)
    assert phone.client.post(f"{phone.address}/leave", data={"version": "1" * 100_000}).status_code in (400, 413)
    page = phone.page()
    refused = phone.client.post(
        f"{phone.address}/leave", data=dict(re.findall(r'name="(csrf_token|version)" value="([^"]+)"', page)),
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip
    assert refused.status_code == 403
    assert phone.ticket.state is State.WAITING


def test_nothing_that_is_sent_comes_back_as_anything_but_words(phone: Phone) -> None:
    for said in EVIL:
        for field in ("minutes", "version", "lang", "csrf_token"):
            answer = phone.tap("away", **({"minutes": "99"} | {field: said}))
            assert answer.status_code in (400, 409)
            assert said not in answer.get_data(as_text=True)
    assert phone.ticket.version == 1


def test_the_page_speaks_the_language_of_the_ticket_and_whichever_is_chosen(kiosk: Screen) -> None:
    for language, other in zip(LANGUAGES, (*LANGUAGES[1:], "en"), strict=True):
        phone = Phone(kiosk, kiosk.someone_takes(language=language))
        own, chosen = (f'<html lang="{"en-GB" if tag == "en" else tag}">' for tag in (language, other))
        assert own in phone.page()
        page = phone.page(f"?lang={other}")
        assert chosen in page
        assert f"/away?lang={other}" in page
        assert all(name in page for name in ("English", "Norsk", "Nederlands", "Melayu", "Latviešu"))
        tapped = phone.tap("away", query=f"?lang={other}", minutes="5")
        assert tapped.location.endswith(f"?lang={other}")
        assert phone.ticket.language == language
        assert own in phone.page("?lang=xx")


def test_an_unchanged_page_is_not_sent_again(kiosk: Screen, phone: Phone, clock: TurnableClock) -> None:
    first = phone.client.get(phone.address)
    clock.turn(seconds=30)
    again = phone.client.get(phone.address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert phone.client.get(f"{phone.address}?lang=nb", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    kiosk.call()
    assert phone.client.get(phone.address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_page_is_kept_by_nobody_and_leads_to_nobody_else(phone: Phone) -> None:
    answer = phone.client.get(phone.address)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = answer.get_data(as_text=True)
    assert '<meta name="robots" content="noindex">' in page
    # A proxy may have put these pages below a path of its own: no address begins at the root of the server.
    assert re.findall(r'(?:href|src|action|data-here)="(/[^"]*)"', page) == []


def test_without_scripts_a_page_that_waits_is_asked_for_again_and_one_that_ended_is_not(phone: Phone) -> None:
    again = '<noscript><meta http-equiv="refresh" content="30"></noscript>'
    assert again in phone.page()
    assert again not in text_of(phone.client.get(f"{phone.address}/leave"))
    tickets.move(phone.shop, phone.id, Move.CANCEL)
    assert again not in phone.page()
    assert "http-equiv" not in phone.page()


def test_a_phone_opens_no_screen_of_the_shop(phone: Phone) -> None:
    for path in ("/kiosk", "/display", "/poster"):
        assert phone.client.get(path).location == "/pair"
    assert phone.client.get("/api/v1/board").status_code == 401


def test_a_store_that_cannot_be_read_is_said_calmly(kiosk: Screen, phone: Phone) -> None:
    kiosk.app.extensions["greetline-stores"].close()
    store = kiosk.shop.settings.store.data / "greetline.db"
    store.rename(store.with_suffix(".away"))
    store.mkdir()
    try:
        page = phone.page(status=500)
    finally:
        store.rmdir()
        store.with_suffix(".away").rename(store)
    assert "Your place is not shown right now" in page
    assert "Your place is kept." in page


def test_the_phone_page_counts_as_a_page_for_the_code_on_the_ticket(made: Callable[..., Screen]) -> None:
    kiosk = made(kiosk={"public_base_url": "https://q.shop.example"})
    page = kiosk.page(kiosk.take().location)
    assert "Scan to follow your place on your phone" in page
    assert kiosk.given()[0].channel is Channel.KIOSK
