"""What a shop promises those who hold a ticket, in seconds and counts. The numbers are settings of a store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """The promises of one shop's queues. Fields are seconds unless they say otherwise."""

    answer_call: float = 90
    """A called customer who has not come by then is missed."""
    recall_every: float = 20
    recalls: int = 3
    """How often a call is repeated at most."""
    calls_missed: int = 1
    """Missed calls after which the place is still kept; the next one ends it."""
    missed_behind: int = 2
    """Behind how many of those who wait somebody stands after a missed call."""
    return_within: float = 1800
    """How long "I'm back" brings back a place that was lost by missed calls."""
    step_away: float = 900
    hold_update: float = 120
    """Somebody on hold is told how it stands at least so often."""
    lead_at_hold_share: float = 1.5
    """The lead is told when a hold has lasted so many times what was said."""
    max_wait: float = 1800
    """Nobody is passed by later arrivals for longer than this, whatever their priority."""
    priority_credit: float = 600
    """How much earlier than they came somebody with priority is put in the order."""
    callback_offer: float = 1200
    """A call-back is offered when the upper end of the wait is longer than this."""
    callback_window: float = 1800
    callback_zone_share: float = 2 / 3
    """A call-back nobody has made is said to the zone when so much of its window has gone, well before it expires."""
    callback_lead_share: float = 5 / 6
    """And to the lead when so much has."""
    reopen: float = 600
    undo: float = 10
    wait_within: float = 600
    """The promise of a queue: whoever takes a ticket is called within so long."""
    serve_within: float = 90
    """The service standard: amber on the counter's clock, never shown to the customer."""

    def __post_init__(self) -> None:
        """Refuse a credit that would let somebody be passed for longer than max_wait."""
        if self.priority_credit > self.max_wait:
            raise ValueError("priority_credit must not be longer than max_wait: nobody is passed for longer than that")
        if min(self.answer_call, self.step_away, self.undo, self.reopen, self.max_wait) <= 0 or self.missed_behind < 0:
            raise ValueError("promises are longer than nothing")
