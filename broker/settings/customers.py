"""The tables of greetline.toml that customers meet: services, counters, the promises of a queue, the kiosk and the wall."""

from __future__ import annotations

import math
from typing import Final, Literal, Self

from pydantic import Field, IPvAnyAddress, model_validator

from broker.contract.plan import Name
from broker.settings.section import Port, Section, ShownName


class NamesSettings(Section):
    """`[services.names]`: the service in each language; absent: `name`, as it stands."""

    en: ShownName | None = Field(default=None, min_length=1, max_length=40, description="In English.")
    nb: ShownName | None = Field(default=None, min_length=1, max_length=40, description="In Norwegian.")
    nl: ShownName | None = Field(default=None, min_length=1, max_length=40, description="In Dutch.")
    ms: ShownName | None = Field(default=None, min_length=1, max_length=40, description="In Malay.")
    lv: ShownName | None = Field(default=None, min_length=1, max_length=40, description="In Latvian.")


class ServiceSettings(Section):
    """`[[services]]`: what a customer can take a ticket for."""

    id: Name = Field(description="Name of the service in addresses and messages.")
    letter: str = Field(pattern="^[A-Z]$", description="The letter before the number on its tickets.")
    name: ShownName = Field(min_length=1, max_length=40, description="Name of the service as customers read it.")
    icon: Literal["returns", "bag", "hanger", "wrench", "advice", "gift", "book", "talk"] = Field(
        default="talk", description="The sign beside its name."
    )
    zone: Name | None = Field(default=None, description="The zone of the shop where it is served.")
    names: NamesSettings = Field(default=NamesSettings(), description="The service in each language.")

    def called(self, language: str) -> str:
        """Return its name in *language*."""
        return getattr(self.names, language, None) or self.name


class CounterSettings(Section):
    """`[[counters]]`: a desk at which customers are served."""

    id: Name = Field(description="Name of the counter in addresses and messages.")
    name: ShownName = Field(min_length=1, max_length=20, description="Name of the counter as it is called out, such as Desk 3.")
    number: int | None = Field(
        default=None, ge=1, le=99, description="Its number: then customers read Desk 3, Skranke 3... each in their own language."
    )
    services: tuple[Name, ...] = Field(default=(), max_length=24, description="The services it serves; none given: all of them.")


class QueueSettings(Section):
    """`[queues]`: what this shop promises those who hold a ticket."""

    answer_call_seconds: int = Field(
        default=90, ge=10, le=3600, description="A called customer who has not come by then is missed."
    )
    recall_every_seconds: int = Field(default=20, ge=5, le=600, description="A call is repeated after so long.")
    recalls: int = Field(default=3, ge=0, le=20, description="And at most so often.")
    calls_missed: int = Field(default=1, ge=0, le=10, description="Missed calls after which the place is still kept.")
    missed_behind: int = Field(default=2, ge=0, le=20, description="Behind so many somebody stands after a missed call.")
    return_within_seconds: int = Field(default=1800, ge=60, le=86400, description='How long "I\'m back" brings back a lost place.')
    step_away_seconds: int = Field(default=900, ge=60, le=86400, description="How long somebody may step away, once.")
    hold_update_seconds: int = Field(default=120, ge=30, le=3600, description="Somebody on hold is told how it stands so often.")
    max_wait_seconds: int = Field(default=1800, ge=60, le=86400, description="Nobody is passed by later arrivals for longer.")
    priority_credit_seconds: int = Field(
        default=600, ge=0, le=86400, description="So much earlier than they came somebody with priority is put."
    )
    callback_offer_seconds: int = Field(default=1200, ge=60, le=86400, description="A call-back is offered from such a wait on.")
    callback_window_seconds: int = Field(default=1800, ge=300, le=86400, description="And is made within so long.")
    wait_within_seconds: int = Field(
        default=600, ge=30, le=86400, description="The promise of the queue, for reports: served after a wait of at most so long."
    )
    serve_within_seconds: int = Field(default=90, ge=10, le=7200, description="The service standard, for the counter's own clock.")
    keep_overnight: bool = Field(default=False, description="Whether tickets are kept when the shop closes.")

    @model_validator(mode="after")
    def _fair(self) -> Self:
        if self.priority_credit_seconds > self.max_wait_seconds:
            raise ValueError("priority_credit_seconds must not be longer than max_wait_seconds: nobody is passed for longer")
        return self


MILLIMETRES_AN_INCH: Final = 25.4


class KioskSettings(Section):
    """`[kiosk]`: the customers' screens: the one that gives tickets, and the wall that calls them."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8090, description="Port to listen on.")
    https: bool = Field(default=False, description="True when a TLS proxy stands in front of it; cookies become secure.")
    behind_proxy: IPvAnyAddress | None = Field(
        default=None, description="Address of that proxy as this program sees it: only it is believed who asks through it."
    )
    max_streams: int = Field(default=40, ge=2, le=500, description="Live screens at a time; above it they poll.")
    public_base_url: str | None = Field(
        default=None, max_length=80, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*$",
        description="Address at which customers' phones reach the phone page; absent: no QR code is shown or printed.",
    )  # fmt: skip
    screen_diagonal_in: float = Field(
        default=21.5, ge=5, le=100, description="Size of the touch screen, corner to corner, in inches."
    )
    screen_width_px: int = Field(default=1080, ge=320, le=8000, description="Its width as it stands, in pixels of the browser.")
    screen_height_px: int = Field(default=1920, ge=320, le=8000, description="Its height as it stands.")
    idle_seconds: int = Field(default=45, ge=30, le=3600, description="Then the screen asks whether more time is needed.")
    more_time_seconds: int = Field(default=20, ge=20, le=600, description="And waits so long for an answer before it begins anew.")
    time_limit: bool = Field(default=True, description="False: the screen never goes back by itself.")
    greets: bool = Field(default=True, description="Whether a ticket from the screen, which says welcome, counts as a greeting.")
    tickets_a_minute: int = Field(default=20, ge=1, le=600, description="Tickets one touch screen gives in a minute at most.")

    @property
    def pixels_a_millimetre(self) -> float:
        """How many pixels of the touch screen are one millimetre."""
        return math.hypot(self.screen_width_px, self.screen_height_px) / (self.screen_diagonal_in * MILLIMETRES_AN_INCH)
