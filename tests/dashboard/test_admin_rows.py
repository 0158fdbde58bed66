"""Services and counters on their pages: added, renamed and taken away, and never from under somebody who waits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.desk import counters, tickets
from broker.desk.tickets import Wish
from dashboard.admin.rows import new_id
from tests.builders import TurnableClock
from tests.dashboard.office import FILE, Office, alerts, fields, look, said_of, save, send


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


def test_a_service_is_added_with_its_names_and_offered_by_its_own_id(office: Office) -> None:
    new = {
        "services.+.name": "Skiutleie",
        "services.+.letter": "c",
        "services.+.icon": "wrench",
        "services.+.names.lv": "Slēpju noma",
    }
    answer = save(office.mia, "/admin/services", {**new, "services.+.zone": "shoes"})
    assert answer.status_code == 200
    made = office.settings().services[-1]
    assert (made.id, made.letter, made.icon, made.zone) == ("skiutleie", "C", "wrench", "shoes")
    assert (made.called("lv"), made.called("nl")) == ("Slēpju noma", "Skiutleie")
    assert office.text().startswith(FILE[: FILE.index("[[counters]]")])


def test_a_service_is_renamed_in_one_language_and_the_difference_says_which(office: Office) -> None:
    answer = look(office.mia, "/admin/services", {"services.returns.names.nb": "Retur", "services.collect.name": "Collect & go"})
    assert said_of(answer) == [
        "Returns: Name in Norsk from now on: Retur",
        "Collect: Name before: Collect from now on: Collect & go",
    ]


def test_what_comes_and_what_goes_is_looked_at_whole_before_it_is_saved(office: Office) -> None:
    new = {"services.+.name": "Ski hire", "services.+.letter": "S", "services.+.names.lv": "Slēpju noma"}
    answer = look(office.mia, "/admin/services", {**new, "services.collect.gone": "on"})
    assert said_of(answer) == [
        "Service before: Collect · Letter before the number: B from now on: taken away",
        "Service from now on: Ski hire · Letter before the number: S · Latviešu: Slēpju noma",
    ]
    save(office.mia, "/admin/services", {"services.collect.gone": "on"})
    assert "Mia · Service" in " ".join(office.mia.get("/admin/history").get_data(as_text=True).split())


def test_a_service_and_its_counter_are_taken_away_one_after_the_other(office: Office) -> None:
    answer = look(office.mia, "/admin/services", {"services.returns.gone": "on"})
    assert answer.status_code == 422
    assert alerts(answer) == ["Desk 1 serves this service. Take it off there first, on the page of the counters."]
    save(office.mia, "/admin/counters", {"counters.desk-1.services.returns": None})
    assert office.settings().counters[0].services == ()
    save(office.mia, "/admin/services", {"services.returns.gone": "on"})
    assert [service.id for service in office.settings().services] == ["collect"]


def test_nobody_who_holds_a_number_loses_their_service(office: Office) -> None:
    for _ in range(2):
        tickets.issue(office.shop, Wish(service="collect", language="en"))
    answer = look(office.mia, "/admin/services", {"services.collect.gone": "on"})
    assert answer.status_code == 409
    assert alerts(answer)[0].startswith("2 people hold a number for Collect. Serve them first")
    assert office.text() == FILE


def test_a_counter_that_is_open_is_closed_before_it_is_taken_away(office: Office) -> None:
    counters.open_(office.shop, "desk-1", by="mia")
    answer = look(office.mia, "/admin/counters", {"counters.desk-1.gone": "on"})
    assert answer.status_code == 409
    assert alerts(answer) == ["Desk 1 is open or has a customer. Finish there and close the counter first."]
    counters.close(office.shop, "desk-1", by="mia")
    assert look(office.mia, "/admin/counters", {"counters.desk-1.gone": "on"}).status_code == 200


def test_a_counter_is_added_with_its_number_and_its_services(office: Office) -> None:
    new = {"counters.+.name": "Desk 2", "counters.+.number": "2", "counters.+.services.collect": "on"}
    save(office.mia, "/admin/counters", new)
    made = office.settings().counters[-1]
    assert (made.id, made.number, made.services) == ("desk-2", 2, ("collect",))


@pytest.mark.parametrize(
    ("page", "typed", "says"),
    [
        ("services", {"services.collect.letter": "A"}, "Returns has this letter. Choose another one"),
        ("services", {"services.+.name": "Gifts", "services.+.letter": "B"}, "Collect has this letter. Choose another one"),
        ("services", {"services.+.name": "Gifts", "services.+.letter": ""}, "Please fill this in."),
        ("services", {"services.+.name": "Gifts", "services.+.letter": "7"}, "This has another form than it needs."),
        ("services", {"services.collect.name": ""}, "Please fill this in."),
        ("counters", {"counters.desk-1.number": "one"}, "A number goes here, such as 30."),
        ("counters", {"counters.desk-1.number": "100"}, "This can be at most 99."),
        ("counters", {"counters.+.name": "The desk beside the big window"}, "At most 20 letters fit here."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(office: Office, page: str, typed: dict[str, str], says: str) -> None:
    answer = look(office.mia, f"/admin/{page}", typed)
    assert answer.status_code == 422
    assert any(said.startswith(says) for said in alerts(answer)[1:]), alerts(answer)
    assert office.text() == FILE


@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("Skørt & ære", set(), "skort-aere"), ("Desk 1", {"desk-1"}, "desk-1-2"), ("—", set(), "service"),
        ("Ūdens ķēde", set(), "udens-kede"), ("Order", set(), "order-2"),
    ],
)  # fmt: skip
def test_a_new_row_has_an_id_that_the_wire_can_say(name: str, taken: set[str], made: str) -> None:
    assert new_id(name, taken, "service") == made


def test_the_order_of_services_is_changed_by_buttons_and_saved_like_every_setting(office: Office) -> None:
    form = fields(office.mia.get("/admin/services").get_data(as_text=True))
    typed = {"services.collect.name": "Collect & go"}
    moved = send(office.mia, "/admin/services", form, typed, step="move:up:collect")
    page = moved.get_data(as_text=True)
    assert moved.status_code == 200
    assert "Collect now stands in place 1 of 2" in page
    assert re.search(r'value="move:down:collect"[^>]* autofocus', page), "the hand or the key stays with the row"
    assert office.text() == FILE, "nothing is changed before it is looked at"
    kept = fields(page)
    assert (kept["services.order"], kept["services.collect.name"]) == ("collect returns", "Collect & go")
    looked = send(office.mia, "/admin/services", kept, {})
    assert said_of(looked)[-1] == "Order of the services before: Returns · Collect from now on: Collect · Returns"
    send(office.mia, "/admin/services", fields(looked.get_data(as_text=True)), {}, step="save")
    assert [service.name for service in office.settings().services] == ["Collect & go", "Returns"]
    assert office.text().startswith("# The shop at the station.\n[store]")
    history = " ".join(office.mia.get("/admin/history").get_data(as_text=True).split())
    assert "Order of the services" in history


def test_enter_in_a_field_looks_at_what_changes_and_moves_no_row(office: Office) -> None:
    page = office.mia.get("/admin/counters").get_data(as_text=True)
    first = re.search(r'<button[^>]*name="step" value="([^"]*)"', page[page.index('<form class="settings') :])
    assert first is not None
    assert first[1] == "look"


def test_a_service_that_is_called_order_is_added_while_the_others_change_places(office: Office) -> None:
    form = fields(office.mia.get("/admin/services").get_data(as_text=True))
    new = {"services.+.name": "Order", "services.+.letter": "O", "services.order": "collect returns"}
    send(office.mia, "/admin/services", form, new, step="save")
    assert [each.id for each in office.settings().services] == ["collect", "returns", "order-2"]


def test_the_first_row_goes_no_further_up_and_an_order_that_was_made_up_is_none(office: Office) -> None:
    form = fields(office.mia.get("/admin/services").get_data(as_text=True))
    send(office.mia, "/admin/services", form, {}, step="move:up:returns")
    answer = send(office.mia, "/admin/services", form, {"services.order": "nobody collect collect"})
    assert said_of(answer) == ["Order of the services before: Returns · Collect from now on: Collect · Returns"]
    assert send(office.mia, "/admin/services", form, {}, step="move:sideways:nobody").status_code == 200


def test_the_order_can_be_put_back_in_the_file_by_hand_too(office: Office) -> None:
    begin, middle, end = (
        FILE.index('[[services]]\nid = "returns"'),
        FILE.index('[[services]]\nid = "collect"'),
        FILE.index("[[counters]]"),
    )
    swapped = FILE[:begin] + FILE[middle:end] + FILE[begin:middle] + FILE[end:]
    admin = office.another("Ada", "admin")
    assert said_of(look(admin, "/admin/file", {"text": swapped})) == [
        "Order of the services before: Returns · Collect from now on: Collect · Returns"
    ]
