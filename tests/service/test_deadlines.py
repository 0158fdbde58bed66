"""What the clock owes is done in time, and after a restart too."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from broker.desk import visits
from broker.service.deadlines import LOOK_SECONDS, Deadlines
from broker.settings import MqttSettings
from broker.shop import Shop
from tests.builders import TurnableClock
from tests.service.parts import Device, in_quiet, read_store, service, settings_file, wait_until

QUICK = {
    "standards": "warn_seconds = 1\ngreet_within_seconds = 2\nescalate_seconds = 3\ncall_lead_seconds = 4\nabandon_seconds = 60"
}


def test_a_tablet_is_red_within_a_second_of_the_promise(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    names = (f"ab-{n}" for n in count(1))
    with service(settings_file(tmp_path, any_mqtt, **QUICK)), Device(any_mqtt) as camera:

        def turns_red() -> None:
            t0, name = datetime.now(UTC), next(names)
            camera.say(camera.crossing(name, at=t0))
            overdue = "SELECT 1 FROM visits WHERE party = ? AND state = 'overdue'"
            wait_until(lambda: read_store(tmp_path, overdue, name), "the visit is overdue")
            assert datetime.now(UTC) - t0 < timedelta(seconds=2 + 1)
            told = "SELECT kind, alerts.state FROM alerts JOIN visits ON visits.id = subject WHERE party = ?"
            assert read_store(tmp_path, told, name) == [("waiting", "raised")]

        in_quiet(turns_red)


def test_a_restart_forgets_no_deadline_and_keeps_the_first_t0(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt, **QUICK)
    t0 = datetime.now(UTC)
    with service(settings) as first, Device(any_mqtt) as camera:
        camera.say(camera.crossing("ab-1", at=t0))
        camera.wait_acknowledged("ab-1")
        first.kill()
    time.sleep(max(0.0, (t0 + timedelta(seconds=2.2) - datetime.now(UTC)).total_seconds()))
    with service(settings):
        moved = "SELECT state, overdue_at, t0 FROM visits WHERE state IN ('overdue', 'escalated')"
        [(_, overdue_at, kept_t0)] = wait_until(lambda: read_store(tmp_path, moved), "overdue after the restart")
    assert abs(datetime.fromisoformat(kept_t0) - t0) < timedelta(milliseconds=1)
    assert abs(datetime.fromisoformat(overdue_at) - t0 - timedelta(seconds=2)) < timedelta(milliseconds=2), (
        "when it was due, not when it was noticed"
    )


def test_deadlines_run_what_is_due_and_nothing_before(shop: Shop, clock: TurnableClock) -> None:
    ticks = [0.0]
    deadlines = Deadlines(shop, ticks=lambda: ticks[0])
    visit = visits.add(shop, zone="entrance", by="ann")
    assert visit
    clock.turn(seconds=shop.standards.warn - 1)
    assert deadlines.turn() == 0
    clock.turn(seconds=1)
    assert deadlines.turn() == 0, "it was looked a moment ago"
    ticks[0] += LOOK_SECONDS
    assert deadlines.turn() == 1
    assert 0 < deadlines.wait_seconds() <= LOOK_SECONDS
