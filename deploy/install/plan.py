"""What an installation does, as a list of actions that can be read before anything is done. Pure: it touches nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from deploy.install import trust
from deploy.install.machine import Machine
from deploy.install.program import PREFIX

Kind = Literal["shop", "camera", "screen"]
Extra = Literal["voice", "notify", "oidc"]

ACCOUNT: Final = "greetline"
SCREEN_ACCOUNT: Final = "greetline-screen"
ETC: Final = Path("/etc/greetline")
VAR: Final = Path("/var/lib/greetline")
SETTINGS: Final = ETC / "greetline.toml"
BOX_SETTINGS: Final = ETC / "edge.toml"
UNITS: Final = Path("/etc/systemd/system")
SCREEN_ETC: Final = Path("/etc/greetline-screen")
"""A screen's own folder: a machine may be shop and screen, and the folder of the shop's settings is the shop's."""
SCREEN_ENV: Final = SCREEN_ETC / "screen.env"
SHOWS: Final = "GREETLINE_PAGE="
"""Begins the line of it that says which page."""
SCREEN_VAR: Final = Path("/var/lib/greetline-screen")
"""What its Chromium keeps: that the shop has let it in, too."""
POLICIES: Final = Path("/etc/chromium/policies/managed/greetline.json")
TLS: Final = Path("/etc/greetline-tls")
"""The shop's authority and the servers' keys: root's alone. The settings' folder is not, so it is not there."""
MOSQUITTO: Final = TLS / "mosquitto.conf"
CADDYFILE: Final = TLS / "Caddyfile"
JOURNAL: Final = Path("/etc/systemd/journald.conf.d/greetline.conf")
MQTT: Final = "mqtt"
"""Folder beside the store with the password of this machine's own programs, `secret`, and USERS made of it for mosquitto."""
USERS: Final = "users"
SERVES: Final = {"web": "greetline-https.service", "mqtt": "greetline-mqtt.service"}
"""The unit that serves each certificate of the shop's."""
OWED: Final = "to-start-anew"
"""File beside the certificates: the units that still serve what was before, because they could not be started anew."""
ALONE: Final = "lock"
"""File beside the certificates that is held by whoever makes them."""
CERTIFICATES: Final = ("authority.key", "authority.crt", "mqtt.key", "mqtt.crt", "web.key", "web.crt")
LOG_MEGABYTES: Final = 500
TARGET: Final = "greetline.target"
SCREEN: Final = "greetline-screen.service"
HERE: Final = ("127.0.0.1", "localhost", "::1")
"""Hosts of a page that comes from the screen's own machine."""
PATIENT: Final = "[Unit]\nAfter=network-online.target\nWants=network-online.target\n"
"""What a screen waits for whose page comes from elsewhere: without, it would begin with Chromium's own page of excuses."""

PACKAGES: Final[dict[Kind, tuple[str, ...]]] = {
    "shop": ("python3-venv", "mosquitto", "caddy", "tzdata", "fonts-noto-core"),
    "camera": ("python3-venv", "tzdata"),
    "screen": ("libpam-systemd", "cage", "xwayland", "chromium", "fonts-noto-core"),
}
LOCK: Final[dict[Kind, str]] = {"shop": "shop.lock", "camera": "camera.lock", "screen": ""}
OF_KIND: Final[dict[Kind, tuple[str, ...]]] = {
    "shop": (
        "greetline-mqtt.service", "greetline-broker.service", "greetline-dashboard.service", "greetline-kiosk.service",
        "greetline-kiosk.path", "greetline-edge.service", "greetline-edge.path", "greetline-https.service",
        "greetline-archive.service", "greetline-archive.path", "greetline-backup.service", "greetline-backup.timer",
        "greetline-renew.service", "greetline-renew.timer", TARGET,
    ),
    "camera": ("greetline-camera.service", TARGET),
    "screen": (SCREEN,),
}  # fmt: skip
"""Units of each kind of machine."""
BY_TIMER: Final = ("greetline-backup.service", "greetline-renew.service")
OF_SHOP: Final = Path("/usr/local/sbin/greetline-shop")
_HERE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of the system that must be there."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A system user that nobody signs in as."""

    name: str
    home: Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory."""

    path: Path
    mode: int
    owner: str


@dataclass(frozen=True, slots=True)
class File:
    """A file. `ours`: it is written anew by each installation; otherwise it is the shop's own as soon as it is there.

    What was changed by hand is kept in the folder `aside`, or beside it.
    """

    path: Path
    text: str
    mode: int = 0o644
    owner: str = "root"
    ours: bool = True
    aside: Path | None = None


@dataclass(frozen=True, slots=True)
class Off:
    """A unit of the system that would be in our way."""

    unit: str


@dataclass(frozen=True, slots=True)
class Program:
    """The release, made a version of its own and put in use."""

    locks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certify:
    """The shop's certificates, and what mosquitto and Caddy are told: `python -m deploy.install.certify`, which makes *files*."""

    settings: Path
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """What the program does first, as its own account: `python -m deploy.install.first`."""

    settings: Path


@dataclass(frozen=True, slots=True)
class On:
    """Units that start with the machine, and now."""

    units: tuple[str, ...]


