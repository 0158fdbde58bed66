"""Who is signed in where. A PIN works on a paired screen only, and wrong ones make both person and screen wait."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import audit, pins
from broker.desk.keys import digest, new_token
from broker.desk.roles import Refused, Role
from broker.domain.facts import Fact, FactKind
from broker.shop import Shop
from broker.store import journal, people
from broker.store.database import change
from broker.store.people import Attempts, Person, Screen, Session

FREE_ATTEMPTS: Final = 5
"""Wrong PINs in a row before one has to wait: then 1 minute, 2, 4 and so on."""
LONGEST_WAIT: Final = timedelta(minutes=64)
IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=1)


class WrongPin(Exception):
    """The PIN is not this person's."""


class MustWait(Exception):
    """Too many wrong PINs. `until` says when the next one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many wrong PINs. The next one is looked at {until:%H:%M:%S} UTC.")
        self.until = until


def sign_in(shop: Shop, screen: Screen, person_id: str, pin: str) -> tuple[Person, str]:
    """Sign a person in on *screen* and return them with the secret of the session; whoever was signed in there is out.

    Raises Refused for nobody or a screen where nobody signs in, WrongPin, MustWait.
    """
    if not Role(screen.role).reaches(Role.STAFF):
        raise Refused("screen", "Nobody signs in on this screen.")
    person = people.person(shop.db, person_id)
    if person is None or not person.active:
        raise Refused("nobody", "There is no such person.")
    subjects = _subjects(screen, person)
    _count(shop, subjects)
    if not pins.matches(pin, person.pin, shop.settings.store.data):
        with change(shop.db):
            waits = waits_until(shop, screen, person) is not None
            audit.write(shop, "signin.wrong-pin", person.id, by="", after={"screen": screen.id, "must_wait": waits})
        raise WrongPin
    with change(shop.db):
        for subject in subjects:
            people.save(shop.db, Attempts(subject=subject))
        return person, _begin(shop, person, screen)


def waits_until(shop: Shop, screen: Screen, person: Person) -> datetime | None:
    """Return when the next PIN of *person* on *screen* is looked at, or None when that is now."""
    found = [people.attempts(shop.db, subject).blocked_until for subject in _subjects(screen, person)]
    return max((until for until in found if until and until > shop.clock()), default=None)


def _subjects(screen: Screen, person: Person) -> tuple[str, str]:
    return f"person:{person.id}", f"screen:{screen.id}"


def _count(shop: Shop, subjects: tuple[str, ...]) -> None:
    """Count an attempt before it is looked at, so that many at once are not many free ones. Raises MustWait."""
    with change(shop.db):
        now = shop.clock()
        found = [people.attempts(shop.db, subject) for subject in subjects]
        waits = [tried.blocked_until for tried in found if tried.blocked_until and tried.blocked_until > now]
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
        return here[0], _begin(shop, here[0], screen)


def _begin(shop: Shop, person: Person, screen: Screen) -> str:
    now, token = shop.clock(), new_token()
    for other in people.sessions(shop.db, screen_id=screen.id):
        _end(shop, other, now)
    session = Session(id=secrets.token_hex(8), token=digest(token), person=person.id, screen=screen.id, began=now, seen_at=now)
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


def whose(shop: Shop, token: str, screen: Screen, *, touch: bool) -> Person | None:
    """Return who is signed in on *screen* with the secret *token*, or None.

    A session ends IDLE after the last request with *touch* (a tap or an opened page, not what a screen asks by itself),
    and LONGEST after it began in any case.
    """
    session = people.session_of(shop.db, digest(token))
    if session is None or session.screen != screen.id:
        return None
    now = shop.clock()
    person = people.person(shop.db, session.person)
    if person is None or not person.active or now - session.seen_at > IDLE or now - session.began > LONGEST:
        sign_out(shop, token)
        return None
    if touch and now - session.seen_at > SEEN_EVERY:
        with change(shop.db):
            people.saw_session(shop.db, session.id, now)
    return person


def on(shop: Shop, screen: Screen) -> Person | None:
    """Return who is signed in on *screen*, as far as anybody knows, or None."""
    running = people.sessions(shop.db, screen_id=screen.id)
    return people.person(shop.db, running[-1].person) if running else None


def _tell(shop: Shop, kind: FactKind, session: Session, at: datetime) -> None:
    body: dict[str, object] = {"screen": session.screen}
    journal.append(shop.db, Fact(kind=kind, subject=session.person, at=at, by=session.person, body=body))
