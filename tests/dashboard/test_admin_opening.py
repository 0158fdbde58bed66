"""Opening hours and holidays: typed as people write them, kept as the file has them, and never closed over somebody who waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from broker.desk import tickets
from broker.desk.tickets import Wish
from broker.shop import Shop
from dashboard.admin.opening import spans
from tests.builders import TurnableClock
from tests.dashboard.office import FILE, Office, alerts, fields, look, said_of, save, send

OPEN = {f"opening.{day}": "10-20" for day in ("mon", "tue", "wed", "thu", "fri", "sat")} | {"always": None}


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("10:00-20:00", ["10:00-20:00"]), ("9-17", ["09:00-17:00"]), ("9.30–12, 13—18", ["09:30-12:00", "13:00-18:00"]),
        ("0-24", ["00:00-24:00"]), ("", []), (" , ", []), ("all day", ["all day"]),
    ],
)  # fmt: skip
def test_hours_are_understood_as_people_write_them(typed: str, kept: list[str]) -> None:
    assert spans(typed) == kept


def test_a_week_is_given_to_a_shop_that_never_closed_and_taken_again(office: Office) -> None:
    assert office.settings().opening.spans() is None
    save(office.mia, "/admin/opening", OPEN)
    opening = office.settings().opening
    assert (opening.mon, opening.sat, opening.sun) == (("10:00-20:00",), ("10:00-20:00",), None)
    assert fields(office.mia.get("/admin/opening").get_data(as_text=True))["opening.mon"] == "10:00-20:00"
    save(office.mia, "/admin/opening", {"always": "on"})
    assert office.settings().opening.spans() is None


def test_holidays_are_added_changed_and_taken_away(office: Office) -> None:
    save(office.mia, "/admin/opening", OPEN)
    added = {
        "special.0.day": "2026-12-25", "special.0.closed": "on", "special.1.day": "2026-12-24", "special.1.hours": "10-14",
    }  # fmt: skip
    answer = look(office.mia, "/admin/opening", added)
    assert said_of(answer) == [
        "Thursday, 24 December 2026 from now on: 10:00-14:00", "Friday, 25 December 2026 from now on: closed",
    ]  # fmt: skip
    send(office.mia, "/admin/opening", fields(answer.get_data(as_text=True)), {}, step="save")
    assert office.settings().opening.special == {date(2026, 12, 24): ("10:00-14:00",), date(2026, 12, 25): ()}
    shown = fields(office.mia.get("/admin/opening").get_data(as_text=True))
    assert (shown["special.0.day"], shown["special.1.day"], shown["special.1.closed"]) == ("2026-12-24", "2026-12-25", "on")
    save(office.mia, "/admin/opening", {"special.0.day": "", "special.1.closed": None, "special.1.hours": "12-16"})
    assert office.settings().opening.special == {date(2026, 12, 25): ("12:00-16:00",)}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"opening.mon": "20-10"}, "Hours look like"), ({"opening.mon": "late"}, "Hours look like"),
        ({"special.0.day": "Christmas"}, "A date goes here"),
        ({"special.0.day": "2026-12-24", "special.1.day": "2026-12-24"}, "This day stands here twice"),
        ({"special.0.day": "2026-12-24", "special.0.hours": "10-9"}, "Hours look like"),
        (dict.fromkeys(OPEN, ""), "With every day closed nobody could come in"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_said_beside_their_day(office: Office, typed: dict[str, str], says: str) -> None:
    answer = look(office.mia, "/admin/opening", {**OPEN, **typed})
    assert answer.status_code == 422
    assert any(said.startswith(says) for said in alerts(answer)), alerts(answer)
    assert office.text() == FILE


def test_hours_that_would_close_now_wait_for_those_who_hold_a_number(office: Office, clock: TurnableClock) -> None:
    save(office.mia, "/admin/opening", OPEN)
    shop = Shop(office.shop.db, clock, office.settings())
    tickets.issue(shop, Wish(service="returns", language="en"))
    answer = look(office.mia, "/admin/opening", {"opening.sat": "9-11"})
    assert answer.status_code == 409
    assert alerts(answer)[0].startswith("1 person waits with a number, and these hours would close the shop now.")
    assert look(office.mia, "/admin/opening", {"opening.sat": "9-13"}).status_code == 200
    closed_today = {"special.0.day": "2026-11-21", "special.0.closed": "on"}
    assert look(office.mia, "/admin/opening", closed_today).status_code == 409
