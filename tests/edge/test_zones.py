"""Who stands in a zone, for how long, and how many."""

from __future__ import annotations

import pytest

from edge.geometry import polygon
from edge.zones import Stay, Zone
from tests.edge.builders import SIZE, track

INSIDE, OUTSIDE = (500.0, 500.0), (900.0, 900.0)


def zone() -> Zone:
    return Zone(polygon([(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)], SIZE), feet=False)


def stand(watched: Zone, places: str, number: int = 1, begin: float = 0.0) -> list[Stay]:
    """One letter is a tenth of a second: I inside, o outside, - not remembered."""
    where = {"I": [track(number, INSIDE)], "o": [track(number, OUTSIDE)], "-": []}
    stays = []
    for step, letter in enumerate(places):
        stays += watched.update(where[letter], round(begin + step / 10, 3))
    return stays


@pytest.mark.parametrize(
    ("places", "seconds"),
    [
        pytest.param("o" * 5 + "I" * 30 + "o" * 20, [2.9], id="a stay"),
        pytest.param("o" * 5 + "I" * 6 + "o" * 20, [], id="only passes through"),
        pytest.param("I" * 20 + "o" * 5 + "I" * 20 + "o" * 20, [4.4], id="leans out for a moment"),
        pytest.param("I" * 20 + "-" * 15 + "I" * 20 + "o" * 20, [5.4], id="lost for a moment"),
        pytest.param("I" * 20 + "-" * 61, [1.9], id="lost for good"),
    ],
)
def test_a_stay_is_debounced_at_both_ends(places: str, seconds: list[float]) -> None:
    stays = stand(zone(), places)
    assert [round(stay.left - stay.entered, 1) for stay in stays] == seconds


def test_a_stay_goes_on_under_a_new_number() -> None:
    watched = zone()
    assert stand(watched, "I" * 30, number=1) == []
    assert stand(watched, "-" * 10 + "I" * 20, number=2, begin=3.0) == []
    assert [round(stay.left - stay.entered, 1) for stay in stand(watched, "o" * 15, number=2, begin=6.0)] == [5.9]


def test_the_number_of_people_does_not_flap_when_a_box_flickers() -> None:
    watched = zone()
    stand(watched, "I" * 40)
    counts = set()
    for step in range(60):
        watched.update([] if step % 3 else [track(1, INSIDE)], 4.0 + step / 10)
        counts.add(watched.people)
    assert counts == {1}


def test_a_cashier_beside_the_zone_is_not_counted() -> None:
    watched = zone()
    stand(watched, "o" * 50)
    assert watched.people == 0
