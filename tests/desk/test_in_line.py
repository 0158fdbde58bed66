"""What the floor is told of those who hold a number: how many, who is first, and whom each open counter would call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broker.desk import counters, in_line, screens, tickets, visits
from broker.desk.tickets import Wish
from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import Channel, Move, Said, Ticket
from broker.shop import Shop
from tests.builders import TurnableClock, make_shop

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "entrance"},
    {"id": "collect", "letter": "C", "name": "Collect"},
)
COUNTERS = (
    {"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2"},
    {"id": "desk-3", "name": "Desk 3", "services": ("collect",)},
)  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


def take(shop: Shop, service: str = "returns", *, priority: int = 0) -> Ticket:
    return tickets.issue(shop, Wish(service=service, channel=Channel.PHONE, priority=priority))


def at(shop: Shop, counter: str) -> dict[str, object]:
    return next(row for row in in_line.counts(shop)["counters"] if row["id"] == counter)


def test_only_counters_that_are_open_are_told_and_who_has_them(shop: Shop) -> None:
    assert in_line.counts(shop)["counters"] == []
    counters.open_(shop, "desk-1", by="kari")
    counters.open_(shop, "desk-2", by="jonas")
    counters.rest(shop, "desk-2", by="jonas")
    assert in_line.counts(shop)["counters"] == [
        {"id": "desk-1", "name": "Desk 1", "staff": "kari", "here": None, "first": {}, "next": None}
    ]


def test_each_counter_is_told_the_first_of_what_it_serves_and_the_one_whom_it_would_call(shop: Shop, clock: TurnableClock) -> None:
    older = take(shop)
    clock.turn(seconds=1)
    later = take(shop, "collect")
    for counter in ("desk-1", "desk-3"):
        counters.open_(shop, counter, by=counter)
    assert (at(shop, "desk-1")["next"], at(shop, "desk-3")["next"]) == ("returns", "collect")
    assert at(shop, "desk-3")["first"] == {"collect": {"id": later.id, "shown": "C\u00a0001"}}
    called = tickets.call_next(shop, "desk-1", by="desk-1")
    assert called is not None
    assert called.id == older.id
    assert (at(shop, "desk-1")["here"], at(shop, "desk-1")["next"]) == ("R\u00a0001", "collect")


def test_who_is_next_is_the_one_the_counter_really_calls(shop: Shop, clock: TurnableClock) -> None:
    counters.open_(shop, "desk-1", by="kari")
    away = take(shop)
    tickets.move(shop, away.id, Move.STEP_AWAY, Said(until=clock() + timedelta(minutes=5)))
    for service, priority in (("collect", 0), ("returns", 0), ("collect", 1), ("returns", 0)):
        clock.turn(seconds=2)
        take(shop, service, priority=priority)
    for _ in range(4):
        told = at(shop, "desk-1")
        called = tickets.call_next(shop, "desk-1", by="kari")
        assert called is not None
        assert called.service == told["next"]
        assert told["first"][called.service]["id"] == called.id  # type: ignore[index]
        tickets.move(shop, called.id, Move.MISS, Said(by="kari"))
        tickets.move(shop, called.id, Move.CANCEL, Said(by="kari"))


def test_a_counter_that_opens_is_told_to_the_screens(shop: Shop, clock: TurnableClock) -> None:
    counters.open_(shop, "desk-1", by="kari")
    fact = Fact(kind=FactKind.COUNTER, subject="desk-1", at=clock(), by="kari", body={"what": "open"})
    told = dict(screens.changes(shop, [fact]))
    assert [row["id"] for row in told["line"]["line"]["counters"]] == ["desk-1"]
    assert told["line"]["tickets"] == []


def test_a_crowd_is_counted_by_zone_without_those_somebody_is_on_the_way_to(shop: Shop) -> None:
    crowd = [visits.add(shop, zone=("entrance", "shoes")[n % 2], by="door") for n in range(screens.MOST_VISITS)]
    assert screens.crowd(shop)["zones"] == {}
    visits.add(shop, zone="shoes", by="door")
    assert screens.crowd(shop)["zones"] == {"entrance": 25, "shoes": 26}
    first = crowd[0]
    assert first is not None
    visits.claim(shop, first.id, by="kari")
    assert screens.crowd(shop)["zones"] == {"entrance": 24, "shoes": 26}


def test_of_each_zone_the_oldest_are_sent_even_behind_fifty_of_another(shop: Shop, clock: TurnableClock) -> None:
    for _ in range(screens.MOST_VISITS):
        visits.add(shop, zone="entrance", by="door")
        clock.turn(seconds=0.01)
    late = []
    for _ in range(2):
        late.append(visits.add(shop, zone="shoes", by="door"))
        clock.turn(seconds=0.01)
    sent = screens.floor(shop)
    assert [row["id"] for row in sent["visits"] if row["zone"] == "shoes"] == [visit.id for visit in late if visit]
    assert len(sent["visits"]) == screens.MOST_VISITS + 2
    assert sent["crowd"]["known"]["shoes"] == {"count": 2, "horizon": None}
    assert sent["crowd"]["known"]["entrance"]["count"] == screens.MOST_OF_ZONE
    assert {row["id"] for row in screens.oldest(shop)["visits"]} == {row["id"] for row in sent["visits"]}
