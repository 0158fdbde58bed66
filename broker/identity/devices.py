"""Which devices may come in by TLS: a register, and what the MQTT broker is told of it.

    <data>/devices/            its owner's alone, 0711
        authority.key          signs devices and nothing else; tablets do not trust it
        register.json          who was let in when, until when, and who was thrown out
        lock
        mqtt/                  for the MQTT broker too
            devices.crt        the authority
            devices.crl        who is thrown out
            access             who may say and read what

The authority of devices is another than the shop's own, which tablets trust and whose key no program holds: whoever broke
into the program that lets camera boxes in could speak for cameras, which it may anyhow, and for no page.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from broker.contract.topics import NAME
from broker.identity import authority, rights
from broker.identity.authority import Authority, Made, NoAuthority
from broker.identity.files import SECRET, SHARED, make_folder, put
from broker.identity.rights import BadName, Kind

FOLDER: Final = "devices"
"""Beside the store file."""
MOST_DEVICES: Final = 256
"""Devices that are let in at a time: as many as the service knows."""
MOST_ROWS: Final = 4_096
"""Rows of the register, those thrown out among them. Only those that have expired go: a forgotten one would be good again."""
MOST_ZONES: Final = 32
RENEW_BEFORE: Final = timedelta(days=30)
TOLD_AGAIN_SECONDS: Final = 0.25
"""Longer than mosquitto reads its lists."""


class Refused(ValueError):
    """It cannot be done. The text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One certificate of a device. `serial` is hexadecimal."""

    name: str
    kind: Kind
    serial: str
    issued_at: datetime
    expires_at: datetime
    zones: tuple[str, ...] = ()
    by: str = ""
    revoked_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Return whether it opens anything at *now*."""
        return self.revoked_at is None and self.expires_at > now


