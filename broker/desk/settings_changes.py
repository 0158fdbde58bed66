"""The settings file is changed: looked at as a proposal, refused where it would leave a customer standing, kept, and put back.

The file is the truth. A change is written into it within the transaction of its row, so that of two people who save at the
same moment the second one is told. Who is about to write is kept before: a file that was written and whose row was lost, by a
full disk or a power cut, is known again when a program next starts, or when somebody next saves, as a change by hand is.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from broker.desk import audit
from broker.desk.stranding import Strand as Strand
from broker.desk.stranding import Stranding as Stranding
from broker.desk.stranding import stranded
from broker.settings import BadSettings, Settings
from broker.settings.writing import CannotWrite as CannotWrite
from broker.settings.writing import Difference as Difference
from broker.settings.writing import Edits, Written, differences, digest_of, edited, hidden, judged, look, put
from broker.shop import Shop
from broker.store import begun, settings_changes
from broker.store.begun import Begun
from broker.store.database import change
from broker.store.settings_changes import Change as Change

log = logging.getLogger(__name__)

SAVED: Final = "saved"
PUT_BACK: Final = "put_back"
BY_HAND: Final = "by_hand"
FOUND: Final = "found"
"""The kinds of a change: on a screen, back to an earlier text, in the file itself, and the text a shop began with."""
BEGUN: Final = "settings"
"""What a row of `begun` is about."""
BY_FILE: Final = "file"
"""Who did it, when the file was changed by hand: nobody says."""


class Stale(Exception):
    """The file is no longer the one that was looked at. `since` says who changed it, `meanwhile` what is set otherwise now."""

    def __init__(self, since: Sequence[Change], meanwhile: Sequence[Difference]) -> None:
        """Tell the changes and the differences since."""
        super().__init__("the settings were changed meanwhile")
        self.since = tuple(since)
        self.meanwhile = tuple(meanwhile)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the file would be, and what that changes; nothing is written."""

    path: Path
    was: Written
    text: str
    before: Settings
    """What the file says, or said last when it was right."""
    after: Settings
    differences: tuple[Difference, ...]


def propose(shop: Shop, path: Path, edits: Edits, *, digest: str) -> Proposal:
    """Return what *edits* would make of the file. Raises BadSettings, and Stale when the file is not that of *digest*."""
    was = _looked_at(shop, path, digest)
    return _proposal(shop, path, was, edited(was.text, edits))


def propose_text(shop: Shop, path: Path, text: str, *, digest: str) -> Proposal:
    """Return what the file would be with *text* in place of all of it. Raises BadSettings and Stale."""
    return _proposal(shop, path, _looked_at(shop, path, digest), text)


def _looked_at(shop: Shop, path: Path, digest: str) -> Written:
    was = look(path)
    if was.digest != digest:
        raise _stale(shop, path, was, digest)
    return was


def _proposal(shop: Shop, path: Path, was: Written, text: str) -> Proposal:
    after = judged(text, path)
    before = _last_good(shop, path, was)
    return Proposal(path, was, text, before, after, differences(before, after))


def _last_good(shop: Shop, path: Path, now: Written) -> Settings:
    """Return what the file says; while it cannot be used, what it said when it was last right: that is in force."""
    earlier = settings_changes.newest(shop.db, limit=settings_changes.KEPT_CHANGES)
    for text in (now.text, *(kept.text for kept in earlier)):
        try:
            return judged(text, path)
        except BadSettings:
            continue
    return shop.settings


def _stale(shop: Shop, path: Path, now: Written, digest: str) -> Stale:
    earlier = settings_changes.with_digest(shop.db, digest)
    try:
        meanwhile = differences(judged(earlier.text, path), judged(now.text, path)) if earlier else ()
    except BadSettings:
        meanwhile = ()
    return Stale(settings_changes.since(shop.db, digest), meanwhile)


