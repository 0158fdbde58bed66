"""Who is signed in where, by a PIN on the floor and a password in the office.

Either works on a paired screen only, and wrong ones make both person and screen wait.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from broker.desk import audit, passwords, pins
from broker.desk.keys import digest, new_token
from broker.desk.roles import Refused, Role
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import journal, people, subscriptions
from broker.store.database import change
from broker.store.people import Attempts, Person, Screen, Session

FREE_ATTEMPTS: Final = 5
"""Wrong PINs in a row before one has to wait: then 1 minute, 2, 4 and so on."""
LONGEST_WAIT: Final = timedelta(minutes=64)
IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)
IDLE_OFFICE: Final = timedelta(minutes=30)
LONGEST_OFFICE: Final = timedelta(hours=12)
"""A screen in the office opens more than the floor, and nobody looks at it all day."""
PROVED_FOR: Final = timedelta(minutes=15)
"""How long a password counts before it is asked for again, where people and screens are changed."""
SEEN_EVERY: Final = timedelta(minutes=1)


class Proof(StrEnum):
    """By what somebody showed who they are."""

    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 - a word
    PROVIDER = "provider"
    """Another house's sign-in vouched for them."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is signed in, and how."""

    person: Person
    session: Session


class WrongPin(Exception):
    """The PIN, or the password, is not this person's."""


