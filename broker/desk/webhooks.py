"""What may be done about webhooks: they begin with what happens next, are disabled when nothing is taken, and begin again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import audit
from broker.desk.roles import Refused
from broker.domain.alerts import AlertKind
from broker.shop import Shop
from broker.store import alerts, deliveries, journal
from broker.store.database import change
from broker.store.deliveries import Delivery, DeliveryState, Target

RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000))
"""After each failure so long until the next try; after the last of them none."""
MOST_WAITING: Final = 10_000
"""Events that wait for one webhook; what happens then stays in the journal until there is room, and nothing is lost."""
KEPT: Final = 5_000
"""Deliveries that were made or given up, kept for each webhook to be looked at and sent again."""
ABOUT: Final = "webhook:"
"""What an alert about a webhook begins with. No camera's name has a colon."""
OFF: Final = "webhook_off"
TEST: Final = "greetline.test"
"""The event that only says that the way is free; nobody needs to ask for it."""
BY_HAND: Final = "terminal"
"""By whom something is done where nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a try ended: the status that was answered, if any; what went wrong, if anything; and whether it is this event's fault."""

    status: int | None = None
    wrong: str = ""
    aside: bool = False
    gone: bool = False


def there(shop: Shop) -> set[str]:
    """Return the names of all that are told by the settings: webhooks, and phones and chats."""
    return {hook.id for hook in shop.settings.webhooks} | {target.id for target in shop.settings.notify}


def known(shop: Shop, name: str) -> Target:
    """Return the webhook *name*. One that is new begins with what happens from now on: nobody is told the past."""
    found = deliveries.target(shop.db, name)
    if found is None:
        with change(shop.db):
            found = deliveries.target(shop.db, name)
            if found is None:
                found = Target(id=name, read_to=journal.last_id(shop.db), since=shop.clock())
                deliveries.save_target(shop.db, found)
    return found


def take(shop: Shop, name: str, new: Iterable[Delivery], *, read_to: int) -> None:
    """Keep *new* for the webhook *name*, and that it has read the journal up to *read_to*, in one transaction."""
    with change(shop.db):
        deliveries.add(shop.db, new)
        deliveries.read_to(shop.db, name, read_to)


def due(shop: Shop, name: str) -> Delivery | None:
    """Return what the webhook *name* is to be told now: in order, but for what it refused for its own sake."""
    now = shop.clock()
    first = deliveries.next_in_order(shop.db, name)
    # What is further off than any pause was put off before the clock was set back; all behind it would wait as long.
    if first is not None and first.due_at is not None and not now < first.due_at <= now + RETRIES[-1]:
        return first
    return deliveries.next_aside(shop.db, name, now)


def tried(shop: Shop, delivery: Delivery, how: Tried) -> Delivery:
    """Write down how a try ended: made, tried again later, or given up, and then the webhook may be disabled."""
    with change(shop.db):
        now = shop.clock()
        was = deliveries.find(shop.db, delivery.id) or delivery
        tries = was.tries + 1
        after = replace(was, tries=tries, tried_at=now, status=how.status, reason=how.wrong[:200])
        if not how.wrong:
            after = replace(after, state=DeliveryState.DONE, due_at=None)
        elif was.event == TEST:
            # Whoever tries it looks at what came of it: nothing is tried again, and nothing is disabled for it.
            after = replace(after, state=DeliveryState.FAILED, due_at=None)
        elif how.gone or tries > len(RETRIES):
            after = replace(after, state=DeliveryState.FAILED, due_at=None)
            # When others went through meanwhile, it was this event alone; the webhook works.
            if how.gone or not deliveries.made_since(shop.db, was.target, was.at):
                disable(shop, was.target, after.reason, now)
        else:
            after = replace(after, aside=how.aside, due_at=now + RETRIES[tries - 1])
        deliveries.save(shop.db, after)
    return after


def disable(shop: Shop, name: str, reason: str, now: datetime) -> None:
    """Tell *name* nothing any more because of *reason*, and the staff that it is so; within a transaction."""
    found = deliveries.target(shop.db, name)
    if found is not None and found.disabled_at is None:
        deliveries.save_target(shop.db, replace(found, disabled_at=now, reason=reason))
        desk_alerts.raise_(shop, AlertKind.DEVICE, ABOUT + name, "", since=now, at=now, detail=OFF)


