"""Which goodbye suits: chosen by how it ended, whether the wait was as told, and what happened on the way.

A goodbye that was late or unsolved apologises first. It never hopes that somebody enjoyed being kept waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from broker.domain.ticket import Outcome, State


class Goodbye(StrEnum):
    """The parts of a goodbye, in the order in which they are said; each is a text of the catalogue, `goodbye.<value>`."""

    SORRY_WAIT = "sorry_wait"
    SORRY_HOLD = "sorry_hold"
    SORRY_UNSOLVED = "sorry_unsolved"
    THANKS_PATIENCE = "thanks_patience"
    THANKS = "thanks"
    NEXT_REFERRED = "next_referred"
    NEXT_PARTLY = "next_partly"
    NEXT_LEAD = "next_lead"
    WELCOME_BACK = "welcome_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a goodbye depends on. Seconds; None where it is not known or was not told."""

    state: State
    outcome: Outcome | None = None
    waited: float = 0.0
    told_to: float | None = None
    holds_late: int = 0
    """How often somebody came back to them later than was said."""
    escalated: bool = False


def goodbye(story: Story) -> tuple[Goodbye, ...]:
    """Return the parts of the goodbye for *story*; empty for a ticket that did not end with a service."""
    if story.state is not State.FINISHED:
        return ()
    late = story.told_to is not None and story.waited > story.told_to
    unsolved = story.outcome is Outcome.NOT_SOLVED
    sorry = [
        part
        for part, due in (
            (Goodbye.SORRY_UNSOLVED, unsolved),
            (Goodbye.SORRY_WAIT, late),
            (Goodbye.SORRY_HOLD, story.holds_late > 0),
        )
        if due
    ]
    thanks = Goodbye.THANKS_PATIENCE if sorry else Goodbye.THANKS
    return (*sorry, thanks, *_next(story))


def _next(story: Story) -> tuple[Goodbye, ...]:
    if story.outcome is Outcome.REFERRED:
        return (Goodbye.NEXT_REFERRED,)
    if story.outcome is Outcome.PARTLY:
        return (Goodbye.NEXT_PARTLY,)
    if story.outcome is Outcome.NOT_SOLVED:
        return (Goodbye.NEXT_LEAD,) if story.escalated else (Goodbye.NEXT_PARTLY,)
    return (Goodbye.WELCOME_BACK,)
