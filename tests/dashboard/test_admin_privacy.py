"""Privacy in the office: what is kept until when, how that is changed, and a name that is forgotten only when it was looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from broker.desk import audit, people
from broker.desk.keeping import FORMER
from broker.settings import RetentionSettings
from broker.store import visits
from broker.store.database import change
from broker.store.kept import EVERYTHING
from dashboard.admin.privacy import KEEPS
from tests.builders import TurnableClock, a_visit
from tests.dashboard.office import FILE, Office, look, save
from tests.web.parts import person, said, words


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


def page(office: Office) -> str:
    answer = office.mia.get("/admin/privacy")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def row(text: str, head: str) -> list[str]:
    found = re.search(rf'<th scope="row">(?:<code>)?{re.escape(head)}(?:</code>)?</th>(.*?)</tr>', text)
    assert found, head
    return re.findall(r"<td[^>]*>(.*?)</td>", found[1])


def test_every_table_is_there_with_how_many_rows_since_when_and_until_when(office: Office, clock: TurnableClock) -> None:
    with change(office.shop.db):
        visits.save(office.shop.db, a_visit(id="v1", t0=clock()))
    text = page(office)
    oldest = f"{clock().day} November {clock().year}"
    assert row(text, "visits") == ["customers, none by name", "1", oldest, "400 days"]
    # Mia's session is kept by the same setting.
    assert row(text, words("adminprivacy.visits_days"))[1] == "2"
    for kept in EVERYTHING:
        row(text, kept.what)


def test_each_setting_of_retention_is_on_the_page() -> None:
    assert {setting.way[1] for setting in KEEPS} == set(RetentionSettings.model_fields)


def test_days_are_changed_in_the_file_after_a_look_and_what_is_too_few_is_said(office: Office) -> None:
    answer = save(office.mia, "/admin/privacy", {"retention.visits_days": "90"})
    assert answer.status_code == 200
    assert office.settings().retention.visits_days == 90
    assert office.text().startswith(FILE.split("[[zones]]")[0].rstrip())
    answer = look(office.mia, "/admin/privacy", {"retention.audit_days": "3"})
    assert answer.status_code == 422
    assert "This needs to be at least 30." in answer.get_data(as_text=True)


def test_a_name_is_forgotten_when_it_was_looked_at_and_not_before(office: Office) -> None:
    eve = person(office.shop, "Eve <b>")
    assert words("adminprivacy.nobody_left") in page(office)
    people.deactivate(office.shop, eve.id, by="test")
    assert f'<option value="{eve.id}">' in page(office)
    looked = office.mia.post("/admin/privacy/erase", {"person": eve.id})
    assert looked.status_code == 200
    assert "Eve &lt;b&gt;" in looked.get_data(as_text=True)
    assert people.name_of(office.shop, eve.id) == "Eve <b>"
    done = office.mia.post("/admin/privacy/erase", {"person": eve.id, "step": "erase"})
    assert done.headers["Location"] == "/admin/privacy?erased=1"
    assert str(people.name_of(office.shop, eve.id)).startswith(FORMER)
    assert audit.newest(office.shop, limit=1)[0].what == "people.erased"
    assert words("adminprivacy.nobody_left") in page(office)


def test_who_works_here_and_who_never_did_is_not_forgotten(office: Office) -> None:
    kari = person(office.shop, "Kari")
    answer = office.mia.post("/admin/privacy/erase", {"person": kari.id, "step": "erase"})
    assert (answer.status_code, said(answer.get_data(as_text=True))) == (409, words("adminprivacy.no_active"))
    assert people.name_of(office.shop, kari.id) == "Kari"
    assert office.mia.post("/admin/privacy/erase", {"person": "nobody", "step": "erase"}).status_code == 404
