"""The log of every program: who reads it learns what happened, and no secret."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import log

ROOT = Path(__file__).resolve().parents[1]
SECRET = "pX9-verysecret_Kq77Zt"

LEAKS = [
    f"cookie device={SECRET}; path=/", f"__Host-device={SECRET}", f"Cookie: kiosk-shift={SECRET}",
    f"Authorization: Bearer {SECRET}", f"authorization='Bearer {SECRET}'", f"the key gk_{SECRET} was used",
    f"rtsp://admin:{SECRET}@10.0.0.7/door cannot be opened", f'{{"pin": "{SECRET}", "name": "Kari"}}', f"pin={SECRET}",
    f"password = {SECRET}", f"GET /enter/{SECRET} 200", f"GET /t/{SECRET} 200", f"token: '{SECRET}'", f"X-CSRFToken: {SECRET}",
    f"$argon2id$v=19$m=19456,t=2,p=1${SECRET}", f"api_key={SECRET}", f"Set-Cookie: form={SECRET}; HttpOnly",
]  # fmt: skip


class Written:
    """What was written to the standard error since it was last asked."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def getvalue(self) -> str:
        return self._captured.readouterr().err


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """The standard error, with the logging of the tests put back behind it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield Written(capsys)
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("there", [True, False], ids=["with structlog", "without"])
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("said", LEAKS)
def test_no_secret_is_written_however_it_is_logged(
    written: Written, monkeypatch: pytest.MonkeyPatch, form: str, said: str, there: bool
) -> None:
    if not there:
        monkeypatch.setattr(log.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    log.set_up("info", form)
    logging.getLogger("broker.web").warning("it says %s", said)
    logging.getLogger("broker.web").warning(said)
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("broker.web").exception("a mistake of ours")
    page = written.getvalue()
    assert SECRET not in page
    assert page.count(log.HIDDEN) >= 3, "it is said that something was there"


def test_what_is_no_secret_stays(written: Written) -> None:
    log.set_up("info", "text")
    harmless = "message ab-17 of door: line door, 3 events taken in 12 ms; https://10.0.0.7/floor?token is asked for; ticket A012"
    logging.getLogger("x").info(harmless)
    assert harmless in written.getvalue()


def test_elsewhere_than_on_a_terminal_a_line_is_one_json_object(written: Written) -> None:
    log.set_up("info")
    end = log.about(request="ab12", device="door")
    logging.getLogger("broker.x").warning('two\nlines and a "quote"')
    end()
    logging.getLogger("broker.x").info("after")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["event"], first["level"], first["logger"]) == ('two\nlines and a "quote"', "warning", "broker.x")
    assert (first["request"], first["device"]) == ("ab12", "door")
    assert first["timestamp"].endswith(("Z", "+00:00"))
    assert "request" not in second


HOSTILE = "door\x1b[2J\x1b]0;owned\x07\n2026-11-21 ERROR broker: all is well\r\x9b1A\u202edesrever\u2028end\x7f"


@pytest.mark.parametrize("there", [True, False], ids=["with structlog", "without"])
def test_nothing_that_is_logged_acts_on_a_terminal_or_looks_like_a_line_of_its_own(
    written: Written, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    if not there:
        monkeypatch.setattr(log.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    log.set_up("info", "text")
    end = log.about(device=HOSTILE)
    logging.getLogger("broker.x").warning("it says %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("broker.x").exception("a mistake of ours")
    end()
    page = written.getvalue()
    assert all(letter.isprintable() or letter == "\n" for letter in page)
    assert "\\x1b[2J" in page, "it is written out, so that it can be read"
    assert not [line for line in page.splitlines() if line.startswith("2026-11-21 ERROR")]
    assert "Traceback" in page


@pytest.mark.parametrize("there", [True, False], ids=["with structlog", "without"])
def test_a_json_line_is_one_line_whatever_is_in_it(written: Written, monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    if not there:
        monkeypatch.setattr(log.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    log.set_up("info", "json")
    logging.getLogger("broker.x").warning("it says %s", HOSTILE)
    [line] = written.getvalue().rstrip("\n").split("\n")
    assert HOSTILE in json.loads(line)["event"]


@pytest.mark.parametrize(("louder", "seen"), [(-1, ["warning"]), (0, ["info", "warning"]), (1, ["debug", "info", "warning"])])
def test_v_and_q_move_the_level(written: Written, louder: int, seen: list[str]) -> None:
    log.set_up("info", "json", louder=louder)
    for level in ("debug", "info", "warning"):
        logging.getLogger("x").log(logging.getLevelName(level.upper()), "said")
    assert [json.loads(line)["level"] for line in written.getvalue().splitlines()] == seen


def test_a_line_that_a_stranger_sends_does_not_fill_the_disk(written: Written) -> None:
    log.set_up("info", "text")
    logging.getLogger("x").warning("x" * 10_000_000)
    assert len(written.getvalue()) < 2 * log.MAX_LETTERS


def test_a_camera_box_writes_the_same_lines_without_structlog() -> None:
    program = (
        "import sys; sys.modules['structlog'] = None\n"
        "import importlib.util; importlib.util.find_spec = lambda name: None\n"
        "from broker import log; import logging; log.set_up(); logging.getLogger('edge').info('token=%s', 'abcdefgh')\n"
        "log.set_up('info', 'text'); logging.getLogger('edge').info('plain'); print(sys.modules['structlog'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    first, second = done.stderr.splitlines()
    assert json.loads(first)["event"] == f"token={log.HIDDEN}"
    assert second.endswith("edge: plain")
    assert done.stdout.strip() == "None"
