"""Passwords of managers and admins: what one may be, who must choose one, and how it is set, made anew and checked.

A PIN is enough on the floor, where greeting somebody must take a second. What the office may do takes a password, or the
word of another house's sign-in (`broker.desk.vouching`).
"""

from __future__ import annotations

import itertools
import re
import secrets
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import audit, pins
from broker.desk.easy import WORDS
from broker.desk.roles import Refused, Role
from broker.shop import Shop
from broker.store import passwords, people
from broker.store.database import change
from broker.store.passwords import Password as Password
from broker.store.people import Attempts, Person, Screen

MIN_LETTERS: Final = 12
MAX_LETTERS: Final = 128
"""Letters of a password. Nothing is asked of which letters they are."""
MADE_HOURS: Final = 72
"""How long a password that somebody else made waits for its one sign-in."""
FEW_LETTERS: Final = 5
"""So few different letters are a pattern, however long it is."""
COUNTED: Final = 8
"""Digits that count on, such as 12345678: what is around so many must be a password without them."""
SHORT_LETTERS: Final = 16
"""Up to so many letters, three words that are tried first are no better than two."""
OFFICE: Final = Role.MANAGER
"""From this role on somebody has a password, and a screen of this role stands in the office."""
DEMONSTRATION: Final = "demonstration"
"""Lets in the screens of a shop that is only shown: there the PINs of the made-up people open everything."""

_LETTERS_OF_MADE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LOOK_ALIKE: Final = str.maketrans("013457@$!|", "oleastasil")


class BadPassword(ValueError):
    """This is not a password one may have. `why` is "short", "long", "easy", "known" or "same"."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


def check(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Raise BadPassword for one that is too short or too long, or that is tried first.

    *about* are words that whoever knows the shop tries first: its name, the name of the person.
    """
    password = plain(password)
    if len(password) < MIN_LETTERS:
        raise BadPassword("short", f"A password has at least {MIN_LETTERS} letters. A short sentence is easy to remember.")
    if len(password) > MAX_LETTERS:
        raise BadPassword("long", f"A password has at most {MAX_LETTERS} letters.")
    if _pattern(password) or _counts(password):
        raise BadPassword("easy", "This password repeats itself, or goes on in a row. Take other words.")
    if _of_words(password, WORDS | {word for each in about for word in _words(each)}):
        raise BadPassword("known", "This password is one of those that are tried first. Take other words.")


