"""Own texts in the office: written into the file, language by language, beside what would be said without them."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.builders import TurnableClock
from tests.dashboard.office import FILE, Office, alerts, look, said_of, save


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


def test_own_words_go_into_the_file_after_a_look_and_out_again(office: Office) -> None:
    typed = {"texts.lv.welcome": "Sveiki pie mums!", "texts.en.thanks": "We are glad you came."}
    assert len(said_of(look(office.mia, "/admin/texts", dict(typed)))) == 2
    assert office.text() == FILE
    save(office.mia, "/admin/texts", dict(typed))
    texts = office.settings().texts
    assert (texts.lv.welcome, texts.en.thanks, texts.en.welcome) == ("Sveiki pie mums!", "We are glad you came.", None)
    assert "# as people say it" in office.text()
    save(office.mia, "/admin/texts", {"texts.lv.welcome": ""})
    assert office.settings().texts.lv.welcome is None


def test_beside_each_field_stands_what_is_said_without_it_in_that_language(office: Office) -> None:
    page = unescape(office.mia.get("/admin/texts").get_data(as_text=True))
    assert "Left empty: Welcome. How can we help?" in page
    assert "Left empty: Velkommen" in page


def test_what_screens_would_not_show_as_it_stands_is_refused_where_it_was_typed(office: Office) -> None:
    answer = look(office.mia, "/admin/texts", {"texts.en.welcome": "<b>Hello</b>"})
    assert answer.status_code == 422
    assert any("<" in told or "form" in told for told in alerts(answer)), alerts(answer)
    assert "&lt;b&gt;Hello&lt;/b&gt;" in answer.get_data(as_text=True), "what was typed stays"
    assert office.text() == FILE
