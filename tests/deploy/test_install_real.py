"""A bare system becomes a shop, is booted, killed, upgraded, and is bare again. Needs root, debootstrap and a mirror.

It is Debian 12, or what GREETLINE_TEST_SYSTEM names (`tests.deploy.bare.SYSTEMS`). Packages of Python are fetched by the
machine that runs the tests, with its own configuration of pip, so the machine that is made needs no way to an index. It is
booted without a network of its own: nothing of it is reached from outside.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.deploy.bare import Box, a_bare_system, needs_bare
from tests.deploy.running import wait_until

MOST_SECONDS = 300
"""To install on a bare root, without what the line takes to fetch packages of Python."""
SYSTEM = os.environ.get("GREETLINE_TEST_SYSTEM", "bookworm")

pytestmark = [pytest.mark.slow, *needs_bare]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with a_bare_system(tmp_path_factory.mktemp("bare"), SYSTEM, locks=("shop.lock",)) as made:
        yield made


LAID = (
    "find /opt/greetline /etc/greetline* /etc/systemd/system /usr/local/bin -not -path '*/__pycache__*'"
    " -printf '%p %y %m %u %g %l\\n' | sort;"
    " find /etc/greetline* /etc/systemd/system /usr/local/bin -type f -not -name lock -exec sha256sum {} + | sort"
)
"""Says what an installation lays down, whose it is, and what is in it but for the number of the process that made certificates."""
BROKEN = "raise SystemExit('this version is broken')\n"


def test_a_bare_system_becomes_a_shop_and_is_bare_again(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.release("one")
    box.release("two", broker__shelf_of_two="GOOD = True\n")
    box.release("bad", dashboard__cli=BROKEN)
    with box.mounted():
        box.sh("apt-get update -qq")
        began = time.monotonic()
        said = box.sh("cd /srv/one && python3 -m deploy.install")
        seconds = time.monotonic() - began
        assert "/enter/" in said
        assert box.sh("systemctl is-enabled mosquitto caddy || true").split() == ["disabled", "disabled"]
        laid = box.sh(LAID)
        box.sh("cd /srv/one && python3 -m deploy.install")
        assert box.sh(LAID) == laid, "done twice, it is as done once"
    with box.booted():
        began = time.monotonic()
        box.wait_ready("the shop does not answer after the boot", within=120)
        booted = time.monotonic() - began
        _comes_back(box)
        _hangs_and_comes_back(box)
        _certified_anew(box)
        assert "SystemMaxUse=500M" in box.sh("systemd-analyze cat-config systemd/journald.conf")
        one = box.sh("readlink /opt/greetline/current")
        failed = box.sh("greetline upgrade --from /srv/bad 2>&1; echo code $?")
        assert "code 1" in failed, failed
        assert "is in use again" in failed
        assert box.sh("readlink /opt/greetline/current") == one
        box.wait_ready("the version of before does not answer", within=60)
        box.sh("greetline upgrade --from /srv/two")
        assert box.sh("readlink /opt/greetline/current") != one
        box.wait_ready("the new version does not answer", within=60)
        assert box.sh("systemctl --failed --no-legend --plain | grep greetline || true") == ""
        box.sh("greetline-shop doctor || true")
        _as_updates_ask_for(box)
        _as_if_its_last_step_had_failed(box)
        box.sh("greetline uninstall --purge --yes")
        # systemd may still know the names of what is gone; without --all it lists what runs, is about to, or has failed.
        assert box.sh("systemctl list-units --no-legend --plain 'greetline*'") == "", "something of it still runs"
        left = box.sh("find /etc /opt /usr/local /var/lib -name '*greetline*' -not -path '*/systemd/deb-systemd*'")
        assert left == ""
        assert box.sh("systemctl is-enabled mosquitto caddy").split() == ["enabled", "enabled"]
    with capsys.disabled():
        print(f"\n{box.title}: installed in {seconds:.0f} s; the shop answered {booted:.1f} s after the boot")
    assert seconds <= MOST_SECONDS


def _comes_back(box: Box) -> None:
    """The service is killed; the settings get a camera: both are taken up by systemd alone."""
    main = "systemctl show -p MainPID --value greetline-broker"
    for _ in range(3):
        killed = box.sh(main).strip()
        box.sh(f"kill -9 {killed}")
        wait_until(lambda killed=killed: box.sh(main).strip() not in (killed, "0"), "it was not begun again", within=30)
        box.wait_ready("the service did not come back", within=30)
    next_time = box.sh("systemctl show -p RestartUSecNext --value greetline-broker").strip()
    assert next_time in ("", "500ms"), "each time it would be away longer; an old systemd does not say"
    assert box.sh("systemctl is-active greetline-edge || true").strip() == "inactive"
    camera = '[[cameras]]\\nid = "door"\\nsource = "scene:door"\\n[[cameras.lines]]\\nzone = "entrance"\\n'
    line = 'points = [[0.08, 0.56], [0.92, 0.56]]\\ninside = "up"\\n'
    box.sh(f"printf '\\n{camera}{line}' >> /etc/greetline/greetline.toml")
    wait_until(lambda: box.sh("systemctl is-active greetline-edge || true").strip() == "active", "no eyes", within=60)
    box.wait_ready("the camera is not seen", within=60)
    box.sh("systemctl start greetline-backup greetline-renew")
    assert "greetline-shop-" in box.sh("ls /var/lib/greetline/backups")
    seen = "nsenter -t $(systemctl show -p MainPID --value greetline-mqtt) -m find /var/lib/greetline -maxdepth 2 -type d | sort"
    own = ("", "/devices", "/devices/mqtt", "/mosquitto", "/mqtt")
    assert box.sh(seen).split() == [f"/var/lib/greetline{one}" for one in own], "what listens to the network finds no store"


def _as_updates_ask_for(box: Box) -> None:
    """What the page says to do after updates of the system: every program that runs is begun anew, MQTT and HTTPS too."""
    asked = "for each in broker mqtt https dashboard; do systemctl show -p MainPID --value greetline-$each; done"
    before = {"0", *box.sh(asked).split()}
    box.sh("systemctl restart greetline.target")
    wait_until(lambda: not before & {*box.sh(asked).split()}, "not every program was begun anew", within=60)
    box.wait_ready("the shop does not answer after it was begun anew", within=60)


def _as_if_its_last_step_had_failed(box: Box) -> None:
    """What is switched on is written down after it was: the record of an installation that failed there does not know it."""
    forgot = "import json, pathlib; file = pathlib.Path('/opt/greetline/installed.json'); there = json.loads(file.read_text())"
    box.sh(f"python3 -c \"{forgot}; assert there.pop('on'); file.write_text(json.dumps(there))\"")


def _hangs_and_comes_back(box: Box) -> None:
    """A program that says nothing more is ended and begun anew by the watchdog of systemd."""
    main = "systemctl show -p MainPID --value greetline-broker"
    hung = box.sh(main).strip()
    box.sh(f"kill -STOP {hung}")
    wait_until(lambda: box.sh(main).strip() not in (hung, "0"), "nobody noticed that it hangs", within=120)
    assert "watchdog" in box.sh("journalctl -u greetline-broker --no-pager").lower()
    box.wait_ready("the service did not come back after it hung", within=60)


def _certified_anew(box: Box) -> None:
    """The unit of the night makes a certificate for another name, within its walls, and what serves it takes it up."""
    asked = "curl -sf --cacert /etc/greetline-tls/authority.crt --resolve second.local:443:127.0.0.1 https://second.local/readyz"
    assert "code 0" not in box.sh(f"{asked} > /dev/null; echo code $?"), "its certificate does not speak for that name"
    box.sh("""sed -i 's/^\\[tls\\]$/[tls]\\nnames = ["shop.local", "second.local"]/' /etc/greetline/greetline.toml""")
    box.sh("systemctl start greetline-renew")
    wait_until(lambda: "code 0" in box.sh(f"{asked} > /dev/null; echo code $?"), "the old one is still served", within=60)
    assert box.sh("ls /etc/greetline-tls/to-start-anew 2>/dev/null || true") == ""
    box.wait_ready("the shop does not answer with another certificate", within=60)
