"""Lines and polygons, and the sentences for those that cannot be used."""

import pytest

from edge.geometry import BadGeometry, polygon, segment, within

SIZE = (200, 100)


@pytest.mark.parametrize(
    ("inside", "place", "depth"),
    [("up", (100, 30), 20), ("down", (100, 30), -20), ("up", (0, 80), -30), ("down", (199, 80), 30)],
)
def test_depth_is_how_far_inside_somebody_is(inside: str, place: tuple[float, float], depth: float) -> None:
    assert segment([(0, 0.5), (1, 0.5)], inside, SIZE).depth(place) == pytest.approx(depth)


def test_it_does_not_matter_from_which_end_a_line_is_drawn() -> None:
    there, back = segment([(0, 0.2), (1, 0.6)], "up", SIZE), segment([(1, 0.6), (0, 0.2)], "up", SIZE)
    assert there.depth((50, 5)) == pytest.approx(back.depth((50, 5)))


def test_a_line_of_no_length_is_refused_by_name() -> None:
    with pytest.raises(BadGeometry, match=r"'till' has no length.*Give two different places"):
        segment([(0.5, 0.5), (0.5, 0.5)], "up", SIZE, name="till")


def test_an_inside_along_the_line_is_refused_with_the_remedy() -> None:
    with pytest.raises(BadGeometry, match="Say left or right"):
        segment([(0.5, 0), (0.5, 1)], "up", SIZE)


def test_a_polygon_that_encloses_nothing_is_refused() -> None:
    with pytest.raises(BadGeometry, match="encloses nothing"):
        polygon([(0.1, 0.1), (0.5, 0.5), (0.9, 0.9)], SIZE)


@pytest.mark.parametrize(
    ("place", "inside"), [((50, 50), True), ((5, 50), False), ((150, 50), False), ((60, 85), False), ((20, 85), True)]
)
def test_within_follows_a_corner_that_points_inward(place: tuple[float, float], inside: bool) -> None:
    corners = polygon([(0.05, 0.1), (0.5, 0.1), (0.5, 0.9), (0.3, 0.6), (0.05, 0.95)], SIZE)
    assert within(corners, place) is inside
