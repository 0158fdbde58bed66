"""What is said on the wire: JSON in the shape of a CloudEvent (id, source, type, time, data).

Each message is a frozen value that cannot exist wrong. None has room for a face, a name or a track number, and only
StillPart, an answer to somebody who sets a camera up, has room for a picture (tests/test_privacy.py reads the fields).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from broker.contract.boards import Display as Display
from broker.contract.boards import Light as Light
from broker.contract.boards import Queue as Queue
from broker.contract.plan import Name, Plan, Point, Seconds
from broker.contract.plan import Part as _Value
from broker.contract.plan import ZoneKind as ZoneKind
from broker.contract.topics import Channel

MAX_BYTES: Final = 8 * 1024
"""The largest payload. Checked before sending: MQTT 5 answers a larger one by hanging up, again and again."""

MAX_ACK_IDS: Final = 120
"""Ids in one acknowledgement, so that it stays under MAX_BYTES whatever the ids' lengths."""

EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,59}$")]
"""Names an event for ever: the device's outbox epoch, a hyphen, a sequence number."""

MAX_STILL_PARTS: Final = 64
"""Parts of one picture: a third of a megabyte at most."""

STILL_PART_CHARACTERS: Final = 7_200
"""Characters of base64 in one part, so that a message stays under MAX_BYTES."""

MAX_MOMENTS: Final = 60
"""Moments of crossings in one LineTrial, so that eight lines stay under MAX_BYTES."""


class Direction(StrEnum):
    """Which way somebody crossed a door's line, seen from the shop."""

    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    """How the wait of somebody in a queue area ended."""

    SERVED = "served"
    LEFT = "left"


class Watch(StrEnum):
    """Whether a camera sees. Everything but WATCHING is shown as "not watching since"."""

    STARTING = "starting"
    WATCHING = "watching"
    BLIND = "blind"
    FROZEN = "frozen"
    LOST = "lost"
    ENDED = "ended"
    OFFLINE = "offline"


class Crossing(_Value):
    """One person crossed a line at the door."""

    line: Name = Field(description="The line across the door that was crossed.")
    zone: Name = Field(description="The zone of the shop that this door opens into.")
    direction: Direction = Field(description="Which way, seen from the shop.")
    party: EventId = Field(description="The id of the first crossing of this party; its own id for the first or a lone one.")
    decided_at: AwareDatetime | None = Field(
        default=None, description="Time of the frame on which the crossing was decided; `time` is when it happened."
    )
    staff: bool = Field(default=False, description="Somebody who works here: no visit, and not among those inside.")


class ZoneCount(_Value):
    """How many people stand in a zone: the median of 1.2 seconds. Said soon after the start, when it changes, and now and then."""

    zone: Name = Field(description="The zone of the shop.")
    area: Name | None = Field(default=None, description="The area of the picture; absent: named as its zone.")
    kind: ZoneKind = Field(description="What the area is for.")
    people: int = Field(ge=0, le=1000, description="How many stand there now.")
    longest: Seconds | None = Field(default=None, description="How long the one has stood there who has been there longest.")


class ZoneStay(_Value):
    """One anonymous person has left a zone after so many seconds."""

    zone: Name = Field(description="The zone of the shop.")
    area: Name | None = Field(default=None, description="The area of the picture; absent: named as its zone.")
    kind: ZoneKind = Field(description="What the area is for.")
    seconds: Seconds = Field(description="How long they stayed.")
    outcome: Outcome | None = Field(
        default=None, description="For a queue: whether they went on to a service area of the same zone, or left."
    )


class Take(_Value):
    """Somebody takes care of what a zone's light says: its oldest alert is acknowledged; it runs out when nobody goes."""

    zone: Name = Field(description="The zone of the shop; that of the topic.")


class Seen(_Value):
    """Somebody who works here stood beside a customer in a greet area: a greeting that the camera saw."""

    zone: Name = Field(description="The zone of the shop.")
    party: EventId | None = Field(
        default=None, description="The party, where this camera saw it come in; absent: the longest waiting one of the zone."
    )


