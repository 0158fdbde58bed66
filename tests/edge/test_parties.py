"""Who came together."""

from __future__ import annotations

import pytest

from broker.contract.messages import Direction
from edge.lines import Passage
from edge.parties import Parties
from tests.edge.builders import track

Place = tuple[float, float]
IN, OUT = Direction.IN, Direction.OUT


def cross(parties: Parties, number: int, place: Place, at: float, others: dict[int, Place], **kind: object) -> int:
    """Somebody crosses while *others* stand elsewhere; return the number their party began with."""
    mine = track(number, place)
    parties.update([mine, *(track(other, there) for other, there in others.items())])
    direction = kind.get("direction", IN)
    assert isinstance(direction, Direction)
    return parties.join(Passage(mine, direction, at), str(kind.get("line", "door")), at)[1]


@pytest.mark.parametrize(
    ("at", "place", "together"),
    [
        pytest.param(10.1, (650, 500), True, id="side by side"),
        pytest.param(11.8, (480, 500), True, id="a slow child that the first waits for"),
        pytest.param(11.7, (500, 900), False, id="1.7 s behind on the same way"),
        pytest.param(10.1, (900, 500), False, id="at the other end of the door"),
        pytest.param(12.3, (600, 500), False, id="later than a party comes"),
    ],
)
def test_a_party_crosses_within_two_seconds_and_is_near_at_that_moment(at: float, place: Place, together: bool) -> None:
    parties = Parties(2.0)
    assert cross(parties, 1, (500, 500), 10.0, {}) == 1
    assert cross(parties, 2, place, at, {1: (500, 500)}) == (1 if together else 2)


def test_who_walked_on_is_not_near_any_more() -> None:
    parties = Parties(2.0)
    cross(parties, 1, (500, 500), 10.0, {})
    assert cross(parties, 2, (500, 500), 11.7, {1: (500, 200)}) == 2


def test_opposite_ways_are_no_party() -> None:
    parties = Parties(2.0)
    cross(parties, 1, (500, 500), 10.0, {})
    assert cross(parties, 2, (600, 500), 10.1, {1: (500, 500)}, direction=OUT) == 2


def test_two_doors_are_no_party() -> None:
    parties = Parties(2.0)
    cross(parties, 1, (500, 500), 10.0, {})
    assert cross(parties, 2, (600, 500), 10.1, {1: (500, 500)}, line="back") == 2


def test_three_in_a_row_are_one_party() -> None:
    parties = Parties(2.0)
    cross(parties, 1, (300, 500), 10.0, {2: (450, 520), 3: (600, 540)})
    cross(parties, 2, (450, 500), 10.2, {1: (300, 480), 3: (600, 520)})
    assert cross(parties, 3, (600, 500), 10.4, {1: (300, 460), 2: (450, 480)}) == 1


def test_three_abreast_are_one_party_when_the_middle_one_is_a_step_behind() -> None:
    parties = Parties(2.0)
    assert cross(parties, 1, (300, 500), 10.0, {2: (450, 540), 3: (600, 500)}) == 1
    assert cross(parties, 3, (600, 500), 10.0, {1: (300, 500), 2: (450, 540)}) == 1
    assert cross(parties, 2, (450, 500), 10.3, {1: (300, 460), 3: (600, 460)}) == 1


def test_one_person_alone_is_no_party_with_themselves() -> None:
    parties = Parties(2.0)
    cross(parties, 1, (500, 500), 10.0, {})
    assert cross(parties, 1, (500, 500), 10.8, {}) == 2
