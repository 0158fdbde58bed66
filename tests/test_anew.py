"""A program begins anew when its settings say something else, and goes on with the last good ones while they say nothing usable."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker import anew, lifeline
from broker.settings import Settings
from edge import starting

GOOD = '[store]\nname = "Oslo City"\n[standards]\ngreet_within_seconds = 30\n'
WITHIN_SECONDS = 10


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "greetline.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def watching(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[anew.Watch, threading.Event]]]:
    """Begins to watch as a program that is started again when it ends."""
    monkeypatch.setattr(anew, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(anew, "ANSWER_SECONDS", 0.0)
    monkeypatch.setenv(lifeline.FD, "7")
    begun: list[anew.Watch] = []

    def begin(**more: object) -> tuple[anew.Watch, threading.Event]:
        watch, ended = anew.Watch(file, **more), threading.Event()
        begun.append(watch)
        watch.begin(ended.set)
        return watch, ended

    yield begin
    for watch in begun:
        watch.stop()


def replace(path: Path, text: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def test_another_promise_ends_the_program_with_the_status_that_starts_it_again(file: Path, watching) -> None:
    watch, ended = watching()
    assert watch.exit_code(0) == 0
    replace(file, GOOD.replace("30", "25"))
    assert ended.wait(WITHIN_SECONDS)
    assert watch.exit_code(0) == lifeline.SETTINGS_CHANGED == 75
    assert watch.exit_code(3) == 3


def test_a_file_that_cannot_be_used_is_said_once_and_changes_nothing(file: Path, watching, caplog) -> None:
    watch, ended = watching()
    looked = count_looks(watch)
    replace(file, GOOD.replace("greet_within_seconds", "greet_within_second"))
    looked(3)
    replace(file, GOOD)
    looked(3)
    file.unlink()
    looked(3)
    assert not ended.is_set()
    [said] = [line.getMessage() for line in caplog.records if "greet_within_second is not a setting" in line.getMessage()]
    assert "goes on with the last good ones" in said
    replace(file, GOOD + "undo_seconds = 30\n")
    assert ended.wait(WITHIN_SECONDS)


def count_looks(watch: anew.Watch) -> Callable[[int], None]:
    """Waits until the watch has looked so often once more."""
    looks, real = threading.Semaphore(0), watch._signed

    def signed() -> object:
        looks.release()
        return real()

    watch._signed = signed

    def wait(times: int) -> None:
        while looks.acquire(blocking=False):
            pass
        for _ in range(times):
            assert looks.acquire(timeout=WITHIN_SECONDS)

    return wait


def test_a_comment_or_another_order_ends_nothing(file: Path, watching) -> None:
    watch, ended = watching()
    looked = count_looks(watch)
    replace(file, "# The shop at the station.\n[standards]\ngreet_within_seconds = 30\n[store]\nname = 'Oslo City'\n")
    looked(3)
    os.utime(file)
    looked(3)
    assert not ended.is_set()


def test_a_change_between_reading_and_watching_is_not_missed(file: Path, monkeypatch) -> None:
    monkeypatch.setattr(anew, "LOOK_SECONDS", 0.01)
    monkeypatch.setenv(lifeline.FD, "7")
    watch, ended = anew.Watch(file), threading.Event()
    replace(file, GOOD.replace("30", "25"))
    watch.begin(ended.set)
    assert ended.wait(WITHIN_SECONDS)


def test_a_program_that_nobody_starts_again_only_says_so(file: Path, watching, monkeypatch, caplog) -> None:
    monkeypatch.delenv(lifeline.FD)
    caplog.set_level(logging.WARNING)
    _, ended = watching()
    replace(file, GOOD.replace("30", "25"))
    for _ in range(WITHIN_SECONDS * 100):
        if "start this program again to use it" in caplog.text:
            break
        ended.wait(0.01)
    else:
        pytest.fail(caplog.text)
    assert not ended.is_set()


def test_a_camera_box_begins_anew_for_its_cameras_and_not_for_the_opening_hours() -> None:
    door = {"cameras": [{"id": "door", "source": "scene:door"}]}
    same = starting.used(Settings.model_validate(door))
    others = {"opening": {"mon": ["10:00-20:00"]}, "standards": {"greet_within_seconds": 20}, "store": {"name": "X"}}
    assert starting.used(Settings.model_validate(door | others)) == same
    assert starting.used(Settings.model_validate(door | {"standards": {"party_seconds": 3}})) != same
    assert starting.used(Settings.model_validate({"cameras": [{"id": "door", "source": "scene:stairs"}]})) != same
