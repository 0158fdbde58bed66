"""The shop's own key towards push services, and the keys of browsers: points of the curve P-256 (RFC 8292, RFC 8291)."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the curve P-256 has (FIPS 186-5): a private key is less."""
KEY_BYTES: Final = 32


def private_key(secret: bytes) -> bytes:
    """Return the private key, 32 bytes, that random bytes stand for: any of them are one."""
    return (int.from_bytes(secret) % (ORDER - 1) + 1).to_bytes(KEY_BYTES)


def public_key(secret: bytes) -> str:
    """Return the public key of *secret* as browsers take it: the uncompressed point in base64url."""
    key = ec.derive_private_key(int.from_bytes(private_key(secret)), ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def is_point(raw: bytes) -> bool:
    """Return whether *raw* is a browser's public key: an uncompressed point that lies on the curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return raw[:1] == b"\x04"
