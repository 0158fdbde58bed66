"""The audit log as the office and the terminal meet it."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask

from broker.cli import check
from broker.desk import audit, devices, people
from broker.shop import STORE_FILE, Shop
from dashboard.cli_audit import COLUMNS
from dashboard.cli_audit import audit as command
from deploy.cli_rows import export
from tests.web.parts import Visitor, person


def run(shop: Shop, *words: str) -> Result:
    return CliRunner().invoke(command, [*words, "--data", str(shop.settings.store.data)])


def test_what_the_office_changes_stands_there_with_who_from_which_screen_and_address(app: Flask, shop: Shop) -> None:
    office = Visitor(app, shop).pair("manager").sign_in("Ada", "admin")
    ola = person(shop, "Ola")
    office.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert office.post(f"/admin/people/{ola.id}/deactivate").status_code in (200, 303)
    row = audit.newest(shop, limit=1)[0]
    assert office.screen
    ada = people.named(shop, "Ada")
    assert ada
    assert (row.what, row.subject, row.by) == ("people.deactivated", ola.id, ada.id)
    assert (row.screen, row.address) == (office.screen.id, "192.0.2.7")
    person(shop, "Eve")
    assert audit.newest(shop, limit=1)[0].address == "", "what this process does otherwise has no address"
    assert audit.verify(shop).whole


def test_a_report_that_is_taken_away_is_written_down(app: Flask, shop: Shop) -> None:
    office = Visitor(app, shop).pair("manager").sign_in("Kari", "lead")
    answer = office.get("/reports/greeting.csv?period=7d")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    row = audit.newest(shop, limit=1)[0]
    assert row.what == "reports.exported"
    assert row.subject.endswith(".csv")
    assert "period=7d" in row.after
    assert office.get("/reports/greeting.csv?table=none").status_code == 404
    assert audit.newest(shop, limit=1)[0] == row


def test_the_terminal_says_that_the_log_is_whole_and_where_it_is_not(shop: Shop) -> None:
    for name in ("Kari", "Ada", "Ola"):
        person(shop, name, "manager")
    good = run(shop, "verify")
    assert (good.exit_code, "3 rows" in good.stderr) == (0, True)
    with sqlite3.connect(shop.settings.store.data / STORE_FILE) as db:
        db.execute("DROP TRIGGER audit_log_stays")
        db.execute("UPDATE audit_log SET by = 'eve' WHERE id = 2")
    db.close()
    bad = run(shop, "verify")
    assert bad.exit_code == 1
    assert "row 2 is not as it was written" in bad.stderr
    assert json.loads(run(shop, "verify", "--json").stdout) == {
        "whole": False, "rows": 1, "gone": 0, "broken_at": 2, "why": "row 2 is not as it was written",
    }  # fmt: skip


def test_the_terminal_shows_the_newest_first_and_a_name_where_there_is_one(shop: Shop) -> None:
    assert "Nothing of this kind" in run(shop, "show").stderr
    kari = person(shop, "Kari", "manager")
    people.speak(shop, kari.id, "nb")
    shown = [json.loads(line) for line in run(shop, "show", "--json").stdout.splitlines()]
    assert [row["what"] for row in shown] == ["people.language", "people.added"]
    assert (shown[0]["before"]["language"], shown[0]["after"]["language"]) == ("", "nb")
    assert "Kari" in run(shop, "show", "--what", "people.language").stdout
    assert "people.language" in run(shop, "show").stdout, "what was done is never cut off"


def test_a_camera_that_is_taken_off_stands_there_with_what_it_was(app: Flask, shop: Shop) -> None:
    office = Visitor(app, shop).pair("manager").sign_in("Ada", "admin")
    devices.heard(shop, "gone", watch="offline", since=shop.clock(), zones=("shoes",))
    assert office.post("/admin/cameras/gone/forget").status_code == 200
    row, ada = audit.newest(shop, limit=1)[0], people.named(shop, "Ada")
    assert ada
    assert (row.what, row.subject, row.by) == ("cameras.forgotten", "gone", ada.id)
    assert '"shoes"' in row.before


def test_rows_that_are_taken_away_in_a_terminal_stand_there(shop: Shop, tmp_path: Path) -> None:
    settings = tmp_path / "greetline.toml"
    settings.write_text(f'[store]\nid = "oslo-city"\ndata = "{shop.settings.store.data}"\n', encoding="utf-8")
    done = CliRunner().invoke(export, ["--what", "visits", "-o", str(tmp_path / "v.csv"), "--settings", str(settings)])
    assert done.exit_code == 0, done.output
    row = audit.newest(shop, limit=1)[0]
    assert (row.what, row.subject, row.by, json.loads(row.after)) == (
        "rows.exported",
        "visits",
        "terminal",
        {"form": "csv", "rows": 0},
    )


def test_a_deep_look_at_the_store_looks_at_the_log_too(shop: Shop) -> None:
    person(shop, "Kari")
    look = ["--deep", "--json", "--data", str(shop.settings.store.data)]
    whole = CliRunner().invoke(check, look)
    assert (whole.exit_code, json.loads(whole.stdout)["sound"]) == (0, True)
    with sqlite3.connect(shop.settings.store.data / STORE_FILE) as db:
        db.execute("DELETE FROM audit_ends")
    db.close()
    assert CliRunner().invoke(check, look[1:]).exit_code == 0, "a quick look does not read it"
    broken = CliRunner().invoke(check, look)
    assert broken.exit_code == 1
    assert any(said.startswith("the audit log: ") for said in json.loads(broken.stdout)["damage"])


def test_the_exported_file_has_every_row_and_no_formula(shop: Shop, tmp_path: Path) -> None:
    person(shop, "Kari", "manager")
    person(shop, "Ada", "manager")
    shop.db.execute("BEGIN")
    audit.write(shop, "test.done", "=1+1", by="@eve")
    shop.db.execute("COMMIT")
    target = tmp_path / "audit.csv"
    assert run(shop, "export", "-o", str(target)).exit_code == 0
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["what"] for row in rows] == ["people.added", "people.added", "test.done"]
    assert (rows[2]["subject"], rows[2]["by"]) == ("'=1+1", "'@eve")
    assert target.stat().st_mode & 0o777 == 0o600
    assert run(shop, "export").stdout == target.read_text(encoding="utf-8")