class Devices:
    """The register of the devices of one store, in the folder *data*. Every change is whole and made by one at a time."""

    def __init__(self, data: Path, store: str, *, prefix: str = "homeassistant") -> None:
        """Say where; nothing is made before it is needed. *prefix* is Home Assistant's."""
        self.folder = data / FOLDER
        self._store, self._prefix = store, prefix

    @property
    def shown(self) -> Path:
        """The folder that the MQTT broker reads."""
        return self.folder / "mqtt"

    @property
    def _register(self) -> Path:
        return self.folder / "register.json"

    @property
    def certificate(self) -> Path:
        """The certificate of the authority of devices."""
        return self.shown / "devices.crt"

    def ready(self, now: datetime) -> None:
        """Make the authority, an empty register and what the MQTT broker reads, where they are not there. Raises OSError."""
        with self._changing(now):
            pass

    def listed(self) -> list[Device]:
        """Return every certificate that is remembered, newest first. Raises Refused for a register that cannot be read."""
        return self._read()[::-1]

    def issue(
        self, name: str, kind: Kind, *, now: datetime, by: str, zones: Sequence[str] = (), request: bytes | None = None
    ) -> tuple[Device, Made]:
        """Let *name* in: with a key made here, or with that of a signing *request* (PEM).

        A certificate it had before is revoked, so that of one name there is one. Raises Refused, BadName, BadRequest, OSError.
        """
        common = rights.checked(self._store, name)
        for zone in zones:
            if not NAME.fullmatch(zone):
                raise BadName(f"{zone!r} is not a zone's name: 1 to 32 of a-z, 0-9 and inner hyphens")
        if len(zones) > MOST_ZONES:
            raise Refused(f"a light has at most {MOST_ZONES} zones; name none for all of them")
        with self._changing(now) as (signer, rows):
            others = [row for row in rows if row.name != name and row.live(now)]
            if len(others) >= MOST_DEVICES:
                raise Refused(f"{MOST_DEVICES} devices are let in. Revoke those that are gone.")
            if sum(row.expires_at > now for row in rows) >= MOST_ROWS:
                raise Refused(
                    f"{MOST_ROWS} certificates are remembered until they expire, and no more fit. "
                    f"Take {self.folder} away, invite each device anew, and start the MQTT broker anew."
                )
            made = signer.client_of(request, common, now=now) if request is not None else signer.client(common, now=now)
            parsed = made.parsed
            device = Device(
                name=name, kind=kind, serial=f"{parsed.serial_number:x}", zones=tuple(zones), by=by, issued_at=now,
                expires_at=parsed.not_valid_after_utc,
            )  # fmt: skip
            rows[:] = [*_without(rows, name, now), device]
        return device, made

    def revoke(self, name: str, *, now: datetime) -> Device:
        """Throw *name* out: its certificate is on the list of revoked ones and none of its topics is open any more.

        Raises Refused when no such device is let in.
        """
        with self._changing(now) as (_, rows):
            found = next((row for row in rows if row.name == name and row.live(now)), None)
            if found is None:
                raise Refused(f"no device {name} is let in; `greetline mqtt list` says which are")
            rows[:] = _without(rows, name, now)
        return replace(found, revoked_at=now)

    @contextmanager
    def _changing(self, now: datetime) -> Iterator[tuple[Authority, list[Device]]]:
        make_folder(self.folder, 0o711)
        make_folder(self.shown, 0o750)
        with self._alone():
            signer, rows = self._authority(now), self._read()
            # Whoever was cut short between the register and the lists, as by a power cut, left somebody in who is thrown out.
            if not self._told(rows, now):
                self._write(signer, rows, now)
            before = list(rows)
            yield signer, rows
            if rows != before:
                self._write(signer, rows, now)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for others who change the register: they are done within milliseconds, and the kernel ends their lock."""
        path = self.folder / "lock"
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET), "r+") as file:
            if os.geteuid() == 0:
                owner = self.folder.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _authority(self, now: datetime) -> Authority:
        key = self.folder / "authority.key"
        # A backup without secrets brings the certificate alone: then nobody is in the register, and a new one harms nobody.
        if not key.exists() and not (self.certificate.exists() and self._register.exists()):
            made = authority.make(f"Greetline devices of {self._store}", now=now, clients_only=True)
            authority.keep(made, self.certificate, key)
        try:
            return authority.load(self.certificate, key)
        except NoAuthority as wrong:
            raise Refused(
                f"{wrong}. Nobody new is let in until both are back, from a backup with secrets. "
                f"Without one: take {self.folder} away, invite each device anew, and start the MQTT broker anew."
            ) from None

    def _told(self, rows: list[Device], now: datetime) -> bool:
        """Return whether what the MQTT broker reads is what the register says."""
        gone = {int(row.serial, 16) for row in rows if row.revoked_at and row.expires_at > now}
        try:
            listed = authority.serials_of((self.shown / "devices.crl").read_bytes())
            return gone <= listed and (self.shown / "access").read_text(encoding="utf-8") == self._access(rows, now)
        except (OSError, ValueError):
            return False

    def _access(self, rows: list[Device], now: datetime) -> str:
        return rights.access_list(
            self._store, [(row.name, row.kind, row.zones) for row in rows if row.live(now)], prefix=self._prefix
        )

    def _read(self) -> list[Device]:
        path = self._register
        try:
            return [_device(row) for row in json.loads(path.read_bytes())["devices"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError) as wrong:
            raise Refused(f"{path} cannot be read ({wrong}). Put back the one of the last backup.") from None

    def _write(self, signer: Authority, rows: list[Device], now: datetime) -> None:
        """Write the register first: what the MQTT broker reads is made from it anew with every change."""
        kept = [row for row in rows if row.expires_at > now]
        put(self._register, json.dumps({"devices": [_row(one) for one in kept]}, indent=1).encode(), SECRET)
        revoked = [(int(row.serial, 16), row.revoked_at) for row in kept if row.revoked_at]
        put(self.shown / "devices.crl", signer.revocations(revoked, now=now), SHARED)
        put(self.shown / "devices.crt", signer.pem, SHARED)
        put(self.shown / "access", self._access(kept, now).encode(), SHARED)


def tell(pid_file: Path) -> bool:
    """Let the mosquitto whose number is in *pid_file* read its lists anew; return whether it could be told."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text(encoding="ascii"))
        if pid > 1 and "mosquitto" in Path(f"/proc/{pid}/comm").read_text(encoding="utf-8"):
            # It forgets what it is told while it reads: without the second time, a change that follows another would wait.
            os.kill(pid, signal.SIGHUP)
            time.sleep(TOLD_AGAIN_SECONDS)
            os.kill(pid, signal.SIGHUP)
            return True
    return False


def _without(rows: list[Device], name: str, now: datetime) -> list[Device]:
    return [replace(row, revoked_at=now) if row.name == name and row.live(now) else row for row in rows]


def _row(device: Device) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(device).items()}


def _device(row: dict[str, Any]) -> Device:
    at = {key: datetime.fromisoformat(row[key]).astimezone(UTC) for key in ("issued_at", "expires_at")}
    revoked = datetime.fromisoformat(row["revoked_at"]).astimezone(UTC) if row["revoked_at"] else None
    return Device(
        name=row["name"], kind=Kind(row["kind"]), serial=row["serial"], zones=tuple(row["zones"]), by=row["by"],
        issued_at=at["issued_at"], expires_at=at["expires_at"], revoked_at=revoked,
    )  # fmt: skip
