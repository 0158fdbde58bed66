"""The real parts a test of the service needs: MQTT brokers, the service as a process, a device that speaks."""

from __future__ import annotations

import fcntl
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

from broker.contract.codec import decode
from broker.contract.messages import Ack, Command, Crossing, Direction, Message, Watch, message, offline
from broker.contract.topics import Channel, Topic
from broker.embedded import prepare
from broker.link import Link
from broker.settings import MqttSettings, Settings, StoreSettings
from broker.shop import STORE_FILE
from broker.store.database import open_store

PATIENCE_S = 40.0
"""Longer than anything here may take on a busy machine."""
WORKERS = 16
PORTS = range(12_000, 20_000)
"""Lower than those that a system lends to clients and to whoever wants any."""
STORE = "oslo-city"
Found = TypeVar("Found")


def _own_ports() -> Iterator[int]:
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    own = PORTS[number::WORKERS]
    begin = random.SystemRandom().randrange(len(own))
    return cycle([*own[begin:], *own[:begin]])


_PORTS = _own_ports()


def free_port() -> int:
    """Return a port on which nobody listens, and that nobody else is given before it is listened on.

    A port that the system hands out is anybody's again until then: among several workers another test has it now and then.
    """
    for port in islice(_PORTS, len(PORTS) // WORKERS):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"none of the ports {PORTS.start} to {PORTS.stop} is free")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(found: Callable[[], Found], what: str = "", within: float = PATIENCE_S) -> Found:
    """Return what *found* returns once it is true."""
    end = time.monotonic() + within
    while not (value := found()):
        assert time.monotonic() < end, f"not within {within} s: {what}"
        time.sleep(0.01)
    return value


def in_quiet(tried: Callable[[], Found], times: int = 4) -> Found:
    """Return what *tried* returns, tried so many *times* at most.

    For how soon a machine does something that has nothing else to do. Among other tests it is late now and then; what is slow
    is late each time.
    """
    for _ in range(times - 1):
        with suppress(AssertionError):
            return tried()
    return tried()


@contextmanager
def usual_ports() -> Iterator[None]:
    """Have the ports that every shop has by default: no other test that asks for them runs meanwhile, in whichever process."""
    with (Path(tempfile.gettempdir()) / "greetline-usual-ports.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


class Process:
    """A command of ours, its output by lines, ended by its process id."""

    def __init__(self, *command: str, environment: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str) -> str:
        return wait_until(lambda: next((line for line in self.lines if text in line), ""), f"{text!r} in:\n{self.said}")

    def ends(self, within: float = PATIENCE_S) -> int:
        code = self._process.wait(within)
        self._reader.join(5)
        return code

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            return self.ends(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self.ends()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))


@contextmanager
def own_broker(folder: Path, own: str = "auto", protocol: str = "auto") -> Iterator[MqttSettings]:
    """Our own MQTT broker as `greetline up` runs it; yields how clients reach it."""
    made = prepare(folder, MqttSettings(port=free_port(), own=own, protocol=protocol))  # type: ignore[arg-type]
    process = Process(*made.command)
    try:
        wait_until(lambda: listens(made.settings.port) or not process.alive, "the MQTT broker listens")
        assert process.alive, process.said
        yield made.settings
    finally:
        process.stop()


def settings_file(folder: Path, mqtt: MqttSettings, **tables: str) -> Path:
    """Write a greetline.toml for the store in *folder*; *tables* are more lines by table name."""
    lines = ["[store]", f'id = "{STORE}"', f'data = "{folder}"', "[mqtt]", f'host = "{mqtt.host}"', f"port = {mqtt.port}"]
    if mqtt.username:
        lines += [f'username = "{mqtt.username}"', f'password_file = "{mqtt.password_file}"']
    lines += [f'protocol = "{mqtt.protocol}"']
    for table, content in tables.items():
        lines += [f"[{table}]", content]
    path = folder / "greetline.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def service(settings: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Process]:
    """The service as a process, connected to its MQTT broker."""
    process = Process(sys.executable, "-m", "broker", "run", "--settings", str(settings), *options, environment=environment)
    try:
        process.wait_for("connected to the MQTT broker")
        yield process
    finally:
        process.stop()


def read_store(folder: Path, question: str, *values: object) -> list[tuple]:
    """Ask the store file as anybody may, while the service runs."""
    db = open_store(folder / STORE_FILE, create=False)
    try:
        return db.execute(question, list(values)).fetchall()
    finally:
        db.close()


def count(folder: Path, table: str) -> int:
    return int(read_store(folder, f"SELECT count(*) FROM {table}")[0][0])


def shop_settings(folder: Path, **tables: object) -> Settings:
    return Settings.model_validate({"store": StoreSettings(id=STORE, name="Oslo City", data=folder)} | tables)


class Device:
    """A camera box as far as the wire knows it: speaks, and remembers what was acknowledged."""

    def __init__(self, mqtt: MqttSettings, name: str = "cam-door") -> None:
        self.name = name
        will = offline(store=STORE, device=name, at=datetime.now(UTC))
        topics = [str(Topic(STORE, name, channel)) for channel in (Channel.ACK, Channel.COMMAND)]
        self.link = Link(mqtt, client_id=f"test-{name}", will=will, subscriptions=topics)
        self.acknowledged: list[str] = []
        self.commands: list[str] = []

    def __enter__(self) -> Device:
        self.link.start()
        assert self.link.wait_connected(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def crossing(self, event: str, *, direction: str = "in", at: datetime | None = None, party: str = "") -> Message:
        body = Crossing(line="door", zone="entrance", direction=Direction(direction), party=party or event)
        return message(body, id=event, store=STORE, device=self.name, time=at or datetime.now(UTC))

    def say(self, *messages: Message) -> None:
        for one in messages:
            assert wait_until(lambda one=one: self.link.publish(one, retain=one.channel is Channel.STATUS))

    def say_raw(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say what our own code would refuse to say."""
        self.link._live[1].publish(topic, payload, qos=1, retain=retain)  # type: ignore[index]

    def listen(self) -> None:
        while True:
            try:
                incoming = self.link.inbox.get_nowait()
            except queue.Empty:
                return
            body = decode(incoming.topic, incoming.payload).data
            if isinstance(body, Ack):
                self.acknowledged += body.ids
            elif isinstance(body, Command):  # amqtt at times hands out a retained status that nobody asked for
                self.commands.append(body.name)

    def wait_acknowledged(self, *events: str) -> None:
        def all_there() -> bool:
            self.listen()
            return set(events) <= set(self.acknowledged)

        wait_until(all_there, f"acknowledgement of {events}, have {self.acknowledged}")


WATCHING = Watch.WATCHING
