"""`greetline print-test` and the doctor: what is printed, what is in the way, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from broker.settings import Settings
from deploy import customer_checks
from deploy.finding import State
from kiosk.printing.cli import main
from tests.kiosk.sinks import COVER_OPEN, NO_PAPER, PAPER_LOW, Sink
from tests.service.parts import free_port


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink("answers")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_a_test_number_comes_out_in_every_language(sink: Sink) -> None:
    code, said = run("--printer", f"127.0.0.1:{sink.port}")
    assert (code, said["printed"], said["languages"], said["letters_lacking"]) == (0, True, ["en", "nb", "nl", "ms", "lv"], "")
    assert len(set(sink.tickets)) == 5
    assert run("--printer", f"127.0.0.1:{sink.port}", "--language", "lv")[1]["languages"] == ["lv"]


@pytest.mark.parametrize(
    ("wrong", "says", "advice"),
    [(NO_PAPER, "out of paper", "Load a roll, then press the feed button."), (COVER_OPEN, "cover", "Close it until it clicks.")],
)
def test_what_is_wrong_is_said_with_what_to_do(sink: Sink, wrong: str, says: str, advice: str) -> None:
    sink.wrong = wrong
    code, said = run("--printer", f"127.0.0.1:{sink.port}")
    assert (code, said["printed"], said["advice"]) == (3, False, advice)
    assert says in said["says"]


def test_a_printer_that_is_not_there_ends_with_three(tmp_path: Path) -> None:
    code, said = run("--printer", f"127.0.0.1:{free_port()}")
    assert (code, said["trouble"]) == (3, "unreachable")
    assert "refused" in said["seen"]
    assert run("--printer", str(tmp_path / "lp0"))[1]["trouble"] == "not_there"
    assert run("--printer", "usb:ffff:ffff")[1]["trouble"] == "not_there"
    plain = CliRunner().invoke(main, ["--printer", f"127.0.0.1:{free_port()}"])
    assert "-> Check that it is switched on" in plain.stdout


def test_without_a_printer_it_says_how_to_set_one() -> None:
    code, said = run()
    assert code == 3
    assert "Set kind in [printer]" in said["says"]


def test_a_picture_shows_it_without_a_printer(tmp_path: Path) -> None:
    code, said = run("--to", str(tmp_path / "test.png"), "--language", "lv")
    assert (code, said["printed"], said["picture"]) == (0, False, str(tmp_path / "test.png"))
    assert Image.open(tmp_path / "test.png").width == 576


@pytest.mark.parametrize("named", ["", "a b", "host:99999999", "usb:zzzz:1"])
def test_a_printer_nobody_understands_is_wrong_use(named: str) -> None:
    assert CliRunner().invoke(main, ["--printer", named]).exit_code == 2


def test_a_shop_whose_name_the_font_lacks_hears_of_it(tmp_path: Path) -> None:
    (tmp_path / "greetline.toml").write_text('[store]\nname = "東京 Sport"\n[printer]\nkind = "dummy"\n', encoding="utf-8")
    code, said = run()
    assert (code, said["letters_lacking"]) == (0, "東京")
    assert "東京" in CliRunner().invoke(main, []).stdout


def found(printer: dict[str, object], **more: object) -> list[tuple[str, State]]:
    settings = Settings.model_validate({"printer": printer} | more)
    return [(finding.about, finding.state) for finding in customer_checks.printer(settings)]


def test_the_doctor_looks_at_the_printer_without_printing(sink: Sink, tmp_path: Path) -> None:
    assert found({"kind": "none"}) == []
    assert found(sink.settings) == [("printer", State.OK)]
    sink.wrong = PAPER_LOW
    assert found(sink.settings) == [("printer", State.WARN)]
    sink.wrong = NO_PAPER
    assert found(sink.settings) == [("printer", State.MISSING)]
    assert sink.tickets == []
    assert found({"kind": "dummy"}, store={"name": "東京"}) == [("font", State.WARN), ("printer", State.OK)]
    assert found({"kind": "dummy", "font": tmp_path / "none.ttf"}) == [("font", State.MISSING), ("printer", State.OK)]
