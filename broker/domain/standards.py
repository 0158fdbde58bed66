"""What a shop promises, in seconds. The numbers are settings of a store, never constants in the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """The promises of one shop. Every field is in seconds and counts from T0, the moment somebody came in."""

    warn: float = 15
    greet_within: float = 30
    escalate: float = 60
    call_lead: float = 90
    claim: float = 20
    abandon: float = 600
    browse: float = 3600
    late_news: float = 120
    undo: float = 60
    reopen: float = 600
    upset_answer: float = 120

    def __post_init__(self) -> None:
        """Refuse a ladder whose steps are out of order."""
        steps = [self.warn, self.greet_within, self.escalate, self.call_lead, self.abandon]
        if steps != sorted(set(steps)) or self.warn <= 0:
            raise ValueError("warn < greet_within < escalate < call_lead < abandon must hold")


def after(moment: datetime, seconds: float) -> datetime:
    """Return the moment *seconds* later."""
    return moment + timedelta(seconds=seconds)


def age(since: datetime, at: datetime) -> float:
    """Return the seconds from *since* to *at*, never below zero: two clocks may disagree by a little."""
    return max(0.0, (at - since).total_seconds())
