"""mosquitto's list of users, made here: its own program for it would write the secret into files in the open on its way."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from typing import Final

PASSWORD_ROUNDS: Final = 1_000
"""Of PBKDF2. The password is 256 random bits: nobody guesses it however fast the hash, and every sign-in pays for it."""
SALT_BYTES: Final = 12


def password_line(username: str, password: str, *, salt: bytes = b"") -> str:
    """Return the line of *username* in mosquitto's file of users.

    The form is mosquitto's `$7$`: PBKDF2 with HMAC-SHA-512, so that neither root, a temporary folder nor mosquitto_passwd is
    needed to make it.
    """
    salt = salt or secrets.token_bytes(SALT_BYTES)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ROUNDS)
    return f"{username}:$7${PASSWORD_ROUNDS}${b64encode(salt).decode()}${b64encode(made).decode()}\n"
