"""A film or a rendered scene in the place of a camera: shown once, at its real pace, in a reader process."""

from __future__ import annotations

import time

from edge.reader import LATE_S, NEWEST_S, PATIENCE_BACK, PATIENCE_S, Hopeless, Line, Order
from edge.source import Film, NoPictures, film


def show(order: Order, line: Line) -> None:
    """Show the film to its end. Raises Hopeless when there is none.

    A box that is busy for a moment is waited for, so that nothing is lost; one that is always too slow gets the newest.
    """
    try:
        opened = film(order.source, order.frames_per_second)
    except NoPictures as wrong:
        raise Hopeless(str(wrong)) from None
    patience, shown = PATIENCE_S, 0
    # From the first picture on, not from when the film was opened: opening takes its time.
    due = _Due(opened, order.starts_at)
    while True:
        behind = time.monotonic() - due.moment(opened.frames) if shown else 0.0
        if (behind > LATE_S and patience <= 0) or behind > NEWEST_S:
            if not opened.pass_over():
                break
            line.left_out += 1
            continue
        picture = opened.next()
        if picture is None:
            break
        index, pixels = picture
        due.begin()
        time.sleep(max(0.0, due.moment(index) - time.monotonic()))
        waited = line.wait_taken(patience)
        patience = min(PATIENCE_S, patience - waited + PATIENCE_BACK / order.frames_per_second)
        line.put(pixels, index, due.at(index), due.moment(index))
        shown += 1
    line.wait_taken(NEWEST_S)
    if not shown:
        raise Hopeless(f"{order.source} has no picture that can be read: it is broken off or of a kind that is not known.")


class _Due:
    """When each frame of a film is due, once it has begun."""

    def __init__(self, opened: Film, starts_at: float | None) -> None:
        self._frames_per_second = opened.frames_per_second
        self._starts_at = starts_at
        self._began: float | None = None

    def begin(self) -> None:
        """Begin now, unless it has begun."""
        if self._began is None:
            self._began = time.monotonic()
            self._starts_at = time.time() if self._starts_at is None else self._starts_at

    def moment(self, index: int) -> float:
        """Return when frame *index* is due, by the monotonic clock."""
        assert self._began is not None
        return self._began + index / self._frames_per_second

    def at(self, index: int) -> float:
        """Return the film's own time of frame *index*, in seconds since 1970."""
        assert self._starts_at is not None
        return self._starts_at + index / self._frames_per_second