class Press(_Value):
    """Somebody pressed a button on the wall, or any MQTT client did: the longest waiting party of the zone is greeted."""

    zone: Name = Field(description="The zone of the shop whose longest waiting party is greeted.")


class Status(_Value):
    """How a device is. Said every 10 s and kept by the MQTT broker; the last will says OFFLINE."""

    kind: Literal["camera", "button"] = Field(
        default="camera", description="What it is: only of a camera does anybody ask whether it watches."
    )
    watch: Watch = Field(description="Whether it sees.")
    since: AwareDatetime = Field(description="When this state of `watch` began.")
    reason: str = Field(default="", max_length=200, description="Why it does not watch, for the person standing there.")
    frames_per_second: float | None = Field(default=None, ge=0, le=1000, description="Frames looked at in a second.")
    newest_frame_age: Seconds | None = Field(default=None, description="Seconds since the newest frame was taken.")
    dropped: int | None = Field(default=None, ge=0, description="Frames dropped since the start, to stay in time.")
    gate_share: float | None = Field(default=None, ge=0, le=1, description="Share of frames that were looked at.")
    spooled: int | None = Field(default=None, ge=0, description="Events not yet acknowledged by the service.")
    decided_age: Seconds | None = Field(
        default=None, description="Age of a frame when it had been looked at, 99 of 100 at most, over the last minute."
    )
    staff_passed: int | None = Field(default=None, ge=0, description="People who work here seen on a line, since the start.")
    plan: int | None = Field(default=None, ge=0, description="Version of the plan in force; 0: the settings file's.")
    zones: tuple[Name, ...] = Field(default=(), max_length=16, description="The zones of the shop it watches.")


class Ack(_Value):
    """The service has committed these events; the device may forget them."""

    ids: tuple[EventId, ...] = Field(min_length=1, max_length=MAX_ACK_IDS, description="The ids of the events.")


class Ask(StrEnum):
    """What can be asked of a device."""

    REPORT = "report"
    PLAN = "plan"
    SHOW = "show"
    STILL = "still"
    TRY = "try"
    WATCH = "watch"
    UNIFORM = "uniform"


class Command(_Value):
    """The service, or the page on which a camera is set up, asks something of a device."""

    name: Ask = Field(
        description="`report`: say your status now, and send again what is not acknowledged. `plan`: look this way from now on. "
        "`show`: say the plan in force. `still`: one picture, for the person who sets the camera up. `try`: what would this plan "
        "have counted. `watch`: count by this plan for a minute, and say so every second. `uniform`: the colours in this box."
    )
    request: EventId | None = Field(default=None, description="Names the request; answers carry it.")
    plan: Plan | None = Field(default=None, description="For `plan`, `try` and `watch`.")
    box: tuple[Point, Point] | None = Field(default=None, description="For `uniform`: two corners in the last still.")

    @model_validator(mode="after")
    def _whole(self) -> Command:
        if self.name in (Ask.PLAN, Ask.TRY, Ask.WATCH) and self.plan is None:
            raise ValueError(f"{self.name} needs a plan")
        if self.name in (Ask.SHOW, Ask.STILL, Ask.TRY, Ask.WATCH, Ask.UNIFORM) and self.request is None:
            raise ValueError(f"{self.name} needs a request")
        if self.name is Ask.UNIFORM and self.box is None:
            raise ValueError("uniform needs a box")
        return self


class Shown(_Value):
    """The plan in force, as it was asked for."""

    request: EventId = Field(description="The request it answers.")
    plan: Plan = Field(description="The plan.")


class StillPart(_Value):
    """A part of one picture, asked for by the person who sets the camera up: shown once, never kept, never sent unasked."""

    request: EventId = Field(description="The request it answers.")
    part: int = Field(ge=1, le=MAX_STILL_PARTS, description="Which part, from 1.")
    parts: int = Field(ge=1, le=MAX_STILL_PARTS, description="Of how many.")
    width: int = Field(ge=1, le=10_000, description="Width of the camera's whole picture, in pixels.")
    height: int = Field(ge=1, le=10_000, description="Its height.")
    content: str = Field(max_length=STILL_PART_CHARACTERS, pattern=r"^[A-Za-z0-9+/=]*$", description="Base64 of a JPEG's part.")


