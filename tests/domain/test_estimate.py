"""The honest wait: the middle, the range around it, and whether it was true."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain import estimate
from broker.domain.estimate import Counter, Pace, Ranges, Sample, Told, Untold, bin_of, middle, rounded_down, rounded_up
from broker.domain.queue_log import Event, Queue, What, outcomes
from broker.domain.wait_audit import Score, audit

BOTH, RETURNS, COLLECT = frozenset({"returns", "collect"}), frozenset({"returns"}), frozenset({"collect"})


def steady(**seconds: float) -> Pace:
    """A shop in which each service takes always the same."""
    pace = Pace()
    for service, each in seconds.items():
        for _ in range(40):
            pace.add(service, each)
    return pace


PACE = steady(returns=200, collect=100)


@pytest.mark.parametrize(
    ("ahead", "counters", "expected"),
    [
        pytest.param([], [Counter(RETURNS)], 0, id="nobody ahead and a free counter: at once"),
        pytest.param(["returns"] * 3, [Counter(RETURNS)], 600, id="three ahead of one counter"),
        pytest.param(["returns"] * 3, [Counter(RETURNS), Counter(RETURNS)], 200, id="three ahead of two counters"),
        pytest.param(["collect"] * 4, [Counter(BOTH), Counter(COLLECT)], 200, id="a shared counter helps the others first"),
        pytest.param(["collect"] * 4, [Counter(RETURNS), Counter(COLLECT)], 0, id="another queue's people do not hold us up"),
        pytest.param(["bread"] * 4, [Counter(RETURNS)], 0, id="nor do people whom nobody serves"),
        pytest.param([], [Counter(RETURNS, "returns", 150.0)], 50, id="the one at the counter is nearly done"),
        pytest.param([], [Counter(RETURNS, "returns", 900.0)], 100, id="longer than ever seen: half a service more"),
    ],
)  # fmt: skip
def test_the_middle_is_what_the_counters_will_do(ahead: list[str], counters: list[Counter], expected: float) -> None:
    assert middle("returns", ahead, counters, PACE) == pytest.approx(expected)


def test_without_a_counter_that_serves_it_there_is_no_middle() -> None:
    assert middle("returns", ["collect"], [Counter(COLLECT)], PACE) is None
    assert middle("returns", [], [], PACE) is None


def test_the_newest_services_count_most_and_the_history_keeps_them_in_check() -> None:
    pace = Pace()
    for seconds in [100.0] * 200 + [400.0] * 30:
        pace.add("returns", seconds)
    history = (200 * 100 + 30 * 400) / 230
    assert pace.mean("returns") == pytest.approx((400 + history) / 2)
    assert pace.mean("never seen") == pytest.approx(history)


seconds = st.floats(0, 7200, allow_nan=False)


@given(seconds)
def test_a_range_is_rounded_outwards_to_what_people_say(moment: float) -> None:
    low, high = rounded_down(moment), rounded_up(moment)
    assert low <= moment <= max(high, 60)
    assert high >= 60, "never 0 minutes"
    for end in (low, high):
        assert end % 60 == 0
        assert end <= 600 or end % 300 == 0
    assert high - low <= (60 if moment <= 540 else 300)


samples = st.lists(
    st.builds(
        Sample, service=st.just("returns"), ahead=st.integers(0, 20), middle=st.floats(0, 3000), scale=st.floats(1, 3000),
        actual=st.floats(0, 5000),
    ),
    min_size=30, max_size=60,
)  # fmt: skip


@given(samples)
def test_of_the_waits_it_was_calibrated_on_at_most_a_tenth_lie_beyond_each_end_as_it_is_told(known: list[Sample]) -> None:
    same = [Sample(s.service, 4, s.middle, s.scale, s.actual) for s in known]
    ranges = Ranges(same)
    late = early = 0
    for sample in same:
        told = ranges.told("returns", 4, sample.middle, sample.scale)
        assert isinstance(told, Told)
        assert told.low <= told.high
        late += sample.actual > told.high
        early += sample.actual < told.low
    assert late <= estimate.LATE * (len(same) + 1)
    assert early <= estimate.EARLY * (len(same) + 1)


@given(samples)
def test_the_ends_are_no_further_out_than_they_must_be(known: list[Sample]) -> None:
    """Beside the definition: the end is tried at every sample, innermost first, until few enough lie beyond."""
    same = [Sample(s.service, 4, s.middle, s.scale, s.actual) for s in known]
    ends = Ranges(same).as_rows()[0]
    allowed = max(0, math.floor(estimate.LATE * (len(same) + 1)) - 1)
    inside = ends[3] - 1e-6  # type: ignore[operator]
    beyond = sum(s.actual > rounded_up(max(0.0, s.middle + inside * s.scale)) for s in same)
    shift = sorted((s.actual - s.middle) / s.scale for s in same)[len(same) // 2]
    assert beyond > allowed or ends[3] == pytest.approx(shift) or s_all_at_once(same)


def s_all_at_once(same: list[Sample]) -> bool:
    """Waits under a minute are within any range: nothing pushes the end outwards."""
    return sum(s.actual > 60 for s in same) <= max(0, math.floor(estimate.LATE * (len(same) + 1)) - 1)


def test_ranges_hold_on_waits_they_have_not_seen() -> None:
    chance = random.Random(7)

    def wave(count: int) -> list[Sample]:
        made = []
        for _ in range(count):
            expected = chance.uniform(30, 1500)
            made.append(Sample("returns", int(expected // 200), expected, expected + 100, expected * chance.lognormvariate(0, 0.4)))
        return made

    ranges, late, early, unseen = Ranges(wave(2000)), 0, 0, wave(2000)
    for sample in unseen:
        told = ranges.told("returns", sample.ahead, sample.middle, sample.scale)
        assert isinstance(told, Told)
        late, early = late + (sample.actual > told.high), early + (sample.actual < told.low)
    assert late / len(unseen) < 0.12
    assert 0.75 < 1 - (late + early) / len(unseen) < 0.87


def test_with_fewer_than_thirty_waits_nothing_is_told() -> None:
    known = [Sample("returns", 2, 100, 100, 120)] * 29
    assert Ranges(known).told("returns", 2, 100, 100) == Untold("learning")
    assert isinstance(Ranges([*known, known[0]]).told("returns", 2, 100, 100), Told)


def test_a_bin_without_enough_waits_borrows_from_its_service_and_a_service_from_all() -> None:
    many = [Sample("returns", 1, 100, 100, 200)] * 40
    ranges = Ranges(many)
    assert ranges.told("returns", 15, 100, 100) == ranges.told("returns", 1, 100, 100) == ranges.told("advice", 1, 100, 100)
    assert bin_of(15) != bin_of(1)


def test_nobody_is_told_less_than_the_head_of_the_line_has_waited_while_nobody_was_called() -> None:
    ranges = Ranges([Sample("returns", 1, 100, 100, 100 + n) for n in range(40)])
    told = ranges.told("returns", 1, 100, 100, head_waits=1500)
    assert isinstance(told, Told)
    assert told.high >= 1500


@given(samples)
def test_what_was_learnt_is_the_same_after_it_was_written_down(known: list[Sample]) -> None:
    ranges = Ranges(known)
    again = Ranges.of_rows(ranges.as_rows(), len(known))
    assert again.told("returns", 3, 400, 500) == ranges.told("returns", 3, 400, 500)


@pytest.mark.parametrize(("silent", "believed"), [(None, True), (400.0, True), (401.0, False)])
def test_an_estimate_is_not_believed_when_nobody_was_called_for_twice_as_long(silent: float | None, believed: bool) -> None:
    assert estimate.believed(200, silent) is believed


def issue(at: float, ticket: str, service: str = "returns") -> Event:
    return Event(at, What.ISSUE, ticket, service, place=at)


def test_a_queue_is_followed_event_by_event() -> None:
    events = [
        Event(0, What.OPEN, counter="1", skills=RETURNS),
        issue(1, "a"),
        Event(2, What.CALL, "a", "returns", "1"),
        issue(10, "b"),
        issue(20, "c"),
        Event(30, What.GONE, "b", "returns"),
        Event(60, What.FREE, "a", "returns", "1"),
        Event(70, What.CALL, "c", "returns", "1"),
    ]
    ended = {outcome.reckoned.ticket: outcome for outcome in outcomes(events)}
    assert [(name, one.waited, one.left_after) for name, one in ended.items()] == [("a", 1, None), ("b", None, 20), ("c", 50, None)]
    assert (ended["c"].reckoned.ahead, ended["c"].reckoned.same, ended["c"].reckoned.open_counters) == (1, 1, 1)
    assert ended["b"].sample() is None
    assert (ended["c"].reckoned.silent_for, ended["a"].reckoned.silent_for) == (10, None)


def test_a_forgotten_service_teaches_nothing() -> None:
    queue = Queue()
    for event in (Event(0, What.CALL, "a", "returns", "1"), Event(5 * 3600, What.FREE, "a", "returns", "1")):
        queue.feed(event)
    assert queue.pace.mean("returns") == estimate.FIRST_GUESS


def test_somebody_with_priority_is_reckoned_before_those_they_will_pass() -> None:
    queue = Queue()
    for event in (Event(0, What.OPEN, counter="1", skills=RETURNS), issue(100, "a"), issue(200, "b")):
        queue.feed(event)
    assert queue.reckon(300, "c", "returns", place=150).ahead == 1


def test_who_left_before_the_upper_end_is_not_judged_and_who_left_after_it_waited_too_long() -> None:
    days = []
    for day in range(30):
        events = [Event(day * 86400, What.OPEN, counter="1", skills=RETURNS)]
        for n in range(5):
            at = day * 86400 + 600 * n + 10
            events += [issue(at, f"{day}-{n}"), Event(at + 30, What.CALL, f"{day}-{n}", "returns", "1")]
            events.append(Event(at + 200, What.FREE, f"{day}-{n}", "returns", "1"))
        for name, left in (("soon", 20), ("late", 5000)):
            at = day * 86400 + 40000 + left
            events += [issue(at, f"{day}-{name}"), Event(at + left, What.GONE, f"{day}-{name}", "returns")]
        days.append(sorted(events, key=lambda event: event.at))
    by_day = [[] for _ in days]
    for outcome in outcomes(event for day in days for event in day):
        by_day[int(outcome.reckoned.at // 86400)].append(outcome)
    score = audit(by_day, lambda at: 0, judged_from=20).whole
    assert (score.told, score.judged, score.late, score.within) == (70, 60, 10, 50)


def test_a_wait_is_earned_only_by_enough_true_ones_that_beat_the_median() -> None:
    good = Score(told=200, judged=200, within=160, late=18, misses=[50.0] * 180, baseline_misses=[90.0] * 180)
    assert good.earned
    for worse in ({"within": 140}, {"late": 25}, {"misses": [95.0] * 180}, {"judged": 99}, {"baseline_misses": []}):
        assert not Score(**{name: getattr(good, name) for name in Score.__slots__} | worse).earned
