"""Somebody at a counter, as a process that may be ended anywhere: every step again with the same key, until all are done.

python -m tests.faults.counter DATA LEDGER
"""

from __future__ import annotations

import sys
from pathlib import Path

from broker.desk import counters, people, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Move, Outcome, Said
from broker.settings import CounterSettings, ServiceSettings, Settings, StoreSettings
from broker.shop import Shop, open_shop

TICKETS = 4


def shop_in(folder: Path) -> Shop:
    services = (ServiceSettings(id="collect", letter="C", name="Collect"),)
    desks = (CounterSettings(id="one", name="One"), CounterSettings(id="two", name="Two"))
    store = StoreSettings(id="oslo-city", name="Oslo City", data=folder)
    return open_shop(Settings.model_validate({"store": store, "services": services, "counters": desks}))


def main(data: str, ledger: str) -> None:
    shop = shop_in(Path(data))
    with Path(ledger).open("a", buffering=1) as done:
        if not any(person.name == "Kari" for person in people.everybody(shop)):
            people.add(shop, "Kari", role="lead", pin="482915", by="test")
        counters.open_(shop, "one", by="kari")
        for n in range(TICKETS):
            ticket = tickets.issue(shop, Wish(service="collect"), key=f"issue-{n}")
            done.write(f"issued {ticket.id} {ticket.number}\n")
        for n in range(TICKETS):
            called = tickets.call_next(shop, "one", by="kari", key=f"call-{n}")
            assert called
            done.write(f"called {called.id} {called.number}\n")
            tickets.move(shop, called.id, Move.START, Said(by="kari"), key=f"start-{n}")
            tickets.finish(shop, called.id, Outcome.SOLVED, by="kari", key=f"finish-{n}")
            done.write(f"served {called.id} {called.number}\n")
    shop.db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
