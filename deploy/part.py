"""One process of the shop as its supervisor knows it."""

from __future__ import annotations

import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

FIRST_RETRY_SECONDS: Final = 0.2
FEW_HEAPS: Final = {"MALLOC_ARENA_MAX": "2", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
"""Of the C library: else every thread that serves a page comes to a heap of its own, and to a purse of pieces of every size that it
keeps for itself. Neither ever shrinks, and 250 threads take hours to fill their purses: what is the limit looks like a leak."""
MAX_TAIL_LINES: Final = 20
"""Last lines of a part that are kept, to say why it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the shop. The parts of a lower `stage` are stopped first."""

    name: str
    command: Sequence[str]
    stage: int
    environment: Mapping[str, str] = field(default_factory=dict)
    vital: bool = True
    """Without it the shop makes no sense: a fault of its set-up at the start ends all."""
    later: bool = False
    """It waits until everything else stands, or LATER_SECONDS: who comes last leaves the processor to the first page."""


@dataclass(slots=True)
class Child:
    """A part and its present process, if any."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    again_at: float = 0.0
    pause: float = FIRST_RETRY_SECONDS
    leaving: bool = False
    """The settings no longer ask for it: when it ends it stays ended."""
    rest: bytes = b""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_TAIL_LINES))


def output_of(child: Child) -> IO[bytes]:
    """Return the pipe that a running part writes to."""
    assert child.process is not None
    assert child.process.stdout is not None
    return child.process.stdout


def signal_to(child: Child, number: signal.Signals) -> None:
    """Send a signal to a part that runs."""
    if child.process is not None:
        child.process.send_signal(number)


def how(code: int) -> str:
    """Return in words how a part ended."""
    try:
        return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    except ValueError:
        return f"by signal {-code}"


def sentence(child: Child) -> str:
    """Return why a part says it cannot work: the last thing it said, without what click puts before it."""
    said = child.tail[-1] if child.tail else "it did not say why"
    return said.removeprefix("Error: ")
