"""The single looks that `greetline doctor` takes. Each is quick, changes nothing, and says what to do."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from broker.embedded import found
from broker.settings import CameraSettings, Settings
from broker.shop import STORE_FILE
from deploy import certs, own_words, premises
from deploy.finding import Finding, State

LEAST_PYTHON: Final = (3, 11)
BUILT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right is before this."""
CONNECT_SECONDS: Final = 3.0
RTSP_PORT: Final = 554

EXTRAS: Final = ("edge", "shop")
"""One of them makes a camera box, the other a shop."""


def python() -> Finding:
    """Look at the Python that runs us."""
    version = sys.version.split()[0]
    if sys.version_info < LEAST_PYTHON:
        return Finding("python", State.MISSING, version, "Python 3.11 or later is needed.")
    return Finding("python", State.OK, version)


def extras() -> Iterator[Finding]:
    """Look at what is installed beside the core. One of both kinds of box is enough."""
    lacking = {extra: [name for name in packages(extra) if not _installed(name)] for extra in EXTRAS}
    nothing_works = all(lacking.values())
    for extra, names in lacking.items():
        if names:
            state = State.MISSING if nothing_works else State.WARN
            yield Finding(extra, state, f"{', '.join(names)} not installed", f"For this part: pip install 'greetline[{extra}]'")
        else:
            yield Finding(extra, State.OK, "installed")


def packages(extra: str) -> list[str]:
    """Return the packages that *extra* asks for, as our own installation says: what is added there is looked for here."""
    asked = [line.partition(";") for line in metadata.requires("greetline") or ()]
    wanted = (needs for needs, _, when in asked if re.search(rf"""extra\s*==\s*['"]{extra}['"]""", when))
    return [found[0] for needs in wanted if (found := re.match(r"[A-Za-z0-9._-]+", needs))]


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def mosquitto() -> Finding:
    """Look for mosquitto."""
    path = found.mosquitto()
    if path:
        return Finding("mosquitto", State.OK, path)
    return Finding(
        "mosquitto", State.WARN, "not installed; our own small MQTT broker is used", "For many cameras: install mosquitto 2."
    )


def words(settings: Settings) -> Iterator[Finding]:
    """Look at what the shop itself says to people."""
    for each in own_words.advice(settings):
        yield Finding(
            "words", State.WARN, f"{each.where} ({each.text!r}) {each.finding.fault}", each.finding.instead.capitalize() + "."
        )


def disk(settings: Settings) -> Finding:
    """Look at the directory of the store and the room there."""
    data = settings.store.data
    try:
        free = premises.free_bytes(data)
    except OSError as wrong:
        return Finding("disk", State.MISSING, f"{data}: {wrong.strerror}", "Set another directory as data in [store].")
    there = data
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "disk", State.MISSING, f"{there} cannot be written", "Set another directory as data in [store], or change its owner."
        )
    megabytes = free // 2**20
    if free < premises.NEEDED_BYTES:
        return Finding("disk", State.MISSING, f"{megabytes} MB free at {data}", "Make room: 50 MB are needed to start.")
    if free < 10 * premises.NEEDED_BYTES:
        return Finding("disk", State.WARN, f"{megabytes} MB free at {data}", "A year of a busy shop needs about 500 MB.")
    return Finding("disk", State.OK, f"{megabytes:,} MB free at {data}")


def clock(settings: Settings) -> Finding:
    """Look whether the clock is sane: not before we were made, nor before what the store remembers."""
    now = datetime.now(UTC)
    store = settings.store.data / STORE_FILE
    written = datetime.fromtimestamp(store.stat().st_mtime, UTC) if store.exists() else BUILT
    if now < BUILT or (written - now).total_seconds() > 2:
        return Finding(
            "clock", State.MISSING, f"it says {now:%Y-%m-%d %H:%M} UTC, which is over", "Set the clock; let it follow NTP."
        )
    local = now.astimezone(settings.store.zone)
    return Finding("clock", State.OK, f"{local:%Y-%m-%d %H:%M} in {settings.store.timezone}")


