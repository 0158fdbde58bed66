"""How many events a second the service makes durable on one core, beside a subscriber that only counts.

Both read the same messages from the same mosquitto, which held them in the queue of a session that was away, so that no
publisher sets the pace. Each in its turn is held to the first core, and mosquitto to the last. The service's time is taken
from its store: from the first batch it committed to the last. Other work on the machine moves all figures, and the ratio
less: it is the median of rounds in which both were measured one after the other.

    python -m benchmarks.service [--crossings-only] [--events N] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from broker.contract.codec import encode
from broker.contract.messages import Crossing, Direction, Message, ZoneCount, ZoneKind, message
from broker.shop import STORE_FILE

STORE, DEVICE = "shop", "cam-door"
TOPIC = f"greetline/1/{STORE}/{DEVICE}/event"
CORES = sorted(os.sched_getaffinity(0))
GOAL_EVENTS_PER_SECOND = 2_000
GOAL_RATIO = 0.5


def main() -> int:
    """Measure, print, and return 0 when both goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crossings-only", action="store_true", help="only the dearest kind of event")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder)) as port:
        payloads = events(asked.events, crossings_only=asked.crossings_only)
        rounds = [(counting(port, payloads), *serving(Path(folder) / str(n), port, payloads)) for n in range(asked.rounds)]
    found = {
        "events": asked.events,
        "rounds": asked.rounds,
        "kinds": "crossings" if asked.crossings_only else "1 in, 1 out, 2 counts",
        "service_events_per_second": round(statistics.median(served for _, served, _ in rounds)),
        "service_cpu_ms_per_event": round(statistics.median(cpu for *_, cpu in rounds), 3),
        "empty_subscriber_events_per_second": round(statistics.median(counted for counted, *_ in rounds)),
        "ratio": round(statistics.median(served / counted for counted, served, _ in rounds), 2),
    }
    print(json.dumps(found) if asked.json else _words(found))
    return 0 if found["service_events_per_second"] >= GOAL_EVENTS_PER_SECOND and found["ratio"] >= GOAL_RATIO else 1


def _words(found: dict[str, Any]) -> str:
    return (
        f"service: {found['service_events_per_second']:,} durable events/s on one core (goal {GOAL_EVENTS_PER_SECOND:,}), "
        f"{found['service_cpu_ms_per_event']} ms CPU an event\n"
        f"empty paho subscriber on the same mosquitto: {found['empty_subscriber_events_per_second']:,} messages/s\n"
        f"ratio: {found['ratio']} (goal {GOAL_RATIO}); {found['events']:,} events ({found['kinds']}), "
        f"median of {found['rounds']} rounds"
    )


def events(number: int, *, crossings_only: bool) -> list[bytes]:
    """Return *number* encoded events of a camera: one in, one out, two counts of a zone; or crossings only."""
    now = datetime.now(UTC)
    return [encode(_event(n, crossings_only, now)) for n in range(number)]


def _event(n: int, crossings_only: bool, now: datetime) -> Message:
    name = f"e0-{n}"
    body: Crossing | ZoneCount
    if crossings_only or n % 4 < 2:
        body = Crossing(line="door", zone="entrance", direction=Direction.OUT if n % 2 else Direction.IN, party=name)
    else:
        body = ZoneCount(zone="entrance", kind=ZoneKind.GREET, people=n % 5)
    return message(body, id=name, store=STORE, device=DEVICE, time=now)


@contextmanager
def mosquitto(folder: Path):
    """Run a mosquitto that keeps everything for whoever is away; yield its port."""
    port = free_port()
    conf = folder / "mosquitto.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 1000\n"
        "set_tcp_nodelay true\nlog_type error\n"
    )
    child = subprocess.Popen(["taskset", "-c", str(CORES[-1]), "mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        _until(lambda: _listens(port))
        yield port
    finally:
        child.terminate()
        child.wait(5)


def counting(port: int, payloads: list[bytes]) -> float:
    """Return the messages a second of a subscriber that acknowledges at once and only counts."""
    _queue_up(port, "bench-counter", payloads)
    command = ["taskset", "-c", str(CORES[0]), sys.executable, "-m", "benchmarks.service_counter", str(port), str(len(payloads))]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    return float(said)


def serving(folder: Path, port: int, payloads: list[bytes]) -> tuple[float, float]:
    """Return the service's durable events a second and its CPU milliseconds an event."""
    folder.mkdir()
    _queue_up(port, f"greetline-{STORE}-service", payloads)
    command = [
        *("taskset", "-c", str(CORES[0]), sys.executable, "-m", "broker", "run"),
        *("--data", str(folder), "--mqtt-host", "127.0.0.1", "--mqtt-port", str(port), "--log-level", "warning"),
    ]
    began = os.times()
    child = subprocess.Popen(command)
    try:
        _until(lambda: _taken(folder) >= len(payloads), within=300)
    finally:
        child.terminate()
        child.wait(10)
    ended = os.times()
    cpu = ended.children_user + ended.children_system - began.children_user - began.children_system
    return _rate(folder, len(payloads)), cpu * 1000 / len(payloads)


def _taken(folder: Path) -> int:
    time.sleep(0.2)
    if not (folder / STORE_FILE).exists():
        return 0
    with closing(sqlite3.connect(f"file:{folder / STORE_FILE}?mode=ro", uri=True)) as db:
        try:
            return db.execute("SELECT count(*) FROM seen").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def _rate(folder: Path, events: int) -> float:
    """Events after the first batch, over the time from the first batch's moment to the last one's."""
    with closing(sqlite3.connect(folder / STORE_FILE)) as db:
        written = db.execute("SELECT (SELECT count(*) FROM crossings) + (SELECT count(*) FROM area_counts)").fetchone()[0]
        rows = db.execute("SELECT at, count(*) FROM seen GROUP BY at ORDER BY at").fetchall()
    moments = [(datetime.fromisoformat(at), n) for at, n in rows]
    if written != events or sum(n for _, n in moments) != events:
        raise SystemExit(f"{events} events were sent and {written} written: this measures nothing")
    return (events - moments[-1][1]) / (moments[-1][0] - moments[0][0]).total_seconds()


def _queue_up(port: int, client_id: str, payloads: list[bytes]) -> None:
    """Make a session for *client_id*, leave, and publish *payloads* into its queue."""
    _session(port, client_id)
    sender = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-sender", protocol=MQTTProtocolVersion.MQTTv311)
    sender.connect("127.0.0.1", port)
    sender.loop_start()
    for payload in payloads:
        last = sender.publish(TOPIC, payload, qos=1)
    last.wait_for_publish(300)
    _until(lambda: not sender.want_write())
    sender.disconnect()
    sender.loop_stop()


def _session(port: int, client_id: str) -> None:
    kept = Properties(PacketTypes.CONNECT)
    kept.SessionExpiryInterval = 600
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_connect = lambda c, *_: c.subscribe(TOPIC.replace(DEVICE, "+"), qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port, clean_start=True, properties=kept)
    client.loop_start()
    if not ready.wait(10):
        raise SystemExit("mosquitto did not take the subscription")
    client.disconnect()
    client.loop_stop()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(true, within: float = 10) -> None:
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            raise SystemExit("not in time")
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
