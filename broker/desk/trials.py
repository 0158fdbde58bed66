"""Trying the printer and the voice from the office: the wish is a row, and the program that has them answers it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from broker.desk.people import LANGUAGES
from broker.desk.roles import Refused
from broker.shop import Shop
from broker.store import trials
from broker.store.database import change
from broker.store.trials import Kind as Kind
from broker.store.trials import State as State
from broker.store.trials import Trial as Trial

PATIENCE: Final = timedelta(seconds=45)
"""A trial that nobody has answered by then has failed: the program that prints and speaks is not there."""
KEPT: Final = 20
"""Trials that are kept, the newest."""
MAX_SOUND_BYTES: Final = 1024 * 1024
MAX_SAYS: Final = 200
NOBODY: Final = "nobody"
TOO_LONG: Final = "too_long"


def ask(shop: Shop, kind: str, language: str, *, by: str) -> Trial:
    """Wish a trial; while one of its kind is on its way, that one. Raises Refused for a kind or language that is none."""
    if kind not in list(Kind):
        raise Refused("kind", f"{kind!r} cannot be tried; there are {', '.join(Kind)}.")
    if language not in LANGUAGES:
        raise Refused("language", f"{language!r} is not a language here: {', '.join(LANGUAGES)}.")
    with change(shop.db):
        _give_up_old(shop)
        for one in trials.open_ones(shop.db):
            if one.kind == kind:
                return one
        made = Trial(kind=Kind(kind), language=language, by=by, asked_at=shop.clock())
        made = replace(made, id=trials.add(shop.db, made))
        trials.keep_newest(shop.db, KEPT)
    return made


def claim(shop: Shop) -> Trial | None:
    """Take the oldest trial that nobody has taken, or None."""
    if not trials.open_ones(shop.db):
        return None
    with change(shop.db):
        _give_up_old(shop)
        found = next((one for one in trials.open_ones(shop.db) if one.state is State.ASKED), None)
        if found is not None:
            found = replace(found, state=State.GOING)
            trials.save(shop.db, found)
    return found


def finish(shop: Shop, trial: Trial, *, why: str = "", says: str = "", sound: bytes | None = None) -> None:
    """Say how a trial ended: well without a *why*. One that was given up meanwhile stays so."""
    if sound is not None and len(sound) > MAX_SOUND_BYTES:
        why, sound = TOO_LONG, None
    with change(shop.db):
        known = trials.find(shop.db, trial.id)
        if known is not None and known.ended_at is None:
            ended = replace(known, state=State.FAILED if why else State.DONE, why=why, says=says[:MAX_SAYS], ended_at=shop.clock())
            trials.save(shop.db, ended, sound)


def newest(shop: Shop, kind: Kind) -> Trial | None:
    """Return how the newest trial of a kind stands; one that nobody answered for PATIENCE has failed. Changes nothing."""
    found = trials.newest(shop.db, kind)
    if found is not None and found.ended_at is None and shop.clock() - found.asked_at >= PATIENCE:
        return replace(found, state=State.FAILED, why=NOBODY, ended_at=found.asked_at + PATIENCE)
    return found


def sound(shop: Shop, number: int) -> bytes | None:
    """Return the sound of a trial as WAV, or None."""
    return trials.sound(shop.db, number)


def _give_up_old(shop: Shop) -> None:
    now = shop.clock()
    for one in trials.open_ones(shop.db):
        if now - one.asked_at >= PATIENCE:
            trials.save(shop.db, replace(one, state=State.FAILED, why=NOBODY, ended_at=now))
