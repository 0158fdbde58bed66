"""A bare system becomes a camera box of a shop: upgraded, let in by a code, cut off, killed, booted anew, thrown out.

The box has a systemd of its own and the network of the machine that runs the tests, where the shop is: mosquitto with TLS as
it is installed, and `greetline up`. Needs root, debootstrap and a mirror, as `test_install_real` does.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from broker.identity.rights import LOCAL
from broker.shop import STORE_FILE
from tests.deploy.bare import ROOT, Box, a_bare_system, needs_bare
from tests.deploy.mqtt_parts import House
from tests.deploy.running import greetline, wait_until
from tests.deploy.shops import shop_file
from tests.service.parts import Process, free_port

SYSTEM = os.environ.get("GREETLINE_TEST_SYSTEM", "bookworm")
DEVICE = "cam-door"
SPOOL = f"spool-{DEVICE}.db"
CAMERA = f"""
[[cameras]]
id = "{DEVICE}"
source = "scene:door?busy=3"
[[cameras.lines]]
zone = "entrance"
points = [[0.08, 0.56], [0.92, 0.56]]
inside = "up"
"""

WATCHDOG = "            watchdog = Watchdog()\n"
DIES = f"{WATCHDOG}            threading.Timer(2, __import__('os')._exit, (1,)).start()\n"
"""It says that it is ready, and ends at its second breath."""

pytestmark = [pytest.mark.slow, *needs_bare]


class Shop:
    """The shop that the box belongs to."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.house.make()
        self.folder, self.port = folder, free_port()
        tls = {"folder": "tls", "mqtt_port": self.house.tls_port, "mosquitto_pid_file": str(self.house.pid_file)}
        mqtt = {"host": "127.0.0.1", "port": self.house.local_port, "username": LOCAL, "password_file": "secret"}
        shop_file(folder, mqtt=mqtt, tls=tls, dashboard={"port": self.port})

    @contextmanager
    def open(self) -> Iterator[None]:
        self.house.said = Process(self.house.program.command, "-c", str(self.folder / "mosquitto.conf"))
        try:
            with greetline("up", cwd=self.folder) as running:
                running.wait_for("Oslo City is open")
                yield
        finally:
            self.house.said.stop()

    def asked(self, *words: str) -> str:
        """Run `greetline mqtt` in it and return what it says."""
        with greetline("mqtt", *words, cwd=self.folder) as running:
            assert running.ends() == 0, running.said
            return running.said

    def seen(self) -> set[str]:
        """Return the names of the crossings that the shop has written down."""
        with closing(sqlite3.connect(f"file:{self.folder / 'var' / STORE_FILE}?mode=ro", uri=True)) as db:
            return {event for (event,) in db.execute("SELECT event FROM crossings WHERE device = ?", (DEVICE,))}

    def refusals(self) -> int:
        """Return how often mosquitto has shut the door on a certificate."""
        return sum("certificate verify failed" in line for line in self.house.said.lines) if self.house.said else 0


