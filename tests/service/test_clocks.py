"""A clock that is wrong is reckoned with once it has said so twice; one word that was late on the way is not a wrong clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.domain.arrivals import Crossed, Stayed
from broker.service.clocks import Clocks
from tests.builders import NOON, crossed, later


def at(clocks: Clocks, said: float) -> float:
    """The seconds after noon at which we take something to have happened that the camera puts *said* seconds after noon."""
    return (clocks.ours(crossed(1, at=later(said))).at - NOON).total_seconds()


@pytest.mark.parametrize("skew", [3600.0, -3600.0, 30.0, -2.5])
def test_a_wrong_clock_is_reckoned_with_once_it_was_heard_twice(skew: float) -> None:
    clocks = Clocks({})
    assert clocks.heard("door", skew), "one word is not enough: another is asked for"
    assert at(clocks, 5) == 5
    assert not clocks.heard("door", skew + 0.4)
    assert at(clocks, 5) == pytest.approx(5 + skew + 0.4)
    taken = clocks.ours(crossed(1, at=NOON))
    assert isinstance(taken, Crossed)
    assert taken.decided_at == taken.at


def test_words_that_were_late_on_the_way_move_nothing() -> None:
    clocks = Clocks({"door": 0.1})
    for late in (20.0, 10.0, 0.1, 0.2, 15.0):
        clocks.heard("door", late)
        assert at(clocks, 5) == 5


@pytest.mark.parametrize("skew", [0.0, 1.9, -1.9])
def test_what_every_clock_does_moves_nothing(skew: float) -> None:
    clocks = Clocks({"door": skew})
    assert not clocks.heard("door", skew)
    assert at(clocks, 5) == 5


def test_a_clock_that_was_put_right_is_believed_at_once() -> None:
    clocks = Clocks({"door": 3600.0})
    assert not clocks.heard("door", 3600.1), "the store knew it already"
    assert at(clocks, 5) > 3600
    clocks.heard("door", 0.1)
    assert at(clocks, 5) == 5


def test_another_camera_is_not_touched() -> None:
    clocks = Clocks({"back": 60.0})
    clocks.heard("back", 60.0)
    stay = Stayed(event="e", device="back", at=NOON, zone="z", area="a", kind="greet", seconds=2.0)
    assert clocks.ours(stay).at == NOON + timedelta(seconds=60)
    assert at(clocks, 5) == 5
