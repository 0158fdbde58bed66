"""greetline.toml: what a shop may set (tables), and how it is read (reading)."""

from __future__ import annotations

from broker.contract.plan import Area as Area
from broker.contract.plan import Line as Line
from broker.contract.plan import Plan as Plan
from broker.contract.plan import Point as Point
from broker.contract.plan import ZoneKind as ZoneKind
from broker.settings.customers import CounterSettings as CounterSettings
from broker.settings.customers import KioskSettings as KioskSettings
from broker.settings.customers import NamesSettings as NamesSettings
from broker.settings.customers import QueueSettings as QueueSettings
from broker.settings.customers import ServiceSettings as ServiceSettings
from broker.settings.keeping import HealthSettings as HealthSettings
from broker.settings.keeping import LogSettings as LogSettings
from broker.settings.keeping import RetentionSettings as RetentionSettings
from broker.settings.notify import NotifySettings as NotifySettings
from broker.settings.oidc import OidcSettings as OidcSettings
from broker.settings.paper import PrinterSettings as PrinterSettings
from broker.settings.push import PushSettings as PushSettings
from broker.settings.reading import ENVIRONMENT as ENVIRONMENT
from broker.settings.reading import MODELS as MODELS
from broker.settings.reading import BadSettings as BadSettings
from broker.settings.reading import SetAside as SetAside
from broker.settings.reading import model_at as model_at
from broker.settings.reading import read as read
from broker.settings.reading import read_sparing as read_sparing
from broker.settings.reports import MailSettings as MailSettings
from broker.settings.reports import ReportsSettings as ReportsSettings
from broker.settings.section import Section as Section
from broker.settings.sound import SoundSettings as SoundSettings
from broker.settings.tables import (
    SERVICE as SERVICE,
)
from broker.settings.tables import (
    AlertSettings as AlertSettings,
)
from broker.settings.tables import (
    AreaSettings as AreaSettings,
)
from broker.settings.tables import (
    CameraSettings as CameraSettings,
)
from broker.settings.tables import (
    DashboardSettings as DashboardSettings,
)
from broker.settings.tables import (
    EdgeSettings as EdgeSettings,
)
from broker.settings.tables import (
    LineSettings as LineSettings,
)
from broker.settings.tables import (
    MqttSettings as MqttSettings,
)
from broker.settings.tables import (
    OpeningSettings as OpeningSettings,
)
from broker.settings.tables import (
    Settings as Settings,
)
from broker.settings.tables import (
    StaffSettings as StaffSettings,
)
from broker.settings.tables import (
    StandardsSettings as StandardsSettings,
)
from broker.settings.tables import (
    StoreSettings as StoreSettings,
)
from broker.settings.tables import (
    ZoneSettings as ZoneSettings,
)
from broker.settings.telling import HomeAssistantSettings as HomeAssistantSettings
from broker.settings.telling import WebhookSettings as WebhookSettings
