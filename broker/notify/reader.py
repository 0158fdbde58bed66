"""How everybody outside keeps up with the journal: from where it was read to, written down with what is to be told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from broker.desk import webhooks
from broker.domain.facts import Fact
from broker.failpoints import passing
from broker.shop import Shop
from broker.store import deliveries, journal
from broker.store.deliveries import Delivery

DISABLED_LOOK_SECONDS: Final = 2.0
SWEEP_EVERY: Final = 100
"""After so many deliveries the log is cut to `webhooks.KEPT`."""
FAR_BEHIND_FACTS: Final = 2_000
"""A reader that needs nothing of so many facts writes down at last that it has read them."""


class Reader:
    """Reads the journal for one who is told outside."""

    def __init__(self, shop: Shop, name: str, wanted: Callable[[Fact], Iterable[Delivery]]) -> None:
        """Read *shop*'s journal as *name*, on the connection of this thread alone; *wanted* says what is told of a fact."""
        self._shop = shop
        self._name = name
        self._wanted = wanted
        self._read_to = self._kept_read_to = webhooks.known(shop, name).read_to
        self._told = 0

    def turn(self, tell: Callable[[Delivery], None], *, look_seconds: float) -> float:
        """Take what has happened, *tell* at most one delivery, and return the seconds until the next turn."""
        target = webhooks.known(self._shop, self._name)
        if target.disabled_at is not None:
            webhooks.remind(self._shop, self._name)
            return DISABLED_LOOK_SECONDS
        self._read_to = max(self._read_to, target.read_to)
        more = self.take()
        delivery = webhooks.due(self._shop, self._name)
        if delivery is None:
            return 0.0 if more else look_seconds
        tell(delivery)
        self._told += 1
        if self._told % SWEEP_EVERY == 0:
            webhooks.sweep(self._shop, self._name)
        return 0.0

    def take(self) -> bool:
        """Keep what the journal says anew, while there is room; return whether there may be more of it."""
        facts = journal.after(self._shop.db, self._read_to)
        if facts:
            facts = facts[: max(0, webhooks.MOST_WAITING - deliveries.waiting(self._shop.db, self._name))]
        if not facts:
            return False
        last = facts[-1].id
        new = [delivery for fact in facts for delivery in self._wanted(fact)]
        if new or last - self._kept_read_to > FAR_BEHIND_FACTS:
            webhooks.take(self._shop, self._name, new, read_to=last)
            passing("webhook.kept")
            self._kept_read_to = last
        self._read_to = last
        return len(facts) == journal.PAGE_FACTS
