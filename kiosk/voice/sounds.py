"""Sounds as values: 16-bit, one channel. Read, put together, freed of silence, made equally loud, written."""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from dataclasses import dataclass
from operator import mul
from typing import Final

RATE: Final = 22_050
"""Samples a second of everything that espeak-ng says."""
MOST_BYTES: Final = 3_000_000
"""A longer sound is not read: more than a minute at RATE."""
LOUDNESS: Final = 3_600
"""Root mean square of what is spoken, of 32,767: -19 dBFS, where a call carries and speech has room for its peaks."""
PEAK: Final = 29_000
"""No sample is above this, so that nothing is cut off."""
SILENCE: Final = 250
"""What stays below this is no speech."""
PIECE_SECONDS: Final = 0.02
"""Sounds are looked at in pieces of this length."""
MARGIN_SECONDS: Final = 0.04
"""So much is left before the first word and after the last: consonants begin softly."""


class NotASound(Exception):
    """This is not a WAV of 16 bits and one channel, or too long. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples at a rate."""

    samples: array[int]
    rate: int = RATE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @property
    def loudness(self) -> float:
        """Root mean square of the pieces in which somebody speaks; 0 for silence."""
        spoken = [piece for piece in _pieces(self) if _strength(piece) > SILENCE]
        squares, count = sum(sum(map(mul, piece, piece)) for piece in spoken), sum(map(len, spoken))
        return math.sqrt(squares / count) if count else 0.0


def read(body: bytes) -> Sound:
    """Return the WAV in *body*. Raises NotASound."""
    if len(body) > MOST_BYTES:
        raise NotASound(f"it is larger than {MOST_BYTES:,} bytes")
    try:
        with wave.open(io.BytesIO(body)) as file:
            channels, width, rate, frames = (
                file.getnchannels(),
                file.getsampwidth(),
                file.getframerate(),
                file.readframes(MOST_BYTES),
            )
    except (wave.Error, EOFError, ValueError) as wrong:
        raise NotASound(f"it is not a WAV file ({wrong})") from wrong
    if channels != 1 or width != 2:
        raise NotASound(f"it has {channels} channel{'s' if channels > 1 else ''} of {8 * width} bits; one of 16 bits is wanted")
    return of_frames(frames, rate)


def of_frames(frames: bytes, rate: int = RATE) -> Sound:
    """Return the sound whose little-endian samples are *frames*."""
    samples = array("h", frames[: len(frames) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return Sound(samples, rate)


def written(sound: Sound) -> bytes:
    """Return *sound* as a WAV file."""
    samples = array("h", sound.samples)
    if sys.byteorder == "big":
        samples.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def joined(sounds: list[Sound], pause_seconds: float) -> Sound:
    """Return *sounds*, all of one rate, one after the other with a pause between. Raises NotASound when rates differ."""
    rates = {sound.rate for sound in sounds}
    if len(rates) != 1:
        raise NotASound(f"the pieces have different rates: {', '.join(f'{rate:,} Hz' for rate in sorted(rates)) or 'none'}")
    rate = rates.pop()
    pause = array("h", bytes(2 * round(pause_seconds * rate)))
    whole = array("h")
    for n, sound in enumerate(sounds):
        whole.extend(pause if n else ())
        whole.extend(sound.samples)
    return Sound(whole, rate)


def trimmed(sound: Sound) -> Sound:
    """Return *sound* without the silence before and after it; nothing is left of one that is all silence."""
    size = _size(sound)
    spoken = [n for n, piece in enumerate(_pieces(sound)) if _strength(piece) > SILENCE]
    if not spoken:
        return Sound(array("h"), sound.rate)
    margin = round(MARGIN_SECONDS * sound.rate)
    first, last = max(0, spoken[0] * size - margin), (spoken[-1] + 1) * size + margin
    return Sound(sound.samples[first:last], sound.rate)


def levelled(sound: Sound) -> Sound:
    """Return *sound* as loud as all others, without cutting a peak. Silence stays silence."""
    now = sound.loudness
    if not now:
        return sound
    top = max(max(sound.samples), -min(sound.samples))
    gain = min(LOUDNESS / now, PEAK / top)
    return Sound(array("h", [round(sample * gain) for sample in sound.samples]), sound.rate)


def _size(sound: Sound) -> int:
    return max(1, round(PIECE_SECONDS * sound.rate))


def _pieces(sound: Sound) -> list[array[int]]:
    size = _size(sound)
    return [sound.samples[at : at + size] for at in range(0, len(sound.samples), size)]


def _strength(piece: array[int]) -> float:
    return math.sqrt(sum(map(mul, piece, piece)) / len(piece)) if piece else 0.0
