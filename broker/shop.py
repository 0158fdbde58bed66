"""One shop, as every part of it is handed on: its store, its clock and its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from broker.domain.alerts import AlertKind, Ladder
from broker.domain.opening import Hours
from broker.domain.promises import Promises
from broker.domain.standards import Standards
from broker.settings import QueueSettings, Settings
from broker.store.database import StoreError as StoreError
from broker.store.database import open_store

STORE_FILE: Final = "greetline.db"


def now() -> datetime:
    """Return the real time: aware UTC, to the millisecond, as the store keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Shop:
    """Everything a rule needs of the world."""

    db: Database
    clock: Callable[[], datetime] = now
    settings: Settings = field(default_factory=Settings)
    standards: Standards = field(init=False)
    hours: Hours = field(init=False)
    zones: dict[str, str] = field(init=False)
    promises: Promises = field(init=False)

    def __post_init__(self) -> None:
        """Turn the settings into the values the rules use, once."""
        s = self.settings.standards
        standards = Standards(
            warn=s.warn_seconds, greet_within=s.greet_within_seconds, escalate=s.escalate_seconds, call_lead=s.call_lead_seconds,
            claim=s.claim_seconds, abandon=s.abandon_seconds, browse=s.browse_seconds, late_news=s.late_news_seconds,
            undo=s.undo_seconds, reopen=s.reopen_seconds, upset_answer=s.upset_answer_seconds,
        )  # fmt: skip
        object.__setattr__(self, "standards", standards)
        object.__setattr__(self, "promises", _promises(self.settings.queues))
        object.__setattr__(self, "hours", self._hours())
        object.__setattr__(self, "zones", {zone.id: zone.name for zone in self.settings.zones})

    def _hours(self) -> Hours:
        opening = self.settings.opening
        return Hours(self.settings.store.zone, opening.spans(), opening.special_spans())

    def ladder(self, kind: AlertKind) -> Ladder:
        """Return the delays and steps of a kind of alert."""
        promise, alerts = self.standards, self.settings.alerts
        if kind is AlertKind.DEVICE:
            return Ladder(on_delay=alerts.on_delay_seconds, off_delay=alerts.off_delay_seconds)
        if kind is AlertKind.HOLD_OVERDUE:
            return Ladder()  # It climbs by how long the hold was to last, which the desk of holds knows.
        up = promise.escalate - promise.greet_within
        if kind in (AlertKind.WAITING, AlertKind.QUEUE_OVER):
            return Ladder(everybody=up, lead=promise.call_lead - promise.greet_within)
        return Ladder(everybody=0, lead=up)


def _promises(q: QueueSettings) -> Promises:
    return Promises(
        answer_call=q.answer_call_seconds, recall_every=q.recall_every_seconds, recalls=q.recalls, calls_missed=q.calls_missed,
        missed_behind=q.missed_behind, return_within=q.return_within_seconds, step_away=q.step_away_seconds,
        hold_update=q.hold_update_seconds, max_wait=q.max_wait_seconds, priority_credit=q.priority_credit_seconds,
        callback_offer=q.callback_offer_seconds, callback_window=q.callback_window_seconds, wait_within=q.wait_within_seconds,
        serve_within=q.serve_within_seconds,
    )  # fmt: skip


def open_shop(settings: Settings, *, create: bool = True, clock: Callable[[], datetime] = now) -> Shop:
    """Open the shop that *settings* describe. Raises StoreError."""
    data = settings.store.data
    if create:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Shop(open_store(Path(data) / STORE_FILE, create=create), clock, settings)
