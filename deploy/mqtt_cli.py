"""`greetline mqtt`: which devices may come in by TLS, from a terminal.

What a program would read (a code, a list) goes to the standard output, what a person reads to the standard error.
Exit codes: 0 done, 1 refused or something expires soon, 2 wrong use, 3 settings, store or certificates must be set right first.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from broker.desk import boxes
from broker.desk.boxes import Device, Kind
from broker.identity import welcome
from broker.settings import Settings
from broker.shop import Shop
from broker.store.database import text
from dashboard.which_shop import BY, opened_shop, settings_of, which_shop
from deploy import bundle, certs
from deploy.fault import Fault, faults_said

KINDS: Final = tuple(str(kind) for kind in Kind)
EXIT_SOON: Final = 1
_RELOAD: Final = "mosquitto was not told from here. As root: systemctl reload {unit}"
_BY_ITS_UNIT: Final = f"The servers' certificates are looked at every night. At once: {certs.RENEW_INSTALLED}"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def mqtt() -> None:
    """Devices that speak to the shop's MQTT broker by TLS: let in, listed, thrown out, renewed.

    \b
    greetline mqtt invite cam-door
    greetline mqtt issue wall-board --kind board --out wall-board.tar
    greetline mqtt list
    greetline mqtt revoke cam-door
    greetline mqtt renew
    """


@mqtt.command(epilog="Example: greetline mqtt issue cam-door --out cam-door.tar --host shop.local")
@click.argument("device")
@click.option("--kind", type=click.Choice(KINDS), default="camera", show_default=True, help="What it is, and so what it may.")
@click.option("--zone", "zones", multiple=True, help="For a light: its zone, any number of times. [default: all of the shop]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write. [default: DEVICE.tar]")
@click.option("--host", help="Where the device reaches this machine. [default: of the settings]")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def issue(
    device: str, kind: str, zones: tuple[str, ...], out: Path | None, host: str | None, as_json: bool,
    settings_file: Path | None, data: Path | None,
) -> None:  # fmt: skip
    """Let DEVICE in, and write its key, certificate and settings into one file that nobody else may read.

    A certificate that it had before is revoked.
    """
    with opened_shop(settings_file, data) as shop:
        out = out or Path(f"{device}.tar")
        made = _bundled(shop, device, Kind(kind), zones, out, host)
    if as_json:
        click.echo(json.dumps(_row(made) | {"file": str(out)}))
    else:
        click.echo(
            f"{device} is let in until {made.expires_at:%Y-%m-%d}. Take {out} to it, unpack it there, and delete it here.", err=True
        )


def _bundled(shop: Shop, device: str, kind: Kind, zones: tuple[str, ...], out: Path, host: str | None) -> Device:
    """Let *device* in and write its bundle; the file is made first, so that no certificate is issued that nobody can have."""
    authority = bundle.authority_of(shop.settings)
    bundle.write_new(out, b"")
    try:
        made, pair = boxes.issue(shop, device, kind, by=BY, zones=zones)
        settings = welcome.edge_settings(shop.settings, device, host or bundle.host_of(shop.settings), in_the_open=False)
        out.write_bytes(bundle.packed(bundle.files_of(device, pair, authority, settings)))
    except BaseException:
        out.unlink()
        raise
    _told(shop)
    return made


@mqtt.command("list", epilog="Example: greetline mqtt list --json | jq '.[] | select(.days_left < 30)'")
@click.option("--all", "everyone", is_flag=True, help="Also those that were thrown out.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@which_shop
def listed(everyone: bool, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Say which devices are let in, what they are and until when."""
    with opened_shop(settings_file, data) as shop:
        now = shop.clock()
        rows = [_row(one, now) for one in boxes.listed(shop) if everyone or one.live(now)]
    if as_json:
        click.echo(json.dumps(rows))
    elif not rows:
        click.echo("No device is let in. Invite one: greetline mqtt invite cam-door", err=True)
    else:
        _print(rows)


