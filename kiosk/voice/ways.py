"""The ways to a voice: the espeak-ng library in a program of its own, or the espeak-ng program of the system.

Each says `why_not` it cannot be used (empty: it can), and speaks one text or raises Mute.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import select
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

from kiosk.voice import sounds
from kiosk.voice.sounds import NotASound, Sound

PATIENCE_SECONDS: Final = 3.0
"""A voice that has not spoken by then is not waited for: the call is on the wall, and chimed."""
MOST_WAITING: Final = 16
"""So many wait for the one voice at a time; more are sent away, and their text stands on the screen all the same."""
MOST_LETTERS: Final = 400
"""No longer text is spoken."""
LENGTH: Final = struct.Struct("<I")
MOST_ANSWER_BYTES: Final = 3_000_000

MOUTH: Final = Path(__file__).parent / "mouth.py"

log = logging.getLogger(__name__)


class Mute(Exception):
    """This was not spoken. The text says why."""


class Busy(Mute):
    """Too many wait for the voice."""


class Way(Protocol):
    """One way to speak."""

    name: str
    version: str
    """Changes when the voice sounds different, so that nothing old is taken from the shelf."""

    def why_not(self) -> str:
        """Return why it cannot be used here, or nothing."""

    def speak(self, language: str, text: str) -> Sound:
        """Return *text* as sound. Raises Mute."""

    def close(self) -> None:
        """End what it started."""


class Library:
    """The espeak-ng library of the extra `voice`, in a child process that is begun anew whenever it dies or hangs."""

    name = "espeak-ng library"
    version = "espeakng-loader-1"

    def __init__(self, patience: float = PATIENCE_SECONDS, program: Path = MOUTH) -> None:
        """Wait *patience* seconds for each text; *program* is the child."""
        self._patience = patience
        self._program = program
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def why_not(self) -> str:
        """Return why it cannot be used here, or nothing."""
        if _paths() is None:
            return "espeakng-loader is not installed: pip install 'greetline[voice]'"
        return ""

    def speak(self, language: str, text: str) -> Sound:
        """Return *text* as sound. Raises Mute, and Busy when too many ask at once."""
        return sounds.of_frames(self._ask(language, text, "sound"))

    def phonemes(self, language: str, text: str) -> str:
        """Return how *text* would be spoken, in the letters of the IPA. Raises Mute."""
        return self._ask(language, text, "phonemes").decode()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _ask(self, language: str, text: str, kind: str) -> bytes:
        if not self._room.acquire(blocking=False):
            raise Busy(f"{MOST_WAITING} texts wait for the voice already")
        try:
            if not self._lock.acquire(timeout=self._patience):
                raise Busy(f"the voice was not free within {self._patience:g} s")
            try:
                return self._exchange(json.dumps([language, text[:MOST_LETTERS], kind]).encode() + b"\n")
            finally:
                self._lock.release()
        finally:
            self._room.release()

    def _exchange(self, request: bytes) -> bytes:
        until = monotonic() + self._patience
        try:
            child = self._begun()
            assert child.stdin
            child.stdin.write(request)
            child.stdin.flush()
            length = LENGTH.unpack(self._read(child, LENGTH.size, until))[0]
            if length > MOST_ANSWER_BYTES:
                raise Mute(f"the voice answers with {length:,} bytes")
            body = self._read(child, length, until)
        except (OSError, Mute) as wrong:
            self._end()
            raise Mute(str(wrong)) from wrong
        if not body:
            raise Mute("espeak-ng has no voice for this language")
        return body

    def _read(self, child: subprocess.Popen[bytes], size: int, until: float) -> bytes:
        """Read *size* bytes of the child, unbuffered, or give up at *until*."""
        assert child.stdout
        body = bytearray()
        while len(body) < size:
            ready, _, _ = select.select([child.stdout], [], [], max(0.0, until - monotonic()))
            if not ready:
                raise Mute(f"the voice did not speak within {self._patience:g} s")
            part = os.read(child.stdout.fileno(), size - len(body))
            if not part:
                raise Mute("the voice has died while it spoke")
            body += part
        return bytes(body)

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        paths = _paths()
        if paths is None:
            raise Mute(self.why_not())
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(self._program), *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0,
        )  # fmt: skip
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


class Program:
    """The program espeak-ng, as Debian has it: one process for each text."""

    name = "espeak-ng program"
    version = "espeak-ng-1"

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait *patience* seconds for each text."""
        self._patience = patience
        self._room = threading.BoundedSemaphore(MOST_WAITING)

    def why_not(self) -> str:
        """Return why it cannot be used here, or nothing."""
        return "" if shutil.which("espeak-ng") else "no program espeak-ng on the PATH: apt install espeak-ng"

    def speak(self, language: str, text: str) -> Sound:
        """Return *text* as sound. Raises Mute, and Busy when too many ask at once."""
        program = shutil.which("espeak-ng")
        if program is None:
            raise Mute(self.why_not())
        if not self._room.acquire(blocking=False):
            raise Busy(f"{MOST_WAITING} texts are being spoken already")
        try:
            said = subprocess.run(
                [program, "-v", language, "--stdin", "--stdout"], input=text[:MOST_LETTERS].encode(), capture_output=True,
                check=True, timeout=self._patience,
            ).stdout  # fmt: skip
            return sounds.read(_with_length(said))
        except (OSError, subprocess.SubprocessError, NotASound) as wrong:
            raise Mute(f"{program}: {wrong}") from wrong
        finally:
            self._room.release()

    def close(self) -> None:
        """Nothing is left over between two texts."""


def _with_length(said: bytes) -> bytes:
    """Put the true lengths into a WAV that was written to a pipe, whose head was written before they were known."""
    at = said.find(b"data")
    if at < 0 or not said.startswith(b"RIFF"):
        return said
    frames = said[at + 8 :]
    return said[:4] + LENGTH.pack(at + len(frames)) + said[8 : at + 4] + LENGTH.pack(len(frames)) + frames


def _paths() -> tuple[str, str] | None:
    """Return the library and its data, or None without the extra. Nothing is loaded into this process."""
    if importlib.util.find_spec("espeakng_loader") is None:
        return None
    import espeakng_loader

    library = Path(espeakng_loader.get_library_path())
    return (str(library), espeakng_loader.get_data_path()) if library.is_file() else None
