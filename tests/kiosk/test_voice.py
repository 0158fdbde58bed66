"""The voice of the server: who speaks, in which words, how loud, and that nothing breaks when it does not."""

from __future__ import annotations

import math
import os
import signal
import stat
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, perf_counter

import pytest
from flask import Flask
from flask_babel import force_locale
from pydantic import ValidationError

from broker.settings import Settings
from broker.web import languages
from kiosk.voice import phrases, sounds
from kiosk.voice.clips import Clips, every_piece
from kiosk.voice.page import pieces
from kiosk.voice.phrases import Phrase
from kiosk.voice.shelf import Shelf
from kiosk.voice.sounds import NotASound, Sound
from kiosk.voice.speaker import OFFERED, Voice
from kiosk.voice.ways import MOST_WAITING, Busy, Library, Mute, Program
from tests.kiosk.parts import COUNTERS, SERVICES
from tests.kiosk.voices import record, tone, wav

needs_library = pytest.mark.skipif(bool(Library().why_not()), reason="the extra `voice` is not installed")
LANGUAGES = ("en", "nb", "nl", "ms", "lv")
CALLS = {
    "en": "Number R, 0, 4, 7, please come to Desk 1.",
    "nb": "Nummer R, 0, 4, 7, velkommen til skranke 1.",
    "nl": "Nummer R, 0, 4, 7, u kunt naar balie 1 komen.",
    "ms": "Nombor R, 0, 4, 7, sila ke Kaunter 1.",
    "lv": "Numurs R, 0, 4, 7, lūdzu, nāciet pie letes numur 1.",
}
DIGITS = {
    "en": "zˈiəɹəʊ wˈɒn tˈuː θɹˈiː fˈɔː fˈaɪv sˈɪks sˈɛvən ˈeɪt nˈaɪn",
    "nb": "nˈʉl ˈeːn tˈuː trˈeː fˈiːrɛ fˈɛm sˈɛks ʃˈʉː ˈɔtːa nˈiː",
    "nl": "nˈɵl ˈeːn tʋˈeː drˈi vˈir vˈɛɪf zˈɛs zˈeːvən ˈɑxt nˈeːɣən",
    "ms": "kˈosoŋ sˈatu dˈuə tˈiɡə ˈəmpat lˈimə ˈənam tˈudʒoh lˈapan səmbˈilan",
    "lv": "nˈulle ʋˈiens dˈiʋi trˈiːs t͡ʃˈetri pˈiet͡si sˈeʃi sˈeptiɲi ˈastuoɲi dˈeʋiɲi",
}


def shop_of(folder: Path, **sound: object) -> Settings:
    return Settings.model_validate(
        {"store": {"data": folder}, "services": SERVICES, "counters": COUNTERS, "sound": sound}
    )  # fmt: skip


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Voice]:
    made = Voice(shop_of(tmp_path))
    yield made
    made.close()


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library()
    yield made
    made.close()


def worded(settings: Settings, language: str, shown: str = "R\u00a0047", counter: str | None = "desk-1") -> Phrase:
    app = Flask("test")
    languages.set_up(app, settings)
    with app.test_request_context(), force_locale(language):
        return phrases.call(settings, shown, counter, language)


# ---- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_says_each_sign_of_the_number_in_every_language(tmp_path: Path, language: str) -> None:
    assert worded(shop_of(tmp_path), language).text == CALLS[language]


def test_a_counter_with_a_name_of_its_own_is_called_by_it(tmp_path: Path) -> None:
    assert worded(shop_of(tmp_path), "en", counter="desk-2").text == "Number R, 0, 4, 7, please come: The long table."


def test_what_is_read_with_the_eyes_is_said_in_words(tmp_path: Path) -> None:
    app = Flask("test")
    languages.set_up(app, shop_of(tmp_path))
    with app.test_request_context(), force_locale("nl"):
        assert phrases.of_page("Ongeveer 5–10 min.", "nl").text == "Ongeveer 5 tot 10 minuten"
        assert phrases.of_page("R\u00a0047", "nl").text == "R, 0, 4, 7"
        assert phrases.of_page("Minder dan een minuut", "nl").text == "Minder dan een minuut"


