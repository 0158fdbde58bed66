"""The touch screen: from a tap to a number, and everything that can be in the way, each with its sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from pydantic import ValidationError

from broker.desk import alerts, counters, pairing, tickets
from broker.domain.ticket import Move, Said
from broker.domain.visit import State as VisitState
from broker.settings import Settings
from broker.shop import Shop
from broker.store import learnt, visits
from broker.store.database import change
from kiosk import qr
from tests.builders import TurnableClock, later
from tests.kiosk.parts import KEY, Screen, card

PAGES = ("/kiosk", "/kiosk/language")
NO_NUMBERS = "Please ask our staff; we will help you. No numbers are given right now."


def test_from_a_tap_to_a_number_with_the_people_ahead(kiosk: Screen) -> None:
    kiosk.someone_takes()
    assert card(kiosk.page(), "returns") == "Returns 1 person ahead of you Wait not known yet"
    assert "No one ahead of you" in card(kiosk.page(), "collect")
    taken = kiosk.take()
    assert taken.status_code == 303
    page = kiosk.page(taken.location)
    assert "R\u00a0002" in page
    assert "1 person ahead of you" in page
    assert "You keep your place. The waiting time is not known right now." in page
    assert "You will be called to: Desk 1" in page


def test_a_called_number_reads_where_to_come(kiosk: Screen) -> None:
    taken = kiosk.take()
    kiosk.call()
    page = kiosk.page(taken.location)
    assert "It is your turn. Please come to Desk 1" in page
    assert "ahead of you" not in page


def test_a_tap_that_is_sent_twice_gives_one_number(kiosk: Screen) -> None:
    first, second = kiosk.take(), kiosk.take()
    assert first.location == second.location
    assert kiosk.take("collect").location == first.location
    assert len(kiosk.given()) == 1
    assert kiosk.take(key="f" * 32).location != first.location


def test_another_screen_cannot_reach_a_number_by_its_key(kiosk: Screen, made: Callable[..., Screen]) -> None:
    other = Screen(kiosk.app, kiosk.shop).pair()
    assert kiosk.take().location != other.take().location
    assert len(kiosk.given()) == 2


def test_a_script_is_told_where_to_go_and_the_number(kiosk: Screen) -> None:
    told = kiosk.post("/kiosk/tickets", {"service": "returns", "key": KEY}, headers={"Accept": "application/json"})
    assert told.json == {"go": f"/kiosk/tickets/{kiosk.given()[0].id}", "shown": "R\u00a0001", "heard": {}}


def test_what_is_told_is_kept_with_the_ticket_and_never_a_point_or_nought(kiosk: Screen, shop: Shop) -> None:
    counters.open_(shop, "desk-1", by="kari")
    ranges = [["", -1, -0.2, 0.2, 0.0]]
    body = {"samples": 60, "ranges": ranges, "pace": {"returns": [240.0] * 30}, "judged": 60, "earned": True, "audit": {}}
    with change(shop.db):
        learnt.keep(shop.db, "waits", shop.clock(), body)
    for people, told in ((0, "Less than a minute"), (1, "About 2–6 min"), (2, "About 5–15 min"), (3, "About 8–20 min")):
        row = kiosk.get("/kiosk/waits").json["services"][0]
        page = kiosk.page(kiosk.take(key=f"{people:032x}").location)
        given = kiosk.given()[-1]
        assert (row["wait"], told in page) == (told, True)
        assert given.told_to is not None


def test_a_ticket_counts_as_a_greeting_only_where_the_shop_says_so(made: Callable[..., Screen]) -> None:
    for greets, state in ((True, VisitState.QUEUED), (False, VisitState.ENTERED)):
        kiosk = made(kiosk={"greets": greets})
        kiosk.take()
        ticket = kiosk.given()[0]
        assert ticket.visit
        assert visits.get(kiosk.shop.db, ticket.visit).state is state


@pytest.mark.parametrize(
    ("language", "name", "ahead"),
    [("nb", "Retur", "Ingen foran deg"), ("lv", "Atgriešana", "Pirms jums neviena nav"), ("nl", "Returns", "Er is niemand voor u")],
)
def test_the_chosen_language_goes_with_the_customer_and_stays_on_the_ticket(
    kiosk: Screen, language: str, name: str, ahead: str
) -> None:
    page = kiosk.page(f"/kiosk?lang={language}")
    assert f'<html lang="{language}">' in page
    assert card(page, "returns").startswith(f"{name} {ahead}")
    taken = kiosk.take(lang=language, big="1")
    assert taken.location.endswith(f"?lang={language}&big=1")
    assert f'<html lang="{language}">' in kiosk.page(taken.location)
    assert kiosk.given()[0].language == language
    over = re.search(r'data-part="over" href="([^"]+)"', kiosk.page(taken.location))
    assert over
    assert over[1] == "/kiosk"
    assert '<html lang="en-GB">' in kiosk.page(over[1])


def test_every_page_offers_a_person_and_a_way_to_begin_anew(kiosk: Screen) -> None:
    taken = kiosk.take().location
    helped = kiosk.post("/kiosk/help").location
    pages = [kiosk.page(path) for path in (*PAGES, taken, helped)]
    sorry = [kiosk.take("nothing", key="a" * 32), kiosk.take(key="no key")]
    pages += [unescape(answer.get_data(as_text=True)) for answer in sorry]
    for page in pages:
        assert "Talk to someone" in page
        assert "Start over" in page
        assert 'lang="en-GB"' in page


def test_somebody_is_coming_only_once_somebody_has_said_so(kiosk: Screen, shop: Shop, clock: TurnableClock) -> None:
    path = kiosk.post("/kiosk/help").location
    page = kiosk.page(path)
    assert "We have told our staff that you are here" in page
    assert "coming" not in re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("</main")[0])
    call = path.split("/")[-1]
    alerts.acknowledge(shop, call, by="kari")
    assert "Someone is coming to you" in kiosk.page(path)
    assert kiosk.get(path, headers={"Accept": "application/json"}).json == {"coming": True}
    # The next customer an hour later is not told that somebody comes to them.
    clock.turn(seconds=3600)
    assert "We have told our staff" in kiosk.page(kiosk.post("/kiosk/help").location)


def test_a_call_for_help_sounds_in_the_zone_of_the_screen_and_is_nobody_elses_page(made: Callable[..., Screen]) -> None:
    kiosk = made(zone="kids")
    path = kiosk.post("/kiosk/help").location
    call = alerts.find(kiosk.shop, path.split("/")[-1])
    assert call is not None
    assert (call.zone, call.by, str(call.kind)) == ("kids", "Kiosk", "help")
    assert kiosk.post("/kiosk/help").location == path
    assert Screen(kiosk.app, kiosk.shop).pair().get(path).status_code == 302


def test_a_closed_shop_says_when_it_opens_and_gives_no_numbers(made: Callable[..., Screen]) -> None:
    kiosk = made(opening={"mon": ["10:00-20:00"]})
    page = kiosk.page()
    assert "We are closed. Open again: Monday 23 November, 10:00" in page
    assert "svc" not in page.split("<section")[1]
    assert kiosk.get("/kiosk?lang=nb").status_code == 200
    assert kiosk.take().status_code == 409
    assert kiosk.given() == []
    assert kiosk.post("/kiosk/help").location == "/kiosk"


def test_a_paused_service_says_until_when_and_the_others_go_on(kiosk: Screen, shop: Shop) -> None:
    counters.pause(shop, "returns", minutes=15, reason="no printer", by="kari")
    page = kiosk.page()
    assert card(page, "returns") == "Returns Paused until about 12:15"
    assert "aria-disabled" in page
    refused = kiosk.take()
    assert refused.status_code == 409
    assert "This queue has just stopped for now" in refused.get_data(as_text=True)
    assert kiosk.take("collect", key="c" * 32).status_code == 303


def test_a_shop_without_services_leads_to_a_person(made: Callable[..., Screen]) -> None:
    page = made(services=(), counters=()).page()
    assert NO_NUMBERS in page
    assert "Talk to someone" in page


def test_a_store_that_cannot_be_reached_has_its_page(kiosk: Screen) -> None:
    kiosk.shop.db.conn.close()
    kiosk.app.extensions["greetline-stores"].close()
    store = kiosk.shop.settings.store.data / "greetline.db"
    store.rename(store.with_suffix(".away"))
    store.mkdir()
    try:
        page = kiosk.page(status=500)
    finally:
        store.rmdir()
        store.with_suffix(".away").rename(store)
    assert NO_NUMBERS in page
    assert "To the start" in page


def test_more_services_than_fit_come_on_further_pages_with_a_way_between(made: Callable[..., Screen]) -> None:
    many = tuple({"id": f"s{n}", "letter": letter, "name": f"Service {n}"} for n, letter in enumerate("ABCDEFGHIJKLMN"))
    kiosk = made(services=many, counters=())
    seen: list[str] = []
    path = "/kiosk"
    for _ in range(4):
        page = kiosk.page(path)
        here = re.findall(r'name="service" value="(\w+)"', page)
        assert len(here) <= 5
        seen += here
        found = re.search(r'class="svc next" href="([^"]+)"', page)
        assert found
        path = found[1]
    assert seen[:14] == [f"s{n}" for n in range(14)]
    assert "Page 1 of 3" in kiosk.page("/kiosk?page=9").replace("Page 3", "Page 1")


def test_bigger_text_shows_fewer_at_a_time_and_never_loses_one(kiosk: Screen, made: Callable[..., Screen]) -> None:
    many = tuple({"id": f"s{n}", "letter": letter, "name": f"Service {n}"} for n, letter in enumerate("ABCDEF"))
    kiosk = made(services=many, counters=())
    assert len(re.findall('name="service"', kiosk.page())) == 6
    found = [name for n in (1, 2, 3) for name in re.findall(r'name="service" value="(\w+)"', kiosk.page(f"/kiosk?big=1&page={n}"))]
    assert found == [f"s{n}" for n in range(6)]


@pytest.mark.parametrize("said", ["nothing", "", "returns'--", "<script>", "r" * 5000, "returns\x00"])
def test_an_unknown_service_is_a_page_that_leads_on(kiosk: Screen, said: str) -> None:
    answer = kiosk.take(said)
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 404
    assert "We do not give numbers for this here." in page
    assert "<script>" not in page.replace('<script type="', "")
    assert kiosk.given() == []


@pytest.mark.parametrize("key", ["", "short", "g" * 32, "0" * 31, "0" * 33, "0" * 5000, KEY.upper(), f"{KEY}\n"])
def test_a_forged_key_is_refused(kiosk: Screen, key: str) -> None:
    answer = kiosk.take(key=key)
    assert answer.status_code == 400
    assert "This page was too old. Please begin again." in answer.get_data(as_text=True)
    assert kiosk.given() == []


def test_a_form_that_is_too_large_is_refused(kiosk: Screen) -> None:
    answer = kiosk.client.post("/kiosk/tickets", data={"service": "r" * 100_000})
    assert answer.status_code in (400, 413)
    assert kiosk.given() == []


def test_a_form_without_its_token_is_refused_with_a_way_on(kiosk: Screen) -> None:
    answer = kiosk.client.post("/kiosk/tickets", data={"service": "returns", "key": KEY})
    assert answer.status_code == 400
    assert "Please begin again" in answer.get_data(as_text=True)


@pytest.mark.parametrize("letter", ["\u202e", "\u200f", "\x07", "\x00", "\u2066"])
def test_a_name_with_what_nobody_can_read_ends_the_start_with_its_sentence(letter: str) -> None:
    for where in ({"name": f"Ret{letter}urns"}, {"name": "Returns", "names": {"lv": f"Atg{letter}"}}):
        with pytest.raises(ValidationError, match="which nobody can read"):
            Settings.model_validate({"services": [{"id": "returns", "letter": "R", **where}]})


def test_a_name_that_looks_like_markup_stays_text(made: Callable[..., Screen]) -> None:
    kiosk = made(services=({"id": "odd", "letter": "O", "name": "A<b> & 'co'"},), counters=())
    assert "A&lt;b&gt; &amp; &#39;co&#39;" in kiosk.get("/kiosk").get_data(as_text=True)
    assert kiosk.take("odd").status_code == 303


def test_somebody_who_plays_with_the_screen_fills_no_queue(made: Callable[..., Screen]) -> None:
    kiosk = made(kiosk={"tickets_a_minute": 3})
    answers = [kiosk.take(key=f"{n:032x}") for n in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "Many numbers were taken here just now" in answers[-1].get_data(as_text=True)
    assert len(kiosk.given()) == 3


def test_a_number_is_not_shown_to_those_who_come_later(kiosk: Screen, clock: TurnableClock) -> None:
    path = kiosk.take().location
    clock.turn(seconds=901)
    assert kiosk.get(path).location == "/kiosk"
    assert kiosk.get("/kiosk/tickets/nobody").location == "/kiosk"


def test_a_number_that_is_over_says_so(kiosk: Screen, shop: Shop) -> None:
    path = kiosk.take().location
    tickets.move(shop, kiosk.given()[0].id, Move.CANCEL, Said(by="kari"))
    assert "This number is no longer waiting." in kiosk.page(path)


def test_nobody_signs_in_and_nobody_sees_the_floor_here(kiosk: Screen) -> None:
    for path in ("/signin", "/events", "/floor", "/api/v1/floor", "/admin/people"):
        assert kiosk.get(path).status_code == 404, path
    assert kiosk.get("/").location == "/kiosk"
    stranger = Screen(kiosk.app, kiosk.shop)
    assert stranger.get("/kiosk").location == "/pair"
    assert stranger.get("/display").location == "/pair"
    assert stranger.get("/api/v1/board").status_code == 401
    assert stranger.get("/events/board").status_code == 401


def test_a_wall_begins_on_the_wall(made: Callable[..., Screen]) -> None:
    assert made(role="display").get("/").location == "/display"


def test_a_code_is_shown_only_where_a_phone_can_open_it(kiosk: Screen) -> None:
    with kiosk.app.app_context():
        assert qr.code(None, "token") is None
        kiosk.app.view_functions.pop(qr.PHONE_PAGE, None)
        assert qr.code("https://q.shop.example", "token") is None
        kiosk.app.view_functions[qr.PHONE_PAGE] = lambda: ""
        drawn = qr.code("https://q.shop.example/", "token")
        kiosk.app.view_functions.pop(qr.PHONE_PAGE)
    assert drawn is not None
    assert drawn == qr.drawn("https://q.shop.example/t/token")
    assert len(drawn) < 12_000


def test_a_page_on_the_phone_is_spoken_of_only_where_there_is_one(made: Callable[..., Screen]) -> None:
    for base, there in ((None, False), ("https://q.shop.example", True)):
        kiosk = made(kiosk={"public_base_url": base})
        for page in ("/kiosk", kiosk.take().headers["Location"]):
            said = kiosk.page(page)
            assert "We do not ask your name." in said
            assert ("Your page on the phone" in said) is there


def test_the_sheet_knows_how_large_a_millimetre_is_here(made: Callable[..., Screen]) -> None:
    small = made(kiosk={"screen_diagonal_in": 10.1, "screen_width_px": 800, "screen_height_px": 1280})
    address = re.search(r'href="(/kiosk.css\?v=\w+)"', small.page())
    assert address
    sheet = small.get(address[1])
    assert "--mm: 5.884px" in sheet.get_data(as_text=True)
    assert "immutable" in sheet.headers["Cache-Control"]
    assert small.get("/kiosk.css").headers["Cache-Control"] == "no-cache"


def test_what_anybody_may_keep_has_no_secret_with_it(kiosk: Screen, clock: TurnableClock) -> None:
    # A screen is given its secret again with the first that it asks for each day.
    address = re.search(r'href="(/kiosk.css\?v=\w+)"', kiosk.page())
    assert address
    for path, again in ((address[1], False), ("/kiosk", True)):
        clock.turn(seconds=24 * 3600)
        given = kiosk.get(path).headers.getlist("Set-Cookie")
        assert any(line.startswith("kiosk-device=") for line in given) is again, path


def test_the_board_is_told_with_what_was_asked_before(kiosk: Screen, shop: Shop) -> None:
    kiosk.take()
    first = kiosk.get("/api/v1/board")
    assert first.json["waiting"] == 1
    again = kiosk.get("/api/v1/board", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Greetline-Now"]
    kiosk.call()
    assert kiosk.get("/api/v1/board", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert later(0) == shop.clock()


def test_one_browser_shows_the_touch_screen_and_the_wall_each_by_its_own_link(kiosk: Screen) -> None:
    for role, where in (("display", "/display"), ("kiosk", "/kiosk")):
        secret = pairing.make_entrance(kiosk.shop, reusable=True, name=role, role=role)
        assert kiosk.post(f"/enter/{secret}").location == where
        assert kiosk.page(where)


def test_a_wait_that_is_longer_than_the_shop_is_open_is_said_and_gets_no_number(made: Callable[..., Screen]) -> None:
    kiosk = made(opening={"sat": ["10:00-13:00"]})
    counters.open_(kiosk.shop, "desk-1", by="kari")
    ranges = [["", -1, -0.2, 0.2, 0.0]]
    body = {"samples": 60, "ranges": ranges, "pace": {"returns": [2400.0] * 30}, "judged": 60, "earned": True, "audit": {}}
    with change(kiosk.shop.db):
        learnt.keep(kiosk.shop.db, "waits", kiosk.shop.clock(), body)
    for _ in range(2):
        kiosk.someone_takes()
    last = kiosk.take(key="a" * 32)
    assert last.status_code == 303
    assert card(kiosk.page(), "returns") == "Returns The wait is longer than we are open today"
    assert kiosk.take().status_code == 409
    assert kiosk.take(key="a" * 32).location == last.location, "a tap that was answered is answered the same way again"
    assert len(kiosk.given()) == 3
    assert kiosk.take("collect", key="c" * 32).status_code == 303
