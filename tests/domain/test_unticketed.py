"""The figures of waiting at counters, by hand."""

from __future__ import annotations

from broker.domain.unticketed import BOUNDS, FORMULAS, Waits, waiting


def test_each_figure_is_what_its_formula_says() -> None:
    found = Waits(served=[60, 120, 180, 240], left=[30, 90], unknown=[300], services=[40, 50, 90])
    figures = waiting(found)
    assert (figures.waits, figures.served, figures.left) == (5, 4, 2)
    assert (figures.median, figures.p90) == (180, 276)
    assert figures.walk_away == 2 / 6
    assert figures.left_after == 60
    assert (figures.services, figures.service_median) == (3, 50)
    assert FORMULAS["walk_away"] == "gone away / (served + gone away)"


def test_nothing_is_said_of_nothing() -> None:
    figures = waiting(Waits())
    assert (figures.median, figures.p90, figures.walk_away, figures.left_after, figures.service_median) == (None,) * 5
    assert sum(figures.bins) == 0


def test_a_bar_holds_its_upper_end() -> None:
    assert waiting(Waits(served=[0, *BOUNDS])).bins == (2, 1, 1, 1, 1, 0)
    assert waiting(Waits(served=[BOUNDS[-1] + 0.001])).bins == (0, 0, 0, 0, 0, 1)


def test_where_no_camera_sees_the_end_nobody_is_said_to_have_gone_away() -> None:
    found = Waits()
    for seconds in (10, 20):
        found.add("", seconds)
    assert (waiting(found).walk_away, waiting(found).waits) == (None, 2)