@needs_library
@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_said_in_the_language_of_the_call(library: Library, language: str) -> None:
    said = " ".join(library.phonemes(language, str(digit)).strip() for digit in range(10))
    assert said == DIGITS[language]


@needs_library
def test_a_letter_is_said_as_a_letter_and_not_as_a_word(library: Library) -> None:
    assert library.phonemes("en", phrases.signs("A\u00a0001")).startswith("ˈeɪ")


def test_a_page_gives_its_texts_each_in_its_language_and_nothing_that_is_not_seen() -> None:
    page = """<h1>Wel&shy;come.<br>How can\n  we help?</h1><svg><title>no</title></svg><p aria-hidden="true">no<b>no</b></p>
      <a lang="lv">Latviešu</a><script>no</script><p class="num">R\u00a0047</p><input value="no"><b>last</b>"""
    assert pieces(page, "en") == {
        "Wel\u00adcome.": "en", "How can we help?": "en", "Latviešu": "lv", "R\u00a0047": "en", "last": "en",
    }  # fmt: skip


# ---- sounds


def test_silence_is_cut_and_every_sound_is_equally_loud() -> None:
    for loud in (800, 8000, 30_000):
        made = sounds.levelled(sounds.trimmed(sounds.read(tone(1.0, loud=loud))))
        assert made.seconds == pytest.approx(1.0 + 2 * sounds.MARGIN_SECONDS, abs=0.03)
        assert made.loudness == pytest.approx(sounds.LOUDNESS, rel=0.05)
        assert max(map(abs, made.samples)) <= sounds.PEAK
    assert sounds.trimmed(sounds.read(wav(bytes(44_100)))).seconds == 0


