"""When a queue has been too long for too long: both numbers, dips aside, and never because of chatter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.domain.queues import LIVE_AGAIN, Area, Limit, Queue
from tests.builders import NOON, later

LIMIT = Limit(people=5, seconds=60, off_delay=5)


def counted(*counts: tuple[float, int | None], limit: Limit = LIMIT) -> Queue:
    queue = Queue(zone="till")
    for at, people in counts:
        queue = queue.counted(people, later(at), limit)
    return queue


def test_five_for_a_minute_are_too_many() -> None:
    queue = counted((0, 5))
    assert queue.next_look(LIMIT) == later(60)
    assert not queue.is_over(later(59.999), LIMIT)
    assert queue.is_over(later(60), LIMIT)


def test_four_never_are() -> None:
    queue = counted((0, 4))
    assert queue.next_look(LIMIT) is None
    assert not queue.is_over(later(9999), LIMIT)


def test_more_or_fewer_above_the_limit_begin_nothing_anew() -> None:
    assert counted((0, 5), (20, 9), (40, 6)).is_over(later(60), LIMIT)


def test_a_short_dip_is_no_end_and_a_long_one_is() -> None:
    assert counted((0, 5), (30, 4), (34.9, 5)).is_over(later(60), LIMIT)
    longer = counted((0, 5), (30, 4), (35.1, 5))
    assert not longer.is_over(later(60), LIMIT)
    assert longer.is_over(later(95.1), LIMIT)


def test_nobody_is_called_in_a_dip() -> None:
    queue = counted((0, 5), (58, 4))
    assert not queue.is_over(later(60), LIMIT)
    assert queue.counted(5, later(61), LIMIT).is_over(later(61), LIMIT)


def test_when_nobody_counts_any_more_it_ends_as_a_dip_does() -> None:
    queue = counted((0, 5), (30, None))
    assert queue.settled(later(35), LIMIT).over_since == NOON
    assert queue.settled(later(35.001), LIMIT).over_since is None
    assert queue.next_look(LIMIT) == later(35.001)


def test_a_word_that_overtook_another_does_not_turn_the_clock_back() -> None:
    assert counted((10, 5), (3, 6)).over_since == later(10)


def test_what_was_said_before_a_camera_watched_is_not_how_things_stand() -> None:
    word = Area(device="till", area="line", zone="till", kind="queue", people=3, at=NOON)
    assert word.is_live(None)
    assert word.is_live(NOON + LIVE_AGAIN)
    assert not word.is_live(NOON + LIVE_AGAIN + timedelta(milliseconds=1))
    assert not replace(word, late=True).is_live(None)


steps = st.lists(st.tuples(st.integers(1, 80), st.sampled_from([0, 3, 4, 5, 6, None])), min_size=1, max_size=25)


@given(steps)
@settings(deadline=None, max_examples=300)
def test_it_is_over_exactly_when_the_plain_reading_of_the_rule_says_so(changes: list[tuple[int, int | None]]) -> None:
    """Second by second: over now, and at the limit in every second of the last minute but for dips that did not last."""
    people: list[int | None] = []
    for seconds, number in changes:
        people += [number] * seconds
    queue, since = Queue(zone="till"), 0
    for second, number in enumerate(people):
        if second == 0 or number != people[second - 1]:
            queue = queue.counted(number, later(second), LIMIT)
        if second:
            queue = queue.settled(later(second), LIMIT)
        over = [n is not None and n >= LIMIT.people for n in people[: second + 1]]
        since = second if not any(over) else _since(over, int(LIMIT.off_delay))
        assert queue.is_over(later(second), LIMIT) == (over[-1] and second - since >= LIMIT.seconds), (second, queue)


def _since(over: list[bool], off_delay: int) -> int:
    """Return the second at which the present episode began: the first that is over after the last dip that lasted."""
    began, below = None, 0
    for second, each in enumerate(over):
        # A dip that began at second b and ends at e has lasted e - b seconds.
        if each:
            began = second if began is None or below > off_delay else began
            below = 0
        else:
            below += 1
    return len(over) if began is None else began


@given(steps)
@settings(deadline=None, max_examples=200)
def test_the_clock_that_looks_only_when_it_is_told_misses_nothing(changes: list[tuple[int, int | None]]) -> None:
    at, moments = 0, []
    for seconds, number in changes:
        moments.append((at, number))
        at += seconds
    every, seldom = Queue(zone="till"), Queue(zone="till")
    for (begin, number), (end, _) in pairwise([*moments, (at, None)]):
        every = every.counted(number, later(begin), LIMIT)
        seldom = seldom.counted(number, later(begin), LIMIT)
        for second in range(begin, end):
            every = every.settled(later(second), LIMIT)
            due = seldom.next_look(LIMIT)
            if due and due <= later(second):
                seldom = seldom.settled(later(second), LIMIT)
            assert seldom.is_over(later(second), LIMIT) == every.is_over(later(second), LIMIT)


@pytest.mark.parametrize("people", [5, None])
def test_a_paused_zone_begins_anew(people: int | None) -> None:
    queue = counted((0, 5), (50, people)).reset()
    assert queue.over_since is None
    assert queue.next_look(LIMIT) is None
    assert queue.counted(5, later(55), LIMIT).over_since == later(55)
