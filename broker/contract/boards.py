"""What boards and lights of others read: the queues, the wall and the zones, kept by the MQTT broker.

No name of anybody and no address of a customer's page has a place here.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import AwareDatetime, Field

from broker.contract.plan import Name, Part, Seconds

MAX_SERVICES: Final = 24
MAX_CALLS: Final = 8


class ServiceLine(Part):
    """Who waits for one service."""

    service: Name = Field(description="The service, of the shop's settings.")
    letter: str = Field(pattern="^[A-Z]$", description="The letter before the number on its tickets.")
    open: bool = Field(description="Whether tickets are given for it now.")
    waiting: int = Field(ge=0, le=100_000, description="How many wait to be called.")
    oldest: AwareDatetime | None = Field(default=None, description="When the one who has waited longest took a ticket.")
    counters: int = Field(ge=0, le=1000, description="Counters that are open and serve it.")
    wait_from: Seconds | None = Field(default=None, description="What somebody who comes now is told: from...")
    wait_to: Seconds | None = Field(default=None, description="...to. Absent while no wait can be told honestly.")


class Queue(Part):
    """The queues of the shop, for boards of others. Kept by the MQTT broker; said anew when it changes, once a second at most."""

    open: bool = Field(description="Whether the shop is open.")
    services: tuple[ServiceLine, ...] = Field(default=(), max_length=MAX_SERVICES, description="Each service.")


class WallCall(Part):
    """Somebody was called."""

    call: int = Field(ge=1, description="Grows with every call; who is called again gets a new one.")
    shown: str = Field(max_length=12, description="The number as people read it.")
    counter: Name | None = Field(default=None, description="The counter they were called to; absent once they have left it.")
    counter_name: str | None = Field(default=None, max_length=20, description="That counter, as it is called out.")
    at: AwareDatetime = Field(description="When.")
    again: bool = Field(description="Whether it was not the first time.")
    state: Literal["calling", "serving", "over"] = Field(description="How it stands now.")


class Display(Part):
    """What the shop's own wall shows, for boards of others. Kept and said as Queue is."""

    open: bool = Field(description="Whether the shop is open.")
    closes_at: AwareDatetime | None = Field(default=None, description="When it closes.")
    opens_at: AwareDatetime | None = Field(default=None, description="When it opens.")
    waiting: int = Field(ge=0, le=100_000, description="How many wait, for all services.")
    calls: tuple[WallCall, ...] = Field(default=(), max_length=MAX_CALLS, description="Calls of the last half hour, newest first.")


class Light(Part):
    """How a zone is, for lights and buzzers of others. Kept; said when it changes, and every 10 s while somebody waits."""

    state: Literal["calm", "waiting", "overdue", "escalated"] = Field(
        description="`waiting`: in time, or somebody is on the way; `overdue`: its staff are called; `escalated`: everybody is."
    )
    waiting: int = Field(ge=0, le=100_000, description="How many parties wait for a greeting.")
    since: AwareDatetime | None = Field(default=None, description="When the one who waits longest came in.")
    longest: Seconds = Field(default=0, description="How many whole seconds that is ago.")