def test_a_peak_is_never_cut_off() -> None:
    clicks = Sound(array("h", [32_767 if n % 400 == 0 else round(300 * math.sin(n / 9)) for n in range(22_050)]))
    assert max(sounds.levelled(clicks).samples) <= sounds.PEAK


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a WAV"), (b"RIFF....WAVE", "not a WAV"), (wav(bytes(400), channels=2), "2 channels"),
        (wav(bytes(400), width=1), "8 bits"), (bytes(4_000_000), "larger than"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused_with_its_reason(body: bytes, why: str) -> None:
    with pytest.raises(NotASound, match=why):
        sounds.read(body)


# ---- ways


@needs_library
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_library_speaks_every_language(voice: Voice, library: Library, language: str) -> None:
    made = voice.spoken(Phrase(language, CALLS[language]))
    assert made.rate == 22_050
    assert 2.5 < made.seconds < 6
    assert made.loudness == pytest.approx(sounds.LOUDNESS, rel=0.2)
    assert (
        library.speak(language, CALLS[language]).seconds < library.speak(language, f"{CALLS[language]} {CALLS[language]}").seconds
    )


@needs_library
def test_a_library_that_dies_is_begun_again_and_takes_nobody_along(library: Library) -> None:
    library.speak("en", "one")
    first = library._child
    assert first is not None
    os.kill(first.pid, signal.SIGSEGV)
    first.wait(5)
    assert library.speak("en", "one").seconds > 0.2
    assert library._child is not first


@needs_library
def test_a_library_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    program = tmp_path / "mouth.py"
    program.write_text("import time\ntime.sleep(60)\n")
    hung = Library(patience=0.3, program=program)
    began = monotonic()
    with pytest.raises(Mute, match="did not speak within"):
        hung.speak("en", "one")
    assert monotonic() - began < 10
    assert hung._child is None, "what hangs is ended"
    hung.close()


@needs_library
def test_a_library_that_answers_nonsense_is_ended(tmp_path: Path) -> None:
    program = tmp_path / "mouth.py"
    program.write_text("import sys\nsys.stdin.readline()\nsys.stdout.buffer.write(b'\\xff' * 40)\nsys.stdout.flush()\n")
    odd = Library(patience=20, program=program)
    with pytest.raises(Mute, match="4,294,967,295 bytes"):
        odd.speak("en", "one")
    odd.close()


@needs_library
def test_a_language_without_a_voice_is_mute_and_not_a_crash(library: Library) -> None:
    with pytest.raises(Mute, match="no voice"):
        library.speak("zz", "one")
    assert library.speak("en", "one").seconds > 0.2


@needs_library
def test_too_many_at_once_are_sent_away_and_the_others_are_served() -> None:
    library = Library(patience=30)
    library.speak("en", "one")
    ended: list[str] = []

    def ask() -> None:
        try:
            library.speak("en", "one")
            ended.append("spoken")
        except Busy:
            ended.append("busy")

    library._lock.acquire()
    threads = [threading.Thread(target=ask) for _ in range(MOST_WAITING + 4)]
    for thread in threads:
        thread.start()
    until = monotonic() + 20
    while ended.count("busy") < 4 and monotonic() < until:
        threads[0].join(0.02)
    library._lock.release()
    for thread in threads:
        thread.join(30)
    library.close()
    assert sorted(ended) == ["busy"] * 4 + ["spoken"] * MOST_WAITING


@needs_library
def test_text_of_any_length_is_bounded(library: Library) -> None:
    assert library.speak("en", "word " * 10_000).seconds < 60


def test_the_program_of_the_system_speaks_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    said = tmp_path / "said.wav"
    body = bytearray(tone(0.5))
    body[4:8] = body[40:44] = b"\xff\xff\xff\x7f"  # as a program writes it that does not yet know how long it will be
    said.write_bytes(body)
    program = folder / "espeak-ng"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat > {tmp_path}/text\ncat {said}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert Program().why_not() == ""
    assert Program().speak("lv", "Numurs").seconds == pytest.approx(0.9, abs=0.01)
    assert (tmp_path / "asked").read_text().strip() == "-v lv --stdin --stdout"
    assert (tmp_path / "text").read_text() == "Numurs"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    with pytest.raises(Mute, match="timed out"):
        Program(patience=0.2).speak("lv", "Numurs")
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(Mute, match="exit status 1"):
        Program().speak("lv", "Numurs")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt install" in Program().why_not()
    with pytest.raises(Mute, match="no program"):
        Program().speak("lv", "Numurs")


# ---- recordings


def test_a_call_is_put_together_from_the_shops_recordings(tmp_path: Path) -> None:
    record(tmp_path / "clips" / "en", ["number", "R", *"0123456789", "come-to", "desk-1"])
    settings = shop_of(tmp_path, clips=tmp_path / "clips", voice="clips")
    voice = Voice(settings)
    made = voice.spoken(worded(settings, "en"))
    assert made.seconds == pytest.approx(7 * 0.3 + 6 * 0.09, abs=0.1)
    record(tmp_path / "clips" / "en", ["end"])
    assert voice.spoken(worded(settings, "en")).seconds == pytest.approx(8 * 0.3 + 7 * 0.09, abs=0.1)
    assert voice.offer(Phrase("en", "Talk to someone")) is None, "nobody has recorded that"


@needs_library
def test_a_recording_that_is_missing_is_named_and_the_next_way_speaks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record(tmp_path / "clips" / "en", ["number", "R", "0", "come-to", "desk-1"])
    settings = shop_of(tmp_path, clips=tmp_path / "clips")
    voice = Voice(settings)
    for _ in range(2):
        assert voice.spoken(worded(settings, "en")).seconds > 2.5
    voice.close()
    assert [each.message for each in caplog.records if "4.wav is missing" in each.message] == [caplog.records[0].message]


def test_every_fault_of_the_recordings_is_said_in_one_sentence(tmp_path: Path) -> None:
    settings = shop_of(tmp_path, clips=tmp_path)
    wanted = every_piece(settings)
    assert wanted[:4] == ["number", "A", "C", "R"]
    record(tmp_path / "en", wanted)
    (tmp_path / "en" / "3.wav").write_bytes(b"no sound")
    (tmp_path / "en" / "4.wav").write_bytes(tone(rate=16_000))
    (tmp_path / "en" / "5.wav").write_bytes(wav(bytes(4000)))
    (tmp_path / "en" / "6.wav").unlink()
    found = "\n".join(Clips(tmp_path).trouble("en", wanted))
    assert "3.wav: it is not a WAV file" in found
    assert "4.wav has 16,000 Hz; most have 22,050" in found
    assert "5.wav: nothing is heard in it" in found
    assert "6.wav is missing" in found
    assert found.count("\n") == 3


# ---- the shelf and what may be said


def test_of_two_who_speak_the_same_at_once_the_first_is_heard_for_good(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "voice", 1_000_000)
    first, second = wav(tone(0.1)), wav(tone(0.2))
    assert shelf.put("a" * 32, first) == first
    assert shelf.put("a" * 32, second) == first
    assert shelf.get("a" * 32) == first
    assert [path.name for path in shelf.folder.iterdir()] == ["a" * 32 + ".wav"]


def test_what_was_spoken_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "voice", 1_000_000)
    body = tone()
    shelf.put("a" * 32, body)
    assert shelf.get("a" * 32) == body
    (tmp_path / "voice" / f"{'a' * 32}.wav").write_bytes(body[:-100])
    assert shelf.get("a" * 32) is None
    assert list((tmp_path / "voice").iterdir()) == [], "half a sound goes"
    with pytest.raises(ValueError, match="not a digest"):
        shelf.get("../../etc/passwd")


