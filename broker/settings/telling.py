"""The tables of greetline.toml about telling the outside: webhooks and Home Assistant."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from broker.contract.plan import Name
from broker.settings.section import Section

MOST_WEBHOOKS: Final = 16
MOST_NETWORKS: Final = 16
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EVENTS: Final = (
    "visit.started", "visit.greeted", "visit.left_ungreeted",
    "alert.raised", "alert.acknowledged", "alert.escalated", "alert.cleared",
    "ticket.issued", "ticket.called", "ticket.served", "ticket.no_show",
)  # fmt: skip
"""What a webhook can be told, as docs/integrations.md lists it."""

INSIDE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10",
    )
)  # fmt: skip
"""Networks of a house, of one link and of one machine: a webhook goes there only where its `allow` says so. Of RFC 6890."""

METADATA: Final = frozenset(ipaddress.ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254"))
"""Where clouds keep the keys of a machine: allowed by the very address only."""


class WebhookSettings(Section):
    """`[[webhooks]]`: somebody else's program that is told what happens, signed as Standard Webhooks asks."""

    id: Name = Field(description="Name of the webhook in lists and logs.")
    url: str = Field(min_length=8, max_length=500, description="Where to: https://..., without a name and password.")
    secret_file: Path = Field(
        description="File whose first line is the secret (whsec_...); `greetline webhooks secret` makes one. Never in this file."
    )
    events: tuple[str, ...] = Field(default=EVENTS, min_length=1, description="What it is told; absent: everything there is.")
    allow: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_NETWORKS,
        description='Addresses or networks inside the house that it may be in, such as ["192.168.1.20"]; otherwise refused.',
    )
    timeout_seconds: int = Field(default=10, ge=1, le=60, description="One delivery takes no longer, from the name to the answer.")

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as wrong:
            raise ValueError(f"{url!r} is not an address: {wrong}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise ValueError(f"{url!r} is not an address such as https://example.com/greetline")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not carry a name or password: who we are is said by the signature")
        if not (url.isascii() and url.isprintable()) or " " in url or parts.fragment:
            raise ValueError(f"{url!r} has letters that an address cannot have; write them as %XX")
        return url

    @field_validator("events")
    @classmethod
    def _known(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for event in events:
            if event not in EVENTS:
                raise ValueError(f"{event!r} is not an event; there are {', '.join(EVENTS)}")
        return tuple(dict.fromkeys(events))

    @field_validator("allow")
    @classmethod
    def _networks_inside(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        return inside_networks(allow)

    @model_validator(mode="after")
    def _not_in_the_open(self) -> Self:
        if urlsplit(self.url).scheme == "http" and not self.allow:
            raise ValueError(f"webhook {self.id}: http:// is for addresses inside the house, named in `allow`; use https://")
        return self

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks of `allow`."""
        return networks_of(self.allow)


def networks_of(allow: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks that *allow* names."""
    return tuple(ipaddress.ip_network(text) for text in allow)


def inside_networks(allow: tuple[str, ...]) -> tuple[str, ...]:
    """Return *allow* when all of it is networks inside a house. Raises ValueError."""
    for text in allow:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            raise ValueError(f"{text!r} is not an address or a network such as 192.168.1.0/24") from None
        if not any(_within(network, inside) for inside in INSIDE):
            raise ValueError(f"{text!r} is not inside a house; addresses of the Internet need not be allowed")
    return allow


def _within(network: Network, outer: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return network.subnet_of(outer)
    return isinstance(network, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network) and network.subnet_of(outer)


class HomeAssistantSettings(Section):
    """`[home_assistant]`: the zones as devices of Home Assistant, which finds them by itself on the same MQTT broker."""

    enabled: bool = Field(default=False, description="Whether Home Assistant is told of the zones, and its button heard.")
    prefix: str = Field(
        default="homeassistant", pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Its discovery prefix, if it was changed there."
    )
