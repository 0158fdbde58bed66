"""The audit log in the office: looked for, turned page by page, taken along, and whether its chain holds."""

from __future__ import annotations

import csv
import re
import sqlite3
from html import unescape

import pytest
from flask import Flask

from broker.desk import audit, people
from broker.desk.standards_page import BY_SETTINGS_FILE
from broker.shop import STORE_FILE, Shop
from broker.store import audit_search
from broker.store.database import change
from dashboard.admin.audit import COLUMNS, PAGE_ROWS
from dashboard.cli_audit import COLUMNS as OF_THE_TERMINAL
from tests.builders import TurnableClock
from tests.web.parts import Visitor, person


@pytest.fixture
def office(app: Flask, shop: Shop) -> Visitor:
    return Visitor(app, shop).pair("manager").sign_in("Mia", "manager")


def page(office: Visitor, asked: str = "") -> str:
    answer = office.get(f"/admin/audit{asked}")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def ids(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="row-(\d+)"', text)]


def wrote(shop: Shop, what: str, subject: str, by: str = "test", **after: object) -> int:
    with change(shop.db):
        return audit.write(shop, what, subject, by=by, after=after).id


def test_a_row_says_who_did_what_to_whom_and_what_stood_there_before(office: Visitor, shop: Shop) -> None:
    kari = person(shop, "Kari", "lead")
    people.speak(shop, kari.id, "lv")
    text = page(office)
    row = text[text.index(f'id="row-{ids(text)[0]}"') :].split("</li>\n    <li")[0]
    assert "<b>Kari</b>: changed the language" in row
    assert re.search(r"<code>language</code>\s+<ins>lv</ins>", row)
    assert "active" not in row, "what stayed as it was is not a change"
    assert "The chain holds" in text


def test_values_are_read_without_brackets_and_with_their_unit(office: Visitor, shop: Shop) -> None:
    new = {"name": "Ski hire", "names": {"lv": "Slēpju noma"}, "zone": None, "number": 0}
    numbers = {"greet.within": ["s", 10], "hours.mon": ["hours", ["09:00–20:00"]], "hours.always": ["yes", True]}
    wrote(shop, "settings.standards-changed", "standards", by=BY_SETTINGS_FILE, **numbers, hire=new, kinds=["a", "b"], none=[])
    text = page(office)
    row = text[text.index(f'id="row-{ids(text)[0]}"') :].split("</li>\n    <li")[0]
    assert "<b>the settings file</b>: " in row
    assert [" ".join(each.split()) for each in re.findall(r"<ins>(.*?)</ins>", row)] == [
        "10 s", "name: Ski hire, names: lv: Slēpju noma, number: 0", "yes", "09:00–20:00", "a, b", "–",
    ]  # fmt: skip


def test_rows_are_found_by_person_by_kind_by_what_they_are_about_and_by_day(
    office: Visitor, shop: Shop, clock: TurnableClock
) -> None:
    first = wrote(shop, "pauses.zone-paused", "shoes", by="kari")
    clock.turn(seconds=86_400)
    office.sign_in("Mia", "manager")
    second = wrote(shop, "pauses.zone-resumed", "shoes", by="ola")
    third = wrote(shop, "pausesx.odd", "entrance", by="kari")
    assert ids(page(office, "?by=kari")) == [third, first]
    assert ids(page(office, "?what=pauses")) == [second, first]
    assert ids(page(office, "?what=pauses.zone-paused")) == [first]
    assert ids(page(office, "?about=shoes&by=ola")) == [second]
    day = clock().astimezone(shop.settings.store.zone).date().isoformat()
    assert set(ids(page(office, f"?day={day}"))) == {second, third}
    assert "pausesx.odd" in page(office), "what has no words stands there as it is written"


@pytest.mark.parametrize("asked", [
    "?day=yesterday", "?day=9999-12-31", "?day=0001-01-01", "?before=x", "?by=%27%22%3Cb%3E", f"?about={'x' * 5000}",
])  # fmt: skip
def test_what_cannot_be_asked_is_no_mistake_of_ours(office: Visitor, asked: str) -> None:
    page(office, asked)
    assert office.post(f"/admin/audit.csv{asked}").status_code == 200


def test_the_log_is_turned_page_by_page_with_what_was_looked_for(office: Visitor, shop: Shop) -> None:
    for _ in range(PAGE_ROWS + 3):
        wrote(shop, "pauses.zone-paused", "shoes", by="kari")
    first = page(office, "?by=kari")
    older = re.search(r'href="(/admin/audit\?by=kari&before=\d+)"', first)
    assert older
    second = page(office, older[1].removeprefix("/admin/audit"))
    assert (len(ids(first)), len(ids(second))) == (PAGE_ROWS, 3)
    assert max(ids(second)) == min(ids(first)) - 1
    assert 'href="/admin/audit?by=kari"' in second


def test_a_log_that_somebody_was_at_says_from_which_row_on(office: Visitor, shop: Shop) -> None:
    rows = [wrote(shop, "pauses.zone-paused", "shoes") for _ in range(3)]
    with sqlite3.connect(shop.settings.store.data / STORE_FILE) as db:
        db.execute("DROP TRIGGER audit_log_stays")
        db.execute("UPDATE audit_log SET by = 'eve' WHERE id = ?", [rows[1]])
    db.close()
    assert f"The chain breaks at row {rows[1]}:" in page(office)


def test_a_long_log_is_checked_when_somebody_asks(office: Visitor, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.admin.audit.CHECKED_ROWS", 0)
    wrote(shop, "pauses.zone-paused", "shoes")
    assert 'data-chain="unknown"' in page(office)
    assert 'data-chain="whole"' in page(office, "?check=1")


def test_the_file_has_what_was_looked_for_and_no_formula_and_is_written_down(office: Visitor, shop: Shop) -> None:
    wrote(shop, "pauses.zone-paused", "=1+1", by="@eve", words=["<b>", "ž"])
    wrote(shop, "people.added", "x")
    answer = office.post("/admin/audit.csv?what=pauses")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit-{shop.settings.store.id}.csv"'
    [row] = csv.DictReader(answer.get_data(as_text=True).removeprefix("\ufeff").splitlines())
    assert tuple(row) == COLUMNS == OF_THE_TERMINAL
    assert (row["subject"], row["by"], row["after"]) == ("'=1+1", "'@eve", '{"words": ["<b>", "ž"]}')
    newest = audit.newest(shop, limit=1)[0]
    mia = people.named(shop, "Mia")
    assert mia
    assert (newest.what, newest.by) == ("audit.exported", mia.id)
    assert audit.verify(shop).whole
    assert audit_search.count(shop.db) == newest.id


def test_a_lead_sees_none_of_it(app: Flask, shop: Shop) -> None:
    here = Visitor(app, shop).pair("manager").sign_in("Kari", "lead")
    assert here.get("/admin/audit").status_code == 403
    assert here.post("/admin/audit.csv").status_code == 403


def test_what_was_changed_is_called_as_the_form_calls_it_and_by_its_own_name(office: Visitor, shop: Shop) -> None:
    after = {
        "standards.warn_seconds": 12, "opening.mon": ["09:00-12:00"], "opening.special.soon": [], "services.gone.letter": "C",
        "services.order": ["a", "b"], "log.level": "debug",
    }  # fmt: skip
    wrote(shop, "settings.saved", "greetline.toml", **after)
    wrote(shop, "people.role", "x", role="lead")
    wrote(shop, "settings.standards-changed", "standards", **{"greet.within": ["s", 20], "rule.of-old": ["s", 3]})
    said = re.sub(r"\s+", " ", re.sub(r"</?ul[^>]*>|</?li>", "", page(office)))
    for words, key in (
        ("The card turns amber", "standards.warn_seconds"), ("Monday", "opening.mon"), ("Role", "role"),
        ("gone: Letter before the number", "services.gone.letter"), ("Order of the services", "services.order"),
        ("Hello at the door", "greet.within"),
    ):  # fmt: skip
        assert f"<b>{words}</b> <code>{key}</code>" in said, words
    for key in ("log.level", "opening.special.soon", "rule.of-old"):
        assert f"</b> <code>{key}</code>" not in said
        assert f"<code>{key}</code>" in said
