"""People whom another house's sign-in vouches for: the way there and back, used once, and who they are here."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from broker.desk import audit, people
from broker.desk.keys import digest, new_token
from broker.desk.roles import Refused
from broker.shop import Shop
from broker.store import passwords
from broker.store import people as stored
from broker.store.database import change
from broker.store.passwords import Try as Try
from broker.store.people import Person

TRY_MINUTES: Final = 10
"""How long somebody may take at the other house's sign-in."""
MOST_TRIES: Final = 50
"""People who may be away there at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What the other house says of somebody: its name for itself and for them, what they are called, their role here."""

    issuer: str
    subject: str
    name: str
    role: str


def begin(shop: Shop, screen: str, *, session: str = "") -> str:
    """Note that the browser of *screen* is sent away, and return the secret it holds meanwhile. Raises Refused.

    With *session* somebody who is signed in only proves again who they are.
    """
    secret, now = new_token(), shop.clock()
    with change(shop.db):
        if passwords.forget_tries(shop.db, now - timedelta(minutes=TRY_MINUTES)) >= MOST_TRIES:
            raise Refused("busy", f"{MOST_TRIES} people are away to sign in. Wait a moment.")
        passwords.begin_try(shop.db, Try(secret=digest(secret), screen=screen, session=session, made_at=now))
    return secret


def come_back(shop: Shop, secret: str) -> Try:
    """Return what the browser with *secret* was sent away for; it is used up. Raises Refused for none, or one too old."""
    # A stranger's secret costs one look: whoever only makes them up holds up nobody who writes.
    found = None
    if secret and passwords.is_try(shop.db, digest(secret)):
        with change(shop.db):
            found = passwords.end_try(shop.db, digest(secret))
    if found is None or shop.clock() - found.made_at > timedelta(minutes=TRY_MINUTES):
        raise Refused("again", "This sign-in was used already, or took longer than ten minutes.")
    return found


def of(secret: str, what: str) -> str:
    """Return the `state`, the `nonce` or the `verifier` of the browser with *secret*: nobody who has one has another."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), what.encode(), "sha256")).decode().rstrip("=")


def person(shop: Shop, vouched: Vouched) -> Person:
    """Return who this is here, with the role they have now; somebody new is added, without a PIN. Raises Refused.

    Nobody becomes somebody who is here already because both have the same name.
    """
    with change(shop.db):
        known = passwords.vouched_for(shop.db, vouched.issuer, vouched.subject)
        found = stored.person(shop.db, known) if known else None
        if found is None:
            return _added(shop, vouched)
        if not found.active:
            raise Refused("gone", f"{found.name} was taken off the people of this shop.")
        if found.role == vouched.role:
            return found
        changed = replace(found, role=vouched.role)
        stored.save(shop.db, changed)
        stored.end_sessions(shop.db, shop.clock(), person_id=found.id)
        audit.write(shop, "people.role", found.id, by=found.id, before={"role": found.role}, after={"role": changed.role})
        return changed


def _added(shop: Shop, vouched: Vouched) -> Person:
    plain = "".join(letter for letter in " ".join(vouched.name.split()) if letter.isprintable())
    name = plain[: people.MAX_NAME - 4].strip() or f"Colleague {secrets.token_hex(2)}"
    number, free = 1, name
    while people.named(shop, free):
        number += 1
        free = f"{name} {number}"
    made = people.insert(shop, free, role=vouched.role, digest="", by=f"oidc:{vouched.issuer}")
    passwords.vouch(shop.db, vouched.issuer, vouched.subject, made.id, shop.clock())
    return made


def refused(shop: Shop, why: str, *, screen: str) -> None:
    """Write down that what the other house said was not believed."""
    with change(shop.db):
        audit.write(shop, "signin.wrong-provider", "", by="", after={"screen": screen, "why": why})