def save(shop: Shop, proposal: Proposal, *, by: str, kind: str = SAVED) -> Change:
    """Write the file and keep the change.

    Raises Stale when the file changed since it was looked at, Stranding, and CannotWrite: then nothing has changed.
    """
    path, was, became = proposal.path, proposal.was, digest_of(proposal.text)
    with change(shop.db):
        _note(shop, path, _still(shop, proposal))
        begun.save(shop.db, Begun(what=BEGUN, key=became, at=shop.clock(), by=by, body={"was": was.digest, "kind": kind}))
    with change(shop.db):
        _note(shop, path, _still(shop, proposal))
        begun.forget(shop.db, BEGUN, became)
        made = _keep(shop, proposal.text, was=was.digest, by=by, kind=kind)
        told = _told(proposal.differences)
        audit.write(shop, f"settings.{kind.replace('_', '-')}", path.name, by=by, before=told[0], after=told[1])
        put(path, proposal.text)
    return made


def _still(shop: Shop, proposal: Proposal) -> Written:
    """Return the file, which is the one that was looked at. Raises Stale and Stranding."""
    now = look(proposal.path)
    if now.digest != proposal.was.digest:
        raise _stale(shop, proposal.path, now, proposal.was.digest)
    strands = stranded(shop, proposal.before, proposal.after, beside=proposal.path.parent)
    if strands:
        raise Stranding(strands)
    return now


def back_to(shop: Shop, path: Path, number: int, *, digest: str) -> Proposal:
    """Return what going back to the text of change *number* would change. Raises LookupError, BadSettings and Stale."""
    kept = settings_changes.one(shop.db, number)
    if kept is None:
        raise LookupError(number)
    return propose_text(shop, path, kept.text, digest=digest)


def note(shop: Shop, path: Path) -> None:
    """Keep the text of the file when it is not the one that was kept last: it was changed by hand, or its row was lost.

    A program that starts does this; it starts as well when it cannot be kept.
    """
    try:
        with change(shop.db):
            _note(shop, path, look(path))
    except (sqlite3.Error, OSError, BadSettings) as wrong:
        log.warning("the settings file could not be kept beside its earlier texts: %s", wrong)


def _note(shop: Shop, path: Path, now: Written) -> None:
    newest = next(iter(settings_changes.newest(shop.db, limit=1)), None)
    if newest is not None and newest.became == now.digest:
        return
    cut = begun.find(shop.db, BEGUN, now.digest) if newest else None
    if cut is not None and newest is not None and cut.body["was"] != newest.became:
        cut = None
    kind, by = (cut.body["kind"], cut.by) if cut else (BY_HAND if newest else FOUND, BY_FILE)
    _keep(shop, now.text, was=newest.became if newest else "", by=by, kind=kind)
    begun.forget(shop.db, BEGUN, now.digest)
    if newest is not None:
        try:
            told = _told(differences(judged(newest.text, path), judged(now.text, path)))
        except BadSettings:
            told = ({}, {})
        audit.write(shop, f"settings.{kind.replace('_', '-')}", path.name, by=by, before=told[0], after=told[1])


def _keep(shop: Shop, text: str, *, was: str, by: str, kind: str) -> Change:
    made = Change(at=shop.clock(), by=by, kind=kind, was=was, became=digest_of(text), text=text)
    return replace(made, id=settings_changes.add(shop.db, made))


def _told(found: Sequence[Difference]) -> tuple[dict[str, object], dict[str, object]]:
    """Return what stood there and what stands there now, by key; the password of a camera's address is left out."""
    return {each.key: hidden(each.was) for each in found}, {each.key: hidden(each.became) for each in found}


def changes(shop: Shop, *, limit: int) -> list[Change]:
    """Return the newest changes, newest first."""
    return settings_changes.newest(shop.db, limit=limit)


def changed(shop: Shop, path: Path, one: Change) -> tuple[Difference, ...] | None:
    """Return what *one* changed; None when its text, or the one before, cannot be used or is no longer kept."""
    before = settings_changes.before(shop.db, one.id)
    if before is None or before.became != one.was:
        return None
    try:
        return differences(judged(before.text, path), judged(one.text, path))
    except BadSettings:
        return None
