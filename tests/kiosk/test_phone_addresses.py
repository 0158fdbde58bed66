"""A customer's own page: every tap once, and calm words for whatever leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from broker.desk import tickets
from broker.domain.ticket import Channel, Move, State
from tests.builders import TurnableClock
from tests.kiosk.parts import Screen
from tests.kiosk.phones import Phone, text_of, words

LANGUAGES = ("en", "nb", "nl", "ms", "lv")
LONG = "9" * 10_000
EVIL = ("\x00", "\u202e", "\x1b[2J", "<script>alert(1)</script>", "' OR 1=1 --", LONG)


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