COMMAND: Final = File(Path("/usr/local/bin/greetline"), f'#!/bin/sh\nexec {PREFIX}/current/bin/greetline "$@"\n', 0o755)
"""So that `greetline` is found, whichever version is in use."""

Action = Packages | Account | Folder | File | Off | Program | Certify | Begin | On


def plan(
    machine: Machine, kind: Kind, *, page: str = "", told: Sequence[bytes] = (), extras: tuple[Extra, ...] = ()
) -> tuple[Action, ...]:
    """Return what makes *machine* one of *kind*, in the order in which it is done.

    *page* is the address that a screen shows, and *told* are the authorities that it believes for that; *extras* are further
    parts of a shop.
    """
    if kind == "screen":
        return _screen(page, told)
    first: tuple[Action, ...] = (
        Packages(PACKAGES[kind]),
        Account(ACCOUNT, VAR),
        Folder(ETC, 0o750, ACCOUNT),
        Folder(VAR, 0o700, ACCOUNT),
        Program((LOCK[kind], *(f"{extra}.lock" for extra in extras))),
    )
    second = _shop(machine) if kind == "shop" else _box()
    units = tuple(File(UNITS / name, _unit(name)) for name in OF_KIND[kind])
    commands = (
        COMMAND,
        *((File(OF_SHOP, (_HERE / "install/greetline-shop").read_text(encoding="utf-8"), 0o755),) if kind == "shop" else ()),
    )
    said = "# So that the log of a shop outlasts a power cut and never fills its disk."
    journal = File(JOURNAL, f"{said}\n[Journal]\nStorage=persistent\nSystemMaxUse={LOG_MEGABYTES}M\n")
    return (*first, *second, *commands, *units, journal, _on(kind))


def described(action: Action) -> str:
    """Return what *action* does, in a line."""
    match action:
        case Packages(names):
            return f"install the packages {' '.join(names)}"
        case Account(name, home):
            return f"make the account {name}, which nobody signs in as, with {home}"
        case Folder(path, mode, owner):
            return f"make {path}/ for {owner}, mode {mode:o}"
        case File(path, _, mode, owner, ours):
            return f"write {path} for {owner}, mode {mode:o}{'' if ours else ', unless it is there'}"
        case Off(unit):
            return f"stop {unit} and keep it from starting"
        case Program(locks):
            return f"make a version below {PREFIX} with the packages of {', '.join(locks)} and put it in use"
        case Certify():
            return f"make the shop's own certificates in {TLS}, and what mosquitto and Caddy are told"
        case Begin(settings):
            return f"make the store of {settings} and a secret for the MQTT broker of this machine"
        case On(units):
            return f"start {' '.join(units)}, now and with the machine"


def _shop(machine: Machine) -> tuple[Action, ...]:
    text = (_HERE / "install/greetline.toml").read_text(encoding="utf-8")
    settings = text.replace("@timezone@", machine.timezone)
    return (
        File(SETTINGS, settings, 0o640, ACCOUNT, ours=False),
        Folder(TLS, 0o755, "root"),
        Begin(SETTINGS),
        Certify(SETTINGS, (MOSQUITTO, CADDYFILE, *(TLS / name for name in (*CERTIFICATES, OWED, ALONE)))),
        # The packages of the system start their own, on the same ports: mosquitto without a password, Caddy with a greeting.
        Off("mosquitto.service"),
        Off("caddy.service"),
    )


def _box() -> tuple[Action, ...]:
    return (File(BOX_SETTINGS, (_HERE / "install/edge.toml").read_text(encoding="utf-8"), 0o640, ACCOUNT, ours=False),)


def _screen(page: str, told: Sequence[bytes]) -> tuple[Action, ...]:
    return (
        Packages(PACKAGES["screen"]),
        Account(SCREEN_ACCOUNT, SCREEN_VAR),
        Folder(SCREEN_ETC, 0o755, "root"),
        Folder(SCREEN_VAR, 0o700, SCREEN_ACCOUNT),
        File(SCREEN_ENV, f"{SHOWS}{page}\n", 0o640),
        # Chromium reads every file of that folder, whatever its name: what was kept there would go on being a rule.
        File(POLICIES, policies(page, told), aside=SCREEN_ETC),
        File(UNITS / SCREEN, (_HERE / "kiosk" / SCREEN).read_text(encoding="utf-8")),
        *(() if urlsplit(page).hostname in HERE else (File(UNITS / f"{SCREEN}.d/network.conf", PATIENT),)),
        On((SCREEN,)),
    )


def policies(page: str, told: Sequence[bytes] = ()) -> str:
    """Return what Chromium may do on a screen that shows *page*: that page's own server, and nothing else.

    It believes the authorities *told*, given as DER, besides its own.
    """
    rules = json.loads((_HERE / "kiosk/policies.json").read_text(encoding="utf-8"))
    rules["URLAllowlist"] = ["/".join(page.split("/")[:3])]
    if told:
        rules[trust.RULE] = [base64.b64encode(root).decode("ascii") for root in told]
    return json.dumps(rules, indent=2) + "\n"


def _unit(name: str) -> str:
    return (_HERE / "systemd" / name).read_text(encoding="utf-8")


def _on(kind: Kind) -> On:
    if kind == "camera":
        return On((TARGET, "greetline-camera.service"))
    return On((TARGET, *(name for name in OF_KIND["shop"] if name != TARGET and name not in BY_TIMER)))
