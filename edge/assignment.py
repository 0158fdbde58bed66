"""The cheapest pairing of rows and columns: the Hungarian method, as shortest augmenting paths with potentials.

scipy has one too, but loading it costs 47 MB, more than OpenCV and numpy together, for tables of a few people.
Formula: Kuhn 1955; in this form Jonker & Volgenant 1987. O(rows x rows x columns).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Costs = Sequence[Sequence[float]]


def cheapest(costs: Costs) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the least sum; every row or every column is in one pair.

    Costs are finite. The answer depends on nothing but *costs*.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        turned = list(zip(*costs, strict=True))
        return sorted((row, column) for column, row in _rows_first(turned))
    return sorted(_rows_first(costs))


def _rows_first(costs: Costs) -> list[tuple[int, int]]:
    """Pair every row; there are at least as many columns. Column 0 of the tables stands for "none yet"."""
    columns = len(costs[0])
    of_row = [0.0] * (len(costs) + 1)
    of_column = [0.0] * (columns + 1)
    taken_by = [0] * (columns + 1)
    for row in range(1, len(costs) + 1):
        taken_by[0] = row
        end, came_from = _path(costs, of_row, of_column, taken_by)
        while end:
            taken_by[end] = taken_by[came_from[end]]
            end = came_from[end]
    return [(row - 1, column - 1) for column, row in enumerate(taken_by) if column and row]


def _path(costs: Costs, of_row: list[float], of_column: list[float], taken_by: list[int]) -> tuple[int, list[int]]:
    """Return the free column at the end of the cheapest augmenting path, and how each column was reached."""
    columns = len(of_column)
    reach = [math.inf] * columns
    came_from = [0] * columns
    done = [False] * columns
    at = 0
    while taken_by[at]:
        done[at] = True
        row, step, following = taken_by[at], math.inf, 0
        for column in range(1, columns):
            if done[column]:
                continue
            reduced = costs[row - 1][column - 1] - of_row[row] - of_column[column]
            if reduced < reach[column]:
                reach[column], came_from[column] = reduced, at
            if reach[column] < step:
                step, following = reach[column], column
        for column in range(columns):
            if done[column]:
                of_row[taken_by[column]] += step
                of_column[column] -= step
            else:
                reach[column] -= step
        at = following
    return at, came_from
