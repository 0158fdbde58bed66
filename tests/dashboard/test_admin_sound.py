"""Printing and sound in the office: settings of both, and trials that the kiosk's program answers."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from broker.desk import trials
from broker.desk.trials import Kind, State
from broker.domain.printing import Trouble
from dashboard.admin.sound import IN_THE_WAY, _row
from tests.builders import TurnableClock
from tests.dashboard.office import FILE, Office, look, save
from tests.web.parts import words


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


def page(office: Office) -> str:
    answer = office.mia.get("/admin/sound")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def wished(office: Office, kind: str, language: str = "lv") -> trials.Trial:
    answer = office.mia.post("/admin/sound/try", {"kind": kind, "language": language})
    assert answer.headers["Location"] == f"/admin/sound?language={language}#{kind}"
    found = trials.claim(office.shop)
    assert found
    assert (found.kind, found.language) == (kind, language)
    return found


def test_a_call_that_was_spoken_is_heard_in_the_office(office: Office) -> None:
    trial = wished(office, "voice")
    assert words("adminsound.going") in page(office)
    trials.finish(office.shop, trial, sound=b"RIFF")
    assert f'src="/admin/sound/trials/{trial.id}.wav"' in page(office)
    answer = office.mia.get(f"/admin/sound/trials/{trial.id}.wav")
    assert (answer.data, answer.content_type) == (b"RIFF", "audio/wav")
    assert office.mia.get("/admin/sound/trials/99.wav").status_code == 404


def test_what_the_printer_lacks_is_said_with_what_to_do(office: Office) -> None:
    trials.finish(office.shop, wished(office, "paper"), why="no_paper", says="<10.0.0.9>: no paper")
    text = page(office)
    assert words("floor.print_no_paper") in text
    assert words("floor.print_no_paper_do") in text
    assert "&lt;10.0.0.9&gt;" in office.mia.get("/admin/sound").get_data(as_text=True)
    [row, _] = office.mia.get("/api/v1/office/trials", headers={"Accept": "application/json"}).get_json()["trials"]
    assert (row["kind"], row["state"]) == ("paper", "failed")


def test_a_kiosk_program_that_is_not_there_is_said(office: Office, clock: TurnableClock) -> None:
    wished(office, "paper")
    clock.turn(seconds=60)
    assert words("adminsound.do_nobody") in page(office)


def test_everything_that_can_be_in_the_way_has_its_words(office: Office) -> None:
    with office.app.test_request_context():
        for why in (*IN_THE_WAY, *(str(trouble) for trouble in Trouble)):
            trials.finish(office.shop, trials.ask(office.shop, "paper", "en", by="mia"), why=why)
            row = _row(Kind.PAPER)
            assert row["state"] == State.FAILED
            assert "." in row["says"] + row["do"]
            assert not row["says"].startswith(("adminsound.", "floor.")), row
            assert not row["do"].startswith(("adminsound.", "floor.")), row


@pytest.mark.parametrize("form", [{"kind": "smell", "language": "en"}, {"kind": "voice", "language": "xx"}, {}])
def test_nothing_else_can_be_tried(office: Office, form: dict[str, str]) -> None:
    assert office.mia.post("/admin/sound/try", form).status_code == 422


def test_settings_of_both_go_into_the_file_after_a_look(office: Office) -> None:
    typed = {"printer.kind": "network", "printer.host": "10.0.0.9", "sound.volume": "60", "sound.quiet": "22:00-07:00"}
    save(office.mia, "/admin/sound", dict(typed))
    settings = office.settings()
    assert (settings.printer.kind, settings.printer.host, settings.printer.port) == ("network", "10.0.0.9", 9100)
    assert (settings.sound.volume, settings.sound.quiet) == (60, ("22:00-07:00",))


def test_a_printer_in_the_network_without_an_address_is_refused_and_the_file_stays(office: Office) -> None:
    answer = look(office.mia, "/admin/sound", {"printer.kind": "network"})
    assert answer.status_code == 422
    assert office.text() == FILE
