"""Recordings of the shop's own: a folder for each language, a WAV for each piece of a call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import digits
from typing import Final

from broker.settings import Settings
from kiosk.voice import sounds
from kiosk.voice.phrases import AFTER, BEFORE, BETWEEN
from kiosk.voice.sounds import MOST_BYTES, NotASound, Sound
from kiosk.voice.ways import Mute

PAUSE_SECONDS: Final = 0.09
"""Between two recordings: each sign is heard for itself."""
MOST_KEPT: Final = 200
"""Recordings whose content is kept in memory."""


class Clips:
    """The recordings below one folder. A piece that is missing is named; the next way speaks instead."""

    def __init__(self, folder: Path) -> None:
        """Take recordings from *folder*/<language>/<piece>.wav."""
        self._folder = folder
        self._kept: dict[tuple[Path, int, int], Sound] = {}

    def speak(self, language: str, pieces: tuple[str, ...]) -> Sound:
        """Return *pieces* one after the other, each without silence around it and equally loud. Raises Mute."""
        wanted = [piece for piece in pieces if piece != AFTER or self._path(language, piece).is_file()]
        if not wanted:
            raise Mute("this is not a call, and only calls are recorded")
        try:
            return sounds.joined([self._piece(self._path(language, piece)) for piece in wanted], PAUSE_SECONDS)
        except NotASound as wrong:
            raise Mute(str(wrong)) from wrong

    def trouble(self, language: str, pieces: Iterable[str]) -> list[str]:
        """Return what is wrong with each of *pieces*, one sentence each; also that not all have one rate."""
        found, rates = [], {}
        for piece in dict.fromkeys(pieces):
            path = self._path(language, piece)
            if piece == AFTER and not path.is_file():
                continue
            try:
                rates[piece] = self._piece(path).rate
            except Mute as wrong:
                found.append(str(wrong))
        usual = max(rates.values(), key=list(rates.values()).count, default=0)
        found += [
            f"{self._path(language, piece)} has {rate:,} Hz; most have {usual:,}" for piece, rate in rates.items() if rate != usual
        ]
        return found

    def version(self, language: str) -> str:
        """Return what changes when any recording of *language* does."""
        folder = self._folder / language
        try:
            known = sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.wav"))
        except OSError:
            known = []
        return f"clips {known}"

    def _path(self, language: str, piece: str) -> Path:
        return self._folder / language / f"{piece}.wav"

    def _piece(self, path: Path) -> Sound:
        try:
            state = path.stat()
            if state.st_size > MOST_BYTES:
                raise NotASound(f"it is larger than {MOST_BYTES:,} bytes")
            key = (path, state.st_mtime_ns, state.st_size)
            if key not in self._kept:
                read = sounds.trimmed(sounds.read(path.read_bytes()))
                if not read.samples:
                    raise NotASound("nothing is heard in it")
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = sounds.levelled(read)
            return self._kept[key]
        except FileNotFoundError:
            raise Mute(f"{path} is missing") from None
        except (OSError, NotASound) as wrong:
            raise Mute(f"{path}: {wrong}") from wrong


def every_piece(settings: Settings) -> list[str]:
    """Return the names of all recordings that a language needs for this shop's calls."""
    letters = sorted({service.letter for service in settings.services})
    return [BEFORE, *letters, *digits, BETWEEN, *(counter.id for counter in settings.counters), AFTER]