SecondsAgo = Annotated[int, Field(ge=0, le=3600)]


class LineTrial(_Value):
    """What one line of a plan would have counted."""

    line: Name = Field(description="The line.")
    ins: int = Field(ge=0, le=100_000, description="How many would have been counted in.")
    outs: int = Field(ge=0, le=100_000, description="How many out.")
    turned: int = Field(ge=0, le=100_000, description="How many turned round on it, and were not counted.")
    ins_ago: tuple[SecondsAgo, ...] = Field(default=(), max_length=MAX_MOMENTS, description="Seconds since each of the newest in.")
    outs_ago: tuple[SecondsAgo, ...] = Field(
        default=(), max_length=MAX_MOMENTS, description="Seconds since each of the newest out."
    )


class Trial(_Value):
    """What a plan would have counted over the paths that the box remembers. The paths themselves stay there."""

    request: EventId = Field(description="The request it answers.")
    seconds: Seconds = Field(description="How far back the paths reach: at most an hour.")
    lines: tuple[LineTrial, ...] = Field(default=(), max_length=8, description="Each line of the plan.")


class LineCount(_Value):
    """What one line of a plan has counted since the request."""

    line: Name = Field(description="The line.")
    ins: int = Field(ge=0, le=100_000, description="In.")
    outs: int = Field(ge=0, le=100_000, description="Out.")


class AreaCount(_Value):
    """Who stands in one area of a plan now."""

    area: Name = Field(description="The area.")
    people: int = Field(ge=0, le=1000, description="How many.")


class Counting(_Value):
    """The count by a plan that is being tried, said every second for a minute."""

    request: EventId = Field(description="The request it answers.")
    seconds: Seconds = Field(description="Seconds since the request.")
    last: bool = Field(default=False, description="Whether this was the last word.")
    lines: tuple[LineCount, ...] = Field(default=(), max_length=8, description="Each line of the plan.")
    areas: tuple[AreaCount, ...] = Field(default=(), max_length=16, description="Each area of the plan.")


class UniformSeen(_Value):
    """The colours inside the box that was asked for."""

    request: EventId = Field(description="The request it answers.")
    uniform: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(max_length=64, description="As a plan carries them.")


class Refused(_Value):
    """Why a request is not answered."""

    request: EventId = Field(description="The request.")
    reason: str = Field(max_length=300, description="What is wrong and what to do, for the person who asked.")


class Kind(StrEnum):
    """The `type` of a message."""

    CROSSING = "greetline.crossing"
    ZONE_COUNT = "greetline.zone-count"
    ZONE_STAY = "greetline.zone-stay"
    PRESS = "greetline.press"
    SEEN = "greetline.seen"
    STATUS = "greetline.status"
    ACK = "greetline.ack"
    COMMAND = "greetline.command"
    SHOWN = "greetline.shown"
    STILL_PART = "greetline.still-part"
    TRIAL = "greetline.trial"
    COUNTING = "greetline.counting"
    UNIFORM = "greetline.uniform"
    REFUSED = "greetline.refused"
    QUEUE = "greetline.queue"
    DISPLAY = "greetline.display"
    LIGHT = "greetline.light"
    TAKE = "greetline.take"


BODIES: Final[dict[Kind, type[_Value]]] = {
    Kind.CROSSING: Crossing,
    Kind.ZONE_COUNT: ZoneCount,
    Kind.ZONE_STAY: ZoneStay,
    Kind.PRESS: Press,
    Kind.SEEN: Seen,
    Kind.STATUS: Status,
    Kind.ACK: Ack,
    Kind.COMMAND: Command,
    Kind.SHOWN: Shown,
    Kind.STILL_PART: StillPart,
    Kind.TRIAL: Trial,
    Kind.COUNTING: Counting,
    Kind.UNIFORM: UniformSeen,
    Kind.REFUSED: Refused,
    Kind.QUEUE: Queue,
    Kind.DISPLAY: Display,
    Kind.LIGHT: Light,
    Kind.TAKE: Take,
}

