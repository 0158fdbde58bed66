"""A program of its own that speaks with the espeak-ng library, so that no fault of the library ends the web process.

`python -I -S mouth.py LIBRARY DATA`. Reads requests and writes answers until its input ends. A request is one line of
JSON, [language, text, kind]; an answer is its length, four bytes, little-endian, then so many bytes: samples for "sound",
UTF-8 for "phonemes". No bytes at all: this cannot be spoken. It imports nothing of ours: it must start in milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import signal
import struct
import sys
from typing import Any, Final

PATIENCE_SECONDS: Final = 10
"""Whoever asks has given up long before; a library that hangs must not stay for ever."""
MOST_SAMPLES: Final = 60 * 22_050
SYNCHRONOUS: Final = 2
NEVER_EXIT: Final = 0x8000
UTF8: Final = 1
IPA: Final = 2

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Mouth:
    """The library, ready to speak."""

    def __init__(self, library: str, data: str) -> None:
        """Load *library* and its *data*. Raises OSError when they cannot be had."""
        self._frames = bytearray()
        self._lib = ctypes.CDLL(library)
        self._lib.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p,
            ctypes.c_void_p,
        ]  # fmt: skip
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        if self._lib.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), NEVER_EXIT) < 0:
            raise OSError(f"espeak-ng finds no voices in {data}")
        # The library keeps the pointer only: the callback must live as long as the library.
        self._heard = _Callback(self._hear)
        self._lib.espeak_SetSynthCallback(self._heard)

    def _hear(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._frames.extend(ctypes.string_at(samples, count * 2))
        return int(len(self._frames) > 2 * MOST_SAMPLES)

    def answer(self, language: str, text: str, kind: str) -> bytes:
        """Return what was asked for, or nothing when there is no such voice: speaking without one is a crash."""
        if self._lib.espeak_SetVoiceByName(language.encode()) != 0:
            return b""
        return self._phonemes(text) if kind == "phonemes" else self._sound(text)

    def _sound(self, text: str) -> bytes:
        self._frames.clear()
        said = text.encode()
        if self._lib.espeak_Synth(said, len(said) + 1, 0, 1, 0, UTF8, None, None) != 0:
            return b""
        self._lib.espeak_Synchronize()
        return bytes(self._frames)

    def _phonemes(self, text: str) -> bytes:
        rest, found = ctypes.c_char_p(text.encode()), []
        while rest.value is not None:
            found.append(self._lib.espeak_TextToPhonemes(ctypes.byref(rest), UTF8, IPA) or b"")
        return b" ".join(found)


def main() -> None:
    """Answer until the input ends."""
    mouth = Mouth(sys.argv[1], sys.argv[2])
    for line in sys.stdin.buffer:
        signal.alarm(PATIENCE_SECONDS)
        body = mouth.answer(*json.loads(line))
        sys.stdout.buffer.write(struct.pack("<I", len(body)) + body)
        sys.stdout.buffer.flush()
        signal.alarm(0)


if __name__ == "__main__":
    main()
