"""Secrets of the shop that live in files beside its store, readable by their owner only, made once."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32


def key(data: Path, name: str) -> bytes:
    """Return the secret *name* in the directory *data*, made on first use. Raises OSError.

    Two programs may ask at once: the first to put its file in place wins and both get the same secret.
    """
    path = data / name
    if not path.exists():
        _put(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def _put(path: Path, value: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()


def new_token() -> str:
    """Return a fresh secret of 256 bits, as text for a cookie or a link."""
    return secrets.token_urlsafe(KEY_BYTES)


def digest(token: str) -> str:
    """Return the SHA-256 of *token*: what the store keeps. A token is random, so it needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