def plain(password: str) -> str:
    """Return *password* with each letter written in one way, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password)


def _pattern(password: str) -> bool:
    letters = password.casefold()
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(letters)}
    turns = (letters + letters).find(letters, 1) < len(letters)
    return len(set(letters)) < FEW_LETTERS or turns or steps <= {-9, -1, 0, 1, 9}


def _counts(password: str) -> bool:
    """Return whether *password* is digits that count, by ones or by tens, and little else."""
    longest = 0
    for digits in (password, password.replace("0", "")):
        run = 1
        for before, after in itertools.pairwise(digits):
            counts = before.isdigit() and after.isdigit() and (int(after) - int(before)) % 10 == 1
            run = run + 1 if counts else 1
            longest = max(longest, run + len(password) - len(digits))
    return longest >= COUNTED and len(password) - longest < MIN_LETTERS // 2


def _of_words(password: str, known: frozenset[str]) -> bool:
    """Return whether *password* is words that are *known* and signs or digits: any two of them, or three short ones."""
    letters = re.sub(r"[\W\d_]+", "", password.casefold())
    unmasked = re.sub(r"[\W\d_]+", "", password.casefold().translate(_LOOK_ALIKE))
    return any(each and _made_of(each, known, 3 if len(each) <= SHORT_LETTERS else 2) for each in (letters, unmasked))


def _made_of(letters: str, known: frozenset[str], different: int) -> bool:
    if not letters:
        return True
    if different == 0:
        return False
    beginnings = (letters[:end] for end in range(len(letters), 0, -1))
    return any(_made_of(letters.replace(word, ""), known, different - 1) for word in beginnings if word in known)


def _words(text: str) -> set[str]:
    found = re.findall(r"[^\W\d_]{3,}", text.casefold())
    return {*found, "".join(found)} - {""}


def new_password() -> str:
    """Return a random password of 79 bits that is easy to read out: four groups of four."""
    return "-".join("".join(secrets.choice(_LETTERS_OF_MADE) for _ in range(4)) for _ in range(4))


def stands_in_the_office(screen: Screen) -> bool:
    """Return whether *screen* is one of the office, and not one of a demonstration."""
    return Role(screen.role).reaches(OFFICE) and screen.paired_by != DEMONSTRATION


def may_have(person: Person) -> bool:
    """Return whether somebody of this role has a password."""
    return Role(person.role).reaches(OFFICE)


def asked_of(shop: Shop, screen: Screen, person: Person) -> bool:
    """Return whether *screen* asks *person* for a password, and not for a PIN."""
    return stands_in_the_office(screen) and may_have(person) and has(shop, person)


def has(shop: Shop, person: Person) -> bool:
    """Return whether *person* has a password."""
    return passwords.find(shop.db, person.id) is not None


def set_at(shop: Shop, person_id: str) -> datetime | None:
    """Return when the password of a person was set, None when they have none."""
    found = passwords.find(shop.db, person_id)
    return found.set_at if found else None


def who_has(shop: Shop) -> set[str]:
    """Return the ids of the people who have a password."""
    return passwords.of_whom(shop.db)


def must_choose(shop: Shop, person: Person) -> bool:
    """Return whether *person* has no password of their own yet: none at all, or one that somebody else made."""
    found = passwords.find(shop.db, person.id)
    return found is None or found.made


def right(shop: Shop, person: Person, password: str) -> bool:
    """Return whether this is the password of *person*. Takes as long for a wrong one. Raises Refused for one made too long ago.

    One that was kept with the parameters of an earlier version is kept anew.
    """
    found, data = passwords.find(shop.db, person.id), shop.settings.store.data
    if found is None or not pins.fits(plain(password[: 2 * MAX_LETTERS]), found.digest, data):
        return False
    if found.made and shop.clock() - found.set_at > timedelta(hours=MADE_HOURS):
        raise Refused("made_old", f"A password that was made for somebody lasts {MADE_HOURS} hours. A manager makes another.")
    if pins.outdated(found.digest):
        digest = pins.digest_of(plain(password), data)
        with change(shop.db):
            # Reckoning takes a moment, in which another one may have been set: that one stays.
            if passwords.find(shop.db, person.id) == found:
                passwords.save(shop.db, replace(found, digest=digest))
    return True


def choose(shop: Shop, person: Person, password: str) -> None:
    """Set the password that *person* chose, and end every session of theirs. Raises BadPassword, and Refused."""
    check(password, about=(shop.settings.store.name, person.name))
    found = passwords.find(shop.db, person.id)
    if found is not None and pins.fits(plain(password), found.digest, shop.settings.store.data):
        raise BadPassword("same", "This is the password you have. Choose another.")
    _set(shop, person, password, made=False, by=person.id, what="people.password")


def make(shop: Shop, person: Person, *, by: str) -> str:
    """Give *person* a password for one sign-in, end every session of theirs, and return it. Raises Refused."""
    password = new_password()
    _set(shop, person, password, made=True, by=by, what="people.password-made")
    return password


def _set(shop: Shop, person: Person, password: str, *, made: bool, by: str, what: str) -> None:
    digest = pins.digest_of(plain(password), shop.settings.store.data)
    with change(shop.db):
        insert(shop, person.id, digest, made=made)
        people.save(shop.db, Attempts(subject=f"person:{person.id}"))
        people.end_sessions(shop.db, shop.clock(), person_id=person.id)
        audit.write(shop, what, person.id, by=by)


def insert(shop: Shop, person_id: str, digest: str, *, made: bool = False) -> None:
    """Write a password that was looked at. Runs inside a transaction. Raises Refused for nobody, or staff without one."""
    person = people.person(shop.db, person_id)
    if person is None or not person.active:
        raise Refused("nobody", "There is no such person.")
    if not may_have(person):
        raise Refused("no_password", "Passwords are for managers and admins; everybody else has a PIN.")
    passwords.save(shop.db, Password(person=person_id, digest=digest, set_at=shop.clock(), made=made))
