"""PINs: what one may be, and how it is kept. The only door to argon2 besides our own MQTT broker's."""

from __future__ import annotations

import hmac
import itertools
import re
import secrets
import threading
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from broker.desk.keys import key

MIN_DIGITS: Final = 4
MAX_DIGITS: Final = 6
PEPPER_FILE: Final = "pepper"
"""A PIN has few digits: whoever gets only the store file must not be able to try them all."""

AT_ONCE: Final = 2
"""Hashes reckoned at a time: each takes 19 MiB, and a crowd at the sign-in pages must not fill the memory."""

_argon2: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_turn: Final = threading.BoundedSemaphore(AT_ONCE)


class BadPin(ValueError):
    """This is not a PIN one may have. `why` is "digits" or "easy"."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


def check(pin: str) -> None:
    """Raise BadPin for a PIN that is not 4 to 6 digits, or that anybody would guess first."""
    if not re.fullmatch(rf"[0-9]{{{MIN_DIGITS},{MAX_DIGITS}}}", pin):
        raise BadPin("digits", f"A PIN has {MIN_DIGITS} to {MAX_DIGITS} digits.")
    steps = {int(b) - int(a) for a, b in itertools.pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise BadPin("easy", "A PIN is not one digit repeated, nor digits in a row.")


def new_pin() -> str:
    """Return a random PIN of four digits that `check` accepts."""
    while True:
        pin = f"{secrets.randbelow(10_000):04d}"
        try:
            check(pin)
        except BadPin:
            continue
        return pin


def kept(pin: str, data: Path) -> str:
    """Return what the store keeps of *pin*: how many digits it has, and argon2id over it, peppered with the secret in *data*.

    The sign-in page shows as many dots as the PIN has digits, so the number is no secret.
    """
    with _turn:
        return f"{len(pin)}{_argon2.hash(_peppered(pin, data))}"


def digits(kept: str) -> int:
    """Return how many digits the PIN has of which *kept* was made."""
    return int(kept[:1]) if kept[:1].isdigit() else MIN_DIGITS


def matches(pin: str, kept: str, data: Path) -> bool:
    """Return whether *pin* is the one of which *kept* was made. Takes as long for a wrong one as for the right one."""
    try:
        with _turn:
            return _argon2.verify(kept[1:], _peppered(pin, data))
    except (VerificationError, InvalidHashError):
        return False


def _peppered(pin: str, data: Path) -> bytes:
    return hmac.digest(key(data, PEPPER_FILE), pin.encode(), "sha256")
