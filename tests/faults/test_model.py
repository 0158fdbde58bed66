"""Whatever a wire does to the news of a door (twice, late, in any order, over a restart), the shop is as a simple count says."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from broker.desk import alerts as desk_alerts
from broker.desk import arrivals, visits
from broker.domain.arrivals import Crossed, News, Stayed
from broker.domain.visit import State, state_by_age
from broker.store import arrivals as counts
from broker.store import upkeep
from broker.store import visits as rows
from broker.store.database import open_store
from tests.builders import TurnableClock, crossed, make_shop

pytestmark = [pytest.mark.slow, pytest.mark.fault]

WAITING = (State.ENTERED, State.DUE, State.OVERDUE, State.ESCALATED)
RED = (State.OVERDUE, State.ESCALATED)
PARTIES = 6
"""How far back somebody who follows may belong."""


@dataclass
class Count:
    """The same story, told by adding up."""

    seen: set[str] = field(default_factory=set)
    ins: int = 0
    outs: int = 0
    inside: int = 0
    stays: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    first: dict[str, datetime] = field(default_factory=dict)

    def take(self, news: News) -> bool:
        if news.event in self.seen:
            return False
        self.seen.add(news.event)
        if isinstance(news, Stayed):
            self.stays += 1
        elif isinstance(news, Crossed) and not news.staff:
            self._cross(news)
        return True

    def _cross(self, news: Crossed) -> None:
        if not news.inward:
            self.outs, self.inside = self.outs + 1, max(0, self.inside - 1)
            return
        self.ins, self.inside = self.ins + 1, self.inside + 1
        visit = f"{news.device}.{news.party}"
        self.sizes[visit] += 1
        self.first[visit] = min(news.at, self.first.get(visit, news.at))


class ADoor(RuleBasedStateMachine):
    """What a camera says, and a wire that hands it out as it likes."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = TurnableClock()
        self.shop = make_shop(Path(self.folder.name), self.clock)
        self.said: list[News] = []
        self.parties: list[int] = []
        self.count = Count()

    @rule(people=st.integers(1, 3), staff=st.sampled_from([False, False, False, True]))
    def some_come_in(self, people: int, staff: bool) -> None:
        first = len(self.said) + 1
        self.parties.append(first)
        for n in range(first, first + people):
            self.said.append(crossed(n, at=self._now(n - first), party=first, staff=staff))

    @precondition(lambda self: self.parties)
    @rule(back=st.integers(1, PARTIES))
    def somebody_follows(self, back: int) -> None:
        party = self.parties[-min(back, len(self.parties))]
        self.said.append(crossed(len(self.said) + 1, at=self._now(0), party=party))

    @rule()
    def somebody_goes_out(self) -> None:
        self.said.append(crossed(len(self.said) + 1, at=self._now(0), inward=False))

    @rule()
    def somebody_stood_somewhere(self) -> None:
        event = f"ab-{len(self.said) + 1}"
        self.said.append(
            Stayed(event=event, device="door", at=self._now(0), zone="entrance", area="mat", kind="greet", seconds=2.0)
        )

    @precondition(lambda self: self.said)
    @rule(picks=st.lists(st.integers(0, 10_000), min_size=1, max_size=12))
    def the_wire_hands_out(self, picks: list[int]) -> None:
        batch = [self.said[-1 - pick % len(self.said)] for pick in picks]
        new = sum([self.count.take(news) for news in batch])
        assert arrivals.take(self.shop, batch) == new
        self._look()

    @rule(seconds=st.sampled_from([1, 7, 16, 31, 61, 130, 700]))
    def time_passes(self, seconds: int) -> None:
        self.clock.turn(seconds=seconds)
        self._look()

    @rule()
    def somebody_is_greeted(self) -> None:
        waiting = [visit for visit in rows.open_ones(self.shop.db) if visit.state in WAITING]
        if waiting:
            visits.greet(self.shop, waiting[0].id, by="kari")
        self._look()

    @rule()
    def the_service_starts_anew(self) -> None:
        self.shop.db.close()
        self.shop = make_shop(Path(self.folder.name), self.clock)
        self._look()

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        arrivals.take(self.shop, [news for news in self.said if self.count.take(news)])
        self._look()
        assert upkeep.check(self.shop.db, deep=True).sound
        self.shop.db.close()
        again = open_store(Path(self.folder.name) / "greetline.db", create=False)
        assert again.execute("SELECT count(*) FROM seen").fetchone() == (len(self.said),)
        again.close()
        self.folder.cleanup()

    def _now(self, more: float) -> datetime:
        return self.clock() + timedelta(milliseconds=10 * more)

    def _look(self) -> None:
        """Run what is due and compare with the count."""
        visits.run_due(self.shop)
        desk_alerts.run_due(self.shop)
        db, count = self.shop.db, self.count
        assert db.execute("SELECT count(*) FROM seen").fetchone() == (len(count.seen),)
        assert db.execute("SELECT count(*) FROM area_stays").fetchone() == (count.stays,)
        today = counts.presence(db, self.shop.hours.business_day(self.clock()))
        assert (today.ins, today.outs, today.inside) == (count.ins, count.outs, count.inside)
        known = {row[0]: row[1:] for row in db.execute("SELECT id, size, t0 FROM visits").fetchall()}
        assert {name: size for name, (size, _) in known.items()} == dict(count.sizes)
        assert {name: datetime.fromisoformat(t0) for name, (_, t0) in known.items()} == count.first
        self._look_at_deadlines()

    def _look_at_deadlines(self) -> None:
        live = Counter(row[0] for row in self.shop.db.execute("SELECT subject FROM alerts WHERE resolved_at IS NULL").fetchall())
        for visit in rows.open_ones(self.shop.db):
            if visit.state in WAITING:
                assert visit.late or visit.state is state_by_age(visit.t0, self.clock(), self.shop.standards)
            assert live[visit.id] == (visit.state in RED and not visit.late), visit
        raised = self.shop.db.execute(
            "SELECT json_extract(body, '$.about') FROM journal"
            " WHERE kind = 'alert.moved' AND json_extract(body, '$.move') = 'raise'"
        ).fetchall()
        assert len(raised) == len(set(raised)), "nobody is called twice"


def test_any_order_of_anything_is_what_a_count_says(found) -> None:
    # The same stories every time; without shrinking, which takes minutes on a real store.
    chosen = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(ADoor, settings=chosen)
    found("order", lost=0, doubled=0)  # Each step is compared with a count.
