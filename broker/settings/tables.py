"""greetline.toml: what a shop may set, in one place, with a sentence for each.

The models are the documentation (docs/settings.md is tested against them), the check and the defaults. A key that is
not a setting ends the start: a typo must not surprise a Saturday.
"""

from __future__ import annotations

import difflib
import math
import unicodedata
from datetime import time
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from broker.contract.plan import Area as Area
from broker.contract.plan import Line as Line
from broker.contract.plan import Name
from broker.contract.plan import Plan as Plan
from broker.contract.plan import StaffSigns as StaffSigns
from broker.contract.plan import ZoneKind as ZoneKind

SERVICE: Final = "service"
"""The name under which the service itself speaks on the wire."""

Port = Annotated[int, Field(ge=1, le=65535)]


def _readable(name: str) -> str:
    """Refuse what a reader does not see: control characters, and marks that turn the order of letters around."""
    hidden = next((letter for letter in name if not letter.isprintable() and not letter.isspace()), None)
    if hidden is not None:
        raise ValueError(f"holds {unicodedata.name(hidden, f'the control character {ord(hidden):#04x}')}, which nobody can read")
    return " ".join(name.split())


ShownName = Annotated[str, AfterValidator(_readable)]
"""A name that stands on screens, in one line."""


class Section(BaseModel):
    """One table of the file: frozen, and nothing in it that is not a setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Section):
    """`[store]`: which shop this is."""

    id: Name = Field(default="shop", description="Name of the store on the wire: a-z, 0-9 and inner hyphens.")
    name: ShownName = Field(default="The shop", min_length=1, max_length=60, description="Name of the store as people say it.")
    timezone: str = Field(default="Europe/Oslo", description="The store's zone; a business day is its local day.")
    language: Literal["en", "nb", "nl", "ms", "lv"] = Field(default="en", description="Language a screen starts in.")
    data: Path = Field(default=Path("var"), description="Directory of the store file and the secrets, beside this file.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            near = difflib.get_close_matches(zone, available_timezones(), n=1)
            raise ValueError(f"is not a time zone{f'; did you mean {near[0]}?' if near else ''}")
        return zone

    @property
    def zone(self) -> ZoneInfo:
        """The store's time zone."""
        return ZoneInfo(self.timezone)


class StandardsSettings(Section):
    """`[standards]`: what this shop promises, in seconds from the moment somebody came in."""

    warn_seconds: int = Field(default=15, ge=1, le=3600, description="The card turns amber, without a sound.")
    greet_within_seconds: int = Field(default=30, ge=2, le=3600, description="The promise: then the card turns red and sounds.")
    escalate_seconds: int = Field(default=60, ge=3, le=7200, description="Everybody on the floor is called.")
    call_lead_seconds: int = Field(default=90, ge=3, le=7200, description="The shift lead is called by name.")
    claim_seconds: int = Field(default=20, ge=5, le=600, description='How long "I\'m going" holds a visit.')
    abandon_seconds: int = Field(default=600, ge=10, le=86400, description="Then a visit counts as left without a greeting.")
    browse_seconds: int = Field(default=3600, ge=60, le=86400, description="Then a greeted visit is closed by the clock.")
    late_news_seconds: int = Field(default=120, ge=5, le=86400, description="Older news becomes history and never sounds.")
    undo_seconds: int = Field(default=60, ge=5, le=600, description="How long a decision can be taken back.")
    reopen_seconds: int = Field(default=600, ge=10, le=86400, description="How long an ended visit can be opened again.")
    party_seconds: float = Field(
        default=2.0, ge=0, le=30, description="People crossing within this time, near each other, are one party."
    )
    upset_answer_seconds: int = Field(default=120, ge=10, le=3600, description="A lead answers a briefed call within this time.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        steps = [
            self.warn_seconds,
            self.greet_within_seconds,
            self.escalate_seconds,
            self.call_lead_seconds,
            self.abandon_seconds,
        ]
        if steps != sorted(set(steps)):
            raise ValueError("warn < greet_within < escalate < call_lead < abandon must hold, in seconds")
        return self


class AlertSettings(Section):
    """`[alerts]`: when a person is told, and when it is too much."""

    on_delay_seconds: int = Field(default=5, ge=0, le=60, description="A fault of a device must last this long to be raised.")
    off_delay_seconds: int = Field(default=5, ge=0, le=60, description="And be gone this long to be resolved.")
    sound_every_seconds: int = Field(default=15, ge=5, le=300, description="An overdue card sounds again after this.")
    sound_times: int = Field(default=4, ge=0, le=20, description="And at most so often.")
    flood_alerts: int = Field(default=10, ge=2, le=1000, description="So many alerts a person within the window are a flood.")
    flood_minutes: int = Field(default=10, ge=1, le=120, description="The window of the flood rule.")
    device_silent_seconds: int = Field(
        default=25, ge=5, le=600, description="A camera that says nothing for so long is not watching."
    )


