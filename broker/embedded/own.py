"""Decide which program our own MQTT broker is, and make its files: a secret, who may sign in, a configuration.

The secret is made once. Everything is readable by its owner only and replaced in one step, so that a start that was cut
short leaves the files of before or the new ones.
"""

from __future__ import annotations

import getpass
import logging
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from argon2 import PasswordHasher

from broker.contract.messages import MAX_BYTES
from broker.embedded import found
from broker.embedded.users import password_line
from broker.settings import BadSettings, MqttSettings

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
USERNAME: Final = "greetline"
FOLDER: Final = "mqtt"
"""Name of the directory of our files, beside the store file."""

MAX_QUEUED: Final = 20_000
"""Messages mosquitto keeps for the service while it is away; the cameras' spools hold the rest."""
MAX_INFLIGHT: Final = 1_000
"""Messages on their way to one client; the default of 20 would make a batch of 500 wait for itself."""
MAX_PACKET_BYTES: Final = 8 * MAX_BYTES
"""Room above the contract's limit, so that a message too large is kept in `rejected`; what is larger still ends the line."""
MAX_CONNECTIONS: Final = 200
CHANGES_BEFORE_SAVING: Final = 1_000

Program = Literal["mosquitto", "amqtt"]
_SPOKEN: Final = (2, 3)
"""mosquitto versions this configuration is for: from 2.0 and before 3.0, which drops `password_file`."""


@dataclass(frozen=True, slots=True)
class Own:
    """Our own MQTT broker: the program, the command that runs it as a child, and how clients reach it."""

    program: Program
    command: list[str]
    settings: MqttSettings


def prepare(data: Path, mqtt: MqttSettings) -> Own:
    """Make secret and configuration under *data* (only what is missing or has changed) and say how to run the broker.

    Starts nothing. Raises BadSettings when `own` asks for a program that is not there, OSError when *data* cannot be
    written.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _secret(folder / "secret")
    program = _program(mqtt.own)
    if program == "mosquitto":
        _once(folder / "mosquitto.passwd", lambda: password_line(USERNAME, secret))
        _write(folder / "mosquitto.conf", _mosquitto_conf(folder, mqtt.port))
    else:
        _once(folder / "amqtt.passwd", lambda: f"{USERNAME}:{_CHEAP.hash(secret)}\n")
    settings = MqttSettings(
        host=HOST,
        port=mqtt.port,
        username=USERNAME,
        password_file=folder / "secret",
        # amqtt speaks nothing else, and to a client with a last will it does not even say so.
        protocol="3.1.1" if program == "amqtt" else mqtt.protocol,
        own=mqtt.own,
    )
    command = [sys.executable, "-m", "broker.embedded", program, "--data", str(data), "--port", str(mqtt.port)]
    return Own(program, command, settings)


def _program(wanted: Literal["auto", "mosquitto", "amqtt"]) -> Program:
    if wanted == "amqtt":
        return "amqtt"
    version = _mosquitto_version()
    if version is not None and _SPOKEN[0] <= version[0] < _SPOKEN[1]:
        return "mosquitto"
    if wanted == "mosquitto":
        there = "no mosquitto" if version is None else f"mosquitto {version[0]}.{version[1]}"
        raise BadSettings(f"mqtt.own: mosquitto is wanted, and {there} is on this machine; install mosquitto 2, or say auto")
    return "amqtt"


def _mosquitto_version() -> tuple[int, int] | None:
    path = found.mosquitto()
    if path is None:
        return None
    said = subprocess.run([path, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    version = re.search(r"version (\d+)\.(\d+)", said)
    return (int(version[1]), int(version[2])) if version else None


def _mosquitto_conf(folder: Path, port: int) -> str:
    return f"""# Written by Greetline at each start; changes are lost. To use a broker of your own, set host in [mqtt].
listener {port} {HOST}
allow_anonymous false
password_file {folder / "mosquitto.passwd"}
user {getpass.getuser()}
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval {CHANGES_BEFORE_SAVING}
persistent_client_expiration 1d
max_connections {MAX_CONNECTIONS}
max_inflight_messages {MAX_INFLIGHT}
max_queued_messages {MAX_QUEUED}
max_packet_size {MAX_PACKET_BYTES}
set_tcp_nodelay true
sys_interval 0
connection_messages false
log_dest stderr
log_type error
log_type warning
"""


_CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
"""256 random bits cannot be guessed, however fast the hash; a slow one would only hold up every sign-in."""


def _secret(path: Path) -> str:
    _once(path, lambda: secrets.token_urlsafe(32) + "\n")
    return path.read_text(encoding="utf-8").strip()


def _once(path: Path, make: Callable[[], str]) -> None:
    """Write what *make* returns unless *path* is there already; of two starts at once, one wins and both agree."""
    if path.exists():
        return
    fresh = _beside(path, make())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        _beside(path, text).replace(path)


def _beside(path: Path, text: str) -> Path:
    """Write *text* to a new file of ours beside *path*, safely on the disk, readable by us only (mkstemp's 0600)."""
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
