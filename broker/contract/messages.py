"""What is said on the wire: JSON in the shape of a CloudEvent (id, source, type, time, data).

Each message is a frozen value that cannot exist wrong. None of them has room for a picture, a face, a name or
a track number (tests/test_privacy.py reads the fields).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from broker.contract.topics import NAME, Channel

MAX_BYTES: Final = 8 * 1024
"""The largest payload. Checked before sending: MQTT 5 answers a larger one by hanging up, again and again."""

MAX_ACK_IDS: Final = 120
"""Ids in one acknowledgement, so that it stays under MAX_BYTES whatever the ids' lengths."""

EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,59}$")]
"""Names an event for ever: the device's outbox epoch, a hyphen, a sequence number."""

Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
"""A zone's, line's or device's name: 1 to 32 of a-z, 0-9 and inner hyphens."""

Seconds = Annotated[float, Field(ge=0, le=7 * 86400, allow_inf_nan=False)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Direction(StrEnum):
    """Which way somebody crossed a door's line, seen from the shop."""

    IN = "in"
    OUT = "out"


class ZoneKind(StrEnum):
    """What an area of a camera's picture is for."""

    QUEUE = "queue"
    SERVICE = "service"
    GREET = "greet"
    STAFF_ONLY = "staff-only"
    IGNORE = "ignore"


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


class ZoneCount(_Value):
    """How many people stand in a zone, said when it changes: the median of two seconds."""

    zone: Name = Field(description="The area of the picture.")
    kind: ZoneKind = Field(description="What the area is for.")
    people: int = Field(ge=0, le=1000, description="How many stand there now.")


class ZoneStay(_Value):
    """One anonymous person has left a zone after so many seconds."""

    zone: Name = Field(description="The area of the picture.")
    kind: ZoneKind = Field(description="What the area is for.")
    seconds: Seconds = Field(description="How long they stayed.")


class Press(_Value):
    """Somebody pressed a button on the wall, or any MQTT client did: the longest waiting party of the zone is greeted."""

    zone: Name = Field(description="The zone of the shop whose longest waiting party is greeted.")


class Status(_Value):
    """How a device is. Said every 10 s and kept by the MQTT broker; the last will says OFFLINE."""

    watch: Watch = Field(description="Whether it sees.")
    since: AwareDatetime = Field(description="When this state of `watch` began.")
    reason: str = Field(default="", max_length=200, description="Why it does not watch, for the person standing there.")
    frames_per_second: float | None = Field(default=None, ge=0, le=1000, description="Frames looked at in a second.")
    newest_frame_age: Seconds | None = Field(default=None, description="Seconds since the newest frame was taken.")
    dropped: int | None = Field(default=None, ge=0, description="Frames dropped since the start, to stay in time.")
    gate_share: float | None = Field(default=None, ge=0, le=1, description="Share of frames that were looked at.")
    spooled: int | None = Field(default=None, ge=0, description="Events not yet acknowledged by the service.")
    zones: tuple[Name, ...] = Field(default=(), max_length=16, description="The zones of the shop it watches.")


class Ack(_Value):
    """The service has committed these events; the device may forget them."""

    ids: tuple[EventId, ...] = Field(min_length=1, max_length=MAX_ACK_IDS, description="The ids of the events.")


class Command(_Value):
    """The service asks something of a device."""

    name: Literal["report"] = Field(description="`report`: say your status now, and send again what is not acknowledged.")


class Kind(StrEnum):
    """The `type` of a message."""

    CROSSING = "greetline.crossing"
    ZONE_COUNT = "greetline.zone-count"
    ZONE_STAY = "greetline.zone-stay"
    PRESS = "greetline.press"
    STATUS = "greetline.status"
    ACK = "greetline.ack"
    COMMAND = "greetline.command"


BODIES: Final[dict[Kind, type[_Value]]] = {
    Kind.CROSSING: Crossing,
    Kind.ZONE_COUNT: ZoneCount,
    Kind.ZONE_STAY: ZoneStay,
    Kind.PRESS: Press,
    Kind.STATUS: Status,
    Kind.ACK: Ack,
    Kind.COMMAND: Command,
}

CHANNELS: Final[dict[Kind, Channel]] = {
    Kind.CROSSING: Channel.EVENT,
    Kind.ZONE_COUNT: Channel.EVENT,
    Kind.ZONE_STAY: Channel.EVENT,
    Kind.PRESS: Channel.EVENT,
    Kind.STATUS: Channel.STATUS,
    Kind.ACK: Channel.ACK,
    Kind.COMMAND: Channel.COMMAND,
}

Body = Crossing | ZoneCount | ZoneStay | Press | Status | Ack | Command
_KIND_OF: Final[dict[type[_Value], Kind]] = {body: kind for kind, body in BODIES.items()}


class Message(_Value):
    """One message: a CloudEvent with a body of ours."""

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: str = Field(max_length=80, pattern=r"^/[a-z0-9-]+/[a-z0-9-]+$", description="Who speaks: `/<store>/<device>`")
    subject: Name | None = Field(default=None, description="Whom it is for: the device, on its ack and command topics.")
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