def spooled(box: Box) -> set[str]:
    """Return the names of what waits in the box, from a copy: its program lets nobody else at the file."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (box.root / "var/lib/greetline").glob(f"{SPOOL}*"):
            shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder, SPOOL))) as db:
            return {event for (event,) in db.execute("SELECT id FROM events")}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with a_bare_system(tmp_path_factory.mktemp("box"), SYSTEM, locks=("camera.lock",)) as made:
        made.release("one")
        made.release("two", broker__shelf_of_two="GOOD = True\n")
        made.release("bad", edge__box=(ROOT / "edge/box.py").read_text().replace(WATCHDOG, DIES))
        with made.mounted():
            made.sh("apt-get update -qq && cd /srv/one && python3 -m deploy.install camera")
        yield made


def test_a_box_is_let_in_keeps_what_it_saw_and_is_thrown_out(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path)
    with box.booted(network=True):
        is_upgraded_with_nothing_to_do(box)
        with shop.open():
            joins(box, shop)
            wait_until(lambda: len(shop.seen()) >= 2, "the shop hears of nobody")
            identity = who(box)
            before = shop.seen()
        wait_until(lambda: len(spooled(box)) >= 2, "the box keeps nothing while the shop is away")
        waiting = spooled(box)
        box.sh("kill -9 $(systemctl show -p MainPID --value greetline-camera)")
        wait_until(lambda: len(spooled(box)) > len(waiting), "the box does not come back")
        assert waiting < spooled(box)
        goes_back(box)
        blind = is_upgraded(box)
        waiting = spooled(box)
    with box.booted(network=True):
        assert who(box) == identity
        assert waiting <= spooled(box)
        with shop.open():
            wait_until(lambda: waiting <= shop.seen(), "what waited does not arrive")
            assert before <= shop.seen()
            is_thrown_out(box, shop)
    with capsys.disabled():
        print(f"\n{box.title}: the camera was blind for {blind:.1f} s of an upgrade")


def is_upgraded_with_nothing_to_do(box: Box) -> None:
    """Before a shop has let it in there is no camera to see."""
    one = in_use(box)
    box.sh("greetline upgrade --from /srv/two")
    assert in_use(box) != one
    assert not is_active(box)
    assert box.sh("systemctl --failed --no-legend --plain | grep greetline || true") == ""


def goes_back(box: Box) -> None:
    """A version that ends at its second breath is taken back, and nothing that waits is lost."""
    before, waiting = in_use(box), spooled(box)
    said = box.sh("greetline upgrade --from /srv/bad 2>&1; echo code $?")
    assert "code 1" in said, said
    assert "is in use again" in said
    assert in_use(box) == before
    assert is_active(box)
    assert waiting <= spooled(box)
    keeps(box)


def is_upgraded(box: Box) -> float:
    """Another version watches, and nothing that waits is lost. Return for how many seconds nobody watched."""
    before, waiting = in_use(box), spooled(box)
    said = box.sh("greetline upgrade --from /srv/one")
    assert "backup" not in said
    assert in_use(box) != before
    assert is_active(box)
    assert waiting <= spooled(box)
    keeps(box)
    stamps = box.sh("systemctl show --property=ActiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic greetline-camera")
    stood = dict(line.split("=") for line in stamps.split())
    return (int(stood["ActiveEnterTimestampMonotonic"]) - int(stood["ActiveExitTimestampMonotonic"])) / 1e6


def in_use(box: Box) -> str:
    return box.sh("readlink /opt/greetline/current")


def joins(box: Box, shop: Shop) -> None:
    """Let the box in as docs/install.md says."""
    assert not is_active(box)
    code = json.loads(shop.asked("invite", DEVICE, "--json"))["code"]
    join = f"greetline join {DEVICE} --shop 127.0.0.1:{shop.port} --code"
    assert "No code for this name is open" in box.sh(f"{join} 22222-22222 2>&1 || true")
    assert f'id = "{DEVICE}"' in box.sh(f"{join} {code} 2>&1")
    with (box.root / "etc/greetline/edge.toml").open("a") as settings:
        settings.write(CAMERA)
    box.sh("systemctl restart greetline-camera")
    assert is_active(box)


def is_thrown_out(box: Box, shop: Shop) -> None:
    """Nothing it says is taken from then on, and its certificate opens nothing; what it sees stays with it."""
    shop.asked("revoke", DEVICE)
    keeps(box)
    heard = shop.seen()
    keeps(box)
    assert shop.refusals() == 0
    box.sh("systemctl restart greetline-camera")
    wait_until(shop.refusals, "a certificate that is revoked opens the door")
    keeps(box)
    assert shop.seen() == heard
    assert "was this device thrown out" in box.sh("journalctl -u greetline-camera --no-pager")


def keeps(box: Box) -> None:
    """Wait until more waits in the box than before."""
    waits = len(spooled(box))
    wait_until(lambda: len(spooled(box)) >= waits + 2, "the box does not keep what nobody takes")


def is_active(box: Box) -> bool:
    return box.sh("systemctl is-active greetline-camera || true").strip() == "active"


def who(box: Box) -> str:
    """Return the key and the certificate of the box."""
    return box.sh(f"sha256sum /etc/greetline/{DEVICE}.*")
