"""`python -m deploy.install.first SETTINGS`, as the account of Greetline: what a shop has before its programs start.

The store, the password by which the programs of this machine reach its MQTT broker, and the register of devices. With
`--enter` it prints the address and a link, good once, for the first person.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import segno

from broker.desk import people
from broker.desk.roles import Role
from broker.embedded.users import password_line
from broker.identity.devices import Devices, Refused
from broker.identity.files import SECRET, make_folder, put
from broker.identity.rights import LOCAL
from broker.settings import Settings, read
from deploy import certs, mosquitto
from deploy.fault import Fault, faults_said
from deploy.install.plan import MQTT, USERS
from deploy.up import shop_of


def begin(settings: Settings) -> None:
    """Make what is missing for the shop of *settings*. Raises Fault, and OSError where its folder cannot be written."""
    data = settings.store.data
    make_folder(data / MQTT)
    make_folder(data / "mosquitto")
    secret, users = data / MQTT / "secret", data / MQTT / USERS
    if not secret.exists():
        put(secret, f"{mosquitto.new_password()}\n".encode(), SECRET)
        users.unlink(missing_ok=True)
    if not users.exists():
        put(users, password_line(LOCAL, secret.read_text(encoding="utf-8").strip()).encode(), SECRET)
    try:
        Devices(data, settings.store.id, prefix=settings.home_assistant.prefix).ready(datetime.now(UTC))
    except Refused as wrong:
        raise Fault(str(wrong)) from None
    with shop_of(settings, create=True):
        pass


def welcome(settings: Settings) -> str:
    """Return what whoever installed it is told: where the screens are and, while nobody works here, how the first comes in."""
    base = address(settings)
    said = [f"{settings.store.name} is at {base}/", f"A tablet is told to trust it at http://{base.removeprefix('https://')}/root"]
    with shop_of(settings) as shop:
        if people.everybody(shop):
            return "\n".join(said)
        token = people.make_entrance(shop, reusable=False, name="Office", role=Role.MANAGER)
    link = f"{base}/enter/{token}"
    picture = io.StringIO()
    segno.make(link, error="m").terminal(out=picture, compact=True)
    return "\n".join(
        [*said, "Nobody works here yet. This link is good once, and makes the first manager:", "", link, "", picture.getvalue()]
    )


def address(settings: Settings) -> str:
    """Return how a tablet reaches the staff's screens: by the first address inside the house, else by name; as certified."""
    wanted = certs.Reach.of(settings.tls.names) if settings.tls.names else certs.here()
    reach, _ = certs.spoken_for(settings.tls.folder, wanted)
    outside = [str(one) for one in reach.addresses if not one.is_loopback and one.version == 4]
    names = [name for name in reach.names if name != "localhost"]
    return f"https://{([*outside, *names] or ['localhost'])[0]}"


def main(path: Path, *, enter: bool) -> None:
    """Do it for the shop whose settings are at *path*."""
    with faults_said():
        settings = read(Settings, path)
    if enter:
        print(welcome(settings))
    else:
        begin(settings)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), enter="--enter" in sys.argv[2:])
    except Fault as wrong:
        sys.exit(wrong.message)
