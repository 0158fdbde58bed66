"""The table of greetline.toml about notices of the browser, which a tablet shows when the page is closed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from broker.settings.notify import FROM_LEVEL
from broker.settings.section import Section
from broker.settings.telling import MOST_NETWORKS, Network, inside_networks, networks_of


class PushSettings(Section):
    """`[push]`: notices that tablets of people on shift show when the page is closed, by the browser makers' push services."""

    enabled: bool = Field(default=False, description="Whether they are offered and sent; needs https and the extra notify.")
    contact: str = Field(
        default="",
        max_length=200,
        pattern=r"^(mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?$",
        description="Whom a push service writes to when something is wrong with our messages, such as mailto:it@shop.example.",
    )
    alerts: Literal["everybody", "lead"] = Field(
        default="everybody", description="From which call on it is sent: that of everybody on the floor, or only that of the lead."
    )
    most_per_hour: int = Field(
        default=20, ge=1, le=200, description="Notices within an hour on one tablet for one person; more are left out."
    )
    ttl_seconds: int = Field(
        default=120, ge=0, le=3600, description="A tablet that cannot be reached for longer than this is not told later."
    )
    timeout_seconds: int = Field(default=10, ge=1, le=60, description="One try takes no longer.")
    allow: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_NETWORKS,
        description="Addresses or networks inside the house that a push service may be in; otherwise refused.",
    )

    @field_validator("allow")
    @classmethod
    def _networks_inside(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        return inside_networks(allow)

    @model_validator(mode="after")
    def _with_a_contact(self) -> Self:
        if self.enabled and not self.contact:
            raise ValueError("push services ask for a contact, such as mailto:it@shop.example")
        return self

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks of `allow`."""
        return networks_of(self.allow)

    def wants_level(self, level: int) -> bool:
        """Return whether a notice is sent of an alert that is at *level* now, 0 to 2."""
        return level >= FROM_LEVEL[self.alerts]
