"""The last hour of paths: in memory that does not grow, thinned, and true enough to count again by."""

from __future__ import annotations

import pytest

from edge.paths import EVERY_S, KEPT_S, Paths
from tests.edge.builders import SIZE, track


def test_somebody_who_stands_is_kept_five_times_a_second_and_a_walker_at_every_step() -> None:
    paths = Paths()
    for n in range(100):
        paths.note([track(1, (500, 500)), track(2, (10.0 + 20 * n, 100))], SIZE, n / 10)
    numbers = list(paths.recent().points["number"])
    assert numbers.count(2) == 100
    assert numbers.count(1) == pytest.approx(10 / EVERY_S, abs=2)


def test_where_somebody_was_seen_last_is_kept_whenever_that_was() -> None:
    paths = Paths()
    for n in range(4):
        paths.note([track(1, (500 + n, 500))], SIZE, n / 20)
    assert list(paths.recent().points["at"]) == pytest.approx([0.0, 0.15])
    paths.note([], SIZE, 3.0)
    assert list(paths.recent().points["at"]) == pytest.approx([0.0, 0.15])


def test_a_guess_where_somebody_may_be_is_no_sighting() -> None:
    paths = Paths()
    paths.note([track(1, (500, 500), seen=False)], SIZE, 0.0)
    assert len(paths.recent().points) == 0


def test_what_is_older_than_an_hour_is_out_of_it() -> None:
    paths = Paths()
    for n in range(70):
        paths.note([track(n, (500, 500))], SIZE, n * 60.0)
    recent = paths.recent()
    assert recent.seconds == KEPT_S
    assert recent.points["at"].min() >= recent.now - KEPT_S
    assert len(recent.points) == 61


def test_a_crowd_makes_the_paths_shorter_and_the_memory_no_larger() -> None:
    paths = Paths(most=1000)
    before = paths.nbytes
    for n in range(400):
        paths.note([track(number, (20.0 * number, 500 + 30 * (n % 2))) for number in range(20)], SIZE, n / 10)
    recent = paths.recent()
    assert paths.nbytes == before
    assert len(recent.points) == 1000
    assert recent.seconds == pytest.approx(5.0, abs=0.3)
    assert recent.points["at"].max() == recent.now


def test_the_whole_hour_takes_three_and_a_half_megabytes() -> None:
    assert Paths().nbytes <= 3_500_000


def test_numbers_that_began_anew_are_not_joined_to_old_ones() -> None:
    paths = Paths()
    paths.note([track(1, (500, 500))], SIZE, 10.0)
    paths.note([track(1, (50, 50))], (320, 180), 11.0)
    assert len(paths.recent().points) == 1, "another size of picture: everybody in it is new"
    paths.note([track(1, (50, 50))], (320, 180), -3600.0)
    assert list(paths.recent().points["at"]) == [-3600.0], "the clock was set back"
    paths.note([track(1, (50, 50))], (320, 180), -3600.5)
    assert paths.recent().points["at"][0] == -3600.0, "a clock that is corrected a little costs nothing"
