"""A code that two machines know, and how each shows the other that it does, over a line that anybody may read or change.

A camera box that asks to be let in does not know the shop's authority yet, so TLS would not tell it whom it speaks to. Both
stretch the code with scrypt (RFC 7914) to a key and put an HMAC-SHA-256 over what they say. Nothing that goes over the line is
a secret; what somebody changes on the way is refused; and who has heard it all cannot find the code within its ten minutes:
a guess costs 32 MiB and some 80 ms, and there are 2^49 codes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that look alike."""
LENGTH: Final = 10
"""31^10 is 2^49.5."""
_SCRYPT: Final = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024, "dklen": 32}


def new_code() -> str:
    """Return a fresh code as people read it: two groups of five."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def key_of(code: str, device: str) -> bytes:
    """Return the key that *code* is stretched to for *device*. Small letters and what is between them do not matter."""
    typed = "".join(letter for letter in code.upper() if letter in LETTERS)
    return hashlib.scrypt(typed.encode(), salt=f"greetline box {device}".encode(), **_SCRYPT)


def seal(key: bytes, what: str, *parts: str) -> str:
    """Return the HMAC over *what* it is ("request", "answer") and its *parts*, each with its length, in hexadecimal."""
    said = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (what, *parts))
    return hmac.digest(key, said, "sha256").hex()


def is_sealed(proof: str, key: bytes, what: str, *parts: str) -> bool:
    """Return whether *proof* is the seal of it, in a time that tells nothing."""
    return hmac.compare_digest(proof.encode(), seal(key, what, *parts).encode())
