"""Passwords: what the office asks of managers, how one is chosen, lost and made anew, and how long it counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from broker.desk import audit, pairing, passwords, people, pins, shifts
from broker.desk.passwords import BadPassword
from broker.desk.roles import Refused
from broker.shop import Shop, open_shop
from broker.store import passwords as stored
from broker.store import people as rows
from broker.store.database import change
from dashboard.cli_people import people as command
from tests.builders import TurnableClock
from tests.web.parts import PASSWORD, PIN, WRONG, Visitor, begun, paired, person, said, words

New = Callable[[], Visitor]
OTHER = "a lamp in the harbour"


def has_password(shop: Shop, name: str = "Mia", role: str = "manager") -> people.Person:
    """A manager with the password PASSWORD."""
    mia = person(shop, name, role)
    passwords.choose(shop, mia, PASSWORD)
    return mia


def type_password(here: Visitor, who: people.Person, password: str) -> str:
    """Choose a name and type a password on the sign-in page; where that leads."""
    return here.post("/signin", {"person": who.id, "password": password}).headers["Location"]


@pytest.mark.parametrize("password", [
    PASSWORD, "the old man and the sea", "vinden blåser kaldt", "2580 3691 1472",
    "correct horse battery", "kjøttkaker i brun saus", "x7!kq09-plmn", "🦆 duck duck goose 🦆", "9" + PASSWORD * 6,
])  # fmt: skip
def test_any_letters_make_a_password_when_there_are_enough_of_them(password: str) -> None:
    passwords.check(password)


@pytest.mark.parametrize(("password", "why"), [
    ("eleven chrs", "short"), ("x" * 129, "long"), ("", "short"), ("aaaaaaaaaaaaaaaa", "easy"), ("abcabcabcabcabc", "easy"),
    ("123456789012", "easy"), ("abcdefghijklmnop", "easy"), ("Password1234!", "known"), ("P@$$w0rd!!!!", "known"),
    ("qwertyuiop123", "known"), ("iloveyou2026!!", "known"), ("Welcome2Greetline", "known"), ("OsloCity2026", "known"),
    ("1qazxsw23edc", "known"), ("ghjcnjgfhjkm", "known"), ("JustinBieber1", "known"), ("needforspeed", "known"),
    ("peanutbutter!", "known"), ("michaeljackson", "known"), ("123456789qwe", "easy"), ("012345678910", "easy"),
    ("102030405060", "easy"), ("1234567892000", "easy"),
    ("mia-mia-2026!", "known"), ("Wachtwoord12345", "known"), ("sommer2026sommer", "known"), ("ｐａｓｓｗｏｒｄ１２３４", "known"),
])  # fmt: skip
def test_what_is_tried_first_cannot_be_had(password: str, why: str) -> None:
    with pytest.raises(BadPassword) as bad:
        passwords.check(password, about=("Oslo City", "Mia"))
    assert bad.value.why == why


def test_made_passwords_may_be_had_and_differ() -> None:
    made = [passwords.new_password() for _ in range(200)]
    for each in made:
        passwords.check(each)
    assert len(set(made)) == 200


def test_the_office_asks_a_manager_for_the_password_and_takes_no_pin(shop: Shop, visitor: New) -> None:
    mia, here = has_password(shop), visitor().pair("manager", name="Office")
    page = here.get(f"/signin?person={mia.id}").get_data(as_text=True)
    assert 'class="pad" data-secret="password"' in page
    assert type_password(here, mia, "not " + PASSWORD) == f"/signin?person={mia.id}"
    assert said(here.get(f"/signin?person={mia.id}").get_data(as_text=True)) == words("password.wrong")
    here.type_pin(mia, PIN)
    assert here.get("/floor").headers["Location"] == "/signin", "the PIN is not enough here"
    assert type_password(here, mia, PASSWORD) == "/floor"
    assert here.get("/admin/people").status_code == 200


def test_on_the_floor_a_manager_has_a_pin_and_staff_have_one_in_the_office_too(shop: Shop, visitor: New) -> None:
    mia, kari = has_password(shop), person(shop, "Kari")
    tablet, office = visitor().pair("staff"), visitor().pair("manager", name="Office")
    assert 'data-secret="password"' not in tablet.get(f"/signin?person={mia.id}").get_data(as_text=True)
    type_password(tablet, mia, PASSWORD)
    assert tablet.get("/floor").headers["Location"] == "/signin", "the password is not typed where everybody looks"
    assert tablet.type_pin(mia, PIN).headers["Location"] == "/floor"
    assert tablet.get("/admin/people").status_code == 403
    assert office.type_pin(kari, PIN).headers["Location"] == "/floor"
    assert office.get("/me").status_code == 200
    assert office.get("/password").headers["Location"] == "/me"


def test_a_manager_of_an_earlier_version_chooses_a_password_at_the_next_sign_in_in_the_office(shop: Shop, visitor: New) -> None:
    mia, here = person(shop, "Mia", "manager"), visitor().pair("manager")
    assert here.type_pin(mia, PIN).headers["Location"] == "/password"
    assert here.get("/floor").status_code == 200, "greeting somebody does not wait for it"
    for path in ("/admin/people", "/admin/screens"):
        assert here.get(path).headers["Location"] == "/password"
    ola = person(shop, "Ola")
    assert here.post(f"/admin/people/{ola.id}/deactivate").status_code == 401
    assert ola in people.everybody(shop)
    assert said(here.post("/password", {"password": "mia in oslo city"}).get_data(as_text=True)) == words("password.no_known")
    before = here.cookie("shift")
    assert here.post("/password", {"password": PASSWORD}).headers["Location"] == "/me?chosen=1"
    assert here.cookie("shift") not in ("", before), "who may do more has a fresh secret"
    assert here.get("/admin/people").status_code == 200
    assert audit.newest(shop, limit=1, what="people.password")[0].subject == mia.id


def test_the_first_manager_of_a_shop_chooses_a_password_at_once(shop: Shop, visitor: New) -> None:
    path, here = f"/enter/{pairing.make_entrance(shop, reusable=False, name='Office', role='manager')}", visitor()
    assert 'name="password"' in here.get(path).get_data(as_text=True)
    answer = here.post(path, {"name": "Ingrid", "pin": PIN, "password": "password1234"})
    assert said(answer.get_data(as_text=True)) == words("password.no_known")
    assert people.everybody(shop) == []
    assert here.post(path, {"name": "Ingrid", "pin": PIN, "password": PASSWORD}).status_code == 303
    [ingrid] = people.everybody(shop)
    here.post("/signout")
    assert type_password(here, ingrid, PASSWORD) == "/floor"
    assert here.get("/admin/people").status_code == 200


def test_a_demonstration_is_entered_with_a_pin_as_ever(shop: Shop, visitor: New) -> None:
    kari = has_password(shop, "Kari")
    here = visitor()
    here.post(f"/enter/{pairing.make_entrance(shop, reusable=True, name='Tablet', role='manager')}")
    assert here.type_pin(kari, PIN).headers["Location"] == "/floor"
    assert here.get("/admin/people").status_code == 200
    assert here.post("/admin/people", {"name": "Ola", "role": "staff"}).status_code == 200


def test_changing_a_password_takes_the_one_of_now_and_ends_every_other_session(shop: Shop, visitor: New) -> None:
    mia, here, there = has_password(shop), visitor().pair("manager"), visitor().pair("staff")
    here.sign_in("Mia", "manager")
    there.sign_in("Mia", "manager")
    for current in ("", "not " + PASSWORD):
        assert said(here.post("/password", {"current": current, "password": OTHER}).get_data(as_text=True)) == words(
            "password.wrong"
        )
    form = {"current": PASSWORD, "password": PASSWORD}
    assert said(here.post("/password", form).get_data(as_text=True)) == words("password.no_same")
    assert here.post("/password", form | {"password": OTHER}).status_code == 303
    assert here.get("/floor").status_code == 200
    assert there.get("/floor").headers["Location"] == "/signin"
    assert passwords.right(shop, mia, OTHER)
    assert not passwords.right(shop, mia, PASSWORD)


def test_five_wrong_passwords_make_the_person_and_the_screen_wait(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    mia, here = has_password(shop), visitor().pair("manager")
    for _ in range(5):
        type_password(here, mia, "wrong " + PASSWORD)
    type_password(here, mia, PASSWORD)
    assert here.get("/floor").headers["Location"] == "/signin"
    page = here.get(f"/signin?person={mia.id}").get_data(as_text=True)
    assert said(page) == words("password.wait", time="12:01:00")
    clock.turn(seconds=60)
    assert type_password(here, mia, PASSWORD) == "/floor"
    assert audit.newest(shop, limit=1, what="signin")[0].what == "signin.wrong-password"


def test_trying_passwords_on_the_page_that_asks_again_makes_wait_too(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    has_password(shop)
    here = visitor().pair("manager").sign_in("Mia", "manager")
    for _ in range(5):
        here.post("/password", {"current": WRONG, "password": OTHER})
    page = here.post("/password", {"current": PASSWORD, "password": OTHER}).get_data(as_text=True)
    assert said(page) == words("password.wait", time="12:01:00")
    clock.turn(seconds=20 * 60)
    form = {"name": "Eve", "role": "staff", "again": WRONG}
    for _ in range(1):
        here.post("/admin/people", form)
    assert people.named(shop, "Eve") is None


def test_who_changes_people_typed_the_password_lately_and_loses_nothing_that_was_typed(
    shop: Shop, clock: TurnableClock, visitor: New
) -> None:
    has_password(shop)
    here = visitor().pair("manager").sign_in("Mia", "manager")
    clock.turn(seconds=15 * 60 + 1)
    form = {"name": "Kari <3", "role": "lead", "pin": "8306", "language": "lv"}
    page = here.post("/admin/people", form).get_data(as_text=True)
    assert people.named(shop, "Kari <3") is None
    assert 'name="again"' in page
    carried = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert {**carried, "csrf_token": ""} == form | {"name": "Kari &lt;3", "csrf_token": ""}
    wrong = here.post("/admin/people", form | {"again": WRONG})
    assert (wrong.status_code, said(wrong.get_data(as_text=True))) == (403, words("password.wrong"))
    assert WRONG not in wrong.get_data(as_text=True)
    assert people.named(shop, "Kari <3") is None
    assert here.post("/admin/people", form | {"again": PASSWORD}).status_code == 200
    kari = people.named(shop, "Kari <3")
    assert kari
    assert here.post(f"/admin/people/{kari.id}/deactivate").status_code == 200, "it counts for a while"
    clock.turn(seconds=15 * 60 + 1)
    assert 'name="again"' in here.post(f"/admin/screens/{here.screen.id}/revoke").get_data(as_text=True)  # type: ignore[union-attr]
    assert here.get("/admin/people").status_code == 200, "looking takes no password"


def test_the_page_that_asks_again_tries_no_password_without_the_token_of_a_form(
    shop: Shop, clock: TurnableClock, visitor: New
) -> None:
    mia = has_password(shop)
    here = visitor().pair("manager").sign_in("Mia", "manager")
    clock.turn(seconds=15 * 60 + 1)
    for again in (WRONG, PASSWORD):  # Another site would guess, and lock her out.
        assert here.client.post("/admin/people", data={"name": "Eve", "role": "staff", "again": again}).status_code == 400
    assert people.named(shop, "Eve") is None
    assert rows.attempts(shop.db, f"person:{mia.id}").failed == 0


def test_a_lost_password_is_made_anew_shown_once_and_lets_in_to_choose_another(
    shop: Shop, clock: TurnableClock, visitor: New
) -> None:
    mia = has_password(shop)
    admin, here = visitor().pair("manager").sign_in("Ada", "admin"), visitor().pair("manager").sign_in("Mia", "manager")
    page = admin.post(f"/admin/people/{mia.id}/password").get_data(as_text=True)
    [made] = re.findall(r"\b\w{4}-\w{4}-\w{4}-\w{4}\b", page)
    assert made not in admin.get("/admin/people").get_data(as_text=True)
    assert here.get("/floor").headers["Location"] == "/signin"
    assert type_password(here, mia, PASSWORD).startswith("/signin")
    assert type_password(here, mia, made) == "/password"
    assert here.get("/admin/people").headers["Location"] == "/password"
    assert here.post("/password", {"password": OTHER}).status_code == 303
    assert here.get("/admin/people").status_code == 200
    admin.post(f"/admin/people/{mia.id}/password")
    clock.turn(seconds=72 * 3600 + 1)
    stale = passwords.make(shop, mia, by="test")
    clock.turn(seconds=72 * 3600 + 1)
    assert type_password(here, mia, stale).startswith("/signin")
    assert said(here.get(f"/signin?person={mia.id}").get_data(as_text=True)) == words("password.no_made_old")


def test_only_managers_have_a_password_and_only_an_admin_makes_an_admin_another(shop: Shop, visitor: New) -> None:
    ada, kari = person(shop, "Ada", "admin"), person(shop, "Kari")
    manager = visitor().pair("manager").sign_in("Mia", "manager")
    for who, why in ((ada, "admin.no_role"), (kari, "password.no_no_password")):
        answer = manager.post(f"/admin/people/{who.id}/password")
        assert (answer.status_code, said(answer.get_data(as_text=True))) == (422, words(why))
        assert not passwords.has(shop, who)
    assert manager.post(f"/admin/people/{ada.id}/sign-out").status_code == 422


def test_on_a_screen_in_the_office_a_session_ends_after_half_an_hour_and_after_twelve_hours(
    shop: Shop, clock: TurnableClock, visitor: New
) -> None:
    here = visitor().pair("manager").sign_in("Mia", "manager")
    clock.turn(seconds=30 * 60)
    assert here.get("/floor").status_code == 200
    clock.turn(seconds=30 * 60 + 1)
    assert here.get("/floor").headers["Location"] == "/signin"
    here.sign_in("Mia", "manager")
    for _ in range(12 * 3):
        assert here.get("/floor").status_code == 200
        clock.turn(seconds=20 * 60)
    assert here.get("/floor").status_code == 200
    clock.turn(seconds=1)
    assert here.get("/floor").headers["Location"] == "/signin"
    assert here.type_pin(person(shop, "Kari"), PIN).headers["Set-Cookie"].find(f"Max-Age={12 * 3600}") > 0


def test_everybody_sees_where_they_are_signed_in_and_ends_it_everywhere(shop: Shop, clock: TurnableClock, visitor: New) -> None:
    one, two = visitor().pair(name="Till").sign_in("Kari"), visitor().pair(name="Door").sign_in("Kari")
    other = visitor().pair(name="Shoes").sign_in("Ola")
    clock.turn(seconds=3600)
    page = one.get("/me").get_data(as_text=True)
    assert ("Till" in page, "Door" in page, "Shoes" in page) == (True, True, False)
    assert one.post("/me/sign-out-everywhere").headers["Location"] == "/signin"
    assert one.cookie("shift") == ""
    assert two.get("/floor").headers["Location"] == "/signin"
    assert other.get("/floor").status_code == 200
    ended = audit.newest(shop, limit=1)[0]
    assert (ended.what, ended.after) == ("signin.ended", '{"sessions": 2}')


def test_a_manager_signs_somebody_or_everybody_out(shop: Shop, visitor: New) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    kari, ola = visitor().pair(name="Till").sign_in("Kari"), visitor().pair(name="Door").sign_in("Ola")
    assert "Till" in office.get("/admin/people").get_data(as_text=True)
    office.post(f"/admin/people/{person(shop, 'Kari').id}/sign-out")
    assert [here.get("/floor").status_code for here in (kari, ola)] == [302, 200]
    assert office.post("/admin/sign-everybody-out").headers["Location"] == "/signin"
    assert [here.get("/floor").status_code for here in (office, ola)] == [302, 302]
    assert len(pairing.screens(shop)) == 3


def test_whoever_no_longer_works_here_has_no_password_left(shop: Shop) -> None:
    mia = has_password(shop)
    person(shop, "Ada", "admin")
    people.deactivate(shop, mia.id, by="test")
    assert not passwords.has(shop, mia)
    with pytest.raises(Refused):
        passwords.make(shop, mia, by="test")


@pytest.mark.usefixtures("dear_pins")
def test_the_store_keeps_a_peppered_digest_with_explicit_parameters(shop: Shop, tmp_path: Path) -> None:
    mia = has_password(shop)
    kept = stored.find(shop.db, mia.id)
    assert kept
    assert re.fullmatch(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}", kept.digest)
    (tmp_path / "thief").mkdir()
    assert pins.fits(PASSWORD, kept.digest, tmp_path)
    assert not pins.fits(PASSWORD, kept.digest, tmp_path / "thief")


@pytest.mark.usefixtures("dear_pins")
def test_a_digest_with_weaker_parameters_is_made_anew_at_the_next_sign_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mia = person(shop, "Mia", "manager")
    with monkeypatch.context() as earlier, change(shop.db):
        earlier.setattr(pins, "_argon2", PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1))
        passwords.insert(shop, mia.id, pins.digest_of(PASSWORD, shop.settings.store.data))
    assert passwords.right(shop, mia, PASSWORD)
    kept = stored.find(shop.db, mia.id)
    assert kept
    assert "m=19456,t=2" in kept.digest
    assert passwords.right(shop, mia, PASSWORD)


def meanwhile(shop: Shop, begin: int, do: Callable[[Shop], object]) -> None:
    """Let another program *do* something to the same store just before the change number *begin* of *shop*."""
    begun = 0

    def see(statement: str) -> None:
        nonlocal begun
        begun += statement.startswith("BEGIN")
        if begun == begin and statement.startswith("BEGIN"):
            other = open_shop(shop.settings, clock=shop.clock)
            do(other)
            other.db.conn.close()

    shop.db.conn.set_trace_callback(see)


@pytest.mark.usefixtures("dear_pins")
def test_a_password_that_is_set_while_the_one_before_is_kept_anew_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mia = person(shop, "Mia", "manager")
    with monkeypatch.context() as earlier, change(shop.db):
        earlier.setattr(pins, "_argon2", PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1))
        passwords.insert(shop, mia.id, pins.digest_of(PASSWORD, shop.settings.store.data))
    meanwhile(shop, 1, lambda other: passwords.choose(other, mia, OTHER))
    passwords.right(shop, mia, PASSWORD)
    assert not passwords.right(shop, mia, PASSWORD)
    assert passwords.right(shop, mia, OTHER)


def test_whoever_is_given_another_pin_while_the_one_before_is_looked_at_stays_out(shop: Shop) -> None:
    kari, (screen, _) = person(shop, "Kari", "staff"), paired(shop)
    meanwhile(shop, 3, lambda other: people.reset_pin(other, kari.id, pin="8052", by="mia"))
    with pytest.raises(shifts.WrongPin):
        shifts.sign_in(shop, screen, kari.id, PIN)
    shop.db.conn.set_trace_callback(None)
    assert shifts.running(shop, kari.id) == []
    assert shifts.sign_in(shop, screen, kari.id, "8052")


def test_one_keyboards_letters_are_another_keyboards_letters(shop: Shop) -> None:
    mia = person(shop, "Mia", "manager")
    passwords.choose(shop, mia, "smørbrød på brygga")
    assert passwords.right(shop, mia, "smørbrød pa\u030a brygga")


def test_a_session_with_a_pin_opens_no_office_even_when_a_password_came_later(shop: Shop) -> None:
    mia, (screen, _) = person(shop, "Mia", "manager"), paired(shop, "Office", "manager")
    token = shifts.begin(shop, mia, screen, shifts.Proof.PIN)
    shift = shifts.whose(shop, token, screen, touch=False)
    assert shift
    assert not shifts.proved_lately(shop, shift.session)
    begun(shop, mia, screen)
    assert shifts.whose(shop, token, screen, touch=False) is None, "one session on a screen"
    assert shift.session.proved_at
    assert shift.session.proved_at + timedelta() == shop.clock()


def run(shop: Shop, *said: str):
    return CliRunner().invoke(command, [*said, "--data", str(shop.settings.store.data)])


def test_the_machine_itself_makes_a_password_and_signs_out_when_nobody_else_can(shop: Shop, visitor: New) -> None:
    mia, here = has_password(shop), visitor().pair("manager").sign_in("Mia", "manager")
    made = run(shop, "password", "mia")
    assert made.exit_code == 0
    assert here.get("/floor").headers["Location"] == "/signin"
    assert type_password(here, mia, made.stdout.strip()) == "/password"
    assert run(shop, "password", "Nobody").exit_code == 1
    person(shop, "Kari")
    refused = run(shop, "password", "Kari")
    assert (refused.exit_code, "managers and admins" in refused.stderr) == (1, True)
    assert run(shop, "sign-out").exit_code == 2
    assert "1 sessions ended" in run(shop, "sign-out", "Mia").stderr
    assert "0 sessions ended" in run(shop, "sign-out", "--everybody").stderr
