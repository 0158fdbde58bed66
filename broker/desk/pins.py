"""PINs: what one may be, and how it and a password are kept. The only door to argon2 besides our own MQTT broker's."""

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
    return f"{len(pin)}{digest_of(pin, data)}"


def digits(kept: str) -> int:
    """Return how many digits the PIN has of which *kept* was made."""
    return int(kept[:1]) if kept[:1].isdigit() else MIN_DIGITS


def matches(pin: str, kept: str, data: Path) -> bool:
    """Return whether *pin* is the one of which *kept* was made. Takes as long for a wrong one as for the right one."""
    return fits(pin, kept[1:], data)


def digest_of(secret: str, data: Path) -> str:
    """Return argon2id over *secret*, peppered with the secret in *data*."""
    with _turn:
        return _argon2.hash(_peppered(secret, data))


def fits(secret: str, digest: str, data: Path) -> bool:
    """Return whether *secret* is the one of which *digest* was made; False for what is no digest."""
    try:
        with _turn:
            return _argon2.verify(digest, _peppered(secret, data))
    except (VerificationError, InvalidHashError):
        return False


def outdated(digest: str) -> bool:
    """Return whether *digest* was made with other parameters than today's, so that it is made anew when its secret is seen."""
    return _argon2.check_needs_rehash(digest)


def _peppered(secret: str, data: Path) -> bytes:
    return hmac.digest(key(data, PEPPER_FILE), secret.encode(), "sha256")
