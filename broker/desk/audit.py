"""The audit log: who changed what, from which screen and address, what stood there before and what stands there now.

A row is written in the transaction of the change itself, so neither is ever without the other. Each row's digest covers the
digest of the row before, with a key that lies beside the store and is its owner's alone (HMAC-SHA-256): whoever edits a row,
takes one out or puts one in breaks the chain at that row. The newest row is sealed too, so that rows cut off at the end are
missed; so is the place where the chain begins, which retention moves on. People stand here by their id alone.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from broker.desk.keys import key
from broker.shop import Shop
from broker.store import audit
from broker.store.audit import BEGIN, HEAD, End
from broker.store.audit import Entry as Entry
from broker.store.database import change, text

KEY_FILE: Final = "audit-key"
MAX_VALUE_BYTES: Final = 8_192
"""What stood there before, or after, as JSON; of anything longer only the length is kept."""
MAX_NAME: Final = 200
"""Letters of an id, a screen or an address."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from: the id of the paired screen and the address of the network, both empty in a terminal."""

    screen: str = ""
    address: str = ""


_origin: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039 - frozen


@dataclass(frozen=True, slots=True)
class Chain:
    """What `verify` found. `broken_at` is the id of the first row that is not as it was written, None for a whole chain."""

    rows: int
    gone: int
    broken_at: int | None = None
    why: str = ""

    @property
    def whole(self) -> bool:
        """Return whether nothing was changed, taken out or put in."""
        return self.broken_at is None


def coming_from(*, screen: str = "", address: str = "") -> None:
    """Note where the changes of this request come from, until this is said anew."""
    _origin.set(Origin(screen[:MAX_NAME], address[:MAX_NAME]))


def write(
    shop: Shop, what: str, subject: str, *, by: str, before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> Entry:  # fmt: skip
    """Write that *by* did *what* (`people.added`) to *subject*, which stood as *before* and stands as *after*.

    Runs inside the transaction of the change. Never put a secret or a name of a person into it. Raises OSError.
    """
    head, origin = audit.end(shop.db, HEAD), _origin.get()
    entry = Entry(
        id=head.row + 1 if head else 1, at=str(text(shop.clock())), by=by[:MAX_NAME], screen=origin.screen, address=origin.address,
        what=what, subject=subject[:MAX_NAME], before=_json(before), after=_json(after),
    )  # fmt: skip
    secret = key(shop.settings.store.data, KEY_FILE)
    entry = replace(entry, digest=_digest(secret, head.digest if head else "", entry))
    audit.add(shop.db, entry)
    _seal(shop, secret, End(which=HEAD, row=entry.id, digest=entry.digest, rows=(head.rows if head else 0) + 1, at=entry.at))
    return entry


def verify(shop: Shop) -> Chain:
    """Look at every row, as the log stands in one instant. Changes nothing. Raises OSError when the key cannot be read."""
    shop.db.execute("BEGIN")
    try:
        return _verify(shop)
    finally:
        shop.db.execute("ROLLBACK")


def _verify(shop: Shop) -> Chain:
    begin, head = audit.end(shop.db, BEGIN), audit.end(shop.db, HEAD)
    gone = begin.rows if begin else 0
    if not (shop.settings.store.data / KEY_FILE).exists():
        first = next(audit.every(shop.db), None)
        why = f"its key {KEY_FILE} is not beside the store, so nothing can be said of it"
        return Chain(0, gone, first.id if first else head.row if head else 1, why) if first or head else Chain(0, 0)
    secret = key(shop.settings.store.data, KEY_FILE)
    for end in (begin, head):
        if end and not hmac.compare_digest(end.seal, _sealed(secret, end)):
            where = "where the log begins" if end.which == BEGIN else "of its newest row"
            return Chain(0, gone, end.row, f"the seal {where} does not fit: it was changed, or the key is another one")
    last, before, rows = (begin.row, begin.digest, 0) if begin else (0, "", 0)
    for entry in audit.every(shop.db):
        if entry.id != last + 1:
            return Chain(rows, gone, last + 1, f"row {last + 1} is missing" if entry.id > last else f"row {entry.id} is too many")
        if not hmac.compare_digest(entry.digest, _digest(secret, before, entry)):
            return Chain(rows, gone, entry.id, f"row {entry.id} is not as it was written")
        last, before, rows = entry.id, entry.digest, rows + 1
    newest = head.row if head else 0
    if last != newest or (head and not hmac.compare_digest(before, head.digest)):
        return Chain(rows, gone, last + 1, f"the log ends at row {last}, and its newest was {newest}")
    return Chain(rows, gone)


def newest(shop: Shop, *, limit: int, what: str = "") -> list[Entry]:
    """Return the newest rows, newest first; with *what* (`people`, `people.added`) those of this kind."""
    return audit.newest(shop.db, limit=limit, what=what)


def every(shop: Shop) -> Iterator[Entry]:
    """Yield every row, oldest first."""
    return audit.every(shop.db)


def trim(shop: Shop, before: datetime) -> int:
    """Take away the rows that are older than *before*; the chain begins behind them and can still be verified.

    Return how many. A chain that is broken in what would go is left as it is: it is the trace of what was done.
    """
    found = audit.last_before(shop.db, before)
    if found is None or not verify(shop).whole:
        return 0
    with change(shop.db):
        found = audit.last_before(shop.db, before)
        if found is None:
            return 0
        last, rows = found
        begin = audit.end(shop.db, BEGIN)
        gone = rows + (begin.rows if begin else 0)
        ending = End(which=BEGIN, row=last.id, digest=last.digest, rows=gone, at=str(text(shop.clock())))
        _seal(shop, key(shop.settings.store.data, KEY_FILE), ending)
        audit.take_away(shop.db, last.id)
    return rows


def _seal(shop: Shop, secret: bytes, end: End) -> None:
    audit.save_end(shop.db, replace(end, seal=_sealed(secret, end)))


def _sealed(secret: bytes, end: End) -> str:
    return _mac(secret, b"end", end.covered())


def _digest(secret: bytes, before: str, entry: Entry) -> str:
    return _mac(secret, b"row", before.encode() + b"\n" + entry.covered())


def _mac(secret: bytes, label: bytes, over: bytes) -> str:
    return hmac.digest(secret, label + b"\n" + over, "sha256").hex()


def _json(value: Mapping[str, object] | None) -> str:
    written = json.dumps(value or {}, ensure_ascii=False, sort_keys=True, default=str)
    size = len(written.encode())
    return written if size <= MAX_VALUE_BYTES else json.dumps({"too long": size})
