"""What must hold of this machine before a shop is opened on it. Nothing is changed before all of it was looked at."""

from __future__ import annotations

import errno
import fcntl
import http.client
import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from broker.lock import Held, held
from broker.settings import CameraSettings, DashboardSettings, KioskSettings, Settings
from deploy.fault import Fault

LOCK_FILE: Final = "up.lock"
NEEDED_BYTES: Final = 50 * 1024 * 1024
"""Free space below which a shop is not opened: a day of a busy shop, its write-ahead log and a backup of both."""

ANSWER_SECONDS: Final = 2.0


@contextmanager
def sole_up(data: Path) -> Iterator[None]:
    """Hold *data* for this `greetline up`; the kernel lets go of it however we end. Raises Fault."""
    with ExitStack() as holding:
        try:
            holding.enter_context(held(data / LOCK_FILE))
        except Held as taken:
            raise Fault(f"{data}: `greetline up` already runs this shop{taken.who}. Stop that one first.") from None
        yield


def is_up(data: Path) -> bool:
    """Return whether a `greetline up` runs the shop in *data*."""
    try:
        with (data / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def make_room(data: Path, *, needed: int = NEEDED_BYTES) -> None:
    """Make the directory *data* and see that it can be written and has *needed* bytes free. Raises Fault."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = free_bytes(data)
        if free < needed:
            raise Fault(
                f"{data}: the disk is full: {free // 2**20} MB are free and {needed // 2**20} MB are needed. "
                "Make room, or set another directory as data in [store]."
            )
        probe = data / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as wrong:
        raise Fault(f"{data}: cannot be written: {wrong.strerror}. Set another directory as data in [store].") from None


def free_bytes(data: Path) -> int:
    """Return the bytes that are free where *data* is, or would be. Raises OSError."""
    while not data.exists():
        data = data.parent
    return shutil.disk_usage(data).free


def port_trouble(host: str, port: int) -> str | None:
    """Return why nobody can listen on *host*:*port* now, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as wrong:
            return "another program uses it" if wrong.errno == errno.EADDRINUSE else wrong.strerror or str(wrong)
    return None


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need_ports(settings: Settings, mqtt_host: str | None) -> None:
    """See that the ports of the shop are free; *mqtt_host* is where our own MQTT broker will listen. Raises Fault."""
    wanted = [("dashboard", settings.dashboard.host, settings.dashboard.port)]
    if settings.services:
        wanted.append(("kiosk", settings.kiosk.host, settings.kiosk.port))
    if mqtt_host:
        wanted.append(("mqtt", mqtt_host, settings.mqtt.port))
    for section, host, port in wanted:
        if trouble := port_trouble(host, port):
            raise Fault(
                f"{host}:{port} cannot be listened on: {trouble}. Set another port in [{section}], or stop the other program."
            )


def need_films(settings: Settings, base: Path) -> None:
    """See that the files which stand for cameras are there. Raises Fault.

    A camera on the network or in a socket may come back, so its absence does not keep the shop closed; a file that was
    never there will not.
    """
    if settings.cameras and importlib.util.find_spec("cv2") is None:
        raise Fault("The settings have cameras, and their eyes are not installed here: pip install 'greetline[edge]'")
    for camera in settings.cameras:
        film = film_of(camera, base)
        if film is not None and not os.access(film, os.R_OK):
            raise Fault(
                f"camera {camera.id}: there is no file {film} that may be read here. "
                "Set its source: rtsp://..., a device number, a file, or scene:door."
            )


def film_of(camera: CameraSettings, base: Path) -> Path | None:
    """Return the file or folder that stands for *camera*, or None when its source is a device, an address or a scene."""
    source = camera.source
    if source.isdigit() or source.startswith(("/dev/", "scene:")) or "://" in source:
        return None
    return base / source


Served = DashboardSettings | KioskSettings
"""The screens of the staff, or those of the customers."""


def address(settings: Settings, served: Served | None = None) -> str:
    """Return the address of the staff's screens, or of those *served*, as a browser on this machine types it."""
    served = served or settings.dashboard
    return f"http://{'127.0.0.1' if served.host in ('0.0.0.0', '::', '') else served.host}:{served.port}"


def answers(settings: Settings, served: Served | None = None, path: str = "/healthz") -> bool:
    """Return whether the staff's screens, or those *served*, answer with 200 now."""
    line = http.client.HTTPConnection(address(settings, served).removeprefix("http://"), timeout=ANSWER_SECONDS)
    try:
        line.request("GET", path)
        return line.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
