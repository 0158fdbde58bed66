"""What a look of `greetline doctor` finds: how one thing is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something is: as it must be, as it had better not be, or not there."""

    OK = "ok"
    WARN = "warn"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing, and what to do about it."""

    about: str
    state: State
    says: str
    advice: str = ""
