"""The file and the screen never disagree: each change is a proposal, is looked at in words, and is the file or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.desk import audit, settings_changes
from tests.builders import TurnableClock
from tests.dashboard.office import FILE, Office, alerts, fields, look, said_of, save, send


@pytest.fixture
def office(tmp_path: Path, clock: TurnableClock) -> Iterator[Office]:
    made = Office(tmp_path, clock)
    yield made
    made.close()


def test_a_promise_is_changed_in_the_file_and_everything_else_of_it_stays(office: Office) -> None:
    answer = save(office.mia, "/admin/standards", {"standards.greet_within_seconds": "25"})
    assert answer.status_code == 200
    assert office.text() == FILE.replace("greet_within_seconds = 30 ", "greet_within_seconds = 25 ")


def test_nothing_is_written_before_it_was_looked_at_in_words(office: Office) -> None:
    answer = look(office.mia, "/admin/standards", {"standards.warn_seconds": "10", "standards.call_lead_seconds": "100"})
    assert said_of(answer) == [
        "The card turns amber before: 15 s from now on: 10 s",
        "The shift lead is called by name before: 1 min 30 s from now on: 1 min 40 s",
    ]
    assert office.text() == FILE
    assert "everybody who comes in from now on" in answer.get_data(as_text=True)


def test_a_setting_the_file_did_not_have_is_put_where_it_belongs(office: Office) -> None:
    save(office.mia, "/admin/standards", {"standards.warn_seconds": "10", "queues.keep_overnight": "on"})
    assert office.settings().standards.warn_seconds == 10
    assert office.settings().queues.keep_overnight
    assert "# the promise" in office.text()
    save(office.mia, "/admin/standards", {"queues.keep_overnight": None})
    assert not office.settings().queues.keep_overnight


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"standards.warn_seconds": "0"}, "This needs to be at least 1."),
        ({"alerts.sound_times": "21"}, "This can be at most 20."),
        ({"standards.claim_seconds": "soon"}, "A number goes here, such as 30."),
        ({"standards.claim_seconds": ""}, "A number goes here, such as 30."),
        ({"standards.claim_seconds": "20.5"}, "A whole number goes here, such as 30."),
        ({"standards.warn_seconds": "45"}, "Each step comes after the one before"),
        ({"queues.priority_credit_seconds": "9000"}, "The head start of priority"),
    ],
)
def test_what_the_models_refuse_is_said_where_it_is_typed_and_nothing_is_lost(
    office: Office, typed: dict[str, str], says: str
) -> None:
    answer = look(office.mia, "/admin/standards", {**typed, "standards.undo_seconds": "45"})
    assert answer.status_code == 422
    assert any(said.startswith(says) for said in alerts(answer)), alerts(answer)
    again = fields(answer.get_data(as_text=True))
    assert again["standards.undo_seconds"] == "45"
    assert all(again[name] == text for name, text in typed.items())
    assert office.text() == FILE


def test_of_two_managers_who_save_the_second_is_told_what_changed_and_keeps_what_was_typed(office: Office) -> None:
    lea = office.another("Lea")
    form = fields(lea.get("/admin/standards").get_data(as_text=True))
    reviewed = look(lea, "/admin/standards", {"standards.undo_seconds": "50"})
    save(office.mia, "/admin/standards", {"standards.greet_within_seconds": "25"})
    for answer in (
        send(lea, "/admin/standards", form, {"standards.undo_seconds": "50"}),
        send(lea, "/admin/standards", fields(reviewed.get_data(as_text=True)), {}, step="save"),
    ):
        assert answer.status_code == 409
        assert "changed meanwhile (Mia)" in alerts(answer)[0]
        assert any("before: 30 s from now on: 25 s" in said for said in said_of(answer))
        again = fields(answer.get_data(as_text=True))
        assert again["standards.undo_seconds"] == "50"
    assert office.settings().standards.undo_seconds == 60
    send(lea, "/admin/standards", again, {"standards.greet_within_seconds": "25"}, step="save")
    assert (office.settings().standards.undo_seconds, office.settings().standards.greet_within_seconds) == (50, 25)


def test_an_edit_by_hand_meanwhile_is_not_written_over(office: Office) -> None:
    form = fields(office.mia.get("/admin/shop").get_data(as_text=True))
    by_hand = FILE.replace("Oslo City", "Oslo Vest")
    office.path.write_text(by_hand, encoding="utf-8")
    answer = send(office.mia, "/admin/shop", form, {"store.language": "nb"}, step="save")
    assert answer.status_code == 409
    assert office.text() == by_hand


def test_a_file_broken_by_hand_is_named_and_the_page_shows_the_last_good_settings(office: Office) -> None:
    form = fields(office.mia.get("/admin/shop").get_data(as_text=True))
    broken = FILE.replace("greet_within_seconds = 30", "greet_within_second = 30")
    office.path.write_text(broken, encoding="utf-8")
    for answer in (office.mia.get("/admin/shop"), send(office.mia, "/admin/shop", form, {"store.name": "X"}, step="save")):
        [said] = alerts(answer)
        assert "greetline.toml" in said
        assert "greet_within_second is not a setting" in said
        assert "Did you mean greet_within_seconds?" in said
    assert 'value="Oslo City"' in office.mia.get("/admin/shop").get_data(as_text=True)
    assert office.text() == broken


def test_a_change_is_kept_with_who_and_what_and_sealed_in_the_audit_log(office: Office) -> None:
    settings_changes.note(office.shop, office.path)
    save(office.mia, "/admin/shop", {"store.name": 'Veikals "Ūdensroze" <1>'})
    newest, first = settings_changes.changes(office.shop, limit=5)
    assert (first.kind, newest.kind, newest.was) == ("found", "saved", first.became)
    assert newest.text == office.text()
    [entry] = [each for each in audit.every(office.shop) if each.what == "settings.saved"]
    assert '"store.name": "Oslo City"' in entry.before
    assert "Ūdensroze" in entry.after
    assert audit.verify(office.shop).whole
    assert "Ūdensroze&#34; &lt;1&gt;" in office.mia.get("/admin/shop").get_data(as_text=True)


def test_a_key_that_the_environment_sets_is_shown_and_not_typed(tmp_path: Path, clock: TurnableClock, monkeypatch) -> None:
    monkeypatch.setenv("GREETLINE_STORE__LANGUAGE", "lv")
    office = Office(tmp_path, clock)
    page = office.mia.get("/admin/shop").get_data(as_text=True)
    assert "store.language" not in fields(page)
    assert 'aria-describedby="store.language-hint store.language-fixed"' in page
    save(office.mia, "/admin/shop", {"store.language": "nb", "store.name": "Other"})
    assert "language" not in office.text()
    assert office.settings().store.name == "Other"
    office.close()


def test_a_file_that_cannot_be_written_is_said_and_left_as_it_is(office: Office) -> None:
    (office.path.parent / ".greetline.toml.new").mkdir()
    answer = save(office.mia, "/admin/shop", {"store.name": "Other"})
    assert answer.status_code == 409
    assert alerts(answer)[0].startswith("Nothing was saved.")
    assert office.text() == FILE
    assert not [each for each in settings_changes.changes(office.shop, limit=5) if each.kind == "saved"]


def test_what_is_not_changed_is_not_written(office: Office) -> None:
    answer = look(office.mia, "/admin/standards", {})
    assert "nothing was changed" in answer.get_data(as_text=True)
    assert office.text() == FILE


def test_without_a_file_the_pages_say_so(office: Office) -> None:
    office.app.extensions["greetline-settings-file"] = type(office.app.extensions["greetline-settings-file"])(None)
    answer = office.mia.get("/admin/standards")
    assert alerts(answer) == ["This shop runs without a settings file, so nothing can be changed here. Start it with --settings."]
    assert "disabled" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["staff", "lead"])
def test_nobody_below_a_manager_sees_or_changes_settings(office: Office, role: str) -> None:
    kari = office.another("Kari", role)
    assert kari.get("/admin/standards").status_code == 403
    assert kari.post("/admin/standards", {"step": "save", "standards.warn_seconds": "10"}).status_code == 403
    assert office.text() == FILE


def test_one_can_go_back_to_how_it_was_and_forward_again(office: Office) -> None:
    settings_changes.note(office.shop, office.path)
    save(office.mia, "/admin/shop", {"store.name": "Oslo Vest"})
    first = settings_changes.changes(office.shop, limit=5)[-1]
    page = office.mia.get("/admin/history").get_data(as_text=True)
    assert "Name of the shop before: Oslo City from now on: Oslo Vest" in said_of(office.mia.get("/admin/history"))
    form = {"digest": fields_of_history(page), "change": str(first.id)}
    answer = send(office.mia, "/admin/history", form, {})
    assert said_of(answer) == ["Name of the shop before: Oslo Vest from now on: Oslo City"]
    assert office.settings().store.name == "Oslo Vest"
    send(office.mia, "/admin/history", fields(answer.get_data(as_text=True)), {}, step="save")
    assert office.text() == FILE
    assert [each.kind for each in settings_changes.changes(office.shop, limit=5)] == ["put_back", "saved", "found"]
    assert send(office.mia, "/admin/history", form | {"change": "99"}, {}).status_code in (404, 409)


def fields_of_history(page: str) -> str:
    return page.split('name="digest" value="', 1)[1].split('"', 1)[0]


def test_a_file_that_was_broken_by_hand_is_mended_by_going_back(office: Office) -> None:
    settings_changes.note(office.shop, office.path)
    office.path.write_text("this is [not TOML", encoding="utf-8")
    [said] = alerts(office.mia.get("/admin/history"))
    assert "this is not TOML" in said
    page = office.mia.get("/admin/history").get_data(as_text=True)
    send(office.mia, "/admin/history", {"digest": fields_of_history(page), "change": "1"}, {}, step="save")
    assert office.text() == FILE


def test_a_manager_does_not_go_back_to_when_the_companys_sign_in_gave_more(office: Office) -> None:
    generous = (
        FILE + '\n[oidc]\nissuer = "https://id.example.com"\nclient_id = "x"\nscreens_url = "https://shop.example.com"\n'
        'groups = { "shop-managers" = "admin" }\n'
    )
    for text in (generous, FILE):
        office.path.write_text(text, encoding="utf-8")
        settings_changes.note(office.shop, office.path)
    page = office.mia.get("/admin/history").get_data(as_text=True)
    form = {"digest": fields_of_history(page), "change": "1"}
    for step in ("", "save"):
        assert send(office.mia, "/admin/history", form, {}, step=step).status_code == 403
    assert office.text() == FILE
    assert send(office.another("Ada", "admin"), "/admin/history", form, {}, step="save").status_code == 200
    assert office.text() == generous


def test_a_manager_puts_back_nothing_that_only_an_admin_may_write(office: Office) -> None:
    for text in (f"{FILE}\n[dashboard]\nport = 9000\n", FILE):
        office.path.write_text(text, encoding="utf-8")
        settings_changes.note(office.shop, office.path)
    page = office.mia.get("/admin/history").get_data(as_text=True)
    form = {"digest": fields_of_history(page), "change": "1"}
    for step in ("", "save"):
        assert send(office.mia, "/admin/history", form, {}, step=step).status_code == 403
    assert office.text() == FILE
    assert send(office.another("Ada", "admin"), "/admin/history", form, {}, step="save").status_code == 200


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("/admin/standards", {"standards.warn_seconds": "10"}),
        ("/admin/opening", {f"opening.{day}": "9-12" for day in ("mon", "tue")} | {"always": None}),
        ("/admin/texts", {"texts.en.welcome": "Hello"}),
        ("/admin/privacy", {"retention.visits_days": "100"}),
        ("/admin/counters", {"counters.desk-1.name": "Desk one"}),
    ],
)
def test_whatever_a_page_of_the_office_writes_a_manager_may_put_back(office: Office, page: str, typed: dict[str, str]) -> None:
    settings_changes.note(office.shop, office.path)
    save(office.mia, page, typed)
    assert office.text() != FILE, "else nothing was tried"
    history = office.mia.get("/admin/history").get_data(as_text=True)
    send(office.mia, "/admin/history", {"digest": fields_of_history(history), "change": "1"}, {}, step="save")
    assert office.text() == FILE


def test_an_admin_changes_the_whole_file_and_a_manager_does_not_see_it(office: Office) -> None:
    ada = office.another("Ada", "admin")
    text = FILE.replace("[[zones]]", "[dashboard]\nport = 9000 # behind Caddy\n\n[[zones]]", 1)
    answer = look(ada, "/admin/file", {"text": text.replace("\n", "\r\n")})
    assert said_of(answer) == ["dashboard.port before: 8080 from now on: 9000"]
    assert "another address" in answer.get_data(as_text=True)
    send(ada, "/admin/file", fields(answer.get_data(as_text=True)), {}, step="save")
    assert office.text() == text
    assert office.mia.get("/admin/file").status_code == 403
    assert office.mia.post("/admin/file", {"text": FILE, "step": "save"}).status_code == 403
    assert "/admin/file" not in office.mia.get("/admin").get_data(as_text=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[store", "this is not TOML"), ("", "moved"), (FILE + "\n[stroe]\n", "stroe is not a setting"),
        (FILE.replace('data = "var"', 'data = "elsewhere"'), "leads to everything the shop remembers"),
        (FILE.replace("oslo-city", "oslo"), "leads to everything the shop remembers"), ("#" * 60_000, ""),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_not_written(office: Office, text: str, says: str) -> None:
    ada = office.another("Ada", "admin")
    form = fields(ada.get("/admin/file").get_data(as_text=True))
    answer = send(ada, "/admin/file", form, {"text": text}, step="save")
    assert answer.status_code in (409, 413, 422)
    if says != "moved":
        assert says in " ".join(alerts(answer))
    assert office.text() == FILE


def test_a_comment_alone_is_saved_and_says_so(office: Office) -> None:
    ada = office.another("Ada", "admin")
    answer = save(ada, "/admin/file", {"text": FILE + "# Kept by Ada.\n"})
    assert said_of(answer) == ["Only comments or the layout of the file change."]
    assert office.text().endswith("# Kept by Ada.\n")
