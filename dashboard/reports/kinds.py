"""Which reports there are, and how each is made into a sheet. Page, files, command and mail all come here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from broker.desk.reports import greeting_report
from broker.shop import Shop
from dashboard.reports import alerts, cases, greeting, people, store_waits, stores, tickets, traffic, waiting
from dashboard.reports.asked import Asked
from dashboard.sheets import Sheet
from dashboard.wording import Words

FIRST: Final = greeting.WHAT
PEOPLE: Final = people.WHAT
STORES: Final = stores.WHAT
CHAIN: Final[dict[str, Callable[[Shop, Asked, Words], Sheet]]] = {STORES: stores.sheet, store_waits.WHAT: store_waits.sheet}
"""Reports of the whole chain; every other is of one store."""
SIDE_BY_SIDE: Final = {greeting.WHAT: STORES, tickets.WAITING: store_waits.WHAT}
"""Reports of one store that there are of all of them too."""


def _greeting(shop: Shop, asked: Asked, words: Words) -> Sheet:
    return greeting.sheet(greeting_report(shop, period=asked.period, zone=asked.zone), words)


MADE: Final[dict[str, Callable[[Shop, Asked, Words], Sheet]]] = {
    greeting.WHAT: _greeting,
    tickets.WAITING: waiting.sheet,
    tickets.SERVICE: partial(tickets.sheet, tickets.SERVICE),
    tickets.PROMISES: partial(tickets.sheet, tickets.PROMISES),
    cases.WHAT: partial(tickets.sheet, cases.WHAT),
    alerts.WHAT: alerts.sheet,
    traffic.WHAT: traffic.sheet,
    people.WHAT: people.sheet,
}
"""Every report by the name it has in addresses, in the order of the tabs."""

ASKS: Final[dict[str, tuple[str, ...]]] = {
    greeting.WHAT: ("zone",),
    tickets.WAITING: ("zone", "service", "counter"),
    tickets.SERVICE: ("service", "counter"),
    tickets.PROMISES: ("service",),
    cases.WHAT: ("service",),
    alerts.WHAT: (),
    traffic.WHAT: (),
    people.WHAT: ("zone",),
    stores.WHAT: (),
    store_waits.WHAT: (),
}
"""What each report can be asked for besides its days; the rest of an address is left out."""


def made(what: str, shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return the report *what*. Raises KeyError for no such report."""
    return (MADE | CHAIN)[what](shop, asked, words)


def shown(shop: Shop) -> list[str]:
    """Return the reports that this shop has: by person only where it was turned on, of stores only where there are others."""
    here = [what for what in MADE if what != PEOPLE or shop.settings.reports.per_person]
    return [*here, *CHAIN] if shop.settings.reports.stores else here
