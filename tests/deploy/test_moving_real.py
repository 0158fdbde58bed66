"""A shop moves to another machine by the commands of docs/operations.md, as they stand there. Needs what `test_install_real` does.

Both machines are booted without a network of their own, so the packages of the system are there before. What the page calls
the stick is a folder that is carried from one to the other.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.install import plan
from tests.deploy.bare import ROOT, Box, a_bare_system, needs_bare, run

SYSTEM = os.environ.get("GREETLINE_TEST_SYSTEM", "bookworm")
PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PIN = "4827"
PASSWORD = "/etc/greetline/mail.password"
DEVICE = "cam-door"

pytestmark = [pytest.mark.slow, *needs_bare]


TAKEN_AWAY = ("\nThere, make it in the shop's own folder", "\n## Restore")
MOVING = ("\n- **The disk died", "\n- **")
"""What begins and ends the commands on the page."""

FITS = f"""
from pathlib import Path
from broker.desk import people, pins
from broker.settings import Settings, read
from deploy.up import shop_of
settings = read(Settings, Path("{plan.SETTINGS}"))
with shop_of(settings) as shop:
    print("fits" if pins.matches("{PIN}", people.named(shop, "Kari").pin, settings.store.data) else "does not fit")
"""
LET_IN = f"""
import queue
import paho.mqtt.client as mqtt
heard = queue.Queue()
camera = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "{DEVICE}")
camera.tls_set("shop.crt", "{DEVICE}.crt", "{DEVICE}.key")
camera.on_connect = lambda *said: heard.put(said[3])
camera.connect("127.0.0.1", 8883)
camera.loop_start()
print(heard.get(timeout=20))
"""
PYTHON = "/opt/greetline/current/bin/python -c"
AS_THE_SHOP = f"setpriv --reuid greetline --regid greetline --clear-groups {PYTHON}"
KNOWN_BY = {
    "people": "greetline-shop people list --json",
    "their PIN": f"{AS_THE_SHOP} {shlex.quote(FITS)}",
    "settings": f"cat {plan.SETTINGS}",
    "password for mail": f"cat {PASSWORD}",
    "authority": "greetline-shop doctor | grep ' root '",
    "keys": f"stat -c '%n %U %G %a' {PASSWORD} /etc/greetline-tls/*.key",
    "a tablet": "curl -sf --cacert /etc/greetline-tls/authority.crt --resolve one.local:443:127.0.0.1"
    " -o /dev/null -w '%{http_code}' https://one.local/readyz",
    "a camera box": f"cd /srv && tar -xf {DEVICE}.tar && {PYTHON} {shlex.quote(LET_IN)}",
}
"""What would be missed, and the command that says it. Tablets and camera boxes find the shop as before."""


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[tuple[Box, Box]]:
    """Two bare machines that have the release and the packages of the system; names and accounts are not the same."""
    with a_bare_system(tmp_path, SYSTEM, locks=("shop.lock",)) as one:
        one.release("release")
        with one.mounted():
            one.sh(f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {' '.join(plan.PACKAGES['shop'])}")
        other = Box(tmp_path / "other")
        try:
            run("cp", "-a", str(one.root), str(other.root))
            one.sh("echo one > /etc/hostname; mkdir /media/stick")
            other.sh("echo other > /etc/hostname; useradd --system somebody")
            yield one, other
        finally:
            shutil.rmtree(other.root, ignore_errors=True)


def test_a_shop_moves_to_another_machine_as_the_page_says(machines: tuple[Box, Box], capsys: pytest.CaptureFixture[str]) -> None:
    one, other = machines
    backup, copy, *move = commands(*TAKEN_AWAY) + commands(*MOVING)
    with booted(one):
        becomes_a_shop(one)
        does(one, *copy)
        is_renamed(one)
        before = known(one)
        does(one, *backup[:2])
    carried(one, other)
    with booted(other):
        began = time.monotonic()
        for block in move:
            does(other, *block)
        other.wait_ready("the shop does not answer on its new machine", within=120)
        seconds = time.monotonic() - began
        is_the_shop(other, before)
    with booted(other):
        other.wait_ready("the shop does not answer when its new machine is switched on", within=120)
        is_the_shop(other, before)
    with capsys.disabled():
        print(f"\n{one.title}: moved in {seconds:.0f} s")


def commands(after: str, before: str) -> list[list[str]]:
    """Return the blocks of commands on the page between two of its sentences; nobody needs sudo who is root."""
    blocks = re.findall(r"(?:^ {4,}\S.*\n)+", PAGE.split(after)[1].split(before)[0], re.MULTILINE)
    return [[line.strip().removeprefix("sudo ") for line in block.splitlines()] for block in blocks]


def does(box: Box, *commands: str) -> None:
    """Run *commands* as somebody would who stands in the folder of the release."""
    for command in commands:
        box.sh(f"cd /srv/release && {command}")


@contextmanager
def booted(box: Box) -> Iterator[None]:
    """Boot it, and wait until somebody could sign in."""
    with box.booted():
        box.sh("systemctl is-system-running --wait || true")
        yield


def becomes_a_shop(box: Box) -> None:
    """Install it; somebody works there, a camera box is let in, and it has a secret beside its settings."""
    does(
        box,
        "python3 -m deploy.install",
        f"greetline-shop people add Kari --role lead --pin {PIN}",
        f"greetline-shop mqtt issue {DEVICE} --out {plan.VAR}/{DEVICE}.tar",
        f"mv {plan.VAR}/{DEVICE}.tar /srv",
        f"install -o greetline -g greetline -m 600 /etc/machine-id {PASSWORD}",
    )


def is_renamed(box: Box) -> None:
    """Its settings are no longer those that were copied: the page puts those of the backup in place."""
    does(box, f"sed -i 's/^name = .The shop./name = \"Oslo City\"/' {plan.SETTINGS}")
    box.wait_ready("the shop does not answer once it has another name", within=120)


def carried(one: Box, other: Box) -> None:
    """Take the stick to the other machine; the camera box, whose files are beside it, is another machine still."""
    shutil.copytree(one.root / "media/stick", other.root / "media/stick")
    shutil.copy(one.root / f"srv/{DEVICE}.tar", other.root / "srv")


def known(box: Box) -> dict[str, str]:
    """Return what is known of the shop by KNOWN_BY. Nothing of it is asked for in vain."""
    said = {what: box.sh(command).strip() for what, command in KNOWN_BY.items()}
    assert "Oslo City" in said["settings"]
    assert (said["their PIN"], said["a tablet"], said["a camera box"]) == ("fits", "200", "Success")
    return said


def is_the_shop(box: Box, before: dict[str, str]) -> None:
    """It is the one that was known *before*, all of it runs, and nothing of it has failed."""
    assert known(box) == before
    assert box.sh("systemctl is-active greetline.target").strip() == "active"
    assert box.sh("systemctl --failed --no-legend --plain | grep greetline || true") == ""