@mqtt.command(epilog="Example: greetline mqtt revoke cam-door")
@click.argument("device")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def revoke(device: str, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Throw DEVICE out: its certificate opens nothing any more, also where it is connected now."""
    with opened_shop(settings_file, data) as shop:
        gone = boxes.revoke(shop, device, by=BY)
        _told(shop)
    if as_json:
        click.echo(json.dumps(_row(gone)))
    else:
        click.echo(f"{device} is thrown out.", err=True)


@mqtt.command(epilog="Example: greetline mqtt invite cam-door --json | jq -r .code")
@click.argument("device")
@click.option("--kind", type=click.Choice(("camera", "button")), default="camera", show_default=True, help="What it is.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def invite(device: str, kind: str, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Print a code with which the box of DEVICE lets itself in, once, within ten minutes. Its key never leaves it."""
    with opened_shop(settings_file, data) as shop:
        bundle.authority_of(shop.settings)
        code, host = boxes.invite(shop, device, Kind(kind), by=BY), bundle.host_of(shop.settings)
    if as_json:
        click.echo(json.dumps({"device": device, "kind": kind, "code": code, "host": host, "minutes": boxes.CODE_MINUTES}))
        return
    join = f"sudo greetline join {device} --shop {host} --code {code}"
    click.echo(f"On the box, within {boxes.CODE_MINUTES} minutes: {join}", err=True)
    click.echo(code)


@mqtt.command(epilog="Example: greetline mqtt renew cam-door --out cam-door.tar")
@click.argument("device", required=False)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="For a DEVICE: the file to write. [default: DEVICE.tar]"
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@which_shop
def renew(device: str | None, out: Path | None, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    """Make what expires anew: the servers' certificates where less than 60 days are left, or the one of DEVICE.

    Makes the shop's authority where there is none. What serves a server's certificate must be started anew then. The
    servers of an installed shop are left to `sudo greetline install`, which makes what is missing, and to a unit that renews
    every night. Exit code 1: the certificate of a device expires within 30 days.
    """
    if device:
        _renew_device(device, out or Path(f"{device}.tar"), as_json, settings_file, data)
        return
    with faults_said():
        settings = settings_of(settings_file, data)
    by_its_unit = certs.installed(settings.tls.folder)
    if by_its_unit:
        bundle.authority_of(settings)  # Raises Fault, and says what makes it, where there is none.
    made = [] if by_its_unit else _renew_servers(settings)
    with opened_shop(settings_file, data) as shop:
        now = shop.clock()
        soon = [one.name for one in boxes.listed(shop) if one.live(now) and (one.expires_at - now).days < certs.WARN_BEFORE.days]
    if as_json:
        click.echo(json.dumps({"renewed": made, "devices_expire_soon": soon}))
    else:
        done = f"Made anew: {', '.join(made)}. Start what uses them anew." if made else "No server's certificate is due."
        click.echo(_BY_ITS_UNIT if by_its_unit else done, err=True)
        for name in soon:
            click.echo(f"{name} expires within {certs.WARN_BEFORE.days} days: `greetline doctor` says what to do", err=True)
    sys.exit(EXIT_SOON if soon else 0)


def _renew_servers(settings: Settings) -> list[str]:
    folder, reach = settings.tls.folder, bundle.lasting_reach_of(settings)
    try:
        with certs.alone(folder):
            certs.make_authority(folder, shop=settings.store.name, names=reach.names)
            reach, rest = certs.spoken_for(folder, reach)
            made = [server for server in certs.SERVERS if certs.make_server(folder, server, reach)]
    except OSError as wrong:
        raise Fault(
            f"{wrong.filename or folder}: {wrong.strerror}. Only whoever installed the shop may renew: try with sudo."
        ) from None
    if rest:
        raise Fault(f"{rest} Made anew: {', '.join(made) or 'nothing'}.")
    return made


def _renew_device(device: str, out: Path, as_json: bool, settings_file: Path | None, data: Path | None) -> None:
    with opened_shop(settings_file, data) as shop:
        known = next((one for one in boxes.listed(shop) if one.name == device and one.revoked_at is None), None)
        if known is None:
            raise Fault(f"no device {device} is let in; `greetline mqtt list` says which are")
        made = _bundled(shop, device, known.kind, known.zones, out, None)
    if as_json:
        click.echo(json.dumps(_row(made) | {"file": str(out)}))
    else:
        click.echo(f"{device} is renewed until {made.expires_at:%Y-%m-%d}; what it had is revoked. Take {out} to it.", err=True)


def _told(shop: Shop) -> None:
    if not boxes.tell(shop):
        unit = "greetline-mqtt" if certs.installed(shop.settings.tls.folder) else "mosquitto"
        click.echo(_RELOAD.format(unit=unit), err=True)


def _row(device: Device, now: datetime | None = None) -> dict[str, Any]:
    left = (device.expires_at - (now or datetime.now(UTC))).days
    return {
        "device": device.name, "kind": str(device.kind), "zones": list(device.zones), "serial": device.serial,
        "issued": text(device.issued_at), "expires": text(device.expires_at), "days_left": left,
        "revoked": text(device.revoked_at), "by": device.by,
    }  # fmt: skip


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("Device", "Kind", "Zones", "Until", "Days left", "Thrown out (UTC)"):
        table.add_column(column)
    for row in rows:
        gone = (row["revoked"] or "")[:16].replace("T", " ")
        cells = (row["device"], row["kind"], ", ".join(row["zones"]), row["expires"][:10], str(row["days_left"]), gone)
        table.add_row(*cells, style="dim strike" if gone else None)
    Console(highlight=False, markup=False).print(table)
