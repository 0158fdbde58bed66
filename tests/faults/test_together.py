"""Four processes at two counters, and stores of every earlier schema."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.desk import counters
from broker.store import upkeep
from broker.store.database import open_store
from tests.faults.counter import shop_in
from tests.faults.rows import Row
from tests.service.parts import Process, read_store
from tests.store.test_migrations import OLD, an_old_store, contents

pytestmark = [pytest.mark.slow, pytest.mark.fault]

PROCESSES, TICKETS = 4, 40


def test_four_processes_at_two_counters_give_no_number_twice_and_call_nobody_twice(
    tmp_path: Path, found: Callable[..., Row]
) -> None:
    shop = shop_in(tmp_path)
    for counter in ("one", "two"):
        counters.open_(shop, counter, by="kari")
    shop.db.conn.close()
    ledgers = [tmp_path / f"ledger-{n}" for n in range(PROCESSES)]
    crowd = [
        Process(sys.executable, "-m", "tests.faults.crowd", str(tmp_path), str(ledger), ("one", "two")[n % 2], str(TICKETS))
        for n, ledger in enumerate(ledgers)
    ]
    for process in crowd:
        assert process.ends(60) == 0, process.said
    said = [line.split() for ledger in ledgers for line in ledger.read_text().splitlines()]
    given = [int(number) for what, number in said if what == "given"]
    called = [int(number) for what, number in said if what == "called"]
    wanted = list(range(1, PROCESSES * TICKETS + 1))
    found("counters", lost=len(set(wanted) - set(given)), doubled=len(given) + len(called) - len(set(given)) - len(set(called)))
    assert sorted(given) == wanted
    assert len(called) == len(set(called)), "nobody is called twice"
    assert len(called) >= TICKETS, "a counter that serves one is free for the next"
    moves = read_store(tmp_path, "SELECT t.number FROM ticket_moves m JOIN tickets t ON t.id = m.ticket WHERE m.move = 'call'")
    assert sorted(number for (number,) in moves) == sorted(called), "each call is there once, and was told"


@pytest.mark.parametrize("dump", OLD, ids=lambda path: path.stem)
def test_a_store_of_every_earlier_schema_is_brought_up_to_date_with_every_row(
    tmp_path: Path, dump: Path, found: Callable[..., Row]
) -> None:
    path = an_old_store(tmp_path, dump)
    before = contents(path)
    began = time.monotonic()
    db = open_store(path)
    took = time.monotonic() - began
    try:
        assert upkeep.check(db, deep=True).sound
    finally:
        db.conn.close()
    after = contents(path)
    lost = sum(max(0, len(rows) - len(after.get(table, []))) for table, rows in before.items())
    doubled = sum(max(0, len(after[table]) - len(rows)) for table, rows in before.items())
    found("upgrade", lost=lost, doubled=doubled, recovery=took)
    assert (lost, doubled) == (0, 0)
