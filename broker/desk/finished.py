"""Hours that are over are kept as rows of their own, so that a year is read at once and every figure stays exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from broker.desk.hours import COUNTER as COUNTER
from broker.desk.hours import SERVICE as SERVICE
from broker.desk.hours import SHOP as SHOP
from broker.desk.hours import ZONE as ZONE
from broker.desk.hours import reckon
from broker.domain.cells import Cell
from broker.domain.period import Span
from broker.shop import Shop


class Place(NamedTuple):
    """What a cell is of, which one of those, and the hour of the clock; the weekday (0 is Monday) if it was asked for."""

    kind: str
    part: str
    hour: int
    weekday: int | None = None


def cells(shop: Shop, span: Span, kinds: Sequence[str], *, by_weekday: bool = False) -> dict[Place, Cell]:
    """Return everything of *kinds* with begin <= T0 < end, by hour of the clock."""
    made: dict[Place, Cell] = defaultdict(Cell)
    for key, cell in reckon(shop, span, lambda service, hour: None).items():
        if key.kind in kinds:
            made[Place(key.kind, key.part, key.hour.hour, key.hour.weekday if by_weekday else None)].include(cell)
    return dict(made)
