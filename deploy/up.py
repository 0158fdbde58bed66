"""`greetline up`: every part of one shop on this machine, from one file."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from broker import anew
from broker.desk import people, screens
from broker.desk.roles import Role
from broker.embedded import prepare
from broker.embedded.own import Own
from broker.settings import ENVIRONMENT, BadSettings, EdgeSettings, MqttSettings, Settings, read
from broker.shop import STORE_FILE, Shop
from broker.store.database import StoreError, is_older, open_store
from deploy import backup, premises
from deploy.config import SETTINGS_FILE
from deploy.fault import Fault, faults_said
from deploy.lines import Lines
from deploy.part import FEW_HEAPS
from deploy.supervisor import Part, Supervisor

ANSWER_SECONDS: Final = 30.0
"""If not everything answers by then, we say so, and go on trying."""
LOOK_SECONDS: Final = 0.05

EDGE, SERVICE, DASHBOARD, MQTT = range(4)
"""The order of stopping: first nobody sees, then nobody remembers, then nobody shows."""

Standing = Callable[[Supervisor], None]
"""Called once, from a thread of its own, when every part answers."""


@click.command()
@click.option(
    "--settings",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SETTINGS_FILE,
    show_default=True,
    help="The settings file.",
)
def up(path: Path) -> None:
    """Start every part of one shop on this machine, and keep them running until Ctrl-C.

    The MQTT broker is our own unless [mqtt] names a host. Exit code 3: something must be set right first; it is said what.
    """
    with faults_said():
        settings = read(Settings, path)
    lines = Lines()
    sys.exit(run_shop(settings, path, lines, lambda _: tell_addresses(settings, lines)))


def run_shop(settings: Settings, path: Path, lines: Lines, standing: Standing) -> int:
    """Run the shop that the file at *path* describes until it is stopped; return the exit code. Raises Fault."""
    premises.make_room(settings.store.data)
    with premises.sole_up(settings.store.data):
        own = _own_mqtt(settings)
        premises.need_ports(settings, own.settings.host if own else None)
        premises.need_films(settings, path.parent)
        _keep_older(settings, path, lines)
        with shop_of(settings, create=True):
            pass  # The store is made, or refused, here and once, before four programs open it.
        supervisor = Supervisor(parts(settings, path, own), lines)
        changing = threading.Thread(target=_follow, args=(supervisor, path, own, lines), name="settings", daemon=True)
        changing.start()
        watch = threading.Thread(target=_call_when_standing, args=(supervisor, settings, own, lines, standing), daemon=True)
        watch.start()
        code = supervisor.run()
        watch.join(timeout=1.0)
        return code


def _follow(supervisor: Supervisor, path: Path, own: Own | None, lines: Lines) -> None:
    """Run the parts that the file asks for, as it changes; each part that stays begins anew by itself."""
    while not supervisor.stopping:
        changed, watch = threading.Event(), anew.Watch(path, matters=_kinds)
        watch.begin(changed.set, anyway=True)
        while not changed.wait(LOOK_SECONDS):
            if supervisor.stopping:
                watch.stop()
                return
        try:
            settings = read(Settings, path)
        except BadSettings as wrong:
            lines("", f"{wrong}")
            continue
        supervisor.renew(parts(settings, path, own))


def _kinds(settings: EdgeSettings) -> object:
    """Return which parts the settings ask for."""
    if not isinstance(settings, Settings):
        return bool(settings.cameras)
    return bool(settings.cameras), bool(settings.services), bool(settings.backup.archive_to)


def parts(settings: Settings, path: Path, own: Own | None) -> list[Part]:
    """Return the processes of the shop, in the order in which they are started."""
    reach = environment_of(own.settings) if own else {}
    if sys.stderr.isatty() and settings.log.form == "auto":
        # Their lines come to us by a pipe, and from us to whoever sits at the terminal.
        reach = {**reach, f"{ENVIRONMENT}LOG__FORM": "text"}

    def part(name: str, stage: int, *command: str, vital: bool = True) -> Part:
        whole = [sys.executable, "-m", *command, "--settings", str(path.resolve())]
        return Part(name=name, command=whole, stage=stage, environment={**FEW_HEAPS, **reach}, vital=vital, later=not vital)

    return [
        part("dashboard", DASHBOARD, "dashboard"),
        *([part("kiosk", DASHBOARD, "kiosk")] if settings.services else []),
        *([Part(name="mqtt", command=own.command, stage=MQTT)] if own else []),
        part("service", SERVICE, "broker", "run"),
        *([part("archive", SERVICE, "broker", "archive", vital=False)] if settings.backup.archive_to else []),
        *([part("edge", EDGE, "edge", "run", vital=False)] if settings.cameras else []),
    ]


def environment_of(mqtt: MqttSettings) -> dict[str, str]:
    """Return how a child is told where our MQTT broker is: the secret goes by its file, never by the environment."""
    said = {
        "host": mqtt.host,
        "port": mqtt.port,
        "username": mqtt.username,
        "password_file": mqtt.password_file,
        "protocol": mqtt.protocol,
    }
    return {f"{ENVIRONMENT}MQTT__{key.upper()}": str(value) for key, value in said.items() if value is not None}


def tell_addresses(settings: Settings, lines: Lines) -> None:
    """Say where the screens are, and how the first person gets in."""
    base = premises.address(settings)
    lines("", f"{settings.store.name} is open: {base}/")
    if settings.services:
        lines(
            "", f"Customers take a number at {premises.address(settings, settings.kiosk)}/ on a screen that a manager has let in."
        )
    if not settings.cameras:
        lines("", "No camera is set: add [[cameras]] to the settings. `greetline config show` has an example.")
    with shop_of(settings) as shop:
        if people.everybody(shop):
            return
        token = people.make_entrance(shop, reusable=False, name="Office", role=Role.MANAGER)
    lines("", f"Nobody works here yet. Open this once, on this machine, to become the first manager: {base}/enter/{token}")


@contextmanager
def shop_of(settings: Settings, *, create: bool = False) -> Iterator[Shop]:
    """Open the store for a short while. Raises Fault when it cannot be opened."""
    try:
        db = open_store(settings.store.data / STORE_FILE, create=create)
    except StoreError as wrong:
        raise Fault(str(wrong)) from None
    try:
        yield Shop(db, settings=settings)
    finally:
        db.close()


def _keep_older(settings: Settings, path: Path, lines: Lines) -> None:
    """Make a backup of a store of an earlier Greetline before it is brought up to date: the way back. Raises Fault."""
    store = settings.store.data / STORE_FILE
    if not store.exists():
        return
    try:
        if is_older(store):
            file, _ = backup.make(settings, path, None, secrets=False)
            lines("", f"the store is of an earlier Greetline: before it is brought up to date, a backup was made, {file}")
    except StoreError as wrong:
        raise Fault(str(wrong)) from None


def _own_mqtt(settings: Settings) -> Own | None:
    if settings.mqtt.host:
        return None
    with faults_said():
        return prepare(settings.store.data, settings.mqtt)


def _call_when_standing(supervisor: Supervisor, settings: Settings, own: Own | None, lines: Lines, standing: Standing) -> None:
    complain_at = time.monotonic() + ANSWER_SECONDS
    mqtt = own.settings if own else settings.mqtt
    with shop_of(settings) as shop:
        began = shop.clock()
        while not (_screens_answer(settings) and _serves(shop, began) and _listens(mqtt)):
            if supervisor.stopping:
                return
            if time.monotonic() > complain_at:
                complain_at = float("inf")
                lines("", f"After {ANSWER_SECONDS:g} s not everything answers. The lines above say why; it is tried on.")
            time.sleep(LOOK_SECONDS)
    try:
        standing(supervisor)
    except Fault as wrong:
        lines("", wrong.message)
        supervisor.stop(wrong.exit_code)
    except BaseException:
        # A mistake of ours: better closed, with its traceback, than open and half made.
        supervisor.stop(1)
        raise
    supervisor.stands()


def _screens_answer(settings: Settings) -> bool:
    return premises.answers(settings) and (not settings.services or premises.answers(settings, settings.kiosk))


def _serves(shop: Shop, began: datetime) -> bool:
    """Return whether the service has written that it runs, after *began*."""
    row = screens.service(shop)
    return row is not None and datetime.fromisoformat(row["heard_at"]) >= began


def _listens(mqtt: MqttSettings) -> bool:
    try:
        socket.create_connection((mqtt.host or "127.0.0.1", mqtt.port), timeout=2).close()
    except OSError:
        return False
    return True
