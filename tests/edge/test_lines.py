"""Who crosses a line: tables of ways, and rules that hold on every way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.messages import Direction
from edge.lines import DoorLine
from tests.edge.builders import level, track, walk

IN, OUT = "in", "out"


def said(ys: list[float], x: float = 500, **line: float) -> list[str]:
    return [passage.direction.value for passage in walk(DoorLine(level(**line)), [(x, y) for y in ys])]


@pytest.mark.parametrize(
    ("ys", "expected"),
    [
        pytest.param([700, 620, 540, 460, 380], [IN], id="walks in"),
        pytest.param([300, 380, 460, 540, 620], [OUT], id="walks out"),
        pytest.param([700, 520, 498, 503, 497, 502, 499, 495, 400], [IN], id="dithers on the line, then goes in"),
        pytest.param([700, 520, 498, 503, 497, 502, 499, 505, 600], [], id="dithers on the line, then turns back"),
        pytest.param([700, 600, 490, 600, 700], [], id="peeks and turns back"),
        pytest.param([700, 600, 400, 300, 400, 600, 700], [IN, OUT], id="a U-turn is one each way: nobody more inside"),
        pytest.param([300, 250, 200, 150], [], id="first seen beyond the line"),
        pytest.param([480, 450, 400, 300], [], id="first seen on the line, on the far side of it"),
        pytest.param([700, 300], [IN], id="so fast that the line itself is never seen"),
        pytest.param([505, 480, 460, 440, 380], [IN], id="first seen just before a line near the edge"),
        pytest.param([505, 495, 489, 485], [], id="a box that flickers over the line as it appears"),
        pytest.param([700], [], id="seen once"),
    ],
)
def test_a_way_is_counted_as_a_person_would_count_it(ys: list[float], expected: list[str]) -> None:
    assert said(ys) == expected


@pytest.mark.parametrize(("x", "expected"), [(500, [IN]), (110, [IN]), (890, [IN]), (60, []), (950, [])])
def test_who_passes_beside_the_ends_has_not_crossed(x: float, expected: list[str]) -> None:
    assert said([700, 600, 400, 300], x=x) == expected


def test_who_went_in_beside_the_line_and_comes_out_through_it_is_one_out() -> None:
    line = DoorLine(level())
    way = [(950.0, 700.0), (950.0, 400.0), (700.0, 300.0), (500.0, 350.0), (500.0, 650.0)]
    assert [passage.direction for passage in walk(line, way)] == [Direction.OUT]


def test_a_crossing_happened_when_the_centre_was_on_the_line_not_when_it_was_decided() -> None:
    passage = walk(DoorLine(level()), [(500, 700), (500, 600), (500, 400), (500, 300)])[0]
    assert passage.at == pytest.approx(0.15)


def test_feet_cross_before_the_centre_when_somebody_comes_out() -> None:
    way = [(500.0, y) for y in (350, 400, 440, 480, 520, 560, 600)]
    centre = walk(DoorLine(level()), way)[0]
    feet = walk(DoorLine(level(), anchor="feet"), way)[0]
    assert feet.at == pytest.approx(centre.at - 0.125, abs=0.02)


def test_a_place_that_was_only_expected_is_no_evidence() -> None:
    line = DoorLine(level())
    line.update([track(1, (500, 700))], 0.0)
    assert line.update([track(1, (500, 300), seen=False)], 0.1) == []


def test_who_is_gone_is_forgotten() -> None:
    line = DoorLine(level())
    walk(line, [(500, 700), (500, 600)], number=1)
    line.update([], 1.0)
    assert line.update([track(1, (500, 300), hits=9)], 2.0) == []


def test_two_side_by_side_are_both_counted() -> None:
    line = DoorLine(level())
    passages = []
    for step, y in enumerate((700, 600, 400, 300)):
        passages += line.update([track(1, (400, y)), track(2, (560, y))], step / 10)
    assert sorted(passage.track.number for passage in passages) == [1, 2]


ways = st.lists(st.floats(0, 1000), min_size=2, max_size=40)


@given(ways)
def test_directions_always_alternate_so_a_line_counts_once_per_change_of_side(ys: list[float]) -> None:
    directions = said(ys)
    assert all(one != other for one, other in pairwise(directions))


@given(ways)
def test_the_net_count_is_where_somebody_ended_minus_where_they_began(ys: list[float]) -> None:
    """Between two places clear of the line, whatever lies between them."""
    directions = said([900, 900, *ys, 900, 900])
    assert directions.count(IN) == directions.count(OUT)
    directions = said([900, 900, *ys, 100, 100])
    assert directions.count(IN) == directions.count(OUT) + 1


@given(st.lists(st.floats(0, 490), min_size=2, max_size=30))
def test_who_never_touches_the_line_never_crosses_it(ys: list[float]) -> None:
    assert said(ys) == []
