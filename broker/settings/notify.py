"""The table of greetline.toml about messages to phones and chats."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, field_validator

from broker.contract.plan import Name
from broker.settings.section import Section
from broker.settings.telling import MOST_NETWORKS, Network, inside_networks, networks_of

MOST_NOTIFY: Final = 8
FROM_LEVEL: Final = {"zone": 0, "everybody": 1, "lead": 2}
"""The levels of an alert by name: who is told of it in the shop."""


class NotifySettings(Section):
    """`[[notify]]`: a phone, chat or mailbox off the floor that is told of alerts or reports, by apprise."""

    id: Name = Field(description="Name in lists and logs; no webhook has the same.")
    url_file: Path = Field(
        description="File whose first line is the address as apprise writes it, such as ntfys://...; a secret, never in this file."
    )
    alerts: Literal["none", "zone", "everybody", "lead"] = Field(
        default="lead", description="From which call on it is told of people who wait: that of the zone, of everybody, of the lead."
    )
    devices: bool = Field(default=False, description="Whether it is told of cameras and printers that need a hand.")
    weekly_report: bool = Field(default=False, description="Whether it gets the summary of the weekly report of [reports].")
    quiet: str | None = Field(
        default=None, description='Hours in which it is told of no alert, such as "22:00-07:00"; a report waits until they end.'
    )
    most_per_hour: int = Field(
        default=20, ge=1, le=200, description="Messages within an hour; more are left out, and the log says so."
    )
    allow: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_NETWORKS,
        description="Addresses or networks inside the house that it may be in; otherwise refused.",
    )
    timeout_seconds: int = Field(default=20, ge=3, le=60, description="One message takes no longer.")

    @field_validator("quiet")
    @classmethod
    def _two_times(cls, quiet: str | None) -> str | None:
        if quiet is not None:
            begins, ends = _span(quiet)
            if begins == ends:
                raise ValueError(f"{quiet!r} begins when it ends")
        return quiet

    @field_validator("allow")
    @classmethod
    def _networks_inside(cls, allow: tuple[str, ...]) -> tuple[str, ...]:
        return inside_networks(allow)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks of `allow`."""
        return networks_of(self.allow)

    def wants_level(self, level: int) -> bool:
        """Return whether it is told of an alert that is at *level* now, 0 to 2."""
        return self.alerts in FROM_LEVEL and level >= FROM_LEVEL[self.alerts]

    def quiet_at(self, moment: time) -> bool:
        """Return whether it is to be left in peace at *moment* of the store's clock."""
        if self.quiet is None:
            return False
        begins, ends = _span(self.quiet)
        return begins <= moment < ends if begins < ends else moment >= begins or moment < ends


def _span(quiet: str) -> tuple[time, time]:
    begins, dash, ends = quiet.partition("-")
    try:
        if not dash or len(begins) != 5 or len(ends) != 5:
            raise ValueError
        return time.fromisoformat(begins), time.fromisoformat(ends)
    except ValueError:
        raise ValueError(f"{quiet!r} is not a span such as 22:00-07:00") from None