def time_server() -> Iterator[Finding]:
    """Look whether this machine's clock follows a time server, where systemd can say so."""
    asked = ["timedatectl", "show", "--property", "NTPSynchronized", "--value"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=CONNECT_SECONDS, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return
    if said == "yes":
        yield Finding("time server", State.OK, "the clock follows one")
    elif said == "no":
        yield Finding(
            "time server", State.WARN, "the clock follows none",
            "Many routers are one: name it in /etc/systemd/timesyncd.conf (package systemd-timesyncd). "
            "A Raspberry Pi has no time of its own after a night.",
        )  # fmt: skip


def dashboard_port(settings: Settings) -> Finding:
    """Look whether the screens' port is free, or ours."""
    host, port = settings.dashboard.host, settings.dashboard.port
    trouble = premises.port_trouble(host, port)
    if trouble is None:
        return Finding("dashboard", State.OK, f"{host}:{port} is free")
    if premises.answers(settings):
        return Finding("dashboard", State.OK, f"{host}:{port} answers: the shop is open")
    return Finding(
        "dashboard", State.MISSING, f"{host}:{port}: {trouble}", "Set another port in [dashboard], or stop the other program."
    )


def mqtt(settings: Settings) -> Finding:
    """Look whether the MQTT broker can be reached, or our own could listen."""
    where = f"{settings.mqtt.host or '127.0.0.1'}:{settings.mqtt.port}"
    if settings.mqtt.host is None:
        trouble = premises.port_trouble("127.0.0.1", settings.mqtt.port)
        if trouble is None:
            return Finding("mqtt", State.OK, f"{where} is free for our own MQTT broker")
        if not premises.is_up(settings.store.data):
            return Finding(
                "mqtt", State.MISSING, f"{where}: {trouble}", "Set host in [mqtt] to use that MQTT broker, or another port."
            )
        return Finding("mqtt", State.OK, f"{where}: our own MQTT broker runs")
    return _sign_in(settings, where)


def _sign_in(settings: Settings, where: str) -> Finding:
    from broker.link import Link

    with Link(settings.mqtt, client_id=f"greetline-{settings.store.id}-doctor") as link:
        if link.wait_connected(CONNECT_SECONDS):
            return Finding("mqtt", State.OK, f"{where} lets us in")
    return Finding(
        "mqtt",
        State.MISSING,
        f"{where} cannot be reached, or does not let us in",
        "See [mqtt]: host, port, username, password_file.",
    )


def cameras(settings: Settings) -> Iterator[Finding]:
    """Look whether each camera, and the model that is to watch it, is there."""
    for camera in settings.cameras:
        trouble = _absence(camera)
        if trouble:
            yield Finding(camera.id, State.MISSING, f"{_shown(camera.source)}: {trouble}", f"Set source of camera {camera.id}.")
        else:
            yield Finding(camera.id, State.OK, _shown(camera.source))
        trouble = _blindness(camera)
        if trouble:
            yield Finding(f"{camera.id}: model", State.MISSING, trouble, "`greetline models list` says which there are.")


def _shown(source: str) -> str:
    """Return *source* without the password that may be in it."""
    return f"{source.split('://')[0]}://...@{source.rsplit('@', 1)[1]}" if "://" in source and "@" in source else source


def _absence(camera: CameraSettings) -> str | None:
    source = camera.source
    if source.isdigit() or source.startswith("/dev/"):
        device = Path(f"/dev/video{source}" if source.isdigit() else source)
        return None if device.exists() else f"there is no {device}"
    if "://" in source:
        return _silence(source)
    if importlib.util.find_spec("cv2") is None:
        return None if source.startswith("scene:") or os.access(source, os.R_OK) else "there is no such file"
    from edge.source import NoPictures, film

    try:
        opened = film(source, camera.frames_per_second)
    except NoPictures as wrong:
        return str(wrong)
    opened.close()
    return None


def _blindness(camera: CameraSettings) -> str | None:
    """Return why the detector of *camera* cannot be had."""
    if importlib.util.find_spec("cv2") is None:
        return None
    from edge.detectors import BadDetector, choose

    try:
        choose(camera)
    except BadDetector as wrong:
        return str(wrong)
    return None


def _silence(address: str) -> str | None:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or RTSP_PORT), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as wrong:
        return f"nothing answers: {wrong}"
    return None


def _opens(settings: Settings) -> str:
    return certs.INSTALL if certs.installed(settings.tls.folder) else "`greetline up`"


def people(settings: Settings) -> Iterator[Finding]:
    """Look who works here and which screens are paired."""
    if importlib.util.find_spec("sqlite_utils") is None:
        return
    from broker.desk import pairing
    from broker.desk import people as desk
    from deploy.fault import Fault
    from deploy.up import shop_of

    if not (settings.store.data / STORE_FILE).exists():
        how = f"{_opens(settings)} makes it and prints a link for the first manager."
        yield Finding("store", State.WARN, "there is none yet", how)
        return
    try:
        with shop_of(settings) as shop:
            staff, screens = len(desk.everybody(shop)), len(pairing.screens(shop))
    except Fault as wrong:
        yield Finding("store", State.MISSING, wrong.message, "")
        return
    yield (
        Finding("people", State.OK, f"{staff} work here")
        if staff
        else Finding("people", State.WARN, "nobody works here yet", f"Open the link that {_opens(settings)} prints.")
    )
    yield (
        Finding("screens", State.OK, f"{screens} paired")
        if screens
        else Finding("screens", State.WARN, "no tablet is paired", "Open /pair on the tablet and type its code under Screens.")
    )


def tablets(settings: Settings) -> Finding:
    """Look whether tablets can open the screens, and in a secure context: without one they may not stay awake."""
    host, port = settings.dashboard.host, settings.dashboard.port
    if settings.dashboard.https:
        return Finding("tablets", State.OK, f"{host}:{port}, behind a TLS proxy")
    if _only_here(host):
        says = f"the screens listen on {host}: only this machine can open them"
        return Finding(
            "tablets", State.WARN, says, 'Set host = "0.0.0.0" in [dashboard], with a TLS proxy in front and https = true.'
        )
    says = "without https a tablet may not stay awake, and taps travel in the open"
    return Finding("tablets", State.WARN, says, "Put a TLS proxy in front and set https = true in [dashboard].")


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