def remind(shop: Shop, name: str) -> None:
    """Tell the staff of a day that began after the webhook *name* was disabled: closing time ends what the day before was told."""
    if not shop.hours.open_at(shop.clock()) or alerts.live(shop.db, kind=AlertKind.DEVICE, subject=ABOUT + name):
        return
    with change(shop.db):
        now = shop.clock()
        desk_alerts.raise_(shop, AlertKind.DEVICE, ABOUT + name, "", since=now, at=now, detail=OFF)


def enable(shop: Shop, name: str, *, from_now: bool = False, by: str = BY_HAND) -> int:
    """Let the webhook *name* be told again, and return how many events wait for it.

    It goes on where it stopped, as far as the journal reaches; with *from_now* what waits is given up. Raises Refused when
    there is none of that name.
    """
    with change(shop.db):
        found = deliveries.target(shop.db, name)
        if found is None:
            raise Refused("no_webhook", f"There is no webhook {name}; `greetline webhooks list` shows them.")
        now, reason = shop.clock(), found.reason
        if from_now:
            deliveries.give_up(shop.db, name, "given up by hand")
            found = replace(found, read_to=journal.last_id(shop.db))
        else:
            deliveries.all_due(shop.db, name, now)
        deliveries.save_target(shop.db, replace(found, disabled_at=None, reason="", since=now))
        _quiet(shop, {name}, now)
        audit.write(shop, "webhooks.enabled", name, by=by, before={"reason": reason}, after={"from_now": from_now})
        return deliveries.waiting(shop.db, name)


def send_again(shop: Shop, delivery_id: int, *, by: str = BY_HAND) -> Delivery:
    """Let one delivery be made anew, under the same webhook-id. Raises Refused for none, or when its webhook is disabled."""
    with change(shop.db):
        found = deliveries.find(shop.db, delivery_id)
        if found is None:
            raise Refused("no_delivery", f"There is no delivery {delivery_id}; `greetline webhooks log` shows them.")
        target = deliveries.target(shop.db, found.target)
        if target is None or target.disabled_at is not None:
            raise Refused("disabled", f"{found.target} is disabled; first `greetline webhooks enable {found.target}`.")
        # It steps aside: what happens now must not wait for the past.
        again = replace(found, state=DeliveryState.WAITING, aside=True, tries=0, due_at=shop.clock(), reason="")
        deliveries.save(shop.db, again)
        audit.write(shop, "webhooks.sent-again", found.target, by=by, after={"delivery": delivery_id, "event": found.event})
    return again


def try_out(shop: Shop, name: str, *, by: str) -> None:
    """Have the service send the webhook *name* an event that only says that the way is free; its log tells what came of it.

    Raises Refused when there is none of that name in the settings, or while it is disabled.
    """
    if name not in there(shop):
        raise Refused("no_webhook", f"There is no webhook {name}; `greetline webhooks list` shows them.")
    if known(shop, name).disabled_at is not None:
        raise Refused("disabled", f"{name} is disabled; first `greetline webhooks enable {name}`.")
    with change(shop.db):
        now = shop.clock()
        # Before every fact there is, and no two of one moment: its number becomes its name out there.
        number = -int(now.timestamp() * 1000)
        waits = Delivery(target=name, fact=number, event=TEST, at=now, body="{}", aside=True, due_at=now)
        deliveries.add(shop.db, [waits])
        audit.write(shop, "webhooks.tested", name, by=by)


def forget_notices(shop: Shop) -> None:
    """End the notices about webhooks that are in the settings no more."""
    known_now = {ABOUT + name for name in there(shop)}
    live = alerts.live(shop.db, kind=AlertKind.DEVICE)
    gone = {
        alert.subject.removeprefix(ABOUT) for alert in live if alert.subject.startswith(ABOUT) and alert.subject not in known_now
    }
    if gone:
        with change(shop.db):
            _quiet(shop, gone, shop.clock())


def _quiet(shop: Shop, names: set[str], now: datetime) -> None:
    for name in names:
        for alert in alerts.live(shop.db, kind=AlertKind.DEVICE, subject=ABOUT + name):
            desk_alerts.clear(shop, alert, now)


def sweep(shop: Shop, name: str) -> None:
    """Forget what the webhook *name* was told long ago."""
    with change(shop.db):
        deliveries.forget_made(shop.db, name, keep=KEPT)
