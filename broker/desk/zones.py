"""Pausing a zone: shelved for a while, with a reason, and back by itself."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from broker.desk import audit
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.shop import Shop
from broker.store import answers, journal, pauses
from broker.store.database import change, text
from broker.store.pauses import Pause

PAUSE_MINUTES: Final = (5, 15, 30)
"""The lengths a pause may have."""
SET_BACK: Final = timedelta(minutes=1)
"""A pause that begins so long from now was made before the clock was set back: it would come again, with nobody knowing why."""


def pause(shop: Shop, zone: str, *, minutes: int, reason: str, by: str, key: str = "") -> Pause | None:
    """Open no visit in *zone* for a while; a running pause is replaced. Return None for a repeated key.

    Raises KeyError for no such zone, IllegalMove for a length that is not offered or without a reason.
    """
    if zone not in shop.zones:
        raise KeyError(zone)
    if minutes not in PAUSE_MINUTES or not reason.strip():
        raise IllegalMove("zone", "open", "pause", f"a pause lasts {', '.join(map(str, PAUSE_MINUTES))} minutes and has a reason")
    with change(shop.db):
        if key and answers.known(shop.db, key):
            return None
        now = shop.clock()
        _end(shop, zone, by=by)
        new = Pause(
            id=secrets.token_hex(8), zone=zone, began=now, until=now + timedelta(minutes=minutes), by=by, reason=reason.strip()[:80]
        )
        pauses.save(shop.db, new)
        body: dict[str, object] = {"until": text(new.until), "reason": new.reason}
        journal.append(shop.db, Fact(kind=FactKind.PAUSED, subject=zone, at=now, zone=zone, by=by, body=body))
        audit.write(shop, "pauses.zone-paused", zone, by=by, after=body)
        if key:
            answers.keep(shop.db, key, now)
    return new


def resume(shop: Shop, zone: str, *, by: str) -> None:
    """End the pause of *zone*; nothing happens when there is none."""
    with change(shop.db):
        _end(shop, zone, by=by)


def run_due(shop: Shop) -> int:
    """End the pauses whose time has come. Return how many."""
    now = shop.clock()
    with change(shop.db):
        over = [pause for pause in pauses.running(shop.db) if pause.until <= now or pause.began - now > SET_BACK]
        for pause in over:
            _end(shop, pause.zone, by="clock")
    return len(over)


def _end(shop: Shop, zone: str, *, by: str) -> None:
    now = shop.clock()
    for pause in pauses.running(shop.db):
        if pause.zone == zone:
            pauses.save(shop.db, replace(pause, ended=max(pause.began, min(now, pause.until))))
            journal.append(shop.db, Fact(kind=FactKind.RESUMED, subject=zone, at=now, zone=zone, by=by))
            there: dict[str, object] = {"until": text(pause.until), "reason": pause.reason}
            audit.write(shop, "pauses.zone-resumed", zone, by=by, before=there)
