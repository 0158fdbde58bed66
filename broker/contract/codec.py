"""Messages to bytes and back. What is not of the contract is a BadMessage with a reason, never a surprise."""

from __future__ import annotations

from functools import lru_cache

from pydantic import ValidationError

from broker.contract.messages import MAX_BYTES, Message
from broker.contract.topics import BadTopic, Topic


class BadMessage(ValueError):
    """Bytes from the bus that are not of the contract. `reason` says why in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLarge(ValueError):
    """A message that would not fit on the wire; it must not be published."""


def topic_of(message: Message) -> Topic:
    """Return the topic on which *message* is said."""
    return Topic(message.store, message.device, message.channel)


def encode(message: Message) -> bytes:
    """Return *message* as UTF-8 JSON. Raises TooLarge above MAX_BYTES."""
    payload = message.model_dump_json(exclude_none=True, exclude_defaults=False).encode()
    if len(payload) > MAX_BYTES:
        raise TooLarge(f"{message.type} is {len(payload)} bytes; at most {MAX_BYTES} may be sent")
    return payload


def decode(topic: str, payload: bytes) -> Message:
    """Read *payload* from *topic*. Raises BadMessage when either is not of the contract or they disagree."""
    if len(payload) > MAX_BYTES:
        raise BadMessage(f"{len(payload)} bytes; at most {MAX_BYTES} are read")
    try:
        said = _parsed(topic)
        message = Message.model_validate_json(payload)
    except BadTopic as wrong:
        raise BadMessage(str(wrong)) from None
    except ValidationError as wrong:
        raise BadMessage(_first_reason(wrong)) from None
    if (message.store, message.device, message.channel) != (said.store, said.device, said.channel):
        raise BadMessage(f"{message.type} from {message.source} was said on {topic}")
    return message


@lru_cache(maxsize=1024)
def _parsed(topic: str) -> Topic:
    """Take a topic apart once: a device says thousands of messages on the same one."""
    return Topic.parse(topic)


def _first_reason(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "payload"
    # A field of a stranger's own naming may hold line breaks, and the reason goes into the log.
    return "".join(letter if letter.isprintable() else "?" for letter in f"{where}: {first['msg']}")
