"""Who stands in a zone, for how long, and how many."""

from __future__ import annotations

import pytest

from broker.contract.plan import Area
from edge.geometry import polygon
from edge.zones import Stay, Zone, by_feet
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
        pytest.param("I" * 20 + "-" * 81, [1.9], id="lost for good"),
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


def test_whoever_stands_there_when_the_camera_is_switched_on_is_counted_at_once() -> None:
    watched = zone()
    stand(watched, "II")
    assert watched.people == 1


def test_whoever_comes_later_is_counted_soon_and_gone_soon() -> None:
    watched = zone()
    stand(watched, "o" * 30)
    stand(watched, "I" * 8, begin=3.0)
    assert watched.people == 1
    stand(watched, "o" * 8, begin=3.8)
    assert watched.people == 0


def test_whoever_stood_still_is_waited_for_longer_than_whoever_walked() -> None:
    stood, walked = zone(), zone()
    stand(stood, "I" * 30)
    for step in range(30):
        walked.update([track(1, (310 + 13 * step, 500))], step / 10)
    for step in range(31, 70):
        stood.update([], step / 10)
        walked.update([], step / 10)
    assert (stood.people, walked.people) == (1, 0)


def test_whoever_is_found_again_under_a_new_number_while_the_old_one_is_remembered_is_one_person() -> None:
    watched = zone()
    stand(watched, "I" * 30)
    for step in range(30, 60):
        watched.update([track(1, INSIDE, seen=False), track(2, (510, 500))], step / 10)
        assert watched.people == 1
    assert [round(stay.left - stay.entered, 1) for stay in stand(watched, "o" * 15, number=2, begin=6.0)] == [5.9]


def test_whoever_is_seen_again_has_their_own_stay_back() -> None:
    watched = zone()
    stand(watched, "I" * 30)
    for step in range(30, 60):
        watched.update([track(1, INSIDE, seen=False), track(2, (560, 500))], step / 10)
    for step in range(60, 100):
        watched.update([track(1, INSIDE), track(2, (560, 500))], step / 10)
    assert watched.people == 2
    assert watched.inside == {1: 0.0, 2: 3.0}


def test_feet_that_the_edge_of_the_picture_cuts_off_stand_in_an_area_drawn_to_that_edge() -> None:
    corners = polygon([(0.3, 0.3), (0.7, 0.3), (0.7, 1.0), (0.3, 1.0)], SIZE)
    watched = Zone(corners, feet=True, size=SIZE)
    for step in range(10):
        watched.update([track(1, (500, 960), size=120)], step / 10)
    assert watched.people == 1


def test_a_film_that_ends_while_somebody_is_waited_for_says_that_they_stayed() -> None:
    watched = zone()
    assert stand(watched, "I" * 30 + "-" * 20) == []
    assert [round(stay.left - stay.entered, 1) for stay in watched.finish()] == [2.9]
    still = zone()
    stand(still, "I" * 30)
    assert still.finish() == []


@pytest.mark.parametrize(
    ("anchor", "usual", "feet"),
    [("auto", True, True), ("auto", False, False), ("centre", True, False), ("feet", False, True)],
)
def test_an_area_may_say_itself_which_point_of_a_person_counts(anchor: str, usual: bool, feet: bool) -> None:
    area = Area.model_validate({"id": "till", "kind": "queue", "points": [(0, 0), (1, 0), (1, 1)], "anchor": anchor})
    assert by_feet(area, usual=usual) is feet
