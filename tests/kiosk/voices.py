"""Recordings and voices of tests: honest and small."""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Iterable
from pathlib import Path


def tone(seconds: float = 0.3, *, loud: int = 8000, rate: int = 22_050, pitch: float = 440.0, silence: float = 0.2) -> bytes:
    """A WAV with a tone, and silence before and after it."""
    still = [0] * round(silence * rate)
    sung = [round(loud * math.sin(2 * math.pi * pitch * n / rate)) for n in range(round(seconds * rate))]
    return wav(array("h", [*still, *sung, *still]).tobytes(), rate=rate)


def wav(frames: bytes, *, rate: int = 22_050, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return out.getvalue()


def record(folder: Path, pieces: Iterable[str]) -> None:
    """Record *pieces* into *folder*, each 0.3 s long but for the silence around it."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, piece in enumerate(pieces):
        (folder / f"{piece}.wav").write_bytes(tone(pitch=300 + 20 * n, seconds=0.22))
