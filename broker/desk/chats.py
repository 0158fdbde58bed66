"""What may be done about messages to phones and chats: few, fresh, tried for a minute, and none to where nothing is taken.

They share their rows and their log with webhooks, and are enabled, tried out and sent again as those are.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from broker.desk import webhooks
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import change
from broker.store.deliveries import Delivery, DeliveryState

REPORT: Final = "report.weekly"
"""The event of the weekly report's summary."""
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 55))
"""After each failure of an alert so long until the next try: a minute later it helps nobody. A report has a webhook's."""
FRESH: Final = timedelta(minutes=5)
"""An alert that is older is left out."""
GIVEN_UP_IN_A_ROW: Final = 5
"""After so many messages that were not taken nothing more is sent, and the staff screen says so."""
LOOK_BACK: Final = 200
RATE_WINDOW: Final = timedelta(hours=1)
LEFT_OUT: Final = "left out: "


def message(title: str, text: str) -> str:
    """Return the body of a delivery that says *title* and *text*."""
    return json.dumps({"title": title, "text": text}, ensure_ascii=False)


def tried(shop: Shop, delivery: Delivery, wrong: str) -> Delivery:
    """Write down how a try ended, *wrong* empty when it was taken: made, tried again or given up."""
    pauses = webhooks.RETRIES if delivery.event == REPORT else RETRIES
    with change(shop.db):
        now = shop.clock()
        was = deliveries.find(shop.db, delivery.id) or delivery
        after = replace(was, tries=was.tries + 1, tried_at=now, reason=wrong[:200], due_at=None)
        if not wrong:
            after = replace(after, state=DeliveryState.DONE)
        elif was.event == webhooks.TEST or after.tries > len(pauses):
            after = replace(after, state=DeliveryState.FAILED)
        else:
            after = replace(after, due_at=now + pauses[after.tries - 1])
        deliveries.save(shop.db, after)
        if after.state is DeliveryState.FAILED and after.event != webhooks.TEST and _nothing_taken(shop, after.target):
            webhooks.disable(shop, after.target, after.reason, now)
    return after


def _nothing_taken(shop: Shop, name: str) -> bool:
    target = deliveries.target(shop.db, name)
    since = target.since if target else None
    ended = [
        one.state
        for one in deliveries.newest(shop.db, name, limit=LOOK_BACK)
        if one.due_at is None and one.tries and one.event != webhooks.TEST and one.tried_at and (not since or one.tried_at >= since)
    ]
    last = ended[:GIVEN_UP_IN_A_ROW]
    return len(last) == GIVEN_UP_IN_A_ROW and all(state is DeliveryState.FAILED for state in last)


def leave_out(shop: Shop, delivery: Delivery, why: str) -> None:
    """Give *delivery* up untried, and write down *why*."""
    with change(shop.db):
        deliveries.save(shop.db, replace(delivery, state=DeliveryState.FAILED, due_at=None, reason=LEFT_OUT + why))


def put_off(shop: Shop, delivery: Delivery, until: datetime) -> None:
    """Look at *delivery* again at *until*."""
    with change(shop.db):
        deliveries.save(shop.db, replace(delivery, due_at=until, aside=True))


def full(shop: Shop, name: str, most: int) -> bool:
    """Return whether *name* had *most* messages within the last hour, taken or not."""
    now = shop.clock()
    return deliveries.tried_between(shop.db, name, now - RATE_WINDOW, now) >= most


def tell_report(shop: Shop, *, title: str, text: str, week: date, again: bool = False) -> list[str]:
    """Have the service send the summary of the report of *week*, once to each that wants it, or *again*. Return their names.

    The caller holds the transaction.
    """
    now = shop.clock()
    # The same number for the same week, and before every fact there is: a second try to send the report finds it there.
    number = -int(now.timestamp() * 1000) if again else -week.toordinal()
    names = [target.id for target in shop.settings.notify if target.weekly_report]
    body = message(title, text)
    deliveries.add(
        shop.db,
        [Delivery(target=name, fact=number, event=REPORT, at=now, body=body, aside=True, due_at=now) for name in names],
    )
    return names
