"""The shop that is soaked: an MQTT broker that keeps nothing, a line to the cameras that can be spoiled, each program a process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import tomlkit

from broker.failpoints import VARIABLE
from broker.settings import Settings, read
from broker.shop import STORE_FILE
from deploy.part import FEW_HEAPS
from tests.faults.proxy import Proxy
from tests.notify.sink import Sink
from tests.service.parts import free_port, listens

CAMERAS = ("cam-a", "cam-b", "cam-c")
RATE = 4.0
"""Events a second of each camera."""
PAUSED_ZONE = "back"
"""Where no camera looks, so that nobody is missed while it is paused."""
HOOK_EVENTS = ("ticket.issued", "ticket.called", "visit.greeted")
DESKS = 3
GREET_WITHIN = 6
STANDARDS = {
    "warn_seconds": 3, "greet_within_seconds": GREET_WITHIN, "escalate_seconds": 9, "call_lead_seconds": 12, "abandon_seconds": 60,
}  # fmt: skip
DISK_MB = 512
PATIENCE_S = 60.0
STOP_S = 10.0


class Premises:
    """One shop in *folder*, whose store lies in `data` and its archive on the other disk."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        """Write every settings file; *sink* is told by webhook. Nothing is started."""
        self.folder, self.data, self.sink = folder, folder / "data", sink
        (folder / "stick").mkdir()
        self.mqtt_port, self.web_port, self.kiosk_port = free_port(), *_quiet_ports(2)
        self.line = Proxy(self.mqtt_port)
        conf = folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\n"
        )
        here = self._settings_file(folder / "greetline.toml", self.mqtt_port)
        there = self._settings_file(folder / "camera.toml", self.line.port)
        self.settings = read(Settings, here, environment={})
        self.archive = self.settings.backup.folder(self.settings.store.id)
        python = [sys.executable, "-m"]
        self.commands = {
            "mosquitto": ["mosquitto", "-c", str(conf)],
            "service": [*python, "broker", "run", "--settings", str(here)],
            "dashboard": [*python, "dashboard", "--settings", str(here)],
            "kiosk": [*python, "kiosk", "--settings", str(here)],
            "archive": [*python, "broker", "archive", "--settings", str(here)],
            **{name: self.camera_command(there, name, RATE) for name in CAMERAS},
        }
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self._log = (folder / "log").open("ab")

    def camera_command(self, settings: Path, name: str, rate: float) -> list[str]:
        """Return how the camera *name* is run."""
        module = [sys.executable, "-m", "benchmarks.soak.camera", str(settings), str(self.spool(name)), name]
        return [*module, str(rate), str(self.clock(name))]

    def spool(self, camera: str) -> Path:
        """Return the file of what *camera* has said and keeps."""
        return self.folder / f"{camera}.spool"

    def clock(self, camera: str) -> Path:
        """Return the file with the seconds by which the clock of *camera* is wrong."""
        return self.folder / f"{camera}.clock"

    def start(self, name: str, *, failpoint: str = "") -> None:
        """Start the part *name*; with *failpoint* it ends when it stands there."""
        environment = {**os.environ, **FEW_HEAPS, **({VARIABLE: failpoint} if failpoint else {})}
        self.parts[name] = subprocess.Popen(
            self.commands[name], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=environment
        )

    def kill(self, name: str) -> None:
        """End the part *name* in the middle of whatever it does."""
        self.parts[name].kill()
        self.parts[name].wait(STOP_S)

    def wait_served(self) -> None:
        """Wait until both programs with screens and the MQTT broker can be connected to."""
        wait(lambda: all(listens(port) for port in (self.mqtt_port, self.web_port, self.kiosk_port)), "everything listens")

    def empty_spools(self) -> None:
        """Let every camera say what it still has, and end."""
        for name in CAMERAS:
            self.kill(name)
        last = [subprocess.Popen(self.camera_command(self.folder / "camera.toml", name, 0)) for name in CAMERAS]
        for one in last:
            try:
                one.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                one.kill()

    def renew_log(self) -> None:
        """Bring the log into the store and begin it anew, as SQLite does by itself where nobody has followed it for long."""
        with closing(sqlite3.connect(self.data / STORE_FILE, timeout=PATIENCE_S)) as db:
            wait(lambda: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "the log begins anew")

    def stop(self) -> None:
        """End every part that we started."""
        for part in self.parts.values():
            part.send_signal(signal.SIGTERM)
        for part in self.parts.values():
            try:
                part.wait(STOP_S)
            except subprocess.TimeoutExpired:
                part.kill()
                part.wait(STOP_S)
        self.line.close()
        self._log.close()

    def ended(self) -> list[str]:
        """Return the parts that have ended, whoever ended them."""
        return [name for name, part in self.parts.items() if part.poll() is not None]

    def memory(self) -> dict[str, tuple[int, float]]:
        """Return the process id and the megabytes that each part has allocated.

        Not what it "has to itself": of files, that is whatever no other program happens to have open at the moment.
        """
        found = {}
        for name, part in self.parts.items():
            try:
                found[name] = (part.pid, sum(each.anonymous for each in psutil.Process(part.pid).memory_maps()) / 1e6)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def ask(self, question: str, *values: object) -> list[tuple]:
        """Ask the store file as anybody may."""
        with closing(sqlite3.connect(f"file:{self.data / STORE_FILE}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(question, values).fetchall()

    def _settings_file(self, file: Path, mqtt_port: int) -> Path:
        written = {
            "store": {"id": "oslo-city", "name": "Oslo City", "data": str(self.data)},
            "mqtt": {"host": "127.0.0.1", "port": mqtt_port}, "dashboard": {"port": self.web_port},
            "kiosk": {"port": self.kiosk_port}, "standards": STANDARDS,
            "zones": [{"id": "entrance", "name": "Entrance"}, {"id": PAUSED_ZONE, "name": "Back"}],
            "services": [{"id": "collect", "letter": "C", "name": "Collect"}],
            "counters": [{"id": f"desk-{n}", "name": f"Desk {n}"} for n in range(DESKS)],
            "health": {"free_megabytes": 20}, "backup": {"archive_to": str(self.folder / "stick")},
            "webhooks": [self._hook()],
        }  # fmt: skip
        file.write_text(tomlkit.dumps(written))
        return file

    def _hook(self) -> dict[str, object]:
        hook = self.sink.settings(self.folder, events=list(HOOK_EVENTS), allow=["127.0.0.1"])
        return hook | {"secret_file": str(hook["secret_file"])}


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of DISK_MB on *folder*, and whether there is one: only root may mount it."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def wait(found, what: str, within: float = PATIENCE_S, every: float = 0.02) -> float:
    """Return the seconds until *found* returned something true. Raises TimeoutError."""
    began = time.monotonic()
    while not found():
        if time.monotonic() - began > within:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(every)
    return time.monotonic() - began


def _quiet_ports(number: int) -> list[int]:
    """Return free ports below those that the system lends to clients, who could otherwise end up connected to themselves."""
    found = []
    for port in range(21_003, 31_000, 11):
        if not listens(port):
            found.append(port)
        if len(found) == number:
            return found
    raise SystemExit("no port is free")
