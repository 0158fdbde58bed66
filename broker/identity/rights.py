"""What each kind of device may say and read, as lines of mosquitto's access list.

Whatever is not listed is refused. Nobody but the service reads events, and no device speaks for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from broker.contract.topics import ROOT, VERSION, BadTopic, Channel, Topic

LOCAL: Final = "greetline"
"""The user of our own programs, which come by loopback and a password. It has no dot, so no certificate can carry it."""

RESERVED: Final = frozenset({"service", "ask"})
"""Names on the wire that are our own: the service's, and that of whoever asks a camera something."""


class Kind(StrEnum):
    """What a device with a certificate is."""

    CAMERA = "camera"
    BUTTON = "button"
    BOARD = "board"
    LIGHT = "light"
    HOME = "home-assistant"


_OWN: Final = ((Channel.EVENT, "write"), (Channel.STATUS, "write"), (Channel.ACK, "read"), (Channel.COMMAND, "read"))
_BOARD: Final = (Channel.QUEUE, Channel.DISPLAY, Channel.STATUS)


class BadName(ValueError):
    """A device cannot be called that. The text says what a name is."""


def checked(store: str, device: str) -> str:
    """Return the common name of *device* of *store*: who it is to the MQTT broker, and its client id. Raises BadName."""
    try:
        Topic(store, device, Channel.STATUS)
    except BadTopic as wrong:
        raise BadName(str(wrong)) from None
    if device in RESERVED:
        raise BadName(f"{device!r} is a name of our own on the wire; choose another")
    return f"{store}.{device}"


def topics(store: str, device: str, kind: Kind, zones: Sequence[str] = (), *, prefix: str = "homeassistant") -> list[str]:
    """Return the lines of *device*: `write ...` and `read ...`. *zones* narrow a light to its own; none: every zone's."""
    base = f"{ROOT}/{VERSION}/{store}"
    of_zones = [f"{base}/{zone}" for zone in zones or ("+",)]
    service = [f"read {base}/service/{channel}" for channel in _BOARD]
    match kind:
        case Kind.CAMERA:
            return [*(f"{how} {base}/{device}/{channel}" for channel, how in _OWN), f"write {base}/{device}/{Channel.ANSWER}"]
        case Kind.BUTTON:
            return [f"{how} {base}/{device}/{channel}" for channel, how in _OWN]
        case Kind.BOARD:
            return service
        case Kind.LIGHT:
            lines = [f"{how} {zone}/{channel}" for zone in of_zones for how, channel in (("read", "light"), ("write", "take"))]
            return [*lines, f"read {base}/service/{Channel.STATUS}"]
        case Kind.HOME:
            lines = [f"{how} {zone}/{channel}" for zone in of_zones for how, channel in (("read", "light"), ("write", "take"))]
            return [*lines, *service, f"read {prefix}/#", f"write {prefix}/status"]


def access_list(store: str, devices: Iterable[tuple[str, Kind, Sequence[str]]], *, prefix: str = "homeassistant") -> str:
    """Return the whole file for *devices* (name, kind, zones): our own programs first, then each device."""
    lines = [
        "# Written by Greetline whenever a device is let in or thrown out; changes are lost.",
        f"user {LOCAL}",
        f"topic readwrite {ROOT}/{VERSION}/{store}/#",
        f"topic readwrite {prefix}/#",
    ]
    for device, kind, zones in devices:
        lines += ["", f"user {checked(store, device)}"]
        lines += [f"topic {line}" for line in topics(store, device, kind, zones, prefix=prefix)]
    return "\n".join(lines) + "\n"
