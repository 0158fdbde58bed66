"""Keys of programs that use the HTTP API: made, recognised, revoked. A secret is shown once; its digest is stored."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Final

from broker.desk import audit
from broker.desk.keys import digest, new_token
from broker.desk.roles import Refused
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import apikeys, journal
from broker.store.apikeys import ApiKey as ApiKey
from broker.store.database import change

SCOPES: Final = {
    "tickets.take": "take a ticket; step away, come back, let one pass, book a call-back and leave for whoever holds one",
    "tickets.read": "read services, tickets, the line and the history",
    "counters.serve": "open counters, call, and make every move of staff",
    "display.read": "read what the wall shows",
}
"""What a key can open, and what that is."""

PREFIX: Final = "glk_"
"""Before every secret, so that one which got into a file or a log is found and known for what it is."""
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
MAX_KEYS: Final = 100
REQUESTS_A_MINUTE: Final = 600
MOST_A_MINUTE: Final = 60_000
USED_EVERY: Final = timedelta(minutes=1)
"""Its last use is written down this often at most, so that reading writes next to nothing."""


def add(shop: Shop, name: str, scopes: Collection[str], *, a_minute: int = REQUESTS_A_MINUTE, by: str) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is nowhere else. Raises Refused for a name, scope or pace that cannot be."""
    if not NAME.fullmatch(name):
        raise Refused("name", f"{name!r} is not a name of a key: 1 to 32 of a-z, 0-9 and inner hyphens.")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Refused("scope", f"A key needs scopes, each one of {', '.join(SCOPES)}; not {', '.join(unknown) or 'none'}.")
    if not 1 <= a_minute <= MOST_A_MINUTE:
        raise Refused("pace", f"A key may ask 1 to {MOST_A_MINUTE} times a minute.")
    secret = PREFIX + new_token()
    with change(shop.db):
        here = apikeys.every(shop.db)
        if any(key.name == name for key in here):
            raise Refused("taken", f"There is a key called {name} already. Revoke it, or choose another name.")
        if len(here) >= MAX_KEYS:
            raise Refused("full", f"There are {MAX_KEYS} keys; revoke one that is not used.")
        key = ApiKey(
            id=secrets.token_hex(8), name=name, digest=digest(secret), scopes=tuple(s for s in SCOPES if s in scopes),
            a_minute=a_minute, made_at=shop.clock(),
        )  # fmt: skip
        apikeys.add(shop.db, key)
        _tell(shop, key, "added", by)
    return key, secret


def recognised(shop: Shop, secret: str) -> ApiKey | None:
    """Return the key whose secret this is, unless it was revoked."""
    if not secret.startswith(PREFIX):
        return None
    asked = digest(secret)
    key = apikeys.of_digest(shop.db, asked)
    if key is None or key.revoked_at is not None or not hmac.compare_digest(key.digest, asked):
        return None
    now = shop.clock()
    if key.used_at is None or not timedelta() <= now - key.used_at < USED_EVERY:
        with change(shop.db):
            apikeys.used(shop.db, key.id, now)
    return key


def every(shop: Shop, *, revoked: bool = False) -> list[ApiKey]:
    """Return the keys by name; with *revoked* also those that open nothing any more."""
    return apikeys.every(shop.db, revoked=revoked)


def revoke(shop: Shop, name: str, *, by: str) -> ApiKey:
    """Let the key *name* open nothing from now on. Raises Refused when there is none."""
    with change(shop.db):
        key = next((key for key in apikeys.every(shop.db) if key.name == name), None)
        if key is None:
            raise Refused("nobody", f"There is no key called {name}. `greetline keys list` shows which there are.")
        now = shop.clock()
        apikeys.revoke(shop.db, key.id, now)
        _tell(shop, key, "revoked", by)
    return replace(key, revoked_at=now)


def _tell(shop: Shop, key: ApiKey, what: str, by: str) -> None:
    body: dict[str, object] = {"what": what, "name": key.name, "scopes": list(key.scopes)}
    journal.append(shop.db, Fact(kind=FactKind.API_KEY, subject=key.id, at=shop.clock(), by=by, body=body))
    there: dict[str, object] = {"name": key.name, "scopes": list(key.scopes), "a_minute": key.a_minute}
    added = what == "added"
    audit.write(shop, f"keys.{what}", key.id, by=by, before=None if added else there, after=there if added else None)
