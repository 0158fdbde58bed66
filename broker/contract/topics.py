"""Where things are said: the topics of the wire, all of fixed depth and lower case.

    greetline/1/<store>/<device>/<channel>

The `1` is the version of the wire. A change that an old reader would misunderstand gets a new number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ROOT: Final = "greetline"
VERSION: Final = "1"
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""A store's or a device's name: 1 to 32 of a-z, 0-9 and inner hyphens."""


class Channel(StrEnum):
    """The last level of a topic: who speaks and what about."""

    EVENT = "event"
    STATUS = "status"
    ACK = "ack"
    COMMAND = "command"
    ANSWER = "answer"
    QUEUE = "queue"
    DISPLAY = "display"
    LIGHT = "light"
    TAKE = "take"


TOPICS: Final[dict[Channel, str]] = {
    Channel.EVENT: f"{ROOT}/{VERSION}/<store>/<device>/event",
    Channel.STATUS: f"{ROOT}/{VERSION}/<store>/<device>/status",
    Channel.ACK: f"{ROOT}/{VERSION}/<store>/<device>/ack",
    Channel.COMMAND: f"{ROOT}/{VERSION}/<store>/<device>/command",
    Channel.ANSWER: f"{ROOT}/{VERSION}/<store>/<device>/answer",
    Channel.QUEUE: f"{ROOT}/{VERSION}/<store>/<device>/queue",
    Channel.DISPLAY: f"{ROOT}/{VERSION}/<store>/<device>/display",
    Channel.LIGHT: f"{ROOT}/{VERSION}/<store>/<zone>/light",
    Channel.TAKE: f"{ROOT}/{VERSION}/<store>/<zone>/take",
}
"""Every topic there is, as docs/protocol.md prints it."""

RETAINED: Final = frozenset({Channel.STATUS, Channel.QUEUE, Channel.DISPLAY, Channel.LIGHT})
"""The channels whose last message the MQTT broker keeps."""


class BadTopic(ValueError):
    """The topic is not one of ours, or a name in it is not a name."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, taken apart."""

    store: str
    device: str
    channel: Channel

    def __post_init__(self) -> None:
        """Refuse names that would change the depth of the topic or match more than one."""
        for what, name in (("store", self.store), ("device", self.device)):
            if not NAME.fullmatch(name):
                raise BadTopic(f"{name!r} is not a {what} name: 1 to 32 of a-z, 0-9 and inner hyphens")

    def __str__(self) -> str:
        """Return the topic as MQTT spells it."""
        return f"{ROOT}/{VERSION}/{self.store}/{self.device}/{self.channel}"

    @classmethod
    def parse(cls, text: str) -> Topic:
        """Take *text* apart. Raises BadTopic when it is not one of ours."""
        levels = text.split("/")
        if len(levels) != 5 or levels[0] != ROOT:
            raise BadTopic(f"{text[:120]!r} is not a topic of ours")
        if levels[1] != VERSION:
            raise BadTopic(f"version {levels[1][:20]!r} of the wire is not spoken here, only {VERSION}")
        try:
            channel = Channel(levels[4])
        except ValueError:
            raise BadTopic(f"{levels[4][:40]!r} is not a channel: {', '.join(Channel)}") from None
        return cls(store=levels[2], device=levels[3], channel=channel)


def everything(store: str, channel: Channel) -> str:
    """Return the subscription for *channel* of every device of *store*."""
    return f"{ROOT}/{VERSION}/{Topic(store, 'x', channel).store}/+/{channel}"
