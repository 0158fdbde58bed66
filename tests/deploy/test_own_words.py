"""A shop's own words are looked at and never refused: `config check` and `doctor` say what could be kinder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.settings import Settings
from deploy.config import config
from deploy.own_words import advice

UNKIND = """
[store]
language = "nb"

[[zones]]
id = "entrance"
name = "Dessverre fullt"

[[services]]
id = "returns"
letter = "R"
name = "Retur"
names = { en = "Cannot be returned?", lv = "Atgriešana" }

[[counters]]
id = "desk-1"
name = "Vær tålmodig"
"""


def test_each_word_is_looked_at_in_the_language_it_is_written_in(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "store": {"language": "nb"},
            "zones": [{"id": "entrance", "name": "Cannot"}],
            "services": [
                {"id": "returns", "letter": "R", "name": "Kan ikke byttes", "names": {"en": "We cannot", "lv": "Kan ikke"}}
            ],
        }
    )
    assert [each.where for each in advice(settings)] == ["services.returns.name", "services.returns.names.en"]


def test_a_kind_shop_hears_nothing() -> None:
    assert advice(Settings.model_validate({"services": [{"id": "returns", "letter": "R", "name": "Returns"}]})) == []


def test_the_check_of_the_settings_says_it_and_is_still_right(tmp_path: Path) -> None:
    file = tmp_path / "greetline.toml"
    file.write_text(UNKIND, encoding="utf-8")
    done = CliRunner().invoke(config, ["check", "--settings", str(file)])
    assert done.exit_code == 0
    assert "right." in done.output
    for where in ("zones.entrance.name", "services.returns.names.en", "counters.desk-1.name"):
        assert where in done.output
    assert "begins with what is not possible" in done.output


def test_the_doctor_warns_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploy import doctor

    file = tmp_path / "greetline.toml"
    file.write_text(UNKIND + "\n[mqtt]\nport = 1\n[dashboard]\nport = 0\n".replace("port = 0", "port = 8080"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(doctor.doctor, ["--settings", str(file), "--json"])
    words = [finding for finding in json.loads(done.output)["findings"] if finding["about"] == "words"]
    assert len(words) == 3
    assert {finding["state"] for finding in words} == {"warn"}
    assert "counters.desk-1.name" in json.dumps(words)
