"""The office: people and screens, changed by who may, and by nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from broker.desk import pairing, people, shifts
from broker.domain.facts import FactKind
from broker.shop import Shop
from broker.store import journal
from tests.web.parts import PIN, Visitor, person
from tests.web.test_pairing import asks

New = Callable[[], Visitor]


@pytest.fixture
def office(visitor: New) -> Visitor:
    """A manager on the screen of the office."""
    return visitor().pair("manager", name="Office").sign_in("Mia", "manager")


def pin_on(page: str) -> str:
    """The PIN that the page shows this once."""
    told = re.search(r'role="status"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert told
    [pin] = re.findall(r"\b\d{4}\b", told[1])
    return pin


def names(shop: Shop) -> set[str]:
    return {each.name for each in people.everybody(shop)}


def test_somebody_new_signs_in_with_the_pin_that_was_shown_once(shop: Shop, office: Visitor, visitor: New) -> None:
    answer = office.post("/admin/people", {"name": " Kari  Nordmann ", "role": "lead", "pin": "", "language": "nb"})
    assert answer.status_code == 200
    pin = pin_on(answer.get_data(as_text=True))
    kari = people.named(shop, "Kari Nordmann")
    assert kari
    assert (kari.role, kari.language) == ("lead", "nb")
    assert pin not in office.get("/admin/people").get_data(as_text=True)
    here = visitor().pair()
    assert here.type_pin(kari, pin).headers["Location"] == "/floor"
    assert 'lang="nb"' in here.get("/floor").get_data(as_text=True)


def test_a_chosen_pin_is_taken_and_not_shown(shop: Shop, office: Visitor, visitor: New) -> None:
    answer = office.post("/admin/people", {"name": "Ola", "role": "staff", "pin": "83069"})
    assert "83069" not in answer.get_data(as_text=True)
    assert visitor().pair().type_pin(person(shop, "Ola"), "83069").headers["Location"] == "/floor"


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "role": "staff"}, {"name": "x" * 41, "role": "staff"}, {"name": "mia", "role": "staff"},
        {"name": "Bo", "role": ""}, {"name": "Bo", "role": "kiosk"}, {"name": "Bo", "role": "owner"},
        {"name": "Bo", "role": "staff", "pin": "1234"}, {"name": "Bo", "role": "staff", "pin": "abcd"},
        {"name": "Bo", "role": "staff", "language": "xx"}, {"name": "B\x00o", "role": "staff"}, {},
    ],
)  # fmt: skip
def test_who_cannot_be_is_refused_in_words_and_what_was_typed_stays(shop: Shop, office: Visitor, form: dict[str, str]) -> None:
    before = names(shop)
    answer = office.post("/admin/people", form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    told = re.search(r'role="alert"[^>]*>.*?<span>(.+?)</span>', page, re.DOTALL)
    assert told
    assert not told[1].startswith("admin."), "a key is not a sentence"
    assert names(shop) == before
    if form.get("name") == "Bo":
        assert 'value="Bo"' in page


def test_a_name_is_text_and_never_a_part_of_the_page(shop: Shop, office: Visitor) -> None:
    name = '<script>alert("x")</script>'
    page = office.post("/admin/people", {"name": name, "role": "staff"}).get_data(as_text=True)
    assert name in names(shop)
    assert name not in page
    assert "&lt;script&gt;" in page


def test_another_pin_ends_the_old_one_and_every_shift(shop: Shop, office: Visitor, visitor: New) -> None:
    here = visitor().pair().sign_in("Kari")
    kari = person(shop, "Kari")
    pin = pin_on(office.post(f"/admin/people/{kari.id}/pin").get_data(as_text=True))
    assert here.get("/floor").headers["Location"] == "/signin"
    assert here.type_pin(kari, PIN).headers["Location"].startswith("/signin?")
    assert here.type_pin(kari, pin).headers["Location"] == "/floor"


def test_another_pin_lets_somebody_in_who_had_to_wait(shop: Shop, office: Visitor, visitor: New) -> None:
    kari = person(shop, "Kari")
    for n in range(5):
        visitor().pair(name=f"T{n}").type_pin(kari, "7193")
    pin = pin_on(office.post(f"/admin/people/{kari.id}/pin").get_data(as_text=True))
    assert visitor().pair(name="Fresh").type_pin(kari, pin).headers["Location"] == "/floor"


def test_who_is_gone_is_off_the_pages_but_what_they_did_keeps_its_name(shop: Shop, office: Visitor, visitor: New) -> None:
    kari = person(shop, "Kari")
    assert "Kari" in visitor().pair().get("/signin").get_data(as_text=True)
    assert office.post(f"/admin/people/{kari.id}/deactivate").status_code == 200
    assert "Kari" not in visitor().pair().get("/signin").get_data(as_text=True)
    assert visitor().pair().type_pin(kari, PIN).headers["Location"] == "/signin"
    found = people.find(shop, kari.id)
    assert found
    assert (found.name, found.active) == ("Kari", False)
    assert office.post(f"/admin/people/{kari.id}/deactivate").status_code == 422
    assert office.post("/admin/people", {"name": "Kari", "role": "staff"}).status_code == 200, "the name is free again"


def test_the_last_manager_cannot_go(shop: Shop, office: Visitor) -> None:
    mia, ada = person(shop, "Mia"), person(shop, "Ada")
    people.deactivate(shop, ada.id, by="test")
    assert office.post(f"/admin/people/{mia.id}/deactivate").status_code == 422
    assert names(shop) == {"Mia"}
    assert office.get("/admin/people").status_code == 200


def test_a_manager_makes_no_admin_and_touches_none(shop: Shop, office: Visitor) -> None:
    ada = person(shop, "Ada", "admin")
    assert office.post("/admin/people", {"name": "Eve", "role": "admin", "pin": "8306"}).status_code == 422
    assert office.post(f"/admin/people/{ada.id}/pin").status_code == 422
    assert office.post(f"/admin/people/{ada.id}/deactivate").status_code == 422
    assert people.find(shop, ada.id) == ada
    assert people.named(shop, "Eve") is None
    assert 'value="admin"' not in office.get("/admin/people").get_data(as_text=True)


def test_an_admin_does(shop: Shop, visitor: New) -> None:
    admin = visitor().pair("manager").sign_in("Ada", "admin")
    assert admin.post("/admin/people", {"name": "Eve", "role": "admin", "pin": "8306"}).status_code == 200
    eve = people.named(shop, "Eve")
    assert eve
    assert eve.role == "admin"


@pytest.mark.parametrize("role", ["staff", "lead"])
def test_below_a_manager_nobody_changes_anybody(shop: Shop, visitor: New, role: str) -> None:
    here, kari = visitor().pair("manager").sign_in("Lea", role), person(shop, "Kari")
    assert here.screen
    before = [people.everybody(shop), pairing.screens(shop)]
    code = asks(visitor())
    for path, form in (
        ("/admin/people", {"name": "Eve", "role": "staff"}), (f"/admin/people/{kari.id}/pin", {}),
        (f"/admin/people/{kari.id}/deactivate", {}), ("/admin/screens", {"code": code, "name": "x", "role": "manager", "zone": ""}),
        (f"/admin/screens/{here.screen.id}/revoke", {}),
    ):  # fmt: skip
        assert here.post(path, form).status_code == 403, path
    for path in ("/admin", "/admin/people", "/admin/screens"):
        assert here.get(path).status_code == 403
    assert [people.everybody(shop), pairing.screens(shop)] == before


def test_a_screen_is_let_in_by_the_code_it_shows(shop: Shop, office: Visitor, visitor: New) -> None:
    here = visitor()
    code = asks(here)
    form = {"code": f"{code[:4]} {code[4:]}".lower(), "name": "Till", "role": "staff", "zone": "shoes"}
    answer = office.post("/admin/screens", form)
    assert answer.status_code == 200
    here.post("/pair")
    assert here.get("/").headers["Location"] == "/signin"
    till = pairing.recognised(shop, here.cookie("device"))
    assert till
    assert (till.name, till.role, till.zone) == ("Till", "staff", "shoes")
    assert till.paired_by == person(shop, "Mia").id
    assert "Till" in office.get("/admin/screens").get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong", [{"code": "AAAABBBB"}, {"code": ""}, {"name": ""}, {"role": "admin"}, {"role": ""}, {"zone": "moon"}]
)  # fmt: skip
def test_a_screen_that_cannot_be_is_refused_and_what_was_typed_stays(
    shop: Shop, office: Visitor, visitor: New, wrong: dict[str, str]
) -> None:
    form = {"code": asks(visitor()), "name": "Till", "role": "staff", "zone": "shoes"} | wrong
    answer = office.post("/admin/screens", form)
    assert answer.status_code == 422
    assert len(pairing.screens(shop)) == 1
    if form["name"]:
        assert 'value="Till"' in answer.get_data(as_text=True)


def test_a_revoked_screen_is_out_and_may_ask_to_come_back(shop: Shop, office: Visitor, visitor: New) -> None:
    here = visitor().pair(name="Till").sign_in()
    assert here.screen
    assert office.post(f"/admin/screens/{here.screen.id}/revoke").status_code == 200
    assert here.get("/floor").headers["Location"] == "/pair"
    assert shifts.on(shop, here.screen) is None
    assert re.fullmatch(r"\w{8}", asks(here))
    assert office.post(f"/admin/screens/{here.screen.id}/revoke").status_code == 422


def test_the_office_writes_down_who_changed_whom_and_no_secret(shop: Shop, office: Visitor) -> None:
    start = journal.last_id(shop.db)
    page = office.post("/admin/people", {"name": "Kari", "role": "staff"}).get_data(as_text=True)
    kari, mia = person(shop, "Kari"), person(shop, "Mia")
    office.post(f"/admin/people/{kari.id}/pin")
    office.post(f"/admin/people/{kari.id}/deactivate")
    facts = [fact for fact in journal.after(shop.db, start) if fact.kind is FactKind.PERSON]
    assert [(fact.subject, fact.by, fact.body["what"]) for fact in facts] == [
        (kari.id, mia.id, what) for what in ("added", "pin", "deactivated")
    ]
    assert pin_on(page) not in "".join(str(fact.body) for fact in facts)
