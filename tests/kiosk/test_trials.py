"""Trying the printer and the voice: asked for in the office, answered by the program that has them, in a word for what is wrong."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator

import pytest

from broker.desk import prints, trials
from broker.desk.roles import Refused
from broker.desk.trials import KEPT, PATIENCE, Kind, State, Trial
from broker.domain.printing import Trouble
from broker.shop import Shop
from broker.store import trials as rows
from kiosk import trials as worker
from kiosk.trials import Trials, trying
from tests.builders import TurnableClock
from tests.kiosk.parts import Screen
from tests.kiosk.sinks import NO_PAPER, PAPER_LOW, Sink
from tests.web.parts import eventually


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.close()


def tried(kiosk: Screen, kind: str, language: str = "en") -> Trial:
    """Ask, let the program answer, and return how it ended."""
    trials.ask(kiosk.shop, kind, language, by="mia")
    assert Trials(kiosk.app).turn(kiosk.shop)
    found = trials.newest(kiosk.shop, Kind(kind))
    assert found
    return found


def test_a_test_number_comes_out_of_the_printer(made: Callable[..., Screen], sink: Sink) -> None:
    kiosk = made(printer=sink.settings)
    assert tried(kiosk, "paper", "lv").state is State.DONE
    assert sink.printed(1)
    assert prints.claim_look(kiosk.shop, by="another") is False, "it was looked at just now"
    assert prints.take(kiosk.shop, by="another"), "nobody holds it afterwards"


@pytest.mark.parametrize(("wrong", "state", "why"), [(NO_PAPER, State.FAILED, "no_paper"), (PAPER_LOW, State.DONE, "")])
def test_what_the_printer_lacks_is_the_answer_and_is_told_on_the_floor(
    made: Callable[..., Screen], sink: Sink, wrong: str, state: State, why: str
) -> None:
    sink.wrong = wrong
    kiosk = made(printer=sink.settings)
    found = tried(kiosk, "paper")
    assert (found.state, found.why) == (state, why)
    known = prints.state(kiosk.shop)
    assert known
    assert known.trouble in (Trouble.NO_PAPER, Trouble.PAPER_LOW)


@pytest.mark.parametrize(("kind", "why"), [("none", "no_printer"), ("browser", "browser")])
def test_without_a_printer_of_ours_there_is_nothing_to_try(made: Callable[..., Screen], kind: str, why: str) -> None:
    assert tried(made(printer={"kind": kind}), "paper").why == why


def test_a_trial_waits_for_a_number_that_is_being_printed(
    made: Callable[..., Screen], sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = made(printer=sink.settings)
    monkeypatch.setattr(worker, "PRINTER_FREE_WITHIN_SECONDS", 0.05)
    monkeypatch.setattr(worker, "GLANCE_SECONDS", 0.01)
    assert prints.take(kiosk.shop, by="the spool")
    assert tried(kiosk, "paper").why == "busy"
    assert not sink.tickets


@pytest.mark.parametrize("language", ["en", "lv"])
def test_a_call_is_spoken_and_can_be_heard(kiosk: Screen, language: str) -> None:
    found = tried(kiosk, "voice", language)
    if found.why == "mute":
        pytest.skip(f"no voice here: {found.says}")
    assert found.state is State.DONE
    sound = trials.sound(kiosk.shop, found.id)
    assert sound
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getnframes() > file.getframerate() / 2


def test_without_a_voice_it_is_said_why(made: Callable[..., Screen]) -> None:
    found = tried(made(sound={"voice": "none"}), "voice")
    assert (found.state, found.why) == (State.FAILED, "mute")
    assert found.says


def test_a_wish_is_not_doubled_and_nothing_else_can_be_wished(shop: Shop) -> None:
    first = trials.ask(shop, "voice", "en", by="mia")
    assert trials.ask(shop, "voice", "lv", by="mia").id == first.id
    assert trials.ask(shop, "paper", "en", by="mia").id != first.id
    for kind, language in (("smell", "en"), ("voice", "xx")):
        with pytest.raises(Refused):
            trials.ask(shop, kind, language, by="mia")


def test_one_of_two_programs_takes_a_trial(shop: Shop) -> None:
    trials.ask(shop, "voice", "en", by="mia")
    assert trials.claim(shop)
    assert trials.claim(shop) is None


def test_what_nobody_answers_has_failed_and_what_comes_after_that_is_not_heard(shop: Shop, clock: TurnableClock) -> None:
    trials.ask(shop, "voice", "en", by="mia")
    taken = trials.claim(shop)
    assert taken
    clock.turn(seconds=PATIENCE.total_seconds())
    found = trials.newest(shop, Kind.VOICE)
    assert found
    assert (found.state, found.why) == (State.FAILED, trials.NOBODY)
    again = trials.ask(shop, "voice", "en", by="mia")
    assert again.id != taken.id
    trials.finish(shop, taken, sound=b"late")
    assert trials.sound(shop, taken.id) is None


def test_only_the_newest_are_kept_and_no_sound_is_too_large(shop: Shop) -> None:
    for _ in range(KEPT + 5):
        trials.finish(shop, trials.ask(shop, "voice", "en", by="mia"), sound=b"x")
    assert shop.db.execute("SELECT count(*) FROM trials").fetchone() == (KEPT,)
    large = trials.ask(shop, "voice", "en", by="mia")
    trials.finish(shop, large, sound=b"x" * (trials.MAX_SOUND_BYTES + 1))
    found = rows.find(shop.db, large.id)
    assert found
    assert (found.why, trials.sound(shop, large.id)) == (trials.TOO_LONG, None)


def test_the_program_of_the_screens_answers_by_itself(made: Callable[..., Screen]) -> None:
    kiosk = made(printer={"kind": "dummy"})
    with trying(kiosk.app):
        trials.ask(kiosk.shop, "paper", "nb", by="mia")
        eventually(lambda: (found := trials.newest(kiosk.shop, Kind.PAPER)) is not None and found.state is State.DONE)
