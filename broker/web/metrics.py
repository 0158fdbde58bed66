"""The figures of this machine as Prometheus reads them: no name of anybody, and no label whose values could grow."""

from __future__ import annotations

import importlib.metadata
import sqlite3
import threading
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from flask import current_app
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from broker.desk import gauges, health
from broker.desk.gauges import GREET_BUCKETS, Gauges, Tallied
from broker.desk.health import State
from broker.shop import Shop
from broker.web.hub import Hub
from broker.web.stores import current_shop

KIND: Final = "text/plain; version=0.0.4; charset=utf-8"
VALUES: Final = {State.OK: 1.0, State.DEGRADED: 0.5, State.DOWN: 0.0}
"""How a part stands, as a number one can draw."""

_WORDS: Final = {
    "greetline_visits_open": "Parties in the shop.",
    "greetline_visits_overdue": "Parties that nobody has greeted within the promise.",
    "greetline_store_bytes": "Size of the store file.",
    "greetline_store_log_bytes": "Size of the write-ahead log beside it.",
    "greetline_disk_free_bytes": "Free space beside the store.",
}


class Figures(Collector):
    """Everything that /metrics says, looked up afresh for each scrape."""

    def __init__(self) -> None:
        """Begin to count with the first scrape."""
        self._tallied = Tallied()
        self._lock = threading.Lock()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return the page."""
        with self._lock:
            return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before the first scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every figure; of a store that cannot be read only that it is so."""
        shop = current_shop()
        yield InfoMetricFamily("greetline_build", "This program.", {"version": importlib.metadata.version("greetline")})
        yield _labelled(
            "greetline_part_ok", "1 ok, 0.5 degraded, 0 down.", "part",
            {look.name: VALUES[look.state] for look in health.looks(shop)},
        )  # fmt: skip
        yield from _screens(shop)
        try:
            self._tallied.follow(shop)
            found = gauges.gauges(shop)
        except sqlite3.Error:
            return
        yield from _now(shop, found)
        yield from _cameras(found)
        yield from _line(found)
        yield from self._counted(found)

    def _counted(self, found: Gauges) -> Iterator[Metric]:
        tallied = self._tallied
        upper = [*(f"{bound:g}" for bound in GREET_BUCKETS), "+Inf"]
        buckets = list(zip(upper, map(float, accumulate(tallied.greetings)), strict=True))
        words = "Seconds from coming in to being greeted."
        yield HistogramMetricFamily("greetline_greet_seconds", words, buckets=buckets, sum_value=tallied.greet_seconds)
        yield CounterMetricFamily("greetline_tickets_issued", "Tickets given.", value=tallied.issued)
        yield CounterMetricFamily("greetline_calls", "Tickets called.", value=tallied.calls)
        for name, words in _COUNTED:
            yield CounterMetricFamily(f"greetline_{name}", words, value=found.service.get(name, 0.0))


_COUNTED: Final = (
    ("events_taken", "Events of cameras taken."), ("messages_rejected", "Messages that were not taken."),
    ("messages_passed_over", "Messages of devices that said too much, passed over."),
)  # fmt: skip


def _now(shop: Shop, found: Gauges) -> Iterator[Metric]:
    values = {
        "greetline_visits_open": found.visits_open, "greetline_visits_overdue": found.visits_overdue,
        "greetline_store_bytes": found.store_bytes, "greetline_store_log_bytes": found.log_bytes,
        "greetline_disk_free_bytes": health.space(shop).free,
    }  # fmt: skip
    for name, value in values.items():
        yield GaugeMetricFamily(name, _WORDS[name], value=value)
    if found.service_age is not None:
        yield GaugeMetricFamily(
            "greetline_service_heard_age_seconds", "Since the service last said that it runs.", found.service_age
        )


def _cameras(found: Gauges) -> Iterator[Metric]:
    cameras = found.cameras.items()
    watching = {name: float(camera.watching) for name, camera in cameras}
    yield _labelled("greetline_camera_watching", "1 while the camera watches.", "camera", watching)
    heard = {name: camera.heard_age for name, camera in cameras}
    yield _labelled("greetline_camera_heard_age_seconds", "Since the camera's newest word.", "camera", heard)
    frames = {name: camera.frame_age for name, camera in cameras if camera.frame_age is not None}
    yield _labelled("greetline_camera_frame_age_seconds", "Age of its newest frame when it said so.", "camera", frames)
    spooled = {name: camera.spooled for name, camera in cameras if camera.spooled is not None}
    yield _labelled("greetline_camera_spooled_events", "Events in its spool that are not acknowledged.", "camera", spooled)


def _line(found: Gauges) -> Iterator[Metric]:
    waiting = {service: float(number) for service, (number, _) in found.line.items()}
    yield _labelled("greetline_tickets_waiting", "Tickets in line.", "service", waiting)
    oldest = {service: seconds for service, (_, seconds) in found.line.items()}
    yield _labelled("greetline_tickets_oldest_wait_seconds", "The longest of them has waited so long.", "service", oldest)


def _screens(shop: Shop) -> Iterator[Metric]:
    hubs = {name: hub for name in ("hub", "board") if isinstance(hub := current_app.extensions.get(f"greetline-{name}"), Hub)}
    live = {_PICTURES[name]: float(hub.listening()) for name, hub in hubs.items()}
    yield _labelled("greetline_streams", "Live screens of this process.", "picture", live)
    most = {_PICTURES[name]: float(hub.most) for name, hub in hubs.items()}
    yield _labelled("greetline_streams_limit", "Live screens there may be; others poll.", "picture", most)
    behind = {_PICTURES[name]: float(hub.behind(shop)) for name, hub in hubs.items()}
    yield _labelled("greetline_journal_lag_facts", "Facts committed and not yet sent to the live screens.", "picture", behind)


_PICTURES: Final = {"hub": "floor", "board": "board"}


def _labelled(name: str, words: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family
