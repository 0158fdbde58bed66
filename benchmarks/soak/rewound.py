"""Whether the archive holds what it promises: the store of any moment is sound, and has every number acknowledged before it."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from benchmarks.soak.crowd import Crowd
from benchmarks.soak.premises import Premises
from broker.store import archive, rewind, upkeep
from broker.store.database import StoreError, text
from broker.store.rewind import Span

MOMENTS = 8
LATER_S = 5.0
"""The store of a moment has nothing that came so much later; and each time the archive begins anew may cost so much more."""
BEHIND_S = 20.0
"""Something is committed every second but while the disk is full; a store that is so much older than the moment has lost some."""


def look(here: Premises, crowd: Crowd, away: float, dice: random.Random) -> tuple[list[str], list[str], dict[str, int]]:
    """Go back to MOMENTS of the archive; return what was lost there, what was odd, and how many seconds of it can be had.

    Of the time from its begin to its end no more may be lacking than the *away* seconds in which it was ended and came back.
    """
    lost, odd = list[str](), list[str]()
    spans = rewind.spans(here.archive)
    target = here.folder / "was.db"
    for span, moment in _moments(spans, dice):
        try:
            missing, wrong = _there(here.archive, span, moment, target, crowd)
        except StoreError as failed:
            missing, wrong = [], str(failed)
        lost += [f"ticket {number} as of {archive.as_moment(moment)}" for number in missing]
        odd += [f"the store as of {archive.as_moment(moment)}: {wrong}"] if wrong else []
    target.unlink(missing_ok=True)
    covered, whole = sum(span.ends - span.begins for span in spans) // 1000, (spans[-1].ends - spans[0].begins) // 1000
    if whole - covered > away + LATER_S * len(spans):
        odd.append(f"{whole - covered} s of {whole} cannot be had of the archive, which was away for {away:.0f}")
    return lost, odd, {"spans of the archive": len(spans), "seconds that can be had": covered}


def _moments(spans: list[Span], dice: random.Random) -> list[tuple[Span, int]]:
    """Return moments all over *spans*, as many of each as it is long, and the last of all."""
    chosen = dice.choices(spans, [span.ends - span.begins + 1 for span in spans], k=MOMENTS - 1)
    return [*((span, dice.randint(span.begins, span.ends)) for span in chosen), (spans[-1], spans[-1].ends)]


def _there(folder: Path, span: Span, moment: int, target: Path, crowd: Crowd) -> tuple[list[int], str]:
    reached = archive.milliseconds(rewind.rewind(folder, archive.as_moment(moment), target))
    with closing(Database(str(target))) as db:
        sound = upkeep.check(db, deep=True)
        kept = {ticket for (ticket,) in db.execute("SELECT id FROM tickets").fetchall()}
        (newest,) = db.execute("SELECT coalesce(max(t0), '') FROM tickets").fetchone()
    if newest > text(archive.as_moment(moment + int(LATER_S * 1000))):
        return [], f"it has a ticket of {newest}"
    if moment - reached > BEHIND_S * 1000:
        return [], f"it is the store of {archive.as_moment(reached)}"
    promised = moment if moment == span.ends else reached
    missing = [number for ticket, number in crowd.told.taken if crowd.told.taken_at[ticket] <= promised and ticket not in kept]
    return missing, "" if sound.sound else str(sound.broken or sound.damage or sound.odd)
