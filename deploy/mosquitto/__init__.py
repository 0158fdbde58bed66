"""mosquitto as a shop has it: our own programs by loopback and a password, devices by TLS and a certificate.

`configuration` is pure: it says which files there must be. The access list and the lists of certificates are not among them:
`broker.identity.devices` writes those, and mosquitto reads them anew at SIGHUP.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.contract.messages import MAX_BYTES
from deploy.fault import Fault

TLS_PORT: Final = 8883
LOCAL_PORT: Final = 1883
SPOKEN: Final = ((2, 0), (3, 0))
"""mosquitto versions this is for: from the first, before the second."""
PLUGINS_SINCE: Final = (2, 1)
"""From here on the lists are read by plugins; the words of before go with 3.0."""
RIGHTS: Final = "mosquitto_acl_file.so"
PASSWORDS: Final = "mosquitto_password_file.so"

MAX_CONNECTIONS: Final = 300
"""256 devices, our own programs, and some that are about to be thrown out."""
MAX_QUEUED: Final = 20_000
"""Messages kept for the service while it is away; the cameras' spools hold the rest. The default of 1,000 drops silently."""
MAX_QUEUED_BYTES: Final = 64 * 1024 * 1024
MAX_INFLIGHT: Final = 1_000
MAX_PACKET_BYTES: Final = 8 * MAX_BYTES
"""Room above the contract's limit, so that a message too large is kept in `rejected`; what is larger still ends the line."""
MAX_TOPIC_ALIASES: Final = 10
CHANGES_BEFORE_SAVING: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are for mosquitto; every path as the machine that runs it sees it."""

    password_file: Path
    """Made of `broker.embedded.users.password_line`; readable by mosquitto."""
    devices: Path
    """`Devices(...).shown`: devices.crt, devices.crl and access."""
    certificate: Path
    """The server's own, with the shop's authority behind it."""
    key: Path
    state: Path = Path("/var/lib/mosquitto")
    pid_file: Path = Path("/run/mosquitto/mosquitto.pid")
    plugins: Path | None = None
    """Where mosquitto 2.1 keeps its plugins, of `plugins_of`; None: the words of before are used, which it knows until 3.0."""
    user: str = "mosquitto"
    tls_host: str = ""
    """Address on which devices are heard; empty: on every address of this machine."""
    local_port: int = LOCAL_PORT
    tls_port: int = TLS_PORT


def configuration(version: tuple[int, int], places: Places) -> str:
    """Return the whole of mosquitto.conf for mosquitto *version*, such as (2, 0). Raises Fault for one it is not for."""
    if not SPOKEN[0] <= version < SPOKEN[1]:
        raise Fault(f"mosquitto {version[0]}.{version[1]} is not one this is for; install mosquitto 2.")
    for path in (places.password_file, places.devices, places.certificate, places.key, places.state, places.pid_file):
        if any(letter in str(path) for letter in "\r\n"):
            raise Fault(f"{str(path)!r} cannot be the name of a file here")
    plugins = places.plugins if version >= PLUGINS_SINCE else None
    lists = _plugins(places, plugins) if plugins else _lists(places)
    return "\n".join([*_HEAD, *lists, *_common(places), *_local(places), *_devices(places)]) + "\n"


def version_of(said: str) -> tuple[int, int] | None:
    """Return the version in what `mosquitto -h` says, or None."""
    found = re.search(r"version (\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def plugins_of(root: Path = Path("/")) -> Path | None:
    """Return the folder of the plugins that read the lists in mosquitto 2.1, or None where they are not there."""
    found = sorted(path.parent for path in (root / "usr/lib").glob(f"**/{RIGHTS}") if (path.parent / PASSWORDS).exists())
    return Path("/") / found[0].relative_to(root) if found else None


def new_password() -> str:
    """Return a secret of 256 bits for our own programs."""
    return secrets.token_urlsafe(32)


_HEAD: Final = ("# Written by Greetline; `greetline install` writes it anew.", "allow_anonymous false")


def _lists(places: Places) -> list[str]:
    return [
        f"password_file {places.password_file}",
        f"acl_file {places.devices / 'access'}",
    ]


def _plugins(places: Places, folder: Path) -> list[str]:
    return [
        f"global_plugin {folder / PASSWORDS}",
        f"plugin_opt_password_file {places.password_file}",
        f"global_plugin {folder / RIGHTS}",
        f"plugin_opt_acl_file {places.devices / 'access'}",
    ]


def _common(places: Places) -> list[str]:
    return [
        f"user {places.user}",
        f"pid_file {places.pid_file}",
        "persistence true",
        f"persistence_location {places.state}/",
        "autosave_on_changes true",
        f"autosave_interval {CHANGES_BEFORE_SAVING}",
        "persistent_client_expiration 1d",
        f"max_inflight_messages {MAX_INFLIGHT}",
        f"max_queued_messages {MAX_QUEUED}",
        f"max_queued_bytes {MAX_QUEUED_BYTES}",
        f"max_packet_size {MAX_PACKET_BYTES}",
        "max_keepalive 300",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages true",
    ]


def _local(places: Places) -> list[str]:
    """Our own programs: a password, and no way in from the network."""
    return ["", f"listener {places.local_port} 127.0.0.1", f"max_connections {MAX_CONNECTIONS}"]


def _devices(places: Places) -> list[str]:
    """Devices: who they are is what their certificate says, their client id too, so that none ends another's connection."""
    return [
        "",
        f"listener {places.tls_port} {places.tls_host}".rstrip(),
        f"max_connections {MAX_CONNECTIONS}",
        f"max_topic_alias {MAX_TOPIC_ALIASES}",
        f"cafile {places.devices / 'devices.crt'}",
        f"crlfile {places.devices / 'devices.crl'}",
        f"certfile {places.certificate}",
        f"keyfile {places.key}",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "tls_version tlsv1.2",
    ]
