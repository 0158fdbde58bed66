"""What the wire brings that it should not: everything twice and in any order, nonsense and lies, and far too much at once."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.messages import MAX_BYTES
from broker.settings import MqttSettings
from broker.store.rejected import KEPT_MESSAGES
from tests.faults.rows import Row
from tests.service.parts import STORE, Device, count, own_broker, read_store, service, settings_file, wait_until

pytestmark = pytest.mark.fault

SEED = 20261122
PARTIES, PEOPLE = 60, 2
BURST = 3_000
"""Ten times what 300 people an hour at each of two doors make in a minute of a spool that empties: events at once."""


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttSettings]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


def test_everything_twice_and_in_any_order_is_as_if_it_came_once(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]
) -> None:
    dice, now = random.Random(SEED), datetime.now(UTC)
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        messages = []
        for party in range(PARTIES):
            came = now - timedelta(seconds=dice.uniform(0, 20) if party % 3 else dice.uniform(300, 900))
            messages += [
                camera.crossing(f"p{party}-{n}", at=came + timedelta(milliseconds=n), party=f"p{party}-0") for n in range(PEOPLE)
            ]
        shuffled = messages * 2
        dice.shuffle(shuffled)
        camera.say(*shuffled)
        camera.wait_acknowledged(*(one.id for one in messages))
    rows = count(tmp_path, "crossings")
    sizes = read_store(tmp_path, "SELECT size, count(*) FROM visits GROUP BY size")
    ins = read_store(tmp_path, "SELECT sum(ins) FROM presence")[0][0]
    found("order", lost=max(0, len(messages) - rows), doubled=max(0, ins - len(messages)))
    assert (rows, ins) == (len(messages), len(messages))
    assert sizes == [(PEOPLE, PARTIES)], "each party is one visit of all its people"
    late = read_store(tmp_path, "SELECT count(*) FROM visits WHERE late")
    assert late == [(PARTIES // 3,)]
    told = "SELECT count(*) FROM alerts WHERE subject IN (SELECT id FROM visits WHERE late)"
    assert read_store(tmp_path, told) == [(0,)], "nobody is called to somebody of long ago"


def a_lie(camera: Device, n: int) -> tuple[str, bytes]:
    """Something that is no message: nonsense, too much, half of one, another's, of another shop, of another kind."""
    mine = f"greetline/1/{STORE}/{camera.name}/event"
    said = json.loads(camera.crossing(f"lie-{n}").model_dump_json())
    kinds: list[tuple[str, bytes]] = [
        (mine, bytes([n % 256]) * (n % 50)),
        (mine, b"x" * (MAX_BYTES + n + 1)),
        (mine, json.dumps(said).encode()[: 20 + n]),
        (f"greetline/1/{STORE}/other-{n}/event", json.dumps(said).encode()),
        (f"greetline/1/{STORE}/{camera.name}/status", json.dumps(said).encode()),
        (mine, json.dumps(said | {"time": "yesterday"}).encode()),
        (mine, json.dumps(said | {"data": said["data"] | {"zone": "no such\u0000zone"}}).encode()),
        (mine, b"[" * (n * 50 + 1)),
        (mine, json.dumps(said | {"data": {"direction": "up"}}).encode()),
    ]
    return kinds[n % len(kinds)]


def test_nonsense_is_kept_with_its_reason_and_keeps_nobody_waiting(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]
) -> None:
    names = [f"good-{n}" for n in range(100)]
    with service(settings_file(tmp_path, mqtt)) as process, Device(mqtt) as camera:
        for n, name in enumerate(names):
            topic, payload = a_lie(camera, n)
            camera.say_raw(topic, payload, retain=bool(payload) and n % 5 == 0)
            camera.say(camera.crossing(name))
        camera.wait_acknowledged(*names)
        kept = wait_until(lambda: (n := count(tmp_path, "rejected")) >= len(names) and n, "every one of them is kept")
        assert process.alive
        assert len(process.lines) < len(names), "the log is not filled by somebody who talks nonsense"
    came = count(tmp_path, "crossings")
    found("junk", lost=max(0, len(names) - came), doubled=max(0, came - len(names)))
    assert came == len(names)
    assert kept <= KEPT_MESSAGES
    assert read_store(tmp_path, "SELECT count(*) FROM rejected WHERE reason = ''") == [(0,)]
    # A message that was kept is handed out again to a service that starts anew: it is refused once more, and nothing else.
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        camera.say(camera.crossing("after"))
        camera.wait_acknowledged("after")
    assert count(tmp_path, "crossings") == len(names) + 1


@pytest.mark.slow
def test_ten_times_the_busiest_moment_is_a_delay_and_nothing_else(
    mqtt: MqttSettings, tmp_path: Path, found: Callable[..., Row]
) -> None:
    with service(settings_file(tmp_path, mqtt)) as process, Device(mqtt) as camera:
        messages = [camera.crossing(f"b-{n}", direction="out" if n % 3 == 2 else "in") for n in range(BURST)]
        camera.say(*messages)
        began = time.monotonic()
        camera.wait_acknowledged(*(one.id for one in messages))
        recovery = time.monotonic() - began
        camera.say(camera.crossing("after"))
        camera.wait_acknowledged("after")
        assert process.alive
    rows, seen = count(tmp_path, "crossings"), count(tmp_path, "seen")
    found("burst", lost=BURST + 1 - seen, doubled=rows - seen, recovery=recovery)
    assert (rows, seen) == (BURST + 1, BURST + 1)
