"""What a program is told. Times are RFC 3339 UTC; what grows by itself is told as the time it began."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from broker.domain.ticket import Channel, Outcome, State


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ticket(_Told):
    """One place in one queue, as it stands."""

    id: str
    version: int = Field(description="Grows by one with each move.")
    shown: str = Field(description="The number as people read it.")
    state: State
    service: str = Field(description="What they wait for now.")
    issued_for: str = Field(description="What they took the number for.")
    language: str
    channel: Channel
    priority: int
    visit: str | None
    t0: AwareDatetime = Field(description="When it was taken; nothing moves it.")
    ahead: int | None = Field(description="Who stands before them in the same service; null for who is not in line.")
    told_from: float | None = Field(description="The wait they were told, in seconds: from...")
    told_to: float | None = Field(description="...to.")
    counter: str | None
    counter_name: str | None
    staff: str | None = Field(description="Who called or serves them.")
    called_at: AwareDatetime | None
    calls: int
    started_at: AwareDatetime | None
    missed: int
    until: AwareDatetime | None = Field(description="Until when they are held or away, or will be called back.")
    reason: str
    updated_at: AwareDatetime | None
    outcome: Outcome | None
    ended_at: AwareDatetime | None


class NewTicket(Ticket):
    """A ticket, for whoever took it."""

    token: str = Field(description="The unguessable part of the address of the customer's own page: for the customer alone.")


class Service(_Told):
    """What a ticket can be taken for, and the wait before it is."""

    id: str
    name: str
    letter: str
    icon: str
    open: bool = Field(description="Whether a ticket is given now.")
    why: Literal["closed", "paused", "too late"] | None = Field(description="Why none is.")
    until: AwareDatetime | None = Field(description="When a pause ends.")
    ahead: int
    wait_from: float | None = Field(description="The wait as a range in seconds; null while none can be told honestly.")
    wait_to: float | None


class Services(_Told):
    """What the shop gives tickets for."""

    store: str
    open: bool
    closes_at: AwareDatetime | None
    opens_at: AwareDatetime | None
    services: list[Service]


class Counter(_Told):
    """One counter: what it serves, whether it is open, whom it has."""

    id: str
    name: str
    services: list[str]
    kind: Literal["open", "break", "closed"]
    since: AwareDatetime | None
    staff: str | None
    ticket: str | None = Field(description="The `id` of the ticket that is called or served there.")


class Line(_Told):
    """Everybody whose ticket has not ended, in the order in which they are called, and the counters."""

    tickets: list[Ticket]
    counters: list[Counter]


class Made(_Told):
    """One move of one ticket."""

    ticket: str
    at: AwareDatetime
    by: str = Field(description="Id of a person, name of a key after `key `, or `clock`.")
    move: str = Field(description="`issue`, or a move.")
    was: str
    became: State
    service: str
    counter: str | None
    until: AwareDatetime | None
    reason: str


class History(_Told):
    """Some moves, oldest first."""

    moves: list[Made]
    next: str | None = Field(description="The cursor of the next page. With fewer moves than asked for, ask again later with it.")


class Call(_Told):
    """A call as the wall shows it."""

    id: int = Field(description="Grows with every call; a ticket that is called again gets a new one.")
    ticket: str
    shown: str
    counter: str | None
    counter_name: str | None
    language: str
    at: AwareDatetime
    again: bool
    calling: bool
    serving: bool


class Wall(_Told):
    """What the wall shows."""

    store: str
    open: bool
    closes_at: AwareDatetime | None
    opens_at: AwareDatetime | None
    calls: list[Call]
    waiting: int
    by_service: dict[str, int]


class Wrong(_Told):
    """A field that does not fit."""

    field: str
    message: str


class Problem(BaseModel):
    """Why not (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Wrong] | None = Field(default=None, description="With 422: the fields that do not fit.")
    ticket: Ticket | None = Field(default=None, description="With 409: the ticket as it stands, with who has it.")
    counter: Counter | None = Field(default=None, description="With 409: the counter as it stands.")
    why: str | None = Field(default=None, description="With 409 for a queue: `closed`, `paused` or `too late`.")
    scope: str | None = Field(default=None, description="With 403: the scope that is missing.")
