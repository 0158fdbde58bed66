"""What happened, one row each: the journal that screens, notifiers and the audit read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FactKind(StrEnum):
    """The kinds of facts."""

    VISIT_OPENED = "visit.opened"
    VISIT_JOINED = "visit.joined"
    VISIT_MOVED = "visit.moved"
    VISIT_UPSET = "visit.upset"
    CROSSED = "crossing.counted"
    ALERT = "alert.moved"
    PAUSED = "zone.paused"
    RESUMED = "zone.resumed"
    DEVICE = "device.changed"
    AREA = "area.counted"
    STAYED = "area.stayed"
    ZONE_QUEUE = "zone.queue"
    PERSON = "person.changed"
    SIGNED_IN = "person.signed-in"
    SIGNED_OUT = "person.signed-out"
    PAIRED = "device.paired"
    REVOKED = "device.revoked"
    TICKET_ISSUED = "ticket.issued"
    TICKET_MOVED = "ticket.moved"
    QUEUE_PAUSED = "queue.paused"
    COUNTER = "counter.changed"
    RECAP = "ticket.recap"
    PROBLEM = "problem.changed"
    TALLIED = "camera.tallied"
    API_KEY = "api-key.changed"
    CAMERA_PLANNED = "camera.planned"
    STANDARDS = "standards.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened. `subject` is the id of what it happened to; `body` holds plain JSON values only."""

    kind: FactKind
    subject: str
    at: datetime
    zone: str = ""
    by: str = ""
    body: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
