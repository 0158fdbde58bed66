"""Screens of the shop: how a browser becomes one, by a code that somebody approves or by a link, and how it ends."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from broker.desk import audit, passwords, pins
from broker.desk.keys import digest, key, new_token
from broker.desk.roles import OF_SCREENS, Refused
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import entrances, journal, people, subscriptions
from broker.store.database import change
from broker.store.entrances import Entrance as Entrance
from broker.store.people import Pairing as Pairing
from broker.store.people import Screen as Screen

CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that look alike."""
CODE_LENGTH: Final = 8
CODE_MINUTES: Final = 10
OPEN_PAIRINGS: Final = 50
"""Devices that may ask at a time: anybody on the network can open /pair."""
ENTRANCE_HOURS: Final = 24
"""How long a link that works once may wait for its use."""
MAX_SCREENS: Final = 500
MAX_NAME: Final = 40
SEEN_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Who opens a new shop: their name, the PIN they choose for the floor and the password for the office."""

    name: str
    pin: str
    password: str


def ask(shop: Shop) -> tuple[str, str]:
    """A device asks to be paired. Return the code it shows and the secret it collects its pairing with. Raises Refused."""
    claim, now = new_token(), shop.clock()
    code = code_of(claim)
    with change(shop.db):
        people.forget_pairings(shop.db, now)
        if people.count_pairings(shop.db) >= OPEN_PAIRINGS:
            raise Refused("busy", "Too many screens ask to be paired at once. Wait ten minutes.")
        people.save(
            shop.db,
            Pairing(code=_kept(shop, code), claim=digest(claim), asked_at=now, expires_at=now + timedelta(minutes=CODE_MINUTES)),
        )
    return code, claim


def code_of(claim: str) -> str:
    """Return the code that the device with the secret *claim* shows: of it alone, so that nothing else has to remember it."""
    number = int.from_bytes(hmac.digest(claim.encode(), b"code", "sha256"))
    letters = []
    for _ in range(CODE_LENGTH):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)


def _kept(shop: Shop, code: str) -> str:
    """Return what the store keeps of *code*: with the pepper, since all codes there are can be tried in an hour."""
    return hmac.digest(key(shop.settings.store.data, pins.PEPPER_FILE), f"pairing {code}".encode(), "sha256").hex()


def asked(shop: Shop, claim: str) -> Pairing | None:
    """Return the pairing whose secret is *claim*, if it has not expired."""
    pairing = people.pairing(shop.db, claim=digest(claim))
    return pairing if pairing and pairing.expires_at > shop.clock() else None


def approve(shop: Shop, code: str, *, name: str, role: str, zone: str, by: str) -> Screen:
    """Let the device that shows *code* in, as a screen. Raises Refused for a wrong or expired code, name, role or zone."""
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    with change(shop.db):
        pairing = people.pairing(shop.db, code=_kept(shop, typed))
        if not pairing or pairing.screen is not None or pairing.expires_at <= shop.clock():
            raise Refused("code", "No screen shows this code now. A code lasts ten minutes; take the one it shows.")
        # The device collects its own secret later; until then nothing opens this screen.
        screen = _insert(shop, name=name, role=role, zone=zone, token=digest(new_token()), by=by)
        people.save(shop.db, replace(pairing, screen=screen.id))
    return screen


def collect(shop: Shop, claim: str) -> tuple[Screen, str] | None:
    """Return the approved screen and its secret to the device that asked, once; None before it was approved."""
    token = new_token()
    with change(shop.db):
        pairing = people.pairing(shop.db, claim=digest(claim))
        screen = people.screen(shop.db, pairing.screen) if pairing and pairing.screen else None
        if pairing is None or screen is None or screen.revoked_at or pairing.expires_at <= shop.clock():
            return None
        screen = replace(screen, token=digest(token), seen_at=shop.clock())
        people.save(shop.db, screen)
        people.forget_pairing(shop.db, pairing.code)
    return screen, token


def make_entrance(shop: Shop, *, reusable: bool, name: str, role: str, zone: str = "") -> str:
    """Make a link `/enter/<secret>` that pairs a browser as a screen, and return its secret.

    It works once within ENTRANCE_HOURS, or, when *reusable* (a demonstration), any number of times. Raises Refused for a
    name, role or zone that cannot be.
    """
    secret = new_token()
    with change(shop.db):
        _check(shop, name, role, zone)
        entrances.save(
            shop.db,
            Entrance(token=digest(secret), name=name, role=role, zone=zone, reusable=reusable, made_at=shop.clock()),
        )
    return secret


def entrance(shop: Shop, secret: str) -> Entrance | None:
    """Return the link with this secret if it can be used now, or None."""
    found = entrances.find(shop.db, digest(secret))
    if found is None or found.reusable:
        return found
    fresh = shop.clock() - found.made_at < timedelta(hours=ENTRANCE_HOURS)
    return found if fresh and found.used_at is None else None


def enter(shop: Shop, secret: str, *, first: First | None = None) -> tuple[Screen, str]:
    """Pair a browser by a link and return the screen and its secret.

    In a shop without people, *first* is its first manager. Raises Refused for a link that cannot be used, BadPassword, and
    as `people.add` does for the manager.
    """
    token, kept = new_token(), ("", "")
    if first:
        pins.check(first.pin)
        passwords.check(first.password, about=(shop.settings.store.name, first.name))
        data = shop.settings.store.data
        kept = pins.kept(first.pin, data), pins.digest_of(passwords.plain(first.password), data)
    with change(shop.db):
        found = entrance(shop, secret)
        if found is None:
            raise Refused("link", "This link was used already, or is too old.")
        if not people.everybody(shop.db):
            _open_shop(shop, first, *kept)
        elif first is not None:
            # Somebody else was first, with a link of their own: this one pairs, and signs nobody in.
            raise Refused("link", "Somebody else has opened this shop meanwhile. Open the link again.")
        by = passwords.DEMONSTRATION if found.reusable else "entrance"
        screen = _insert(shop, name=found.name, role=found.role, zone=found.zone, token=digest(token), by=by)
        entrances.save(shop.db, replace(found, used_at=shop.clock()))
    return screen, token


def _open_shop(shop: Shop, first: First | None, pin: str, password: str) -> None:
    from broker.desk import people as desk  # people offers make_entrance, which is here

    if first is None:
        raise Refused("first", "The first person who opens the shop says who they are.")
    manager = desk.insert(shop, first.name, role="manager", digest=pin, by="entrance")
    passwords.insert(shop, manager.id, password)


def revoke(shop: Shop, screen_id: str, *, by: str) -> Screen:
    """End a screen: whoever holds it has to pair it again. Raises Refused when there is no such screen."""
    with change(shop.db):
        screen, now = people.screen(shop.db, screen_id), shop.clock()
        if screen is None or screen.revoked_at is not None:
            raise Refused("nothing", "There is no such screen.")
        screen = replace(screen, revoked_at=now)
        people.save(shop.db, screen)
        for session in people.sessions(shop.db, screen_id=screen.id):
            people.save(shop.db, replace(session, ended=now))
        subscriptions.forget(shop.db, screen=screen.id)
        _tell(shop, FactKind.REVOKED, screen, by)
    return screen


def screens(shop: Shop, *, revoked: bool = False) -> list[Screen]:
    """Return the paired screens, newest first; with *revoked* also those that ended."""
    return [screen for screen in people.screens(shop.db) if revoked or screen.revoked_at is None]


def recognised(shop: Shop, token: str) -> Screen | None:
    """Return the screen that holds the secret *token*, and note that it was seen."""
    screen = people.screen_of(shop.db, digest(token))
    if screen and shop.clock() - screen.seen_at > SEEN_EVERY:
        with change(shop.db):
            people.saw_screen(shop.db, screen.id, shop.clock())
    return screen


def _insert(shop: Shop, *, name: str, role: str, zone: str, token: str, by: str) -> Screen:
    name = _check(shop, name, role, zone)
    live = screens(shop)
    if len(live) >= MAX_SCREENS:
        raise Refused("full", f"{MAX_SCREENS} screens are paired. Revoke those that are gone.")
    now = shop.clock()
    screen = Screen(
        id=secrets.token_hex(8), name=_free_name(name, {screen.name for screen in live}), role=role, zone=zone, token=token,
        paired_at=now, paired_by=by, seen_at=now,
    )  # fmt: skip
    people.save(shop.db, screen)
    _tell(shop, FactKind.PAIRED, screen, by)
    return screen


def _check(shop: Shop, name: str, role: str, zone: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Refused("name", f"A name has 1 to {MAX_NAME} letters.")
    if role not in OF_SCREENS:
        raise Refused("role", f"{role!r} is not a role of a screen: {', '.join(OF_SCREENS)}.")
    if zone and zone not in shop.zones:
        raise Refused("zone", f"{zone!r} is not a zone of this shop: {', '.join(shop.zones)}.")
    return name


def _free_name(name: str, taken: set[str]) -> str:
    """Return *name*, with a number behind it when another screen is called so."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _tell(shop: Shop, kind: FactKind, screen: Screen, by: str) -> None:
    body: dict[str, object] = {"name": screen.name, "role": screen.role}
    journal.append(shop.db, Fact(kind=kind, subject=screen.id, at=shop.clock(), zone=screen.zone, by=by, body=body))
    there: dict[str, object] = body | {"zone": screen.zone}
    if kind is FactKind.PAIRED:
        audit.write(shop, "screens.paired", screen.id, by=by, after=there)
    else:
        audit.write(shop, "screens.revoked", screen.id, by=by, before=there)
