"""The code by which a phone takes a number: only who stands in the shop sees it, because it changes every few minutes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

from broker.desk.keys import key
from broker.shop import Shop

KEY_FILE: Final = "join"
"""Beside the store: what the codes are made with."""
SECRET_BYTES: Final = 16


def is_on(shop: Shop) -> bool:
    """Return whether numbers are given to phones: the shop wants it, and phones can reach a page."""
    return shop.settings.join.enabled and shop.settings.kiosk.public_base_url is not None and bool(shop.settings.services)


def secret(shop: Shop, *, back: int = 0) -> str:
    """Return the code of this period, or of the one so many periods *back*: 22 letters for an address. Raises OSError."""
    period = _period(shop, shop.clock()) - back
    made = hmac.new(key(shop.settings.store.data, KEY_FILE), f"join {period}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:SECRET_BYTES]).decode().rstrip("=")


def is_good(shop: Shop, said: str) -> bool:
    """Return whether *said* is the code of this period or of the one before it, for those who take their time."""
    # Both are compared, and every letter of them: how long it takes says nothing.
    good = [hmac.compare_digest(secret(shop, back=back).encode(), said.encode()) for back in (0, 1)]
    return any(good)


def _period(shop: Shop, now: datetime) -> int:
    return int(now.timestamp() // _seconds(shop))


def _seconds(shop: Shop) -> int:
    return shop.settings.join.rotate_minutes * 60
