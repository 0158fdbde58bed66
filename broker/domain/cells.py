"""What is kept of an hour: counts that add up, and times in order, so that a year is the sum of its hours and exact."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from broker.domain.times import Times


@dataclass(slots=True)
class Cell:
    """Counts and times by name. Durations among the counts are whole milliseconds; the names end in `_ms`."""

    counts: Counter[str] = field(default_factory=Counter)
    times: defaultdict[str, Times] = field(default_factory=lambda: defaultdict(Times))

    def include(self, other: Cell) -> None:
        """Add everything of *other*, which stays as it is."""
        self.counts.update(other.counts)
        for name, some in other.times.items():
            self.times[name].include(some)

    def same_as(self, other: Cell) -> bool:
        """Whether both say the same."""
        times = {name: some for name, some in self.times.items() if len(some)}
        others = {name: some for name, some in other.times.items() if len(some)}
        return +self.counts == +other.counts and times == others


def together(cells: Iterable[Cell]) -> Cell:
    """Return the sum of *cells*."""
    made = Cell()
    for cell in cells:
        made.include(cell)
    return made
