"""The tables of greetline.toml about reports: what they say of people, when the weekly one is sent, and by which mail server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from broker.settings.section import Port, Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_ADDRESSES = 20
MOST_STORES = 50


class ReportsSettings(Section):
    """`[reports]`: what the manager's reports say, and when one is sent."""

    per_person: bool = Field(
        default=False, description="Also say who greeted how many, by name. Ask those who work here, and their council, first."
    )
    weekly_day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = Field(
        default=None, description="Day on which the last whole week is mailed, such as mon; absent: never."
    )
    weekly_hour: int = Field(default=7, ge=0, le=23, description="Hour of the store's clock from which it is mailed.")
    stores: tuple[Path, ...] = Field(
        default=(), max_length=MOST_STORES,
        description="Settings files of the other shops of the chain, on this machine: their stores are read, never written.",
    )  # fmt: skip

    @property
    def weekday(self) -> int | None:
        """The weekday of the mail, 0 for Monday, or None."""
        return None if self.weekly_day is None else DAYS.index(self.weekly_day)


class MailSettings(Section):
    """`[mail]`: the mail server that reports go through. Without `host` nothing is mailed."""

    host: str | None = Field(default=None, max_length=253, description="Address of the mail server; absent: no mail.")
    port: Port = Field(default=587, description="Its port: 587 with starttls, 465 with tls, 25 inside a house.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls: begin in the open and change over; tls from the first byte; none: in the open."
    )
    username: str | None = Field(default=None, max_length=200, description="Name to sign in with; absent: no sign-in.")
    password_file: Path | None = Field(default=None, description="File whose first line is the password.")
    sender: str = Field(default="", max_length=200, description="Address the mail is from.")
    to: tuple[str, ...] = Field(default=(), max_length=MOST_ADDRESSES, description="Addresses it goes to.")
    timeout_seconds: int = Field(default=30, ge=1, le=300, description="How long the mail server may take to answer.")

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (given,) if isinstance(given, str) else given:
            name, at, place = address.rpartition("@")
            if address and (not (name and at and place) or any(letter.isspace() or not letter.isprintable() for letter in address)):
                raise ValueError(f"{address!r} is not an address such as manager@shop.example")
        return given

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.host and not (self.sender and self.to):
            raise ValueError("a mail needs a sender and at least one address in `to`")
        if self.username and self.password_file is None:
            raise ValueError("a username needs a password_file")
        if self.username and self.security == "none":
            raise ValueError("a password is never sent in the open; set security to starttls or tls")
        return self
