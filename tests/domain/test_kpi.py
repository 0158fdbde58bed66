"""The greeting figures against a table reckoned by hand, and against definitions that share no code with them."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.kpi import FORMULAS, Greeting, Seen, greeting, quantile
from broker.domain.visit import Move
from tests.builders import NOON, STANDARDS, a_visit, later


def seen(**what: object) -> Seen:
    return Seen(t0=NOON, zone="entrance", **what)  # type: ignore[arg-type]


def test_the_figures_of_a_morning_reckoned_by_hand() -> None:
    morning = [
        seen(greeted=10.0), seen(greeted=20.0, size=3), seen(greeted=30.0), seen(greeted=50.0, response=20.0), seen(left=600.0),
        seen(left=12.0), seen(), seen(dismissed=True), seen(merged=True, greeted=5.0), seen(late=True, left=600.0),
    ]  # fmt: skip
    found = greeting(morning, within=30)
    assert (found.visits, found.people, found.greeted, found.within) == (7, 9, 4, 3)
    assert (found.left, found.left_early, found.waiting) == (2, 1, 1)
    assert (found.median, found.longest, found.response) == (25.0, 50.0, 20.0)
    assert found.p90 == pytest.approx(44.0)
    assert found.service_level == 3 / 5
    assert found.strict_service_level == 3 / 7
    assert found.acknowledged_rate == 4 / 7
    assert found.never_greeted == 2 / 7
    assert (found.dismissed, found.dismissal_rate, found.late) == (1, 1 / 8, 1)


def test_an_empty_day_says_nothing_rather_than_zero() -> None:
    empty = greeting([], within=30)
    assert (empty.visits, empty.median, empty.service_level, empty.never_greeted) == (0, None, None, None)


def test_what_the_figures_need_is_read_from_a_visit() -> None:
    red = a_visit().after(Move.WARN, later(15), STANDARDS).after(Move.RUN_LATE, later(30), STANDARDS)
    met = red.after(Move.ACKNOWLEDGE, later(41), STANDARDS, by="kari")
    assert (Seen.of(met).greeted, Seen.of(met).response, Seen.of(met).left) == (41.0, 11.0, None)
    left = a_visit().after(Move.LEAVE, later(12), STANDARDS)
    assert (Seen.of(left).left, Seen.of(left).greeted) == (12.0, None)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_the_median_is_the_median_everybody_means(values: list[float]) -> None:
    assert quantile(sorted(values), 0.5) == pytest.approx(statistics.median(values))


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=60), st.integers(1, 99))
def test_a_quantile_is_that_of_the_inclusive_method(values: list[float], percent: int) -> None:
    expected = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert quantile(sorted(values), percent / 100) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 900), st.sampled_from(["greeted", "left", "dismissed", "merged", "late", "open"]))))
def test_the_parts_always_make_the_whole(visits: list[tuple[float, str]]) -> None:
    def one(seconds: float, what: str) -> Seen:
        if what in ("greeted", "left"):
            return seen(**{what: seconds})
        return seen(**({what: True} if what != "open" else {}))

    found: Greeting = greeting([one(*visit) for visit in visits], within=30)
    assert found.visits == found.greeted + found.left + found.waiting
    assert 0 <= found.within <= found.greeted
    assert 0 <= found.left_early <= found.left
    for share in (
        found.service_level,
        found.strict_service_level,
        found.acknowledged_rate,
        found.never_greeted,
        found.dismissal_rate,
    ):
        assert share is None or 0 <= share <= 1


def test_every_figure_has_its_formula() -> None:
    assert {"greet_time", "service_level", "strict_service_level", "never_greeted", "response"} <= set(FORMULAS)
