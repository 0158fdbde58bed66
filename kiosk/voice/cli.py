"""`greetline say`: hear how a call sounds, and what the voice lacks.

Exit codes: 0 done, 2 wrong use, 3 something is missing (settings, a voice, recordings).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click
from flask import Flask
from flask_babel import force_locale

from broker.desk.people import LANGUAGES
from broker.settings import BadSettings, Settings, read
from broker.web import languages
from kiosk.voice import phrases, sounds
from kiosk.voice.clips import every_piece
from kiosk.voice.phrases import Phrase
from kiosk.voice.speaker import Voice
from kiosk.voice.ways import Mute

SETTINGS_FILE: Final = "greetline.toml"
EXIT_MISSING: Final = 3
SAMPLE: Final = "R\u00a0047"


@click.command(epilog='Example: greetline say --text-of call --number "R 047" --counter desk-3 --language lv --to call.wav')
@click.option("--settings", "path", type=click.Path(path_type=Path), help=f"Settings of the shop. [default: ./{SETTINGS_FILE}]")
@click.option("--text-of", type=click.Choice(["call", "number"]), default="call", show_default=True, help="What is said.")
@click.option("--number", default=SAMPLE, help='The number as it is read. [default: "R 047"]')
@click.option("--counter", help="The counter to come to. [default: the first of the settings]")
@click.option("--language", type=click.Choice(LANGUAGES), help="[default: the shop's]")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The WAV file to write.")
@click.option("--check", is_flag=True, help="Say which voice speaks each language, and which recordings are missing.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def main(
    path: Path | None, text_of: str, number: str, counter: str | None, language: str | None, target: Path | None, check: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Speak a call of this shop into a WAV file, or check its voice."""
    try:
        settings = read(Settings, path or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).exists() else None))
    except BadSettings as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(EXIT_MISSING)
    voice = Voice(settings)
    try:
        if check:
            row = report(settings, voice)
            _tell(row, as_json, _lines(row))
            sys.exit(0 if row["speaks"] and not row["missing"] else EXIT_MISSING)
        if target is None:
            raise click.UsageError("say where to: --to call.wav")
        phrase = _phrase(settings, text_of, number, counter, language or settings.store.language)
        row = _spoken(voice, phrase, target)
    except Mute as wrong:
        click.echo(f"not spoken: {wrong}. `greetline say --check` says what is missing.", err=True)
        sys.exit(EXIT_MISSING)
    finally:
        voice.close()
    _tell(row, as_json, [f"{row['file']}: {row['seconds']:.1f} s, {row['text']}"])


def _spoken(voice: Voice, phrase: Phrase, target: Path) -> dict[str, Any]:
    sound = voice.spoken(phrase)
    target.write_bytes(sounds.written(sound))
    return {
        "file": str(target),
        "seconds": round(sound.seconds, 2),
        "rate": sound.rate,
        "language": phrase.language,
        "text": phrase.text,
    }


def _phrase(settings: Settings, text_of: str, number: str, counter: str | None, language: str) -> Phrase:
    """Return what is to be said; the catalogues need an application around them."""
    app = Flask("say")
    languages.set_up(app, settings)
    shown = number.upper().replace(" ", "\u00a0")
    known = [each.id for each in settings.counters]
    if counter is not None and known and counter not in known:
        raise click.UsageError(f"no counter {counter}; there are {', '.join(known)}")
    with app.test_request_context(), force_locale(language):
        if text_of == "number":
            return Phrase(language, phrases.signs(shown))
        return phrases.call(settings, shown, counter or (known[0] if known else None), language)


def report(settings: Settings, voice: Voice) -> dict[str, Any]:
    """Return which voice speaks, why others do not, and which recordings are missing, by language."""
    wanted = every_piece(settings)
    clips = {language: voice.clips.trouble(language, wanted) for language in settings.sound.languages} if voice.clips else {}
    return {
        "voice": settings.sound.voice,
        "speaks": voice.speaks or settings.sound.voice == "none",
        "way": voice.way.name if voice.way else None,
        "why_not": {way.name: why for way in voice.ways if (why := way.why_not())},
        "recordings": {language: not trouble for language, trouble in clips.items()},
        "missing": [each for trouble in clips.values() for each in trouble],
    }


def _lines(row: dict[str, Any]) -> list[str]:
    said = [f"{name}: {why}" for name, why in row["why_not"].items()]
    said.append(f"Spoken by: {row['way']}" if row["way"] else "Nothing but the chime, and calls that are recorded whole.")
    said += [
        f"{language}: {'all pieces of a call are recorded' if whole else 'not all recorded'}"
        for language, whole in row["recordings"].items()
    ]
    return [*said, *row["missing"]]


def _tell(row: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    click.echo(json.dumps(row, ensure_ascii=False, indent=2) if as_json else "\n".join(lines))
