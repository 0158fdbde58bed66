"""Counting along: somebody stands at the door, taps in and out for some minutes, and the camera is measured by it.

Taps come one by one or, after a lost connection, all at once and twice; each counts once, by when it was made. The
camera's own count is read when the tally is ended, and is kept from whoever counts until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.domain.facts import Fact, FactKind
from broker.domain.period import common, joined, seconds
from broker.shop import Shop
from broker.store import devices, journal, tallies
from broker.store.database import change
from broker.store.tallies import Tally as Tally
from broker.store.tallies import Tap as Tap

SHORTEST_MINUTES: Final = 2
LONGEST_MINUTES: Final = 30
USUAL_MINUTES: Final = 10
MAX_TAPS: Final = 5000
"""Taps of one tally: three a second for half an hour."""
MAX_TAPS_AT_ONCE: Final = 200
STALE: Final = timedelta(hours=24)
"""A tally that nobody ended is forgotten so long after it should have been over."""
LATELY: Final = timedelta(days=7)
SHOWN: Final = 20
"""Earlier tallies that a page shows."""


class NoSuchTally(LookupError):
    """There is no tally of that id, or it was abandoned."""


class CannotTally(Exception):
    """The tally cannot be begun, tapped or ended. `why` is a short key for the words of a page."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


def begin(shop: Shop, camera: str, *, line: str, minutes: int, by: str, id: str) -> Tally:
    """Begin to count along at *line* of *camera*. The same *id* again changes nothing. Raises CannotTally."""
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise CannotTally("minutes", f"A tally takes {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes.")
    with change(shop.db):
        now = shop.clock()
        if known := tallies.find(shop.db, id):
            return known
        for other in tallies.running(shop.db, camera):
            if now - other.until < STALE:
                raise CannotTally("running", f"{other.by} counts at {camera} already.")
            tallies.forget(shop.db, other.id)
        tally = Tally(id=id, camera=camera, line=line, began=now, until=now + timedelta(minutes=minutes), by=by)
        tallies.save(shop.db, tally)
    return tally


def tap(shop: Shop, tally_id: str, taps: Sequence[Tap], *, by: str) -> Tally:
    """Take *taps*, in any order and also twice. Raises NoSuchTally, and CannotTally for somebody else's or too many."""
    with change(shop.db):
        tally = _of(shop, tally_id, by)
        if tally.ended is None:
            if tallies.count_taps(shop.db, tally_id) + len(taps) > MAX_TAPS:
                raise CannotTally("taps", f"{MAX_TAPS} taps are too many for one tally.")
            tallies.tap(shop.db, tally_id, taps)
    return standing(shop, tally)


def finish(shop: Shop, tally_id: str, *, by: str, at: datetime) -> Tally:
    """End a tally as of *at* and write what was counted by hand and by the camera. Ending it twice changes nothing.

    Raises NoSuchTally, and CannotTally when it is somebody else's or too short to say anything.
    """
    with change(shop.db):
        tally = _of(shop, tally_id, by)
        if tally.ended is not None:
            return tally
        ended = min(at, shop.clock(), tally.until)
        if ended - tally.began < timedelta(minutes=SHORTEST_MINUTES):
            raise CannotTally("short", f"Count for at least {SHORTEST_MINUTES} minutes, or abandon it.")
        tally = _counted(shop, replace(tally, ended=ended), ended)
        tallies.save(shop.db, tally)
        tallies.forget_taps(shop.db, tally_id)
        journal.append(shop.db, _fact(shop, tally))
    return tally


def abandon(shop: Shop, tally_id: str, *, by: str) -> None:
    """Forget a tally that runs; one that is gone or ended stays so. Raises CannotTally for somebody else's."""
    with change(shop.db):
        tally = tallies.find(shop.db, tally_id)
        if tally is None or tally.ended is not None:
            return
        if tally.by != by and shop.clock() < tally.until:
            raise CannotTally("other", f"{tally.by} counts here.")
        tallies.forget(shop.db, tally_id)


def running(shop: Shop, camera: str) -> Tally | None:
    """Return the tally that runs at *camera*, or None."""
    now = shop.clock()
    return next((standing(shop, each) for each in tallies.running(shop.db, camera) if now - each.until < STALE), None)


def standing(shop: Shop, tally: Tally) -> Tally:
    """Return *tally* with what was tapped so far; of one that runs the camera's count stays unsaid."""
    if tally.ended is not None:
        return tally
    ins, outs = tallies.tapped(shop.db, tally.id, tally.began, tally.until)
    return replace(tally, hand_in=ins, hand_out=outs)


def find(shop: Shop, tally_id: str) -> Tally | None:
    """Return one tally, or None."""
    return tallies.find(shop.db, tally_id)


def of_camera(shop: Shop, camera: str) -> list[Tally]:
    """Return the ended tallies of *camera*, newest first, at most SHOWN."""
    return tallies.ended(shop.db, camera=camera, limit=SHOWN)


def lines(shop: Shop, camera: str) -> list[str]:
    """Return the lines at which *camera* has counted anybody within LATELY, for one whose plan this shop does not know."""
    return tallies.lines(shop.db, camera, since=shop.clock() - LATELY)


def newest(shop: Shop, *, before: datetime | None = None) -> list[Tally]:
    """Return the newest ended tally of each line of each camera, begun *before* if given."""
    return tallies.newest(shop.db, before=before)


def _of(shop: Shop, tally_id: str, by: str) -> Tally:
    tally = tallies.find(shop.db, tally_id)
    if tally is None:
        raise NoSuchTally(tally_id)
    if tally.by != by:
        raise CannotTally("other", f"{tally.by} counts here.")
    return tally


def _counted(shop: Shop, tally: Tally, ended: datetime) -> Tally:
    span = tally.began, ended
    hand_in, hand_out = tallies.tapped(shop.db, tally.id, *span)
    camera_in, camera_out = tallies.crossed(shop.db, tally.camera, tally.line, *span)
    gaps = joined((gap.began, gap.ended or ended) for gap in devices.gaps(shop.db, *span) if gap.device == tally.camera)
    unwatched = round(seconds(common(gaps, [span])), 3)
    return replace(
        tally, hand_in=hand_in, hand_out=hand_out, camera_in=camera_in, camera_out=camera_out, unwatched=unwatched
    )  # fmt: skip


def _fact(shop: Shop, tally: Tally) -> Fact:
    body: dict[str, object] = {
        "line": tally.line, "hand_in": tally.hand_in, "hand_out": tally.hand_out, "camera_in": tally.camera_in,
        "camera_out": tally.camera_out,
    }  # fmt: skip
    return Fact(kind=FactKind.TALLIED, subject=tally.camera, at=shop.clock(), by=tally.by, body=body)
