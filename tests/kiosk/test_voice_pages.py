"""Sounds over HTTP and on the command line: only what the server wrote, only to screens of the shop, never for ever."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli import main
from kiosk.voice.ways import Library
from tests.kiosk.parts import Screen
from tests.kiosk.voices import record

needs_library = pytest.mark.skipif(bool(Library().why_not()), reason="the extra `voice` is not installed")
SHOP = """
[[services]]
id = "returns"
letter = "R"
name = "Returns"

[[counters]]
id = "desk-3"
name = "Desk 3"
number = 3
"""


def calls(screen: Screen) -> list[str]:
    number = screen.get("/api/v1/board").json["calls"][0]["id"]
    addresses: list[str] = screen.get(f"/voice/calls/{number}").json["say"]
    return addresses


@needs_library
def test_a_call_has_its_sounds_in_both_languages_and_they_never_change(kiosk: Screen) -> None:
    kiosk.someone_takes(language="lv")
    kiosk.call()
    english, latvian = calls(kiosk)
    assert english != latvian
    for address in (english, latvian):
        answer = kiosk.get(address)
        assert answer.content_type == "audio/wav"
        assert "immutable" in answer.headers["Cache-Control"]
        with wave.open(BytesIO(answer.data)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        same = kiosk.get(address).data == answer.data
        assert same, "not compared by pytest, which would look for where they differ for minutes"


@needs_library
def test_the_next_calls_of_open_counters_are_spoken_ahead_of_time(kiosk: Screen) -> None:
    for _ in range(2):
        kiosk.someone_takes(language="nb")
    kiosk.call()
    calls(kiosk)
    voice = kiosk.app.extensions["greetline-voice"]
    warmer = voice._warmer
    if warmer:
        warmer.join(20)
    assert len(list((kiosk.shop.settings.store.data / "voice").glob("*.wav"))) == 4, "this call and the next, in two languages"


@pytest.mark.parametrize(
    "path", ["/voice/" + "a" * 32 + ".wav", "/voice/hello.wav", "/voice/..%2Fgreetline.wav", "/voice/calls/99", "/voice/A.wav"]
)
def test_no_address_can_ask_for_other_words(kiosk: Screen, path: str) -> None:
    assert kiosk.get(path, headers={"Accept": "application/json"}).status_code == 404


@needs_library
def test_only_screens_of_the_shop_hear_anything(kiosk: Screen) -> None:
    kiosk.someone_takes()
    kiosk.call()
    address = calls(kiosk)[0]
    stranger = Screen(kiosk.app, kiosk.shop)
    for path in (address, "/voice/calls/1"):
        assert stranger.get(path, headers={"Accept": "application/json"}).status_code == 401


@needs_library
def test_one_screen_cannot_keep_the_voice_busy(kiosk: Screen) -> None:
    kiosk.app.extensions["greetline-voice-pace"].most = 2
    codes = [kiosk.get(f"/voice/{n:032x}.wav", headers={"Accept": "application/json"}) for n in range(4)]
    assert [answer.status_code for answer in codes] == [404, 404, 429, 429]
    assert codes[-1].headers["Retry-After"] == "1"


@needs_library
@pytest.mark.parametrize("path", ["/kiosk", "/kiosk/language"])
def test_every_text_of_a_page_that_is_read_aloud_has_its_sound(kiosk: Screen, path: str) -> None:
    page = kiosk.page(f"{path}?aloud=1")
    heard = json.loads(page.split('id="heard"')[1].split(">", 1)[1].split("</script>")[0])
    for text in ("Talk to someone", "Say it again", "Start over", "Do you need more time?", "Yes, more time"):
        assert text in heard, text
    assert len(set(heard.values())) == len(heard)
    assert all(kiosk.get(address).status_code == 200 for address in list(heard.values())[:3])
    assert 'id="heard"' not in kiosk.page(path), "nothing is made for those who did not ask"


@needs_library
def test_a_number_that_is_shown_before_its_page_can_be_said(kiosk: Screen) -> None:
    script = {"Accept": "application/json"}
    told = kiosk.post("/kiosk/tickets", {"service": "returns", "key": "0" * 32, "aloud": "1"}, headers=script).json
    assert set(told["heard"]) == {"Your number", "R\u00a0001"}
    assert kiosk.get(told["heard"]["R\u00a0001"]).content_type == "audio/wav"
    told = kiosk.post("/kiosk/tickets", {"service": "returns", "key": "1" * 32}, headers=script).json
    assert told["heard"] == {}, "nothing is made for those who did not ask"


def test_a_shop_without_a_voice_has_no_buttons_for_one(made: Callable[..., Screen]) -> None:
    silent = made(sound={"voice": "none"})
    page = silent.page("/kiosk?aloud=1")
    assert "Say it again" not in page
    assert 'id="heard"' not in page
    silent.someone_takes()
    silent.call()
    assert calls(silent) == []


def test_the_volume_of_an_address_is_one_of_ten_steps_and_never_above_the_shops(made: Callable[..., Screen]) -> None:
    kiosk = made(sound={"volume": 50, "max_volume": 70})
    for said, kept in (("60", "60"), ("100", "70"), ("1000", "50"), ("-5", "50"), ("60;x", "50"), ("", "50")):
        if f'data-volume="{kept}"' not in kiosk.page(f"/kiosk?volume={said}"):
            assert not kiosk.app.extensions["greetline-voice"].reads, said


def run(folder: Path, *args: str) -> tuple[int, str, str]:
    settings = folder / "greetline.toml"
    if not settings.exists():
        settings.write_text(SHOP)
    done = CliRunner().invoke(main, ["say", "--settings", str(settings), *args])
    return done.exit_code, done.stdout, done.stderr


@needs_library
def test_a_call_is_spoken_into_a_file(tmp_path: Path) -> None:
    target = tmp_path / "call.wav"
    code, out, _ = run(tmp_path, "--number", "r 047", "--counter", "desk-3", "--language", "lv", "--to", str(target), "--json")
    assert code == 0
    row = json.loads(out)
    assert row["text"] == "Numurs R, 0, 4, 7, lūdzu, nāciet pie letes numur 3."
    with wave.open(str(target)) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(row["seconds"], abs=0.01)


def test_what_is_wrong_on_the_command_line_is_said(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 2
    code, _, error = run(tmp_path, "--counter", "desk-9", "--to", str(tmp_path / "x.wav"))
    assert code == 2
    assert "there are desk-3" in error
    (tmp_path / "greetline.toml").write_text('[sound]\nvoice = "none"\n')
    code, _, error = run(tmp_path, "--to", str(tmp_path / "x.wav"))
    assert code == 3
    assert "there is no voice" in error
    assert not (tmp_path / "x.wav").exists()


def test_the_check_names_every_recording_that_is_missing(tmp_path: Path) -> None:
    record(tmp_path / "clips" / "en", ["number", "R", *"012345678", "come-to", "desk-3"])
    (tmp_path / "greetline.toml").write_text(f'{SHOP}\n[sound]\nvoice = "clips"\nclips = "clips"\nlanguages = ["en"]\n')
    code, out, _ = run(tmp_path, "--check")
    assert code == 3
    assert "9.wav is missing" in out
    record(tmp_path / "clips" / "en", "9")
    code, out, _ = run(tmp_path, "--check", "--json")
    assert code == 0
    assert json.loads(out)["recordings"] == {"en": True}