class MustWait(Exception):
    """Too many wrong PINs or passwords. `until` says when the next one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many wrong PINs. The next one is looked at {until:%H:%M:%S} UTC.")
        self.until = until


def sign_in(shop: Shop, screen: Screen, person_id: str, secret: str) -> tuple[Person, str]:
    """Sign a person in on *screen* and return them with the secret of the session; whoever was signed in there is out.

    *secret* is their password where `passwords.asked_of` says so, else their PIN. Raises Refused for nobody, a screen where
    nobody signs in, or a password that was made too long ago; WrongPin, MustWait.
    """
    if not Role(screen.role).reaches(Role.STAFF):
        raise Refused("screen", "Nobody signs in on this screen.")
    person = people.person(shop.db, person_id)
    if person is None or not person.active:
        raise Refused("nobody", "There is no such person.")
    proof = Proof.PASSWORD if passwords.asked_of(shop, screen, person) else Proof.PIN
    looked_at = _set_for(shop, person.id)
    _prove(shop, screen, person, secret, proof)
    with change(shop.db):
        # Looking takes a moment. Whoever was given another secret in it, or left, was signed out by that, and stays out.
        if _set_for(shop, person.id) != looked_at:
            raise WrongPin
        return person, _begin(shop, person, screen, proof)


def _set_for(shop: Shop, person_id: str) -> tuple[str, datetime | None]:
    """Return what tells the PIN and the password of a person from those before; nothing for somebody who left."""
    person, password = people.person(shop.db, person_id), passwords.set_at(shop, person_id)
    return (person.pin if person is not None and person.active else "", password)


def _prove(shop: Shop, screen: Screen, person: Person, secret: str, proof: Proof) -> None:
    """Look at a PIN or a password once. Raises as `sign_in` does."""
    subjects = _subjects(screen, person)
    _count(shop, subjects)
    if proof is Proof.PIN:
        right = pins.matches(secret, person.pin, shop.settings.store.data)
    else:
        right = passwords.right(shop, person, secret)
    if not right:
        with change(shop.db):
            waits = waits_until(shop, screen, person) is not None
            audit.write(shop, f"signin.wrong-{proof}", person.id, by="", after={"screen": screen.id, "must_wait": waits})
        raise WrongPin
    with change(shop.db):
        for subject in subjects:
            people.save(shop.db, Attempts(subject=subject))


def prove_again(shop: Shop, screen: Screen, shift: Shift, password: str) -> None:
    """Let somebody who is signed in show once more who they are. Raises as `sign_in` does."""
    _prove(shop, screen, shift.person, password, Proof.PASSWORD)
    with change(shop.db):
        proved(shop, shift.session.id, Proof.PASSWORD)


def proved(shop: Shop, session_id: str, proof: Proof) -> None:
    """Note that the person of a running session has shown who they are. Runs inside a transaction."""
    session = people.session(shop.db, session_id)
    if session is not None and session.ended is None:
        people.save(shop.db, replace(session, proof=proof, proved_at=shop.clock()))


def proved_lately(shop: Shop, session: Session) -> bool:
    """Return whether the person of *session* showed not long ago who they are, by more than a PIN."""
    return session.proof != Proof.PIN and session.proved_at is not None and shop.clock() - session.proved_at <= PROVED_FOR


def begin(shop: Shop, person: Person, screen: Screen, proof: Proof) -> str:
    """Sign in somebody who showed elsewhere who they are, and return the secret of the session."""
    with change(shop.db):
        return _begin(shop, person, screen, proof)


def waits_until(shop: Shop, screen: Screen, person: Person) -> datetime | None:
    """Return when the next PIN of *person* on *screen* is looked at, or None when that is now."""
    found = [_blocks(people.attempts(shop.db, subject).blocked_until, shop.clock()) for subject in _subjects(screen, person)]
    return max((until for until in found if until), default=None)


def _blocks(until: datetime | None, now: datetime) -> datetime | None:
    """Return *until* while it is to come; nobody waits for longer than LONGEST_WAIT because the clock was set back."""
    return until if until is not None and now < until <= now + LONGEST_WAIT else None


def _subjects(screen: Screen, person: Person) -> tuple[str, str]:
    return f"person:{person.id}", f"screen:{screen.id}"


def _count(shop: Shop, subjects: tuple[str, ...]) -> None:
    """Count an attempt before it is looked at, so that many at once are not many free ones. Raises MustWait."""
    with change(shop.db):
        now = shop.clock()
        found = [people.attempts(shop.db, subject) for subject in subjects]
        waits = [until for tried in found if (until := _blocks(tried.blocked_until, now))]
        if waits:
            raise MustWait(max(waits))
        for tried in found:
            failed = tried.failed + 1
            blocked = now + _wait(failed) if failed >= FREE_ATTEMPTS else None
            people.save(shop.db, replace(tried, failed=failed, blocked_until=blocked))


def _wait(failed: int) -> timedelta:
    return min(timedelta(minutes=2 ** min(failed - FREE_ATTEMPTS, 10)), LONGEST_WAIT)


def first_manager(shop: Shop, screen: Screen) -> tuple[Person, str]:
    """Sign in the one person of a shop that was just opened by its first link. Raises Refused when there are more."""
    with change(shop.db):
        here = people.everybody(shop.db)
        if len(here) != 1:
            raise Refused("nobody", "There is no such person.")
        proof = Proof.PASSWORD if passwords.has(shop, here[0]) else Proof.PIN
        return here[0], _begin(shop, here[0], screen, proof)


def _begin(shop: Shop, person: Person, screen: Screen, proof: Proof) -> str:
    now, token = shop.clock(), new_token()
    for other in people.sessions(shop.db, screen_id=screen.id):
        _end(shop, other, now)
    session = Session(
        id=secrets.token_hex(8), token=digest(token), person=person.id, screen=screen.id, began=now, seen_at=now, proof=proof,
        proved_at=now,
    )  # fmt: skip
    people.save(shop.db, session)
    _tell(shop, FactKind.SIGNED_IN, session, now)
    return token


def sign_out(shop: Shop, token: str) -> None:
    """End the session with the secret *token*; nothing happens when it has ended."""
    with change(shop.db):
        session = people.session_of(shop.db, digest(token))
        if session:
            _end(shop, session, shop.clock())


def _end(shop: Shop, session: Session, now: datetime) -> None:
    people.save(shop.db, replace(session, ended=now))
    _tell(shop, FactKind.SIGNED_OUT, session, now)


def sign_out_everywhere(shop: Shop, *, person_id: str | None = None, by: str) -> int:
    """End every session of one person, or of everybody, and their notices; return how many sessions there were."""
    with change(shop.db):
        running = people.sessions(shop.db, person_id=person_id)
        for session in running:
            _end(shop, session, shop.clock())
        subscriptions.forget(shop.db, person=person_id)
        audit.write(shop, "signin.ended", person_id or "", by=by, after={"sessions": len(running)})
    return len(running)


def lasts(screen: Screen) -> tuple[timedelta, timedelta]:
    """Return after how long without a tap, and how long in any case, a session on *screen* ends."""
    return (IDLE_OFFICE, LONGEST_OFFICE) if passwords.stands_in_the_office(screen) else (IDLE, LONGEST)


def running(shop: Shop, person_id: str) -> list[tuple[Session, Screen]]:
    """Return where a person is signed in, as far as anybody knows, longest first."""
    screens = {screen.id: screen for screen in people.screens(shop.db)}
    found = [(each, screens[each.screen]) for each in people.sessions(shop.db, person_id=person_id) if each.screen in screens]
    return [(session, screen) for session, screen in found if not _over(shop, session, screen)]


def _over(shop: Shop, session: Session, screen: Screen) -> bool:
    now, (idle, longest) = shop.clock(), lasts(screen)
    return now - session.seen_at > idle or now - session.began > longest


def whose(shop: Shop, token: str, screen: Screen, *, touch: bool) -> Shift | None:
    """Return who is signed in on *screen* with the secret *token*, or None.

    A session ends as `lasts` says: some time after the last request with *touch* (a tap or an opened page, not what a
    screen asks by itself), and in any case some time after it began.
    """
    session = people.session_of(shop.db, digest(token))
    if session is None or session.screen != screen.id:
        return None
    now = shop.clock()
    person = people.person(shop.db, session.person)
    if person is None or not person.active or _over(shop, session, screen):
        sign_out(shop, token)
        return None
    if touch and now - session.seen_at > SEEN_EVERY:
        with change(shop.db):
            people.saw_session(shop.db, session.id, now)
    return Shift(person, session)


def on(shop: Shop, screen: Screen) -> Person | None:
    """Return who is signed in on *screen*, as far as anybody knows, or None."""
    running = people.sessions(shop.db, screen_id=screen.id)
    return people.person(shop.db, running[-1].person) if running else None


def _tell(shop: Shop, kind: FactKind, session: Session, at: datetime) -> None:
    body: dict[str, object] = {"screen": session.screen}
    journal.append(shop.db, Fact(kind=kind, subject=session.person, at=at, by=session.person, body=body))
