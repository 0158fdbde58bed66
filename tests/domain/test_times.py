"""A bag of times says what all of them in one sorted list say, however they came into it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.domain import times
from broker.domain.times import MOST, Times, milliseconds

BAGS = st.lists(st.lists(st.integers(0, 900_000), max_size=40), min_size=1, max_size=12)


def one(bags: list[list[int]], *, packed: bool = False) -> Times:
    made = Times()
    for bag in bags:
        part = Times()
        if packed:
            part.unpack(Times(bag).packed())
        else:
            for value in bag:
                part.add(value)
        made.include(part)
    return made


@pytest.fixture(autouse=True, params=[1, 5, 1_000], ids="runs of {}".format)
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "LONG_RUN", request.param)


@given(bags=BAGS, packed=st.booleans(), share=st.floats(0, 1))
def test_a_quantile_is_numpys(bags: list[list[int]], packed: bool, share: float) -> None:
    found, every = one(bags, packed=packed), [value for bag in bags for value in bag]
    assert len(found) == len(every)
    assert list(found) == sorted(every)
    if not every:
        assert found.quantile(share) is None
        assert found.longest() is None
        return
    assert found.quantile(share) == pytest.approx(float(np.quantile(np.array(every) / 1000, share)), abs=1e-9)
    assert found.longest() == max(every) / 1000


@given(bags=BAGS, seconds=st.integers(0, 900_000).map(lambda value: value / 1000))
def test_within_and_below_count_what_is_there(bags: list[list[int]], seconds: float) -> None:
    found, every = one(bags), [value for bag in bags for value in bag]
    assert found.upto(seconds) == sum(value / 1000 <= seconds for value in every)
    assert found.below(seconds) == sum(value / 1000 < seconds for value in every)


@settings(max_examples=20)
@given(bags=BAGS)
def test_a_bag_that_was_shared_is_not_changed_by_the_other(bags: list[list[int]]) -> None:
    part = Times(bags[0])
    whole = Times([1, 2, 3])
    whole.include(part)
    part.add(7)
    whole.add(8)
    assert list(part) == sorted([*bags[0], 7])
    assert list(whole) == sorted([1, 2, 3, 8, *bags[0]])


def test_what_is_longer_than_four_bytes_stays_the_longest() -> None:
    assert (milliseconds(-1), milliseconds(0.0004), milliseconds(30.3), milliseconds(1e12)) == (0, 0, 30_300, MOST)
