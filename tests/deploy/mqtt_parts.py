"""A shop's mosquitto as it is installed: devices by TLS with certificates, our own programs by loopback with a password."""

from __future__ import annotations

import getpass
import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker.embedded.users import password_line
from broker.identity.authority import Made
from broker.identity.devices import Devices, tell
from broker.identity.files import SECRET, put
from broker.identity.rights import LOCAL, Kind
from broker.settings import MqttSettings
from deploy import certs, mosquitto
from tests.deploy.other_mosquitto import HERE, Program
from tests.service.parts import PATIENCE_S, STORE, Process, free_port, wait_until

V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311


@dataclass
class House:
    """One installed mosquitto and everything that belongs to it."""

    folder: Path
    program: Program = HERE
    local_port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    said: Process | None = None

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def devices(self) -> Devices:
        return Devices(self.folder / "var", STORE)

    @property
    def authority(self) -> Path:
        return self.folder / "tls/authority.crt"

    @property
    def pid_file(self) -> Path:
        return self.folder / "mosquitto.pid"

    def make(self) -> None:
        certs.make_authority(self.folder / "tls", shop="Oslo City")
        certs.make_server(self.folder / "tls", "mqtt", certs.Reach.of(["localhost", "127.0.0.1"]))
        (self.folder / "state").mkdir()
        self.devices.ready(self.now)
        password = mosquitto.new_password()
        (self.folder / "secret").write_text(password)
        put(self.folder / "users", password_line(LOCAL, password).encode(), SECRET)
        places = mosquitto.Places(
            password_file=self.folder / "users", devices=self.devices.shown, certificate=self.folder / "tls/mqtt.crt",
            key=self.folder / "tls/mqtt.key", state=self.folder / "state", pid_file=self.pid_file, user=getpass.getuser(),
            tls_host="127.0.0.1", local_port=self.local_port, tls_port=self.tls_port, plugins=self.program.plugins,
        )  # fmt: skip
        said = mosquitto.configuration(self.program.version, places)
        (self.folder / "mosquitto.conf").write_text(said + "log_type information\n")

    def let_in(self, name: str, kind: Kind = Kind.CAMERA, zones: tuple[str, ...] = ()) -> MqttSettings:
        """Let a device in, and return how it connects."""
        _, made = self.devices.issue(name, kind, now=self.now, by="test", zones=zones)
        self.reload()
        return self.reach(name, made)

    def reach(self, name: str, made: Made) -> MqttSettings:
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(made.certificate)
        key.write_bytes(made.key)
        return MqttSettings(
            host="127.0.0.1", port=self.tls_port, ca_file=self.authority, cert_file=certificate, key_file=key, protocol="5"
        )  # fmt: skip

    @property
    def local(self) -> MqttSettings:
        """How our own programs connect."""
        return MqttSettings(host="127.0.0.1", port=self.local_port, username=LOCAL, password_file=self.folder / "secret")

    def reload(self) -> None:
        """Let it read its lists anew, and wait until it has: it says so on its way through its loop."""
        before = self.read_anew
        assert tell(self.pid_file)
        wait_until(lambda: self.read_anew > before, "mosquitto has read its lists")

    @property
    def read_anew(self) -> int:
        """How often it has said that it reads its lists anew."""
        return sum("Reloading config" in line for line in self.said.lines) if self.said else 0


@contextmanager
def a_house(folder: Path, program: Program = HERE) -> Iterator[House]:
    """Make and run one; it ends with the block."""
    house = House(folder, program)
    house.make()
    house.said = Process(program.command, "-c", str(folder / "mosquitto.conf"))
    try:
        # It listens before it understands signals: one that says "read anew" would end it until then.
        wait_until(lambda: house.said and any(line.endswith(" running") for line in house.said.lines), "mosquitto runs")
        yield house
    finally:
        house.said.stop()


class Speaker:
    """A client that says what our own code would refuse to say, and remembers every answer."""

    def __init__(
        self, mqtt: MqttSettings, *, name: str = "x", version: MQTTProtocolVersion = V5, will: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.heard: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        self.connected, self.gone, self.reason = threading.Event(), threading.Event(), ""
        self.answers: dict[int, str] = {}
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=version, reconnect_on_failure=False)
        if mqtt.username:
            self.client.username_pw_set(mqtt.username, mqtt.password_file.read_text() if mqtt.password_file else None)
        if mqtt.ca_file:
            self.client.tls_set_context(context or context_of(mqtt))
        if will:
            self.client.will_set(will, b"gone", qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _c, _u, message: self.heard.put(message)
        self.client.on_publish = lambda _c, _u, mid, reason, _p: self.answers.__setitem__(mid, reason.getName())
        self.client.on_subscribe = lambda _c, _u, mid, reasons, _p: self.answers.__setitem__(mid, reasons[0].getName())
        self.mqtt = mqtt

    def _on_connect(self, client: Client, _: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.reason = reason.getName()
        if not reason.is_failure:
            self.connected.set()

    def __enter__(self) -> Speaker:
        self.client.connect(self.mqtt.host or "", self.mqtt.port, keepalive=20)
        self.client.loop_start()
        wait_until(lambda: self.connected.is_set() or self.gone.is_set(), "an answer to CONNECT")
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def say(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> str:
        """Publish with QoS 1 and return what the MQTT broker says to it."""
        return self._answer(self.client.publish(topic, payload, qos=1, retain=retain).mid)

    def listen(self, topic: str) -> str:
        """Subscribe and return what the MQTT broker says to it."""
        mid = self.client.subscribe(topic, 1)[1]
        assert mid is not None
        return self._answer(mid)

    def _answer(self, mid: int) -> str:
        return wait_until(lambda: self.answers.get(mid), f"an answer to {mid}", PATIENCE_S)

    def says(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> bool:
        """Publish with QoS 1 and return whether it was taken."""
        return self.say(topic, payload, retain=retain) in ("Success", "No matching subscribers")

    def hears(self, within: float = PATIENCE_S) -> str:
        """Return the topic of the next message that is said, not of one that was kept."""
        while (heard := self.heard.get(timeout=within)).retain:
            pass
        return heard.topic

    def all_heard(self) -> set[str]:
        """Return the topics of every message that is here, kept ones too."""
        return {self.heard.get_nowait().topic for _ in range(self.heard.qsize())}


def context_of(mqtt: MqttSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(mqtt.ca_file))
    if mqtt.cert_file:
        context.load_cert_chain(mqtt.cert_file, mqtt.key_file)
    return context