CHANNELS: Final[dict[Kind, Channel]] = {
    Kind.CROSSING: Channel.EVENT,
    Kind.ZONE_COUNT: Channel.EVENT,
    Kind.ZONE_STAY: Channel.EVENT,
    Kind.PRESS: Channel.EVENT,
    Kind.SEEN: Channel.EVENT,
    Kind.STATUS: Channel.STATUS,
    Kind.ACK: Channel.ACK,
    Kind.COMMAND: Channel.COMMAND,
    Kind.SHOWN: Channel.ANSWER,
    Kind.STILL_PART: Channel.ANSWER,
    Kind.TRIAL: Channel.ANSWER,
    Kind.COUNTING: Channel.ANSWER,
    Kind.UNIFORM: Channel.ANSWER,
    Kind.REFUSED: Channel.ANSWER,
    Kind.QUEUE: Channel.QUEUE,
    Kind.DISPLAY: Channel.DISPLAY,
    Kind.LIGHT: Channel.LIGHT,
    Kind.TAKE: Channel.TAKE,
}

Event = Crossing | ZoneCount | ZoneStay | Press | Seen
Answer = Shown | StillPart | Trial | Counting | UniformSeen | Refused
Mirror = Queue | Display
Body = Event | Status | Ack | Command | Answer | Mirror | Light | Take
_KIND_OF: Final[dict[type[_Value], Kind]] = {body: kind for kind, body in BODIES.items()}


class Message(_Value):
    """One message: a CloudEvent with a body of ours."""

    # pydantic keeps up to 16,384 texts of what it reads, in each process: of ids that never come again it only grows.
    model_config = ConfigDict(cache_strings="keys")

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: str = Field(max_length=80, pattern=r"^/[a-z0-9-]+/[a-z0-9-]+$", description="Who speaks: `/<store>/<device>`")
    subject: Name | None = Field(
        default=None,
        description="Whom it is for or about: the device, on its ack and command topics; the zone, on its light and take topics.",
    )
    type: Kind
    time: AwareDatetime
    data: Body

    @field_validator("data", mode="before")
    @classmethod
    def _body_of_its_type(cls, data: Any, info: Any) -> Any:
        """Read `data` as the body that `type` promises, so that no body passes for another."""
        kind = info.data.get("type")
        if isinstance(data, _Value):
            if kind is not None and _KIND_OF[type(data)] is not kind:
                raise ValueError(f"{kind} does not carry a {type(data).__name__}")
            return data
        return BODIES[kind].model_validate(data) if kind is not None else data

    @property
    def channel(self) -> Channel:
        """The channel on which this kind of message is said."""
        return CHANNELS[self.type]

    @property
    def store(self) -> str:
        """The store it is about."""
        return self.source.split("/")[1]

    @property
    def device(self) -> str:
        """The device whose topic it belongs on: the one it is for, else the one that speaks."""
        return self.subject or self.source.split("/")[2]


def message(body: Body, *, id: str, store: str, device: str, time: datetime, to: str | None = None) -> Message:
    """Wrap *body*. Raises pydantic.ValidationError (a ValueError) when a field does not fit."""
    return Message(id=id, source=f"/{store}/{device}", subject=to, type=_KIND_OF[type(body)], time=time, data=body)


def offline(*, store: str, device: str, at: datetime) -> Message:
    """Return the last will of a device: what the MQTT broker says for it when it is gone."""
    gone = Status(watch=Watch.OFFLINE, since=at, reason="the line to the device is cut")
    return message(gone, id=f"will-{device}", store=store, device=device, time=at)


CLOCK_SKEW_FLAGGED: Final = timedelta(seconds=2)
"""A device whose clock differs by more than this is flagged."""
