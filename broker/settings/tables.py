"""greetline.toml: what a shop may set, in one place, with a sentence for each.

The models are the documentation (docs/settings.md is tested against them), the check and the defaults. A key that is
not a setting ends the start: a typo must not surprise a Saturday.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, IPvAnyAddress, field_validator, model_validator

from broker.contract.plan import Area as Area
from broker.contract.plan import Line as Line
from broker.contract.plan import Name
from broker.contract.plan import Plan as Plan
from broker.contract.plan import StaffSigns as StaffSigns
from broker.contract.plan import ZoneKind as ZoneKind
from broker.settings.archive import BackupSettings
from broker.settings.customers import CounterSettings, KioskSettings, QueueSettings, ServiceSettings
from broker.settings.join import JoinSettings
from broker.settings.keeping import HealthSettings, LogSettings, RetentionSettings
from broker.settings.notify import MOST_NOTIFY, NotifySettings
from broker.settings.oidc import OidcSettings
from broker.settings.opening import OpeningSettings as OpeningSettings
from broker.settings.own_words import TextsSettings
from broker.settings.paper import PrinterSettings
from broker.settings.push import PushSettings
from broker.settings.reports import MailSettings, ReportsSettings
from broker.settings.section import Port, Section, ShownName
from broker.settings.sound import SoundSettings
from broker.settings.telling import MOST_WEBHOOKS, HomeAssistantSettings, WebhookSettings
from broker.settings.tls import TlsSettings

SERVICE: Final = "service"
"""The name under which the service itself speaks on the wire."""


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


class ZoneSettings(Section):
    """`[[zones]]`: a part of the shop whose staff are called together."""

    id: Name = Field(description="Name of the zone on the wire.")
    name: ShownName = Field(min_length=1, max_length=40, description="Name of the zone as staff say it.")
    queue_people: int = Field(default=5, ge=1, le=200, description="A queue of so many people, seen by a camera...")
    queue_seconds: int = Field(default=60, ge=5, le=3600, description="...for so long calls a colleague.")


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
    behind_proxy: IPvAnyAddress | None = Field(
        default=None, description="Address of that proxy as this program sees it: only it is believed who asks through it."
    )
    max_streams: int = Field(default=220, ge=4, le=2000, description="Live screens at a time; above it they poll.")


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
    log: LogSettings = LogSettings()
    cameras: tuple[CameraSettings, ...] = ()

    @model_validator(mode="after")
    def _each_camera_named_once(self) -> Self:
        _unique("cameras", [camera.id for camera in self.cameras])
        return self


class Settings(EdgeSettings):
    """greetline.toml: a whole shop on one machine."""

    alerts: AlertSettings = AlertSettings()
    reports: ReportsSettings = ReportsSettings()
    mail: MailSettings = MailSettings()
    oidc: OidcSettings = OidcSettings()
    opening: OpeningSettings = OpeningSettings()
    dashboard: DashboardSettings = DashboardSettings()
    kiosk: KioskSettings = KioskSettings()
    join: JoinSettings = JoinSettings()
    queues: QueueSettings = QueueSettings()
    sound: SoundSettings = SoundSettings()
    printer: PrinterSettings = PrinterSettings()
    texts: TextsSettings = TextsSettings()
    retention: RetentionSettings = RetentionSettings()
    health: HealthSettings = HealthSettings()
    backup: BackupSettings = BackupSettings()
    tls: TlsSettings = TlsSettings()
    zones: tuple[ZoneSettings, ...] = (ZoneSettings(id="entrance", name="Entrance"),)
    services: tuple[ServiceSettings, ...] = Field(default=(), max_length=24)
    counters: tuple[CounterSettings, ...] = Field(default=(), max_length=64)
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    webhooks: tuple[WebhookSettings, ...] = Field(default=(), max_length=MOST_WEBHOOKS)
    push: PushSettings = PushSettings()
    notify: tuple[NotifySettings, ...] = Field(default=(), max_length=MOST_NOTIFY)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _unique("zones", [zone.id for zone in self.zones])
        _unique("services", [service.id for service in self.services])
        _unique("services", [service.letter for service in self.services])
        _unique("counters", [counter.id for counter in self.counters])
        _unique("[[webhooks]] and [[notify]]", [*(hook.id for hook in self.webhooks), *(target.id for target in self.notify)])
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
