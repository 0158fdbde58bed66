"""Signing in: a PIN, on a paired screen, not too often; and what the store knows of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from broker.desk import pairing, pins, shifts
from broker.shop import STORE_FILE, Shop
from broker.store import people as stored
from broker.web.access import DEVICE_DAYS
from tests.builders import TurnableClock
from tests.web.parts import PIN, WRONG, Visitor, paired, person, said, words

New = Callable[[], Visitor]


def test_the_right_pin_opens_the_floor(shop: Shop, visitor: New) -> None:
    here, kari = visitor().pair(), person(shop, "Kari")
    answer = here.type_pin(kari, PIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/floor")
    assert here.get("/floor").status_code == 200
    assert here.screen
    assert shifts.on(shop, here.screen) == kari


def test_a_wrong_pin_is_said_once_and_opens_nothing(shop: Shop, visitor: New) -> None:
    here, kari = visitor().pair(), person(shop, "Kari")
    answer = here.type_pin(kari, WRONG)
    assert answer.headers["Location"] == f"/signin?person={kari.id}"
    assert here.cookie("shift") == ""
    assert said(here.get(answer.headers["Location"]).get_data(as_text=True)) == words("sign.wrong")
    assert said(here.get(answer.headers["Location"]).get_data(as_text=True)) == ""
    assert here.get("/floor").headers["Location"] == "/signin"


@pytest.mark.parametrize("pin", ["", "258", "25800", "٢٥٨٠", "2580\x00", " 2580", "x" * 10_000])
def test_what_is_not_the_pin_is_wrong(shop: Shop, visitor: New, pin: str) -> None:
    here = visitor().pair()
    here.type_pin(person(shop, "Kari"), pin)
    assert here.get("/floor").headers["Location"] == "/signin"


def test_nobody_signs_in_from_a_browser_that_is_not_paired(shop: Shop, visitor: New) -> None:
    stranger, kari = visitor(), person(shop, "Kari")
    answer = stranger.type_pin(kari, PIN)
    assert answer.status_code == 401
    assert stranger.cookie("shift") == ""
    assert stored.sessions(shop.db) == []
    assert stored.attempts(shop.db, f"person:{kari.id}").failed == 0, "a stranger must not lock anybody out"


def test_five_wrong_pins_make_the_person_wait_one_minute_then_two_then_four_on_any_screen(shop: Shop, clock: TurnableClock) -> None:
    kari = person(shop, "Kari")
    for n in range(5):
        tries(shop, paired(shop, f"T{n}")[0], kari.id, shifts.WrongPin)
    for minutes in (1, 2, 4, 8, 16, 32, 64, 64):
        fresh, _ = paired(shop, "Another")
        until = waits(shop, fresh, kari.id)
        assert until - clock.at == timedelta(minutes=minutes)
        clock.turn(seconds=minutes * 60 - 1)
        assert waits(shop, fresh, kari.id) == until, "an attempt while waiting is not looked at and costs nothing"
        clock.turn(seconds=1)
        tries(shop, fresh, kari.id, shifts.WrongPin)


def test_five_wrong_pins_make_the_screen_wait_whoever_is_tried(shop: Shop, clock: TurnableClock) -> None:
    screen, _ = paired(shop)
    for n in range(5):
        tries(shop, screen, person(shop, f"P{n}").id, shifts.WrongPin)
    ola = person(shop, "Ola")
    assert waits(shop, screen, ola.id) - clock.at == timedelta(minutes=1)
    other, _ = paired(shop, "Other")
    assert shifts.sign_in(shop, other, ola.id, PIN)[0] == ola, "another screen is not kept from working"
    clock.turn(seconds=60)
    tries(shop, screen, person(shop, "P5").id, shifts.WrongPin)
    assert waits(shop, screen, person(shop, "P6").id) - clock.at == timedelta(minutes=2)


def test_the_right_pin_while_waiting_is_not_looked_at_and_after_it_counts_from_nothing(shop: Shop, clock: TurnableClock) -> None:
    kari, (screen, _) = person(shop, "Kari"), paired(shop)
    for _ in range(5):
        tries(shop, screen, kari.id, shifts.WrongPin)
    with pytest.raises(shifts.MustWait):
        shifts.sign_in(shop, screen, kari.id, PIN)
    clock.turn(seconds=60)
    shifts.sign_in(shop, screen, kari.id, PIN)
    for _ in range(4):
        tries(shop, screen, kari.id, shifts.WrongPin)
    shifts.sign_in(shop, screen, kari.id, PIN)


def test_the_page_says_until_when_one_waits_and_the_keys_rest(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    here, kari = visitor().pair(), person(shop, "Kari")
    for _ in range(6):
        answer = here.type_pin(kari, WRONG)
    page = here.get(answer.headers["Location"]).get_data(as_text=True)
    assert said(page) == words("sign.wait", time="12:01:00"), "noon in Oslo, and a minute"
    assert 'data-wait="61"' in page
    clock.turn(seconds=61)
    assert here.type_pin(kari, PIN).headers["Location"] == "/floor"


def test_a_clock_that_was_set_back_keeps_nobody_out_for_as_long(shop: Shop, clock: TurnableClock) -> None:
    kari, (screen, _) = person(shop, "Kari"), paired(shop)
    for _ in range(5):
        tries(shop, screen, kari.id, shifts.WrongPin)
    assert shifts.waits_until(shop, screen, kari) == clock() + timedelta(minutes=1)
    clock.turn(seconds=-24 * 3600)
    assert shifts.waits_until(shop, screen, kari) is None
    assert shifts.sign_in(shop, screen, kari.id, PIN)[0] == kari


def tries(shop: Shop, screen: stored.Screen, who: str, becomes: type[Exception]) -> None:
    with pytest.raises(becomes):
        shifts.sign_in(shop, screen, who, WRONG)


def waits(shop: Shop, screen: stored.Screen, who: str):
    with pytest.raises(shifts.MustWait) as must:
        shifts.sign_in(shop, screen, who, WRONG)
    return must.value.until


def test_each_signing_in_has_a_fresh_secret_and_ends_the_one_before(shop: Shop, visitor: New) -> None:
    here, kari, ola = visitor().pair(), person(shop, "Kari"), person(shop, "Ola")
    here.client.set_cookie("shift", "planted-by-somebody")
    secrets = []
    for who in (kari, ola, kari):
        here.type_pin(who, PIN)
        secrets.append(here.cookie("shift"))
    assert len({*secrets, "planted-by-somebody"}) == 4
    assert here.screen
    running = [shifts.whose(shop, secret, here.screen, touch=False) for secret in secrets]
    assert [shift and shift.person for shift in running] == [None, None, kari]
    assert len(stored.sessions(shop.db)) == 1


def test_signing_out_ends_the_session_in_the_store_too(shop: Shop, visitor: New) -> None:
    here = visitor().pair().sign_in()
    secret = here.cookie("shift")
    assert here.post("/signout").headers["Location"] == "/signin"
    assert here.cookie("shift") == ""
    here.client.set_cookie("shift", secret)
    assert here.get("/floor").headers["Location"] == "/signin", "an old secret is worth nothing"
    assert stored.sessions(shop.db) == []
    assert here.get("/").headers["Location"] == "/signin", "the screen stays paired"


def test_signing_out_needs_a_post(visitor: New) -> None:
    here = visitor().pair().sign_in()
    assert here.get("/signout").status_code == 405
    assert here.get("/floor").status_code == 200


def test_the_cookies_last_as_long_as_what_they_open(shop: Shop, visitor: New) -> None:
    here = visitor().pair()
    cookie = here.type_pin(person(shop, "Kari"), PIN).headers["Set-Cookie"]
    assert f"Max-Age={7 * 24 * 3600}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert DEVICE_DAYS == 400, "browsers keep no cookie longer"


def test_a_screen_that_is_in_use_never_falls_out_for_the_age_of_its_cookie(visitor: New, clock: TurnableClock) -> None:
    here = visitor().pair()
    secret = here.cookie("device")
    assert not given_again(here), "it was just paired"
    for day in range(1, 4):
        clock.turn(seconds=24 * 3600)
        (again,) = given_again(here)
        assert again.startswith(f"device={secret};"), day
        assert f"Max-Age={DEVICE_DAYS * 24 * 3600}" in again
        assert "HttpOnly" in again
        assert not given_again(here), "once a day"
    here.client.set_cookie("device", "planted-by-somebody")
    clock.turn(seconds=24 * 3600)
    assert not given_again(here), "nobody is given what is no screen's"


def given_again(here: Visitor) -> list[str]:
    return [line for line in here.get("/signin").headers.getlist("Set-Cookie") if line.startswith("device=")]


@pytest.mark.usefixtures("dear_pins")
def test_the_store_holds_no_pin_and_no_secret_but_digests(shop: Shop, tmp_path: Path, visitor: New, clock: TurnableClock) -> None:
    here = visitor()
    here.get("/pair")
    claim = here.cookie("pairing")
    here.pair().type_pin(person(shop, "Kari"), PIN)
    link = pairing.make_entrance(shop, reusable=False, name="Office", role="manager")
    tokens = [claim, here.cookie("device"), here.cookie("shift"), link]
    assert all(len(token) >= 43 for token in tokens), "256 bits"
    with sqlite3.connect(tmp_path / STORE_FILE) as db:
        db.execute("PRAGMA wal_checkpoint(FULL)")
        columns = [row[0] for row in db.execute("SELECT pin FROM people")]
        assert len(columns) == 2
        assert all(re.fullmatch(r"4\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}", pin) for pin in columns)
        assert columns[0] != columns[1], "the same PIN, salted"
        values = [value for table in tables(db) for row in db.execute(f"SELECT * FROM {table}") for value in row]
    raw = b"".join(path.read_bytes() for path in tmp_path.glob(f"{STORE_FILE}*"))
    for token in tokens:
        assert token.encode() not in raw
    # Four digits may stand in any number; alone, as a value, they must not.
    assert not {PIN, int(PIN), PIN.encode()} & set(values)
    assert not any(f'"{PIN}"' in value for value in values if isinstance(value, str))
    db.close()


def tables(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_the_store_alone_does_not_tell_whether_a_pin_is_right(shop: Shop, tmp_path: Path) -> None:
    """Ten thousand PINs are tried in minutes: without the secret beside the store none of them fits."""
    kept = person(shop, "Kari").pin
    assert pins.matches(PIN, kept, tmp_path)
    elsewhere = tmp_path / "thief"
    elsewhere.mkdir()
    assert not pins.matches(PIN, kept, elsewhere)


def test_the_secrets_beside_the_store_are_their_owners_alone(shop: Shop, tmp_path: Path, visitor: New) -> None:
    visitor().pair()
    for name in (pins.PEPPER_FILE, "forms"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert len((tmp_path / name).read_bytes()) == 32


def test_no_pin_and_no_secret_is_logged(shop: Shop, visitor: New, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    here, kari = visitor().pair(), person(shop, "Kari")
    here.type_pin(kari, WRONG)
    here.type_pin(kari, PIN)
    for secret in (PIN, WRONG, here.cookie("shift"), here.cookie("device")):
        assert secret not in caplog.text


@pytest.mark.parametrize("pin", ["1111", "0000", "1234", "4321", "123456", "987654", "12", "1234567", "12a4", "١٢٤٣", ""])
def test_a_pin_that_is_guessed_first_cannot_be_had(pin: str) -> None:
    with pytest.raises(pins.BadPin):
        pins.check(pin)


def test_made_pins_may_be_had_and_differ() -> None:
    made = [pins.new_pin() for _ in range(300)]
    for pin in made:
        pins.check(pin)
    assert len(set(made)) > 200
