"""Several shops side by side: how long people waited there with a number. Apart from greetings: each page pays for its own."""

from __future__ import annotations

from typing import Final

from broker.desk import chain
from broker.desk.chain_reports import ChainQueues, QueueOf, chain_queues
from broker.desk.reports import bounds
from broker.shop import Shop
from dashboard import sentences
from dashboard.reports import stores
from dashboard.reports.asked import Asked
from dashboard.reports.ticket_words import Teller, enough
from dashboard.sheets import Cell, Drawn, Panel, Sheet, Table, share_cell, time_cell
from dashboard.wording import Words

WHAT: Final = "stores_waiting"
COLUMNS: Final = ("store", "tickets", "wait_median", "wait_p90", "wait_in_time", "wait_promise", "gave_up")
CARDS: Final = ("wait_median", "wait_p90", "queue_service_level", "abandonment", "issued")
HEALTH: Final = ("untrusted", "still_open")


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return how long people waited in every store of the chain of *shop* that can be read."""
    with chain.whole(shop) as found:
        queues = chain_queues(found.shops, period=asked.period, name=words("chain.all"))
    every = queues.together
    tell = Teller(every, words)
    figures = tell.figures(every.figures, ("waiting", "health"))
    some = bool(every.figures["issued"].value)
    rows = [(Cell(each.store), *tell.cells(each.figures, HEALTH)) for each in queues.stores]
    heads = (words("chain.column_store"), *tell.heads(HEALTH))
    trusted = stores.health(heads, rows, found.missing, words("chain.waits_health_sub"), words)
    return Sheet(
        what=WHAT, title=words("report.title_stores_waiting"), store=shop.settings.store.name, sub=_sub(shop, asked, queues, words),
        headline=_head(every, words), warning=stores.left_out(found.missing, words), figures=tuple(figures),
        empty="" if some else words("report.empty_tickets"), cards=tuple(tell.card(every, key) for key in CARDS) if some else (),
        panels=(_queues(queues, words), trusted) if some else (trusted,), formulas=tell.formulas(figures),
    )  # fmt: skip


def _head(every: QueueOf, words: Words) -> str:
    value = every.figures["wait_median"]
    if not enough(value) or value.value is None:
        return words.many("report.head_few_tickets", every.figures["issued"].n)
    return words("report.head_wait_median", time=words.seconds_text(value.value))


def _sub(shop: Shop, asked: Asked, queues: ChainQueues, words: Words) -> str:
    now = shop.clock()
    compared = sentences.compared_days(queues.compared, asked.period, now < bounds(shop, asked.period)[1], now, words)
    said = f"{words.many('chain.stores', len(queues.stores))}, {words.days(asked.period)}. {compared}"
    if len({each.wait_within for each in queues.stores}) == 1:
        return said
    return f"{said} {words('chain.longest', t=words.seconds_text(queues.together.wait_within))}"


def _queues(queues: ChainQueues, words: Words) -> Panel:
    rows = tuple(_row(each, words) for each in (*queues.stores, queues.together))
    table = Table("queues", words("chain.queues"), stores.columns(COLUMNS, words), rows, drawn=Drawn("bar", (2, 3)))
    return Panel("queues", words("chain.queues"), words("chain.queues_sub"), (), (table,), wide=True)


def _row(each: QueueOf, words: Words) -> tuple[Cell, ...]:
    found = each.figures
    timed = [time_cell(found[key].value, found[key].n, words) for key in ("wait_median", "wait_p90")]
    kept, lost = (share_cell(found[key].value, found[key].n, words) for key in ("queue_service_level", "abandonment"))
    issued = Cell(words.number(found["issued"].value or 0))
    return (Cell(each.store), issued, *timed, kept, Cell(words.seconds_number(each.wait_within)), lost)