_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OpeningSettings(Section):
    """`[opening]`: hours in the store's zone, such as `mon = ["10:00-20:00"]`. No day given: always open."""

    mon: tuple[str, ...] | None = Field(
        default=None, description='Hours on Monday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    tue: tuple[str, ...] | None = Field(
        default=None, description='Hours on Tuesday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    wed: tuple[str, ...] | None = Field(
        default=None, description='Hours on Wednesday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    thu: tuple[str, ...] | None = Field(
        default=None, description='Hours on Thursday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    fri: tuple[str, ...] | None = Field(
        default=None, description='Hours on Friday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    sat: tuple[str, ...] | None = Field(
        default=None, description='Hours on Saturday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )
    sun: tuple[str, ...] | None = Field(
        default=None, description='Hours on Sunday, a list such as ["10:00-20:00"]; an empty list is closed.'
    )

    @field_validator(*_DAYS)
    @classmethod
    def _readable(cls, hours: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for span in hours or ():
            _span(span)
        return hours

    def spans(self) -> dict[int, tuple[tuple[time, time], ...]] | None:
        """Return weekday (0 is Monday) to its (from, to) spans, or None when the shop never closes."""
        days = {number: getattr(self, day) for number, day in enumerate(_DAYS)}
        if all(hours is None for hours in days.values()):
            return None
        return {number: tuple(_span(span) for span in hours or ()) for number, hours in days.items()}


def _span(text: str) -> tuple[time, time]:
    try:
        first, last = text.split("-")
        end = time.max if last.strip() == "24:00" else time.fromisoformat(last.strip())
        begin = time.fromisoformat(first.strip())
    except ValueError:
        raise ValueError(f'{text!r} is not a span of hours such as "10:00-20:00"') from None
    if begin >= end:
        raise ValueError(f"{text!r} ends before it begins; give the part after midnight to the next day")
    return begin, end


class ZoneSettings(Section):
    """`[[zones]]`: a part of the shop whose staff are called together."""

    id: Name = Field(description="Name of the zone on the wire.")
    name: ShownName = Field(min_length=1, max_length=40, description="Name of the zone as staff say it.")
    queue_people: int = Field(default=5, ge=1, le=200, description="A queue of so many people, seen by a camera...")
    queue_seconds: int = Field(default=60, ge=5, le=3600, description="...for so long calls a colleague.")


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
    serve_within_seconds: int = Field(default=90, ge=10, le=7200, description="The service standard, for the counter's own clock.")
    keep_overnight: bool = Field(default=False, description="Whether tickets are kept when the shop closes.")

    @model_validator(mode="after")
    def _fair(self) -> Self:
        if self.priority_credit_seconds > self.max_wait_seconds:
            raise ValueError("priority_credit_seconds must not be longer than max_wait_seconds: nobody is passed for longer")
        return self


class MqttSettings(Section):
    """`[mqtt]`: the MQTT broker to use. Without `host`, Greetline starts its own on this machine."""

    host: str | None = Field(default=None, description="Address of your MQTT broker; absent: our own, on 127.0.0.1.")
    port: Port = Field(default=1883, description="Its port; for our own broker, the port it listens on.")
    username: str | None = Field(default=None, description="Name to sign in with.")
    password_file: Path | None = Field(default=None, description="File whose first line is the password.")
    ca_file: Path | None = Field(default=None, description="Certificate authority of the MQTT broker; turns TLS on.")
    cert_file: Path | None = Field(default=None, description="Client certificate.")
    key_file: Path | None = Field(default=None, description="Key of the client certificate.")
    protocol: Literal["auto", "5", "3.1.1"] = Field(default="auto", description="MQTT version; auto tries 5, then 3.1.1.")
    own: Literal["auto", "mosquitto", "amqtt"] = Field(
        default="auto", description="Which program our own MQTT broker is; auto takes mosquitto where it is installed."
    )


class DashboardSettings(Section):
    """`[dashboard]`: where the staff screens are served."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port to listen on.")
    https: bool = Field(default=False, description="True when a TLS proxy stands in front of it; cookies become secure.")
    max_streams: int = Field(default=220, ge=4, le=2000, description="Live screens at a time; above it they poll.")


MILLIMETRES_AN_INCH: Final = 25.4


class KioskSettings(Section):
    """`[kiosk]`: the customers' screens: the one that gives tickets, and the wall that calls them."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8090, description="Port to listen on.")
    https: bool = Field(default=False, description="True when a TLS proxy stands in front of it; cookies become secure.")
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


class LineSettings(Line):
    """`[[cameras.lines]]`: the line across a door."""


class AreaSettings(Area):
    """`[[cameras.areas]]`: a polygon in the picture."""


class StaffSettings(StaffSigns):
    """`[cameras.staff]`: how people who work here are told from customers."""


class CameraSettings(Section):
    """`[[cameras]]`: one camera."""

    id: Name = Field(description="Name of the camera on the wire.")
    name: str = Field(default="", max_length=40, description="Name of the camera as staff say it; absent: its zone's.")
    source: str = Field(min_length=1, max_length=500, description="rtsp://..., a device number, a file, or scene:NAME.")
    view: Literal["overhead", "angled"] = Field(default="overhead", description="Straight down, or at an angle.")
    detector: Literal["auto", "blobs", "onnx", "openvino", "cv2dnn"] = Field(
        default="auto", description="auto: blobs overhead; at an angle by the kind of `model` file."
    )
    model: Path | None = Field(
        default=None, description="Model file of the detector, or the name of one that `greetline models` has fetched."
    )
    frames_per_second: float = Field(default=10, gt=0, le=60, description="Frames looked at in a second.")
    starts_at: str | None = Field(default=None, description="For a file: the UTC time of its first frame; absent: now.")
    lines: tuple[LineSettings, ...] = Field(default=(), max_length=8, description="Lines across doors.")
    areas: tuple[AreaSettings, ...] = Field(default=(), max_length=16, description="Zones in the picture.")
    staff: StaffSettings = Field(default=StaffSettings(), description="How people who work here are told from customers.")

    @property
    def plan(self) -> Plan:
        """The plan of the settings file: version 0."""
        return Plan(view=self.view, lines=self.lines, areas=self.areas, staff=self.staff)


_OF_NOBODY: Final = frozenset({ZoneKind.IGNORE, ZoneKind.STAFF_ONLY})
"""Areas in which nobody is counted; they belong to no zone of the shop."""


class EdgeSettings(Section):
    """edge.toml: what a camera box needs to know."""

    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    standards: StandardsSettings = StandardsSettings()
    cameras: tuple[CameraSettings, ...] = ()

    @model_validator(mode="after")
    def _each_camera_named_once(self) -> Self:
        _unique("cameras", [camera.id for camera in self.cameras])
        return self


class Settings(EdgeSettings):
    """greetline.toml: a whole shop on one machine."""

    alerts: AlertSettings = AlertSettings()
    opening: OpeningSettings = OpeningSettings()
    dashboard: DashboardSettings = DashboardSettings()
    kiosk: KioskSettings = KioskSettings()
    queues: QueueSettings = QueueSettings()
    zones: tuple[ZoneSettings, ...] = (ZoneSettings(id="entrance", name="Entrance"),)
    services: tuple[ServiceSettings, ...] = Field(default=(), max_length=24)
    counters: tuple[CounterSettings, ...] = Field(default=(), max_length=64)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _unique("zones", [zone.id for zone in self.zones])
        _unique("services", [service.id for service in self.services])
        _unique("services", [service.letter for service in self.services])
        _unique("counters", [counter.id for counter in self.counters])
        known = {zone.id for zone in self.zones}
        self._counters_know_their_services()
        for camera in self.cameras:
            if camera.id == SERVICE:
                raise ValueError(f"a camera cannot be named {SERVICE!r}: that name on the wire is the service's own")
            for line in camera.lines:
                if line.zone not in known:
                    raise ValueError(f"camera {camera.id}: line {line.id} opens into zone {line.zone!r}, which is not in [[zones]]")
            for area in camera.areas:
                if area.kind not in _OF_NOBODY and area.place not in known:
                    raise ValueError(
                        f"camera {camera.id}: area {area.id} belongs to zone {area.place!r}, which is not in [[zones]]"
                    )
        return self

    def _counters_know_their_services(self) -> None:
        services, zones = {service.id for service in self.services}, {zone.id for zone in self.zones}
        for service in self.services:
            if service.zone is not None and service.zone not in zones:
                raise ValueError(f"service {service.id}: zone {service.zone!r} is not in [[zones]]")
        for counter in self.counters:
            unknown = sorted(set(counter.services) - services)
            if unknown:
                raise ValueError(f"counter {counter.id}: {', '.join(unknown)} is not in [[services]]")


def _unique(what: str, ids: list[str]) -> None:
    doubled = {name for name in ids if ids.count(name) > 1}
    if doubled:
        raise ValueError(f"two {what} are named {', '.join(sorted(doubled))}")
