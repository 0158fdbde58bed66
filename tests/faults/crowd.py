"""One of several processes at a counter: gives numbers and calls whoever is next, as fast as it can.

python -m tests.faults.crowd DATA LEDGER COUNTER TICKETS
"""

from __future__ import annotations

import sys
from pathlib import Path

from broker.desk import tickets
from broker.desk.tickets import Wish
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Move, Outcome, Said
from tests.faults.counter import shop_in


def main(data: str, ledger: str, counter: str, wanted: str) -> None:
    shop = shop_in(Path(data))
    with Path(ledger).open("a", buffering=1) as done:
        for _ in range(int(wanted)):
            done.write(f"given {tickets.issue(shop, Wish(service='collect')).number}\n")
            try:
                called = tickets.call_next(shop, counter, by="kari")
            except IllegalMove:
                continue  # The colleague at the same counter has somebody there.
            if called is None:
                continue
            done.write(f"called {called.number}\n")
            tickets.move(shop, called.id, Move.START, Said(by="kari"))
            tickets.finish(shop, called.id, Outcome.SOLVED, by="kari")
    shop.db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
