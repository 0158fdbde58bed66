"""A simulated day lived through the desk, tap by tap, with the clock turned to each: what the rows written at once must equal."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import Any

from broker.desk import alerts, arrivals, cases, counters, tickets, visits
from broker.domain.arrivals import Crossed
from broker.domain.ticket import Move, Said
from broker.shop import Shop
from broker.store import tickets as stored
from deploy.shop_rows import Lived
from tests.builders import TurnableClock

WORDS = {"happened": "The second repair failed", "tried": "An exchange", "wanted": "The money back"}


class Living:
    """Does what the day's people do, and lets the service do what it owes before each tap."""

    def __init__(self, shop: Shop, clock: TurnableClock) -> None:
        self.shop, self.clock = shop, clock
        self.ids: dict[str, str] = {}
        """From the simulation's tickets to those of the desk."""

    def live(self, lived: Lived) -> None:
        coming: list[tuple[datetime, int, str, dict[str, Any]]] = []
        for n, one in enumerate(lived.coming):
            coming.append((one.heard, n, "comes", {"one": one}))
            met = one.t0 + timedelta(milliseconds=one.after)
            if one.fate == "greeted":
                coming.append((met, n, "greet", {"one": one}))
            elif one.fate == "dismissed":
                coming.append((met, n, "dismiss", {"one": one}))
            if one.goodbye and one.fate == "greeted" and (lived.shuts is None or one.goodbye < lived.shuts):
                coming.append((one.goodbye, n, "goodbye", {"one": one}))
        later = len(lived.coming)
        coming += [(command.at, later + n, command.what, command.said) for n, command in enumerate(lived.queue.commands)]
        heapq.heapify(coming)
        while coming:
            at, _, what, said = heapq.heappop(coming)
            self.turn(at)
            getattr(self, what)(**said)
        self.turn(self.clock() + timedelta(hours=3))

    def turn(self, at: datetime) -> None:
        self.clock.at = at
        visits.run_due(self.shop)
        alerts.run_due(self.shop)
        tickets.run_due(self.shop)

    def comes(self, one: Any) -> None:
        party = one.id.partition(".")[2]
        news = [
            Crossed(
                event=f"{party}-{n}", device="door", at=one.t0, zone=one.zone, line="door", inward=True, party=party,
                decided_at=one.t0,
            )
            for n in range(one.size)
        ]  # fmt: skip
        arrivals.take(self.shop, news)

    def greet(self, one: Any) -> None:
        visits.greet(self.shop, one.id, by=one.by)

    def dismiss(self, one: Any) -> None:
        visits.dismiss(self.shop, one.id, by=one.by, reason="courier")

    def goodbye(self, one: Any) -> None:
        visits.close(self.shop, one.id, by=one.by)

    def issue(self, ticket: Any) -> None:
        told = None if ticket.told_from is None else (ticket.told_from, ticket.told_to)
        wish = tickets.Wish(
            service=ticket.service, channel=ticket.channel, priority=ticket.priority, visit=ticket.visit, told=told,
            greeted=ticket.visit is not None,
        )  # fmt: skip
        self.ids[ticket.id] = tickets.issue(self.shop, wish).id

    def tick(self) -> None:
        """The clock has been turned; that was all."""

    def move(self, ticket: str, move: Move, said: Said) -> None:
        tickets.move(self.shop, self.ids[ticket], move, said)

    def call_next(self, counter: str, by: str) -> None:
        tickets.call_next(self.shop, counter, by=by)

    def transfer(self, ticket: str, service: str, by: str) -> None:
        tickets.transfer(self.shop, self.ids[ticket], service=service, note="belongs there", by=by)

    def finish(self, ticket: str, said: Said) -> None:
        assert said.outcome is not None
        tickets.finish(self.shop, self.ids[ticket], said.outcome, by=said.by, reason=said.reason)

    def open(self, counter: str, by: str) -> None:
        counters.open_(self.shop, counter, by=by)

    def rest(self, counter: str, by: str) -> None:
        counters.rest(self.shop, counter, by=by)

    def close(self, counter: str, by: str) -> None:
        counters.close(self.shop, counter, by=by)

    def close_shop(self) -> None:
        visits.run_closing(self.shop)
        tickets.run_closing(self.shop)
        counters.run_closing(self.shop)

    def recap(self, ticket: str, by: str) -> None:
        cases.write_recap(self.shop, self.ids[ticket], heard="The zip came apart", by=by)

    def confirm(self, ticket: str, by: str, said_yes: bool) -> None:
        cases.confirm_recap(self.shop, self.ids[ticket], said_yes=said_yes, by=by)

    def call_lead(self, ticket: str, by: str) -> None:
        cases.call_lead(self.shop, self.ids[ticket], by=by, **WORDS)

    def lead_comes(self, ticket: str) -> None:
        cases.answer_lead(self.shop, self.ids[ticket], by="the lead")

    def problem(self, ticket: str, kind: str, by: str, key: str, until: datetime) -> None:
        cases.open_problem(
            self.shop, kind=kind, heard="It broke again", owner=by, promised_by=until, by=by, ticket=self.ids[ticket], key=key
        )

    def tell(self, problem: str, by: str) -> None:
        import hashlib

        id_ = hashlib.sha256(problem.encode()).hexdigest()[:16]
        cases.tell_customer(self.shop, id_, by=by)
        cases.close_problem(self.shop, id_, outcome="solved", by=by)

    def feedback(self, ticket: str, verdict: str) -> None:
        cases.give_feedback(self.shop, self.ids[ticket], verdict)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of *table* with the desk's random ids replaced by when and what they are of."""
        names = {
            made: f"ticket {stored.get(self.shop.db, made).t0} {stored.get(self.shop.db, made).service}"
            for made in self.ids.values()
        }
        return plain(self.shop, table, names)


RANDOM = {
    "visits": (), "tickets": ("id", "token"), "ticket_moves": ("id", "key"), "alerts": ("id",), "counter_shifts": ("id",),
    "recaps": (), "briefings": (), "feedback": (), "problems": ("id",),
}  # fmt: skip
"""The tables that are compared, and the columns that are drawn at random or counted."""


def plain(shop: Shop, table: str, names: dict[str, str]) -> list[tuple[Any, ...]]:
    columns = [column.name for column in shop.db[table].columns if column.name not in RANDOM[table]]
    found = shop.db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    return sorted((tuple(names.get(value, value) for value in row) for row in found), key=repr)
