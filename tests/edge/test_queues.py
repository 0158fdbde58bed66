"""From the queue to the counter: who was served, who went away, and how many stand where. Scripted ways, exact truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import pytest

from broker.contract.messages import Outcome
from broker.contract.plan import Area, ZoneKind
from edge.geometry import polygon
from edge.queues import ENTER_S, REACH_S, REPEAT_S, Counter, Ended, Words, depth
from edge.sightings import Track
from tests.edge.builders import SIZE, track

Spot = tuple[float, float]
Way = Sequence[tuple[float, Spot]]
"""Places at seconds, straight lines between them."""

QUEUE, TILL, AWAY, HALL = (200.0, 500.0), (700.0, 500.0), (700.0, 950.0), (200.0, 950.0)
FPS = 10


def area(name: str, kind: str, left: float, right: float, *, top: float = 0.3, bottom: float = 0.7) -> Area:
    return Area(id=name, zone="till", kind=ZoneKind(kind), points=((left, top), (right, top), (right, bottom), (left, bottom)))


LINE = area("line", "queue", 0.05, 0.5)
DESK = area("desk", "service", 0.5, 0.95)


def counter(*areas: Area) -> Counter:
    return Counter([(one, polygon(one.points, SIZE)) for one in areas or (LINE, DESK)], feet=False)


def at(way: Way, seconds: float) -> Spot | None:
    for (t1, (x1, y1)), (t2, (x2, y2)) in pairwise(way):
        if t1 <= seconds < t2:
            share = (seconds - t1) / (t2 - t1)
            return x1 + share * (x2 - x1), y1 + share * (y2 - y1)
    return None


def watch(
    seen: Counter, ways: Iterable[Way], until: float, *, number: Callable[[int, float], int | None] = lambda n, _: n
) -> tuple[list[Ended], list[dict[str, int]]]:
    """Lead people along *ways*; *number* says which track the n-th of them is at a second, None while nobody sees them."""
    ended, counts = [], []
    for step in range(round(until * FPS)):
        second = step / FPS
        tracks: list[Track] = []
        for n, way in enumerate(ways, 1):
            spot, name = at(way, second), number(n, second)
            if spot and name:
                tracks.append(track(name, spot))
        ended += seen.update(tracks, second)
        counts.append({one.id: people for one, people, _ in seen.counts()})
    return ended, counts


def told(ended: Iterable[Ended]) -> list[tuple[str, float, str | None]]:
    return [(one.area.id, round(one.stay.left - one.stay.entered, 1), one.outcome and str(one.outcome)) for one in ended]


def customer(begin: float, waits: float, serves: float) -> Way:
    """In at the bottom, through the queue, over to the till, out."""
    queue, till = begin + 1 + waits, begin + 1.5 + waits + serves
    way = [(begin, HALL), (begin + 1, QUEUE), (queue, QUEUE)]
    if serves:
        return [*way, (queue + 0.5, TILL), (till, TILL), (till + 1, AWAY), (till + 30, AWAY)]
    return [*way, (queue + 1, HALL), (queue + 30, HALL)]


def near(found: list[tuple[str, float, str | None]], wanted: list[tuple[str, float, str | None]], within: float = 1.0) -> bool:
    return [(name, how) for name, _, how in found] == [(name, how) for name, _, how in wanted] and all(
        abs(one - other) <= within for (_, one, _), (_, other, _) in zip(found, wanted, strict=True)
    )


def test_who_waits_and_is_served_gives_a_wait_and_a_service() -> None:
    ended, _ = watch(counter(), [customer(0, 20, 30)], 80)
    assert near(told(ended), [("line", 20.5, "served"), ("desk", 30.5, None)])


def test_who_goes_away_is_a_walk_away_once_it_is_sure() -> None:
    seen = counter()
    ended, _ = watch(seen, [customer(0, 20, 0)], 22 + REACH_S)
    assert ended == [], "held back: they might still be served"
    ended, _ = watch(counter(), [customer(0, 20, 0)], 40)
    assert near(told(ended), [("line", 20.9, "left")])
    assert ended[0].stay.left < 22, "the wait ended when they left, not when it was decided"


def test_a_queue_without_a_service_area_says_how_long_and_not_how_it_ended() -> None:
    ended, _ = watch(counter(LINE), [customer(0, 20, 30)], 40)
    assert near(told(ended), [("line", 20.7, None)])


def test_who_steps_up_to_the_till_without_waiting_is_served_and_has_not_waited() -> None:
    ended, _ = watch(counter(), [[(0, AWAY), (1, TILL), (20, TILL), (21, AWAY), (40, AWAY)]], 40)
    assert near(told(ended), [("desk", 19.5, None)])


def test_who_only_passes_through_is_nobody() -> None:
    across = [(0.0, (200.0, 0.0)), (1.2, (200.0, 1000.0)), (20.0, (200.0, 1000.0))]
    ended, counts = watch(counter(), [across], 20)
    assert ended == []
    assert all(not any(count.values()) for count in counts)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 12, 18])
def test_who_stands_on_the_border_is_in_one_place_only(step: int) -> None:
    """A box that flickers over the border every few pictures: 500 is the border of both areas."""
    seen, counts, ended = counter(), [], []
    for n in range(600):
        spot = (482.0 if n // step % 2 else 518.0, 500.0)
        ended += seen.update([track(1, spot)], n / FPS)
        counts.append({one.id: people for one, people, _ in seen.counts()})
    assert ended == []
    assert {tuple(count.values()) for count in counts[50:]} in ({(1, 0)}, {(0, 1)})


def test_who_leans_over_the_border_now_and_then_is_still_in_the_queue() -> None:
    seen, counts = counter(), []
    for n in range(300):
        seen.update([track(1, (512.0 if n % 10 == 5 else 480.0, 500.0))], n / FPS)
        counts.append({one.id: people for one, people, _ in seen.counts()})
    assert {(count["line"], count["desk"]) for count in counts[50:]} == {(1, 0)}


def test_areas_that_overlap_a_little_count_nobody_twice() -> None:
    wide = area("line", "queue", 0.05, 0.55)
    ended, counts = watch(counter(wide, area("desk", "service", 0.45, 0.95)), [customer(0, 20, 30)], 80)
    assert near(told(ended), [("line", 20.5, "served"), ("desk", 30.5, None)])
    assert max(sum(count.values()) for count in counts) == 1


@pytest.mark.parametrize("lost", [0.5, 1.0, 1.8])
def test_who_is_lost_between_the_queue_and_the_till_is_still_the_same(lost: float) -> None:
    gap: Way = [(0, QUEUE), (20, QUEUE), (20.5, (480.0, 500.0)), (20.5 + lost, (540.0, 500.0))]
    way: Way = [*gap, (23.5, TILL), (50, TILL), (51, AWAY), (60, AWAY)]
    ended, _ = watch(
        counter(),
        [way],
        60,
        number=lambda n, second: 1 if second < 20.5 else None if second < 20.5 + lost else 2,
    )  # fmt: skip
    assert near(told(ended), [("line", 20.5, "served"), ("desk", 29.5 - lost, None)])


def test_somebody_else_who_comes_to_the_till_does_not_serve_the_one_who_left() -> None:
    """One leaves the queue; another, seen all the time, steps up to the till from the hall."""
    left, other = customer(0, 20, 0), [(0, AWAY), (21, AWAY), (22, TILL), (50, TILL), (51, AWAY), (60, AWAY)]
    ended, _ = watch(counter(), [left, other], 60)
    assert near(told(ended), [("line", 20.9, "left"), ("desk", 28.5, None)])


def test_who_is_lost_and_seen_again_has_not_become_another() -> None:
    """A second track that began near a lost one is somebody else when the first is seen again."""
    one: Way = [(0, QUEUE), (20, QUEUE), (21, TILL), (40, TILL), (41, AWAY), (60, AWAY)]
    two: Way = [(10.5, (230.0, 500.0)), (30, (230.0, 500.0)), (31, HALL), (60, HALL)]
    ended, _ = watch(counter(), [one, two], 60, number=lambda n, s: None if n == 1 and 10 <= s < 11 else n)
    assert near(
        sorted(told(ended), key=str), sorted([("line", 20.5, "served"), ("desk", 19.5, None), ("line", 19.8, "left")], key=str)
    )


def test_who_steps_out_of_the_queue_for_a_moment_goes_on_waiting() -> None:
    out_and_back: Way = [
        (0, QUEUE), (10, QUEUE), (10.5, (200, 800)), (12.5, (200, 800)), (13, QUEUE), (30, QUEUE), (30.5, TILL), (40, TILL),
        (41, AWAY), (60, AWAY),
    ]  # fmt: skip
    ended, _ = watch(counter(), [out_and_back], 60)
    assert near(told(ended), [("line", 30.3, "served"), ("desk", 10.3, None)])


def test_who_changes_queues_has_waited_all_that_time() -> None:
    other = area("other", "queue", 0.05, 0.5, top=0.75, bottom=0.95)
    way: Way = [(0, QUEUE), (10, QUEUE), (10.5, (200, 850)), (20, (200, 850)), (21.5, TILL), (30, TILL), (31, AWAY), (60, AWAY)]
    ended, _ = watch(counter(LINE, other, DESK), [way], 60)
    assert near(told(ended), [("other", 20.6, "served"), ("desk", 8.8, None)])


def test_a_queue_of_four_served_one_by_one_is_counted_to_the_tenth_of_a_second() -> None:
    ways, waits = [], []
    for n in range(4):
        place, serves = (160.0 + 105 * n, 500.0), 40.0 + 15 * (3 - n)
        ways.append([(0, place), (serves, place), (serves + 0.6, TILL), (serves + 12, TILL), (serves + 13, AWAY), (150, AWAY)])
        waits.append(serves)
    ended, counts = watch(counter(), ways, 150)
    served = sorted(round(one.stay.left, 1) for one in ended if one.outcome is Outcome.SERVED)
    assert len(served) == 4
    assert all(abs(found - true) <= 0.6 for found, true in zip(served, sorted(waits), strict=True))
    assert counts[300]["line"] == 4
    assert max(count["line"] for count in counts) == 4


def test_the_one_who_has_waited_longest_is_known() -> None:
    seen = counter()
    ways: list[Way] = [[(0, QUEUE), (30, QUEUE), (31, HALL), (99, HALL)], [(10, (350, 500)), (99, (350, 500))]]
    watch(seen, ways, 25)
    assert {one.id: round(oldest, 1) for one, _, oldest in seen.counts() if oldest is not None} == {"line": 0.0}
    seen = counter()
    watch(seen, ways, 50)
    assert {one.id: round(oldest, 1) for one, _, oldest in seen.counts() if oldest is not None} == {"line": 10.0}


def test_nobody_is_remembered_for_ever() -> None:
    seen = counter()
    for n in range(2000):
        seen.update([track(n, QUEUE)] if n % 3 else [], n * 1.0)
    assert max(len(part) for part in (seen._where, seen._services, seen._began, seen._people._trails)) < 20
    assert len(seen._waits) < 20


# --- what is said


def words(counts: Iterable[tuple[int, float | None]], begin: float = 0.0, said: Words | None = None) -> list[tuple[float, int]]:
    said = said or Words()
    found = []
    for step, (people, oldest) in enumerate(counts):
        second = round(begin + step / FPS, 1)
        found += [(second, n) for _, n, _ in said.due([(LINE, people, oldest)], second)]
    return found


def test_an_empty_area_says_so_soon_after_the_start_and_again_now_and_then() -> None:
    assert words([(0, None)] * 700) == [(3.0, 0), (3.0 + REPEAT_S, 0), (3.0 + 2 * REPEAT_S, 0)]


def test_a_number_that_changes_is_said_at_once_and_at_most_once_a_second() -> None:
    flickers = [(n % 2 + 1, None) for n in range(50)]
    assert [second for second, _ in words(flickers)] == [0.0, 1.1, 2.2, 3.3, 4.4]


def test_another_longest_wait_is_said_though_the_number_is_the_same() -> None:
    assert words([(2, 0.0)] * 100 + [(2, 5.0)] * 100) == [(0.0, 2), (10.0, 2)]


def test_after_a_gap_the_old_number_is_said_anew_when_it_is_known() -> None:
    said = Words()
    words([(3, 0.0)] * 50, said=said)
    assert words([(0, None)] * 5 + [(3, 60.0)] * 20, begin=60, said=said) == [(60.5, 3)]


def test_depth_is_the_way_to_the_nearest_side() -> None:
    square = polygon([(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)], SIZE)
    assert [round(depth(square, place)) for place in ((500, 500), (210, 500), (150, 500), (100, 100))] == [300, 10, -50, -141]


def test_the_held_back_time_is_short() -> None:
    assert REACH_S + ENTER_S < 6
