"""Taking a number with a phone: for those who stand in the shop, one to a phone, few to an address, never from home."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from werkzeug.test import TestResponse

from broker.desk import counters, joining, tickets
from broker.domain.ticket import Channel, Move
from broker.store import visits
from kiosk.join import source
from tests.builders import TurnableClock
from tests.kiosk.parts import Screen

ON = {"kiosk": {"public_base_url": "https://q.shop.example"}, "join": {"enabled": True}}


class Guest:
    """Somebody's phone: a browser that knows nothing of the shop yet."""

    def __init__(self, kiosk: Screen, address: str = "192.0.2.7") -> None:
        self.kiosk = kiosk
        self.client = kiosk.app.test_client()
        self.client.environ_base = self.client.environ_base | {"REMOTE_ADDR": address}

    def scan(self, secret: str = "") -> TestResponse:
        """Open what the poster shows now."""
        return self.client.get(f"/j/{secret or joining.secret(self.kiosk.shop)}")

    def choose(self, page: TestResponse, service: str = "returns", **fields: str) -> TestResponse:
        """Tap a service on *page*."""
        html = page.get_data(as_text=True)
        form = dict(re.findall(r'name="(csrf_token|key)" value="([^"]+)"', html))
        found = re.search(r'action="\.\./(j/[^"]+)"', html)
        assert found, html
        return self.client.post(f"/{found[1]}", data=form | {"service": service} | fields)

    def follow(self, answer: TestResponse) -> str:
        """Go where *answer* leads: to the page of the ticket."""
        assert answer.status_code == 303
        where = re.sub(r"^(\.\./)+", "/", answer.location)
        assert where.startswith("/t/")
        page = self.client.get(where)
        assert page.status_code == 200
        return text_of(page)


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


@pytest.fixture
def kiosk(made: Callable[..., Screen]) -> Screen:
    """A shop that gives numbers to phones."""
    return made(**ON)


def test_from_the_poster_to_the_page_of_a_number(kiosk: Screen) -> None:
    kiosk.someone_takes()
    poster = kiosk.page("/poster")
    assert "Scan to take a number on your phone" in poster
    assert '<svg viewBox="0 0 ' in poster
    guest = Guest(kiosk)
    page = guest.scan()
    read = " ".join(re.sub(r"<[^>]+>", " ", text_of(page)).split())
    assert "Choose what you need Returns 1 person ahead of you Wait not known yet Collect No one ahead of you" in read
    assert "One number for each phone. We do not ask your name." in read
    own = guest.follow(guest.choose(page))
    assert "R\u00a0002" in own
    assert "1 person ahead of you" in own
    given = kiosk.given()[-1]
    assert (given.channel, given.service, given.visit) == (Channel.PHONE, "returns", None)
    assert len(visits.open_ones(kiosk.shop.db)) == 1, "whoever takes one by phone came in through the door before"


def test_no_number_can_be_taken_from_home(kiosk: Screen, clock: TurnableClock) -> None:
    at_home, slow = Guest(kiosk), Guest(kiosk)
    secret, opened = joining.secret(kiosk.shop), at_home.scan()
    slow_page = slow.scan()
    clock.turn(seconds=900)
    assert slow.choose(slow_page).status_code == 303
    clock.turn(seconds=600)
    for answer in (at_home.scan(secret), at_home.choose(opened), Guest(kiosk).scan(secret)):
        assert answer.status_code == 410
        assert "Please scan the code in the shop again" in text_of(answer)
        assert "numbers go to those who are here" in text_of(answer)
    assert len(kiosk.given()) == 1
    assert Guest(kiosk).scan().status_code == 200


def test_a_made_up_code_is_a_kind_page(kiosk: Screen) -> None:
    for secret in ("x" * 22, "x", "x" * 10_000, "\u202e" * 22, "%00" * 22, "<script>", "' OR 1=1 --"):
        answer = Guest(kiosk).scan(secret)
        assert answer.status_code in (404, 410)
        assert "<script>" not in answer.get_data(as_text=True).replace('<script type="', "")
        assert "the shop" in text_of(answer)


def test_one_phone_has_one_number_at_a_time_and_is_led_back_to_it(kiosk: Screen) -> None:
    guest = Guest(kiosk)
    page = guest.scan()
    first = guest.choose(page)
    assert guest.choose(page).location == first.location
    assert guest.choose(page, "collect", key="f" * 32).location == first.location
    assert guest.follow(guest.scan()).count("R\u00a0001") == 2
    assert len(kiosk.given()) == 1
    tickets.move(kiosk.shop, kiosk.given()[0].id, Move.CANCEL)
    assert guest.scan().status_code == 200
    assert guest.choose(guest.scan()).status_code == 303
    assert len(kiosk.given()) == 1


def test_a_tap_that_is_sent_twice_before_the_answer_came_gives_one_number(kiosk: Screen) -> None:
    guest = Guest(kiosk)
    page = guest.scan()
    first = guest.choose(page)
    guest.client.delete_cookie("kiosk-ticket")
    assert guest.choose(page).location == first.location
    assert len(kiosk.given()) == 1


