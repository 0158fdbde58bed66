"""`python -m deploy.install.certify SETTINGS`, as root: the shop's certificates, and what mosquitto and Caddy are told.

Made anew only where something is missing, has changed or ends soon, so it can be run at any time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from broker.identity.devices import Devices
from broker.identity.files import PUBLIC, put
from broker.settings import Settings, read
from deploy import bundle, caddy, certs, mosquitto
from deploy.fault import Fault, faults_said
from deploy.install.plan import CADDYFILE, MOSQUITTO, MQTT, OWED, SERVES, TLS, USERS, VAR

CREDENTIALS: Final = Path("/run/credentials")
"""Where systemd lays the keys that a unit loads: root's files, readable by that one program."""
PID_FILE: Final = Path("/run/greetline/mosquitto.pid")
SYSTEMD_SECONDS: Final = 60
STATE: Final = "mosquitto"
"""Folder of what mosquitto keeps, beside the store."""


def certify(settings: Settings, *, mosquitto_conf: Path = MOSQUITTO, caddyfile: Path = CADDYFILE) -> list[str]:
    """Make what is missing for the shop of *settings*; return the units that must be started anew for it. Raises Fault.

    A name that the authority may not speak for is left out: `main` says so when all is done.
    """
    folder, wanted = settings.tls.folder, bundle.lasting_reach_of(settings)
    certs.make_authority(folder, shop=settings.store.name, names=wanted.names)
    reach, _ = certs.spoken_for(folder, wanted)
    made = {server: certs.make_server(folder, server, reach) for server in certs.SERVERS}
    told = {
        "mqtt": _told(mosquitto_conf, mosquitto.configuration(_mosquitto(), _places(settings))),
        "web": _told(caddyfile, caddy.caddyfile(_site(settings, reach))),
    }
    return [SERVES[server] for server in certs.SERVERS if made[server] or told[server]]


def _told(file: Path, text: str) -> bool:
    """Write *text* to *file* unless it stands there; return whether it was written."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return False
    put(file, text.encode(), PUBLIC)
    return True


def _places(settings: Settings) -> mosquitto.Places:
    data = settings.store.data
    return mosquitto.Places(
        password_file=data / MQTT / USERS,
        devices=Devices(data, settings.store.id).shown,
        certificate=settings.tls.folder / "mqtt.crt",
        key=CREDENTIALS / "greetline-mqtt.service/mqtt.key",
        state=data / STATE,
        pid_file=PID_FILE,
        plugins=mosquitto.plugins_of(),
        user="greetline",
        local_port=settings.mqtt.port,
        tls_port=settings.tls.mqtt_port,
    )


def _site(settings: Settings, reach: certs.Reach) -> caddy.Site:
    return caddy.Site(
        reach=reach,
        certificate=settings.tls.folder / "web.crt",
        key=CREDENTIALS / "greetline-https.service/web.key",
        dashboard=f"127.0.0.1:{settings.dashboard.port}",
        kiosk=f"127.0.0.1:{settings.kiosk.port}",
    )


def _mosquitto() -> tuple[int, int]:
    try:
        said = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    version = mosquitto.version_of(said)
    if version is None:
        raise Fault("mosquitto is not installed, or does not say its version: apt-get install mosquitto")
    return version


def main(path: Path, *, restart: bool) -> None:
    """Do it for the shop whose settings are at *path*; with *restart* let what runs take up what has changed. Raises Fault.

    Without, whoever calls starts it anew, as an installation does at its end: a name that may not be certified is said then and
    does not keep it from that.
    """
    with faults_said():
        settings = read(Settings, path)
    folder = settings.tls.folder
    _need_roots_own(folder, path)
    if not restart:
        _need_found(settings, path)
    try:
        with certs.alone(folder):
            _certify_and_owe(settings, restart=restart)
    except OSError as wrong:
        raise Fault(f"{wrong.filename or folder}: {wrong.strerror or wrong}. {certs.INSTALL} makes what is missing.") from None
    if rest := certs.spoken_for(folder, bundle.reach_of(settings))[1]:
        if restart:
            raise Fault(rest)
        print(rest)


def _need_roots_own(folder: Path, path: Path) -> None:
    """Refuse to work as root elsewhere than in TLS. Raises Fault.

    The settings are the account's of the shop, and in a folder of its own it could lay links for root to follow.
    """
    if os.geteuid() == 0 and folder != TLS:
        raise Fault(
            f"{path}: [tls] folder is {folder}. An installed shop has its certificates in {TLS}, which is root's alone: "
            f'set folder = "{TLS}" again.'
        )


def _need_found(settings: Settings, path: Path) -> None:
    """Refuse a store of which `greetline-mqtt.service` would not find the lists of who may sign in. Raises Fault."""
    if VAR in settings.store.data.parents:
        raise Fault(
            f"{path}: [store] data is {settings.store.data}. Of what lies below {VAR} the MQTT broker of an installed shop finds "
            f"only its own: give the store {VAR} itself."
        )


def _certify_and_owe(settings: Settings, *, restart: bool) -> None:
    """Certify, and with *restart* start anew what serves it. In the file OWED stands what is still to be: the next night tries."""
    owed = settings.tls.folder / OWED
    before = []
    with suppress(FileNotFoundError):  # An installation that ends meanwhile has started them anew and takes it away.
        before = owed.read_text(encoding="utf-8").split()
    # All of them until it is known which: whatever ends this in between, no certificate is made that nobody takes up.
    put(owed, "\n".join(SERVES.values()).encode(), PUBLIC)
    units = sorted({*certify(settings), *before} & {*SERVES.values()})
    if units:
        put(owed, "\n".join(units).encode(), PUBLIC)
        if not restart:
            return
        print(f"made anew: {', '.join(units)}")
        _restart(units)
    owed.unlink(missing_ok=True)


def _restart(units: list[str]) -> None:
    command = ["systemctl", "try-restart", *units]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=SYSTEMD_SECONDS)
    except (OSError, subprocess.SubprocessError) as wrong:
        said = (getattr(wrong, "stderr", "") or str(wrong)).strip()
        raise Fault(
            f"{said}\nThe certificates are made anew, and what serves them could not be started anew: {' '.join(command)}"
        ) from None


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), restart="--restart" in sys.argv[2:])
    except Fault as wrong:
        sys.exit(wrong.message)
