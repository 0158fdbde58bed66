"""How a browser becomes a screen of the shop: by a code that somebody approves, or by a link."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from broker.desk import pairing, people, pins
from broker.desk.roles import Refused
from broker.shop import Shop
from broker.store import people as stored
from tests.builders import TurnableClock
from tests.web.parts import PASSWORD, PIN, Visitor, person

New = Callable[[], Visitor]


def code_on(page: str) -> str:
    found = re.search(r'class="code num"><span class="vh">([^<]+)<', page)
    assert found
    return found[1].replace(" ", "")


def asks(here: Visitor) -> str:
    """Open the pairing page and read the code on it."""
    return code_on(here.get("/pair").get_data(as_text=True))


def approve(shop: Shop, code: str, *, name: str = "Shoes", role: str = "staff", zone: str = "shoes") -> stored.Screen:
    return pairing.approve(shop, code, name=name, role=role, zone=zone, by="test")


def test_a_code_has_eight_letters_that_nobody_mistakes(visitor: New) -> None:
    codes = {asks(visitor()) for _ in range(20)}
    assert len(codes) == 20
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{8}", code) for code in codes)


def test_the_page_opened_again_shows_the_same_code_and_another_browser_another(visitor: New) -> None:
    here = visitor()
    assert asks(here) == asks(here) != asks(visitor())


def test_the_store_holds_no_code_and_what_it_holds_is_none(shop: Shop, visitor: New) -> None:
    code = asks(visitor())
    [row] = shop.db.execute("SELECT code, claim FROM pairings").fetchall()
    assert code not in "".join(row).upper()
    for kept in row:
        with pytest.raises(Refused):
            approve(shop, kept)
    assert hashlib.sha256(code.encode()).hexdigest() not in row, "all codes there are could be tried in an hour"
    approve(shop, code)


def test_a_code_says_nothing_of_the_secret_that_collects(shop: Shop) -> None:
    code, claim = pairing.ask(shop)
    assert pairing.code_of(claim) == code
    assert code not in claim.upper()
    assert pairing.collect(shop, code) is None


def test_a_screen_that_was_let_in_collects_its_secret_and_stands_in_its_zone(shop: Shop, visitor: New) -> None:
    here = visitor()
    code = asks(here)
    assert here.get("/pair/state").json == {"asked": True, "approved": False}
    screen = approve(shop, f" {code[:4].lower()}-{code[4:]} ")
    assert here.get("/pair/state").json == {"asked": True, "approved": True}
    answer = here.post("/pair")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    found = pairing.recognised(shop, here.cookie("device"))
    assert found
    assert (found.id, found.name, found.zone) == (screen.id, "Shoes", "shoes")
    assert here.get("/").headers["Location"] == "/signin"
    assert here.cookie("pairing") == ""


def test_nothing_opens_the_screen_before_it_was_collected(shop: Shop, visitor: New) -> None:
    here = visitor()
    approve(shop, asks(here))
    assert here.get("/").headers["Location"] == "/pair"


def test_too_soon_is_said_and_changes_nothing(visitor: New) -> None:
    here = visitor()
    code = asks(here)
    assert here.post("/pair").headers["Location"] == "/pair?too_soon=1"
    assert here.cookie("device") == ""
    assert asks(here) == code


def test_only_the_browser_that_showed_the_code_collects(shop: Shop, visitor: New) -> None:
    here, neighbour, stranger = visitor(), visitor(), visitor()
    code = asks(here)
    asks(neighbour)
    approve(shop, code)
    for other in (neighbour, stranger):
        assert other.get("/pair/state").json["approved"] is False  # type: ignore[index]
        other.post("/pair")
        assert other.cookie("device") == ""
    stranger.client.set_cookie("pairing", code)
    stranger.post("/pair")
    assert stranger.cookie("device") == "", "the code on the screen is for eyes, not a secret"


def test_a_code_lasts_ten_minutes(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    here = visitor()
    code = asks(here)
    clock.turn(seconds=599)
    assert asks(here) == code
    clock.turn(seconds=1)
    with pytest.raises(Refused, match="ten minutes"):
        approve(shop, code)
    assert here.get("/pair/state").json == {"asked": False, "approved": False}
    assert asks(here) != code


def test_what_was_let_in_too_late_to_collect_stays_out(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    here = visitor()
    approve(shop, asks(here))
    clock.turn(seconds=600)
    here.post("/pair")
    assert here.cookie("device") == ""


def test_a_code_lets_one_screen_in_once(shop: Shop, visitor: New) -> None:
    here = visitor()
    code, claim = asks(here), here.cookie("pairing")
    approve(shop, code)
    with pytest.raises(Refused):
        approve(shop, code)
    here.post("/pair")
    with pytest.raises(Refused):
        approve(shop, code)
    again = visitor()
    again.client.set_cookie("pairing", claim)
    again.post("/pair")
    assert again.cookie("device") == ""
    assert len(pairing.screens(shop)) == 1


def test_a_screen_thrown_out_before_it_collected_gets_nothing(shop: Shop, visitor: New) -> None:
    here = visitor()
    screen = approve(shop, asks(here))
    pairing.revoke(shop, screen.id, by="test")
    here.post("/pair")
    assert here.cookie("device") == ""


def test_a_crowd_at_the_pairing_page_fills_nothing_up(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    for _ in range(pairing.OPEN_PAIRINGS):
        pairing.ask(shop)
    answer = visitor().get("/pair")
    assert answer.status_code == 503
    assert "Set-Cookie" not in answer.headers or "pairing=" not in answer.headers["Set-Cookie"]
    clock.turn(seconds=601)
    assert visitor().get("/pair").status_code == 200
    assert stored.count_pairings(shop.db) == 1, "those who gave up are forgotten"


@pytest.mark.parametrize(
    ("wish", "why"),
    [({"name": " "}, "name"), ({"name": "x" * 41}, "name"), ({"role": "admin"}, "role"), ({"zone": "moon"}, "zone")],
)
def test_a_screen_cannot_be_what_there_is_not(shop: Shop, visitor: New, wish: dict[str, str], why: str) -> None:
    code = asks(visitor())
    with pytest.raises(Refused) as no:
        approve(shop, code, **wish)
    assert no.value.why == why
    approve(shop, code)


def link(shop: Shop, *, reusable: bool = False) -> str:
    return f"/enter/{pairing.make_entrance(shop, reusable=reusable, name='Office', role='manager')}"


def test_opening_a_link_changes_nothing_since_messengers_open_links_too(shop: Shop, visitor: New) -> None:
    path, here = link(shop), visitor()
    before = shop.db.conn.execute("PRAGMA data_version").fetchone()
    for method in ("GET", "HEAD", "GET"):
        assert here.client.open(path, method=method).status_code == 200
    assert shop.db.conn.execute("PRAGMA data_version").fetchone() == before, "the application has connections of its own"
    assert pairing.screens(shop) == []
    assert here.cookie("device") == ""
    assert pairing.entrance(shop, path.rsplit("/", 1)[1]) is not None


def test_the_first_who_opens_a_new_shop_becomes_its_manager_and_is_signed_in(shop: Shop, visitor: New) -> None:
    path, here = link(shop), visitor()
    assert 'name="pin"' in here.get(path).get_data(as_text=True)
    answer = here.post(path, {"name": "Ingrid", "pin": PIN, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    [ingrid] = people.everybody(shop)
    assert (ingrid.name, ingrid.role) == ("Ingrid", "manager")
    assert here.get("/").headers["Location"] == "/floor"
    assert here.get("/admin/people").status_code == 200


@pytest.mark.parametrize(("name", "pin"), [("", PIN), ("Ingrid", "1234"), ("Ingrid", ""), ("x" * 41, PIN), ("Ing\x07rid", PIN)])
def test_a_first_manager_who_cannot_be_is_told_and_the_link_still_works(shop: Shop, visitor: New, name: str, pin: str) -> None:
    path, here = link(shop), visitor()
    answer = here.post(path, {"name": name, "pin": pin, "password": PASSWORD})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert people.everybody(shop) == []
    assert pairing.screens(shop) == []
    assert here.post(path, {"name": "Ingrid", "pin": PIN, "password": PASSWORD}).status_code == 303


def test_a_link_works_once(shop: Shop, visitor: New) -> None:
    path, late = link(shop), visitor()
    assert late.get(path).status_code == 200
    assert visitor().post(path, {"name": "Ingrid", "pin": PIN, "password": PASSWORD}).status_code == 303
    assert late.post(path, {"name": "Eve", "pin": PIN, "password": PASSWORD}).status_code == 404
    assert late.cookie("device") == ""
    assert visitor().get(path).status_code == 404
    assert [each.name for each in people.everybody(shop)] == ["Ingrid"]


def test_a_link_for_a_demonstration_works_again_and_makes_nobody_a_manager(shop: Shop, visitor: New) -> None:
    person(shop, "Ada", "admin")
    path = link(shop, reusable=True)
    for _ in range(3):
        here = visitor()
        assert 'name="pin"' not in here.get(path).get_data(as_text=True)
        assert here.post(path, {"name": "Eve", "pin": PIN, "password": PASSWORD}).status_code == 303
        assert here.get("/").headers["Location"] == "/signin", "a link pairs; it signs nobody in"
    assert [each.name for each in people.everybody(shop)] == ["Ada"]
    assert [screen.name for screen in pairing.screens(shop)].count("Office") == 1, "each screen has a name of its own"


def test_a_screen_that_opens_the_link_again_stays_the_one_it_is(shop: Shop, visitor: New) -> None:
    path, here = link(shop, reusable=True), visitor().pair()
    token = here.cookie("device")
    assert here.post(path).headers["Location"] == "/"
    assert here.cookie("device") == token
    assert len(pairing.screens(shop)) == 1


def test_a_link_waits_a_day_at_most(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    path = link(shop)
    clock.turn(seconds=24 * 3600 - 1)
    assert visitor().get(path).status_code == 200
    clock.turn(seconds=1)
    assert visitor().get(path).status_code == 404
    assert visitor().post(path, {"name": "Ingrid", "pin": PIN, "password": PASSWORD}).status_code == 404


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "a" * 5000])
def test_a_link_that_never_was_is_not_there(visitor: New, secret: str) -> None:
    assert visitor().get(f"/enter/{secret}").status_code == 404
    assert visitor().post(f"/enter/{secret}").status_code == 404


def test_the_pin_of_the_first_manager_is_kept_as_any_other(shop: Shop, visitor: New) -> None:
    here = visitor()
    here.post(link(shop), {"name": "Ingrid", "pin": "25803", "password": PASSWORD})
    [ingrid] = people.everybody(shop)
    assert pins.digits(ingrid.pin) == 5
    assert pins.matches("25803", ingrid.pin, shop.settings.store.data)


def test_of_two_who_open_a_new_shop_at_once_one_is_its_manager_and_the_other_is_nobody(shop: Shop) -> None:
    """Whoever comes second would otherwise be signed in as the first, whose PIN they do not know."""
    links = [pairing.make_entrance(shop, reusable=False, name=name, role="staff") for name in ("Office", "Tablet")]
    made = [pairing.First(name=name, pin=PIN, password=PASSWORD) for name in ("Ada", "Eve")]
    pairing.enter(shop, links[0], first=made[0])
    with pytest.raises(Refused, match="meanwhile"):
        pairing.enter(shop, links[1], first=made[1])
    assert [each.name for each in people.everybody(shop)] == ["Ada"]
    assert pairing.enter(shop, links[1]), "the link was not used up"
