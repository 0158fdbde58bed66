"""The figures of tickets: a morning reckoned by hand, and that every one of them has its formula and its n."""

from __future__ import annotations

from datetime import datetime

import pytest

from broker.domain.cells import Cell, together
from broker.domain.journeys import Journey, Passage, add, gave_up, holds
from broker.domain.queue_kpi import GROUPS, KPIS, Figures, Promised, Unit
from broker.domain.queue_reckoning import WAYS
from broker.domain.ticket import CLOCK, Outcome, State
from tests.builders import NOON, later

PROMISED = Promised(wait=60, service=90, answer=120)


def journey(wait: float = 10, serving: float | None = 60, **what: object) -> Journey:
    served = serving is not None and not what.get("gave_up")
    values: dict[str, object] = {
        "ticket": "t", "t0": NOON, "service": "returns", "counter": "d1", "state": State.FINISHED if served else State.EXPIRED,
        "outcome": Outcome.SOLVED if served else None, "wait": round(wait * 1000), "wait_trusted": True,
        "serving": round((serving or 0) * 1000), "serving_trusted": True, "served": served, "held": 0, "holds": holds([]),
        "untrusted": False, "called": served, "missed": False, "transferred": False, "reopened": False,
        "gave_up": not served, "walked_in": True,
    } | what  # fmt: skip
    return Journey(**values)  # type: ignore[arg-type]


def figures(*journeys: Journey, baseline: int | None = None) -> Figures:
    cell = Cell()
    for one in journeys:
        add(cell, one, baseline=baseline, calls=1)
    return Figures(cell, PROMISED)


def test_every_figure_has_a_way_a_formula_and_a_place_on_the_page() -> None:
    assert WAYS.keys() == KPIS.keys()
    assert sum(map(len, GROUPS.values())) == len(KPIS)
    for value in figures(journey()):
        assert value.formula
        assert value.kpi.unit in Unit
        assert value.few


def test_a_morning_reckoned_by_hand() -> None:
    found = figures(
        journey(10, 60), journey(30, 120), journey(50, 90), journey(70, 100, missed=True),
        journey(90, None), journey(20, None), journey(45, None, called=True, missed=True),
    )  # fmt: skip
    said = {key: found[key].value for key in KPIS}
    assert (said["issued"], said["served"], said["short_abandons"]) == (7, 4, 1)
    assert (said["asa"], said["awt"]) == (40.0, (10 + 30 + 50 + 70 + 90 + 20 + 45) / 7)
    assert (said["wait_median"], said["wait_longest"], said["service_longest"]) == (40.0, 70.0, 120.0)
    assert said["wait_p90"] == pytest.approx(64.0)
    assert found["queue_service_level"].value == 3 / (4 + 1)
    assert found["queue_service_level"].n == 5
    assert said["abandonment"] == 2 / 7
    assert (said["no_show_rate"], said["recovered_share"]) == (2 / 5, 1 / 2)
    assert said["service_within"] == 2 / 4
    assert said["fairness"] == 70 / 40


def test_the_promise_is_judged_by_those_who_prove_something() -> None:
    told = {"told_from": 20.0, "told_to": 60.0}
    found = figures(
        journey(40, **told), journey(60, **told), journey(61, **told), journey(10, **told),
        journey(61, None, **told), journey(59, None, **told), journey(999), baseline=50_000,
    )  # fmt: skip
    assert (found["promise_kept"].value, found["promise_kept"].n) == (3 / 5, 5)
    assert (found["coverage"].value, found["coverage"].n) == (2 / 5, 5)
    assert found["mae"].value == pytest.approx((0 + 20 + 21 + 30) / 4)
    assert found["mae_baseline"].value == pytest.approx((10 + 10 + 11 + 40) / 4)


def test_what_the_clock_ended_is_counted_and_in_no_average() -> None:
    found = figures(journey(10), journey(500, wait_trusted=False, untrusted=True), journey(700, None, wait_trusted=False))
    assert (found["served"].value, found["asa"].value, found["asa"].n) == (2, 10.0, 1)
    assert (found["awt"].value, found["abandonment"].value) == (10.0, 1 / 3)
    assert found["untrusted"].value == 1


def test_an_empty_shop_says_nothing_rather_than_zero() -> None:
    found = Figures(together([]), PROMISED)
    for key in ("asa", "wait_p95", "queue_service_level", "promise_kept", "fairness", "utilisation", "briefed_before"):
        assert found[key].value is None
        assert found[key].n == 0
    with pytest.raises(KeyError):
        found["no such figure"]


def passage(
    n: int, at: datetime, move: str, was: State, became: State, *, until: datetime | None = None, by: str = "kari"
) -> Passage:
    return Passage(n, "t", at, by, move, str(was), became, "returns", "d1", "", until, "")


def test_a_hold_is_judged_by_when_somebody_came_back() -> None:
    some = [
        passage(1, later(0), "hold", State.SERVING, State.HELD, until=later(300)),
        passage(2, later(100), "update", State.HELD, State.HELD),
        passage(3, later(290), "hold", State.HELD, State.HELD, until=later(400)),
        passage(4, later(420), "resume", State.HELD, State.SERVING),
    ]
    found = holds(some)
    assert (found.holds, found.gaps, found.returns, found.returns_kept) == (1, (190_000,), 2, 1)
    assert (holds(some[:2]).holds, holds(some[:2]).returns) == (1, 0)


def test_who_is_sent_home_by_the_clock_kept_no_promise_and_broke_none() -> None:
    some = [
        passage(1, later(0), "hold", State.SERVING, State.HELD, until=later(300)),
        passage(2, later(900), "expire", State.HELD, State.EXPIRED, by=CLOCK),
    ]
    assert (holds(some).holds, holds(some).returns, gave_up(some)) == (1, 0, True)
    assert not gave_up([passage(1, later(0), "cancel", State.CALLED, State.CANCELLED)])
    assert gave_up([passage(1, later(0), "cancel", State.AWAY, State.CANCELLED)])
