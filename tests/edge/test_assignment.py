"""The cheapest pairing, against trying every pairing there is."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from edge.assignment import cheapest

tables = st.integers(1, 5).flatmap(
    lambda columns: st.lists(st.lists(st.floats(0, 1e6), min_size=columns, max_size=columns), min_size=1, max_size=5)
)


def least(costs: list[list[float]]) -> float:
    rows, columns = len(costs), len(costs[0])
    if rows > columns:
        return least([list(row) for row in zip(*costs, strict=True)])
    return min(sum(costs[row][column] for row, column in enumerate(way)) for way in permutations(range(columns), rows))


@given(tables)
def test_no_other_pairing_is_cheaper(costs: list[list[float]]) -> None:
    pairs = cheapest(costs)
    assert len(pairs) == min(len(costs), len(costs[0]))
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert abs(sum(costs[row][column] for row, column in pairs) - least(costs)) <= 1e-6 * (1 + least(costs))


def test_nobody_and_nothing_pair_to_nothing() -> None:
    assert cheapest([]) == []
    assert cheapest([[], []]) == []