def test_the_shelf_never_grows_beyond_its_room_and_keeps_what_is_in_use(tmp_path: Path) -> None:
    body = tone()
    shelf = Shelf(tmp_path, 6 * len(body))
    for n in range(20):
        shelf.put(f"{n:032x}", body)
        os.utime(tmp_path / f"{n:032x}.wav", (1000 + n, 1000 + n))
        if n:
            shelf.get(f"{0:032x}")
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 6 * len(body)
    assert shelf.get(f"{0:032x}") == body
    assert shelf.get(f"{1:032x}") is None


def test_a_disk_that_takes_nothing_is_no_reason_not_to_speak(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("a file where the folder should be")
    record(tmp_path / "clips" / "en", ["number", "R", *"047", "come-to", "desk-1"])
    settings = shop_of(tmp_path, clips=tmp_path / "clips", voice="clips")
    voice = Voice(settings)
    digest = voice.offer(worded(settings, "en"))
    assert digest
    assert voice.made(digest).startswith(b"RIFF")


@needs_library
def test_only_what_was_offered_is_spoken_and_the_oldest_offers_go(voice: Voice) -> None:
    with pytest.raises(KeyError):
        voice.made("a" * 32)
    first = voice.offer(Phrase("en", "first"))
    assert first
    for n in range(OFFERED):
        voice.offer(Phrase("en", f"text {n}"))
    with pytest.raises(KeyError):
        voice.made(first)
    assert voice.offer(Phrase("de", "Nummer")) is None
    assert voice.offer(Phrase("en", "  ")) is None


@needs_library
def test_a_voice_that_sounds_different_has_other_addresses(tmp_path: Path) -> None:
    record(tmp_path / "clips" / "en", ["number"])
    settings = shop_of(tmp_path, clips=tmp_path / "clips")
    voice = Voice(settings)
    phrase = worded(settings, "en")
    before = voice.offer(phrase)
    assert before == voice.offer(phrase)
    record(tmp_path / "clips" / "en", ["come-to"])
    assert voice.offer(phrase) != before
    assert voice.offer(worded(settings, "nb")) not in (before, voice.offer(phrase))


@needs_library
def test_a_call_that_was_never_said_is_there_within_300_milliseconds(voice: Voice) -> None:
    took = []
    voice.spoken(Phrase("en", "The program behind the voice has begun."))
    for n in range(60):
        digest = voice.offer(Phrase("lv", f"Numurs R, 0, {n // 10}, {n % 10}, lūdzu, nāciet pie letes numur 1."))
        assert digest
        began = perf_counter()
        assert voice.made(digest)
        took.append(perf_counter() - began)
    # Half of them, so that a machine that is busy with other tests does not decide; p99 of an idle one is in docs/kiosk.md.
    assert sorted(took)[30] < 0.3, f"{sorted(took)[30] * 1000:.0f} ms"


@pytest.mark.parametrize(
    "sound",
    [{"quiet": ["late"]}, {"quiet": ["10:00"]}, {"quiet": ["10:00-10:00"]}, {"quiet": ["25:00-26:00"]},
     {"volume": 90, "max_volume": 50}, {"voice": "clips"}, {"languages": ["de"]}, {"volume": 0}],
)  # fmt: skip
def test_a_sound_setting_that_cannot_be_meant_ends_the_start(sound: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"sound": sound})
