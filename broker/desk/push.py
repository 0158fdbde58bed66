"""What may be done about notices of the browser: who has them where, who is told of which alert, and when they end.

Each belongs to one person on one paired screen and is told only while that person is on shift there.
"""

from __future__ import annotations

import base64
import importlib.util
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from broker.desk import chats, shifts
from broker.desk.keys import key
from broker.desk.people import Person
from broker.desk.roles import Refused, Role
from broker.domain.alerts import Level
from broker.shop import Shop
from broker.store import deliveries, people, subscriptions
from broker.store.database import change
from broker.store.deliveries import Delivery, DeliveryState
from broker.store.subscriptions import Subscription

KEY_FILE: Final = "vapid"
"""Beside the store: who the shop is to push services. A new one ends every notice that was allowed."""
PREFIX: Final = "push:"
"""What the name of one that is told begins with. No webhook's name has a colon."""
READER: Final = PREFIX + "tablets"
MOST: Final = 200
"""Notices that are kept, of everybody on all screens."""
MAX_ENDPOINT: Final = 1_000
AUTH_BYTES: Final = 16
UNUSED: Final = timedelta(days=60)
"""Somebody who was not signed in on a screen for so long is told nothing there until they ask for it again."""
GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_TRY_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def secret(shop: Shop) -> bytes:
    """Return the shop's secret towards push services, made on first use. Raises OSError."""
    return key(shop.settings.store.data, KEY_FILE)


def public_key(shop: Shop) -> str:
    """Return the key that a browser asks to allow notices with, or nothing where none are sent. Raises OSError."""
    if not shop.settings.push.enabled or importlib.util.find_spec("pywebpush") is None:
        return ""
    from broker.identity import vapid

    return vapid.public_key(secret(shop))


def subscribe(shop: Shop, person: str, screen: str, *, endpoint: str, p256dh: str, auth: str) -> Subscription:
    """Tell *person* on *screen* from now on, as their browser allowed it. Raises Refused for what no browser says, or when full."""
    _check_address(endpoint)
    _check_keys(p256dh, auth)
    with change(shop.db):
        if subscriptions.of(shop.db, person, screen) is None and subscriptions.count(shop.db) >= MOST:
            raise Refused("full", f"{MOST} notices are kept; more do not fit.")
        _forget(shop, person=person, screen=screen)
        made = Subscription(
            id=secrets.token_hex(8), person=person, screen=screen, endpoint=endpoint, p256dh=p256dh, auth=auth,
            made_at=shop.clock(),
        )  # fmt: skip
        subscriptions.save(shop.db, made)
    return made


def _check_address(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        fits = bool(parts.scheme == "https" and parts.hostname and parts.port != 0)
    except ValueError:
        fits = False
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not (fits and plain) or "@" in parts.netloc or parts.fragment or len(endpoint) > MAX_ENDPOINT:
        raise Refused("endpoint", "This is not the https address of a push service.")


def _check_keys(p256dh: str, auth: str) -> None:
    from broker.identity import vapid

    try:
        point, shared = (base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True) for text in (p256dh, auth))
    except ValueError:
        point, shared = b"", b""
    if not vapid.is_point(point) or len(shared) != AUTH_BYTES:
        raise Refused("keys", "These are not keys of a browser.")


def is_on(shop: Shop, person: str, screen: str) -> bool:
    """Return whether *person* is told on *screen*."""
    return subscriptions.of(shop.db, person, screen) is not None


def unsubscribe(shop: Shop, person: str, screen: str) -> None:
    """Tell *person* nothing more on *screen*."""
    with change(shop.db):
        _forget(shop, person=person, screen=screen)


def _forget(shop: Shop, *, person: str | None = None, screen: str | None = None, endpoint: str | None = None) -> None:
    subscriptions.forget(shop.db, person=person, screen=screen, endpoint=endpoint)


def on_shift(shop: Shop, level: Level) -> list[tuple[Subscription, Person]]:
    """Return whom an alert at *level* is sent to: everybody on shift, or of them the leads once the lead is called."""
    here = {person.id: person for person in people.everybody(shop.db)}
    found = []
    for one in subscriptions.every(shop.db):
        person = here.get(one.person)
        called = person is not None and (level is not Level.LEAD or Role(person.role).reaches(Role.LEAD))
        if person is not None and called and any(screen.id == one.screen for _, screen in shifts.running(shop, person.id)):
            found.append((one, person))
    return found


def reader_of(delivery: Delivery) -> str:
    """Return the id of the subscription that *delivery* is for."""
    return delivery.target.removeprefix(PREFIX)


def due(shop: Shop, *, besides: Collection[str]) -> list[Delivery]:
    """Return what is to be sent now, oldest first, but for the subscriptions *besides*, one for each."""
    found: dict[str, Delivery] = {}
    for one in deliveries.due_of(shop.db, PREFIX, shop.clock()):
        if reader_of(one) not in besides:
            found.setdefault(one.target, one)
    return list(found.values())


def tried(shop: Shop, delivery: Delivery, status: int | None, wrong: str) -> Delivery:
    """Write down how a try ended, *wrong* empty when it was taken: made, tried again, given up, or the notices ended for good."""
    with change(shop.db):
        now = shop.clock()
        was = deliveries.find(shop.db, delivery.id) or delivery
        after = replace(was, tries=was.tries + 1, tried_at=now, status=status, reason=wrong[:200], due_at=None)
        refused = status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _TRY_LATER
        if not wrong:
            after = replace(after, state=DeliveryState.DONE)
        elif refused or after.tries > len(chats.RETRIES):
            after = replace(after, state=DeliveryState.FAILED)
        else:
            after = replace(after, due_at=now + chats.RETRIES[after.tries - 1])
        deliveries.save(shop.db, after)
        if after.state is DeliveryState.FAILED:
            _end_where_nothing_is_taken(shop, after)
    return after


def _end_where_nothing_is_taken(shop: Shop, last: Delivery) -> None:
    one = next((each for each in subscriptions.every(shop.db) if each.id == reader_of(last)), None)
    if one is None:
        return
    if last.status in GONE:
        _forget(shop, endpoint=one.endpoint)
        return
    ended = [each for each in deliveries.newest(shop.db, last.target, limit=chats.LOOK_BACK) if each.tries and each.due_at is None]
    row = ended[: chats.GIVEN_UP_IN_A_ROW]
    # Without a status nobody was reached, which may be the shop's own line: that is nobody's refusal.
    if len(row) == chats.GIVEN_UP_IN_A_ROW and all(each.state is DeliveryState.FAILED and each.status for each in row):
        _forget(shop, person=one.person, screen=one.screen)


def prune(shop: Shop) -> int:
    """Forget notices of people who were not signed in there for `UNUSED`, and return how many."""
    with change(shop.db):
        return subscriptions.forget_unused(shop.db, shop.clock() - UNUSED)