def test_one_address_gets_few_numbers_a_minute_and_another_is_not_kept_waiting(made: Callable[..., Screen]) -> None:
    kiosk = made(**ON | {"join": {"enabled": True, "tickets_a_minute": 3}})
    answers = []
    for _ in range(4):
        guest = Guest(kiosk)
        answers.append(guest.choose(guest.scan()))
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "Many numbers were taken just now." in text_of(answers[-1])
    other = Guest(kiosk, "192.0.2.8")
    assert other.choose(other.scan()).status_code == 303


def test_an_address_of_ipv6_is_a_household() -> None:
    assert source("2001:db8:1:2:3::4") == source("2001:db8:1:2:ffff::1")
    assert source("2001:db8:1:2::1") != source("2001:db8:1:3::1")
    assert source("192.0.2.7") != source("192.0.2.8")
    assert source(None) == source("nonsense") == "unknown"


@pytest.mark.parametrize("without", ["kiosk", "join"])
def test_it_is_off_until_the_shop_wants_it(made: Callable[..., Screen], without: str) -> None:
    kiosk = made(**{key: value for key, value in ON.items() if key != without})
    answer = Guest(kiosk).scan(joining.secret(kiosk.shop))
    assert answer.status_code == 404
    assert "Numbers are given at the screen in the shop" in text_of(answer)
    poster = kiosk.page("/poster")
    assert "[join] enabled and public_base_url" in poster
    assert "Scan" not in poster.split("<main")[1]


def test_a_closed_shop_says_when_it_opens_and_gives_nothing(made: Callable[..., Screen], clock: TurnableClock) -> None:
    kiosk = made(**ON, opening={"sat": ["10:00-12:05"], "mon": ["10:00-20:00"]})
    guest = Guest(kiosk)
    page = guest.scan()
    clock.turn(seconds=360)
    assert "We are closed. Open again: Monday 23 November, 10:00" in text_of(guest.scan())
    assert "We are closed. Open again: Monday 23 November, 10:00" in kiosk.page("/poster")
    refused = guest.choose(page)
    assert (refused.status_code, kiosk.given()) == (409, [])
    assert "This queue has just stopped for now." in text_of(refused)


def test_what_cannot_be_given_is_said_where_it_was_asked(kiosk: Screen) -> None:
    counters.pause(kiosk.shop, "returns", minutes=15, reason="no hands", by="kari")
    guest = Guest(kiosk)
    page = guest.scan()
    assert "Paused until about 12:15" in text_of(page)
    assert "no hands" not in text_of(page)
    for service, status in (("returns", 409), ("nothing", 404), ("<script>", 404), ("r" * 10_000, 404), ("\x00\u202e", 404)):
        assert guest.choose(page, service).status_code == status
    for key in ("", "short", "g" * 32, "0" * 10_000):
        assert guest.choose(page, "collect", key=key).status_code == 400
    assert guest.choose(page, "collect", csrf_token="").status_code == 400
    assert kiosk.given() == []


def test_nothing_is_taken_by_looking(kiosk: Screen) -> None:
    guest = Guest(kiosk)
    answer = guest.client.get(f"/j/{joining.secret(kiosk.shop)}/take?service=returns")
    assert answer.status_code == 405
    assert kiosk.given() == []


def test_it_speaks_the_language_of_the_phone_or_the_chosen_one(kiosk: Screen) -> None:
    secret = joining.secret(kiosk.shop)
    for header, query, tag in (("nb", "", "nb"), ("lv", "?lang=nl", "nl"), ("fr", "", "en-GB")):
        guest = Guest(kiosk)
        page = guest.client.get(f"/j/{secret}{query}", headers={"Accept-Language": header})
        assert f'<html lang="{tag}">' in page.get_data(as_text=True)
    taken = guest.client.get(f"/j/{secret}?lang=nl")
    assert "/take?lang=nl" in taken.get_data(as_text=True)
    assert guest.choose(taken).status_code == 303
    assert kiosk.given()[0].language == "nl"


def test_the_cookie_is_no_script_s_business_and_opens_one_page_only(kiosk: Screen) -> None:
    guest = Guest(kiosk)
    cookie = guest.choose(guest.scan()).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    guest.client.set_cookie("kiosk-ticket", "' OR 1=1 --" * 100)
    assert guest.scan().status_code == 200


def test_the_poster_is_for_screens_of_the_shop_and_goes_on_by_itself(kiosk: Screen, clock: TurnableClock) -> None:
    assert Guest(kiosk).client.get("/poster").location == "/pair"
    first = kiosk.page("/poster")
    assert 'data-every="20"' in first
    assert kiosk.page("/poster").split('class="qr')[1].split("</div>")[0] == first.split('class="qr')[1].split("</div>")[0]
    clock.turn(seconds=600)
    assert kiosk.page("/poster").split('class="qr')[1].split("</div>")[0] != first.split('class="qr')[1].split("</div>")[0]
    assert '"/j/' not in first, "the code is for eyes in the shop"
