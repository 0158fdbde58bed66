"""From the wire to the meaning: the one place that knows both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from broker.contract.codec import BadMessage
from broker.contract.messages import MAX_BYTES, Crossing, Direction, Message, Press, Seen, Status, Take, Watch, ZoneCount, ZoneStay
from broker.contract.topics import BadTopic, Topic
from broker.domain.arrivals import Beside, Counted, Crossed, News, Pressed, Stayed


def news(message: Message) -> News:
    """Return what *message* from a device means to the shop. Raises BadMessage for what is no news."""
    meaning = _MEANINGS.get(type(message.data))
    if meaning is None:
        raise BadMessage(f"{message.type} is not for the service")
    return meaning(message, message.data)


TAKE_SECONDS: Final = 30
"""A press that is older, or a clock that is further ahead, says nothing of how things are now."""


def check_take(message: Message, said: Take, *, now: datetime) -> None:
    """Refuse a press that is not of the zone whose topic it came on, or not of now. Raises BadMessage."""
    if said.zone != message.device:
        raise BadMessage(f"a button of zone {message.device} speaks for {said.zone}")
    if abs((now - message.time).total_seconds()) > TAKE_SECONDS:
        raise BadMessage(f"a press of {message.time:%H:%M:%S} UTC is not of now; see the clock of the one that speaks")


def _crossed(message: Message, said: Crossing) -> News:
    return Crossed(
        event=message.id, device=message.device, at=message.time, zone=said.zone, line=said.line, staff=said.staff,
        inward=said.direction is Direction.IN, party=said.party, decided_at=said.decided_at or message.time,
    )  # fmt: skip


def _pressed(message: Message, said: Press) -> News:
    return Pressed(event=message.id, device=message.device, at=message.time, zone=said.zone)


def _counted(message: Message, said: ZoneCount) -> News:
    return Counted(
        event=message.id, device=message.device, at=message.time, zone=said.zone, area=said.area or said.zone,
        kind=str(said.kind), people=said.people, longest=said.longest,
    )  # fmt: skip


def _stayed(message: Message, said: ZoneStay) -> News:
    return Stayed(
        event=message.id, device=message.device, at=message.time, zone=said.zone, area=said.area or said.zone,
        kind=str(said.kind), seconds=said.seconds, outcome=str(said.outcome or ""),
    )  # fmt: skip


def _seen(message: Message, said: Seen) -> News:
    return Beside(event=message.id, device=message.device, at=message.time, zone=said.zone, party=said.party)


_MEANINGS: Final[dict[type, Callable[[Message, Any], News]]] = {
    Crossing: _crossed,
    Press: _pressed,
    Seen: _seen,
    ZoneCount: _counted,
    ZoneStay: _stayed,
}


def condition(message: Message, said: Status, *, now: datetime, silent_after: timedelta, live: bool = True) -> dict[str, Any]:
    """Return what a status means, as `desk.devices.heard` takes it.

    The MQTT broker hands out the last word of a device that may be long gone (not *live*): when that is older than
    *silent_after* it says only that the device was there once. A device that speaks is there, whatever its clock says.
    """
    watch, since, reason = said.watch, said.since, said.reason
    if watch is not Watch.OFFLINE and not live and now - message.time > silent_after:
        watch, since, reason = Watch.OFFLINE, message.time, "it says nothing any more"
    figures = said.model_dump(exclude={"kind", "watch", "since", "reason", "zones"}, exclude_none=True)
    return {
        "kind": said.kind, "watch": str(watch), "since": since.astimezone(UTC), "reason": reason, "zones": tuple(said.zones),
        "said_at": message.time.astimezone(UTC), "figures": figures, "live": live,
    }  # fmt: skip


_EVENT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,59}")


def claimed(topic: str, payload: bytes) -> tuple[str, str] | None:
    """Return (device, id) of a message that was not taken, if it has that much of a message.

    The device is told that it may forget it: it lies in `rejected`, and in a spool it would stand in the way for ever.
    """
    if len(payload) > MAX_BYTES:
        return None
    try:
        said = json.loads(payload)
        name = said["id"]
        return (Topic.parse(topic).device, name) if _EVENT_ID.fullmatch(name) else None
    except (ValueError, BadTopic, LookupError, TypeError, RecursionError):
        return None
