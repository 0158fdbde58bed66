"""How long a ticket was what: waiting, called, serving and held, so that a hold is never mistaken for service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.domain.ticket import CLOCK, IN_LINE, State

_SPANS = {State.CALLED: "called", State.SERVING: "serving", State.HELD: "held", **dict.fromkeys(IN_LINE, "waiting")}


@dataclass(frozen=True, slots=True)
class Step:
    """A ticket became *state* at *at*, by whom."""

    at: datetime
    state: State
    by: str = ""
    counter: str | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """From `began` to `ended` the ticket was `kind`: waiting, called, serving or held. `ended` is None while it still is."""

    kind: str
    began: datetime
    ended: datetime | None
    service: str
    counter: str | None
    trusted: bool
    """False when the clock ended it: such a time is counted and kept out of averages."""

    def seconds(self, at: datetime) -> float:
        """Return how long it has lasted by *at*."""
        return max(0.0, ((self.ended or at) - self.began).total_seconds())


def spans(steps: Sequence[Step]) -> list[Span]:
    """Return the spans between *steps*, oldest first. They neither overlap nor leave a gap until the ticket ends.

    Steps of one kind in a row (a recall, a longer hold, a step aside in the line) are one span, unless the service changes.
    """
    made: list[Span] = []
    for number, step in enumerate(steps):
        kind = _SPANS.get(step.state)
        if kind is None:
            continue
        following = steps[number + 1] if number + 1 < len(steps) else None
        ended = following.at if following else None
        trusted = following is None or following.by != CLOCK
        last = made[-1] if made else None
        if last and (last.kind, last.service, last.ended) == (kind, step.service, step.at):
            made[-1] = Span(kind, last.began, ended, step.service, step.counter, trusted)
        else:
            made.append(Span(kind, step.at, ended, step.service, step.counter, trusted))
    return made
