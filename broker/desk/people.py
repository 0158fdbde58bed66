"""Who works here: added, given another PIN, gone. Roles and what each may do are here too."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final

from broker.desk import audit, pins
from broker.desk.pairing import make_entrance as make_entrance
from broker.desk.roles import OF_PEOPLE, Refused, Role
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import journal, passwords, people, subscriptions
from broker.store.database import change
from broker.store.people import Person as Person
from broker.store.people import Screen as Screen
from broker.store.people import Session as Session

LANGUAGES: Final = ("en", "nb", "nl", "ms", "lv")
MAX_PEOPLE: Final = 300
"""People at work in one shop; the sign-in page shows every one of them."""
MAX_NAME: Final = 40
"""Letters of a name."""


def everybody(shop: Shop, *, inactive: bool = False) -> list[Person]:
    """Return the people who work here, by name; with *inactive* also those who no longer do."""
    return people.everybody(shop.db, inactive=inactive)


def find(shop: Shop, person_id: str) -> Person | None:
    """Return the person with this id, or None."""
    return people.person(shop.db, person_id)


def name_of(shop: Shop, person_id: str | None) -> str | None:
    """Return the name of a person, the id itself for a device, None for nobody."""
    if not person_id:
        return None
    person = people.person(shop.db, person_id)
    return person.name if person else person_id


def named(shop: Shop, name: str) -> Person | None:
    """Return the person at work here who is called *name*, or None."""
    return next((person for person in people.everybody(shop.db) if person.name.casefold() == name.strip().casefold()), None)


def add(shop: Shop, name: str, *, role: str, pin: str, by: str, language: str = "") -> Person:
    """Add somebody who works here. Raises BadPin, and Refused for a name or role that cannot be."""
    pins.check(pin)
    digest = pins.kept(pin, shop.settings.store.data)
    with change(shop.db):
        return insert(shop, name, role=role, digest=digest, by=by, language=language)


def insert(shop: Shop, name: str, *, role: str, digest: str, by: str, language: str = "") -> Person:
    """Write a new person whose PIN has *digest*. Runs inside a transaction. Raises Refused."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Refused("name", f"A name has 1 to {MAX_NAME} letters.")
    if role not in OF_PEOPLE:
        raise Refused("role", f"{role!r} is not a role of a person: {', '.join(OF_PEOPLE)}.")
    if language and language not in LANGUAGES:
        raise Refused("language", f"{language!r} is not a language here: {', '.join(LANGUAGES)}.")
    if named(shop, name):
        raise Refused("taken", f"Somebody called {name} works here already.")
    if len(people.everybody(shop.db)) >= MAX_PEOPLE:
        raise Refused("full", f"{MAX_PEOPLE} people work here; more do not fit.")
    person = Person(id=secrets.token_hex(8), name=name, role=role, pin=digest, made_at=shop.clock(), language=language)
    people.save(shop.db, person)
    _tell(shop, person, "added", by)
    return person


def reset_pin(shop: Shop, person_id: str, *, pin: str, by: str) -> Person:
    """Give a person another PIN and sign them out everywhere. Raises BadPin, and Refused for nobody."""
    pins.check(pin)
    digest = pins.kept(pin, shop.settings.store.data)
    with change(shop.db):
        was = known(shop, person_id)
        person = replace(was, pin=digest)
        people.save(shop.db, person)
        people.save(shop.db, people.Attempts(subject=f"person:{person.id}"))
        people.end_sessions(shop.db, shop.clock(), person_id=person.id)
        _tell(shop, person, "pin", by, was)
    return person


def speak(shop: Shop, person_id: str, language: str) -> Person:
    """Show a person their screens in another language. Raises Refused for nobody or a language that is not there."""
    if language not in LANGUAGES:
        raise Refused("language", f"{language!r} is not a language here: {', '.join(LANGUAGES)}.")
    with change(shop.db):
        was = known(shop, person_id)
        person = replace(was, language=language)
        people.save(shop.db, person)
        _tell(shop, person, "language", person_id, was)
    return person


def deactivate(shop: Shop, person_id: str, *, by: str) -> Person:
    """Somebody no longer works here: sign them out and take them off the sign-in page.

    Raises Refused for nobody, and for the last one who may change people: nobody could let anybody in any more.
    """
    with change(shop.db):
        person = known(shop, person_id)
        left = [other for other in people.everybody(shop.db) if other.id != person.id and Role(other.role).reaches(Role.MANAGER)]
        if not left:
            raise Refused("last", f"{person.name} is the last manager here. Add another one first.")
        was, person = person, replace(person, active=False)
        people.save(shop.db, person)
        passwords.forget(shop.db, person.id)
        people.end_sessions(shop.db, shop.clock(), person_id=person.id)
        subscriptions.forget(shop.db, person=person.id)
        _tell(shop, person, "deactivated", by, was)
    return person


def known(shop: Shop, person_id: str) -> Person:
    """Return somebody who works here. Raises Refused for nobody, or somebody who left."""
    person = people.person(shop.db, person_id)
    if person is None or not person.active:
        raise Refused("nobody", "There is no such person.")
    return person


def _tell(shop: Shop, person: Person, what: str, by: str, was: Person | None = None) -> None:
    body: dict[str, object] = {"what": what, "role": person.role}
    journal.append(shop.db, Fact(kind=FactKind.PERSON, subject=person.id, at=shop.clock(), by=by, body=body))
    audit.write(shop, f"people.{what}", person.id, by=by, before=_plain(was) if was else None, after=_plain(person))


def _plain(person: Person) -> dict[str, object]:
    """Return what the audit log may say of a person: no name, which must be forgotten some day, and no PIN."""
    return {"role": person.role, "language": person.language, "active": person.active}
