"""A bare Debian 12 becomes a shop, is booted, killed, upgraded, and is a bare Debian again. Needs root, debootstrap and a mirror.

Packages of Python are fetched by the machine that runs the tests, with its own configuration of pip, so the machine that is
made needs no way to an index. It is booted without a network of its own: nothing of it is reached from outside.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.install import program
from tests.deploy.running import wait_until

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 300
"""To install on a bare root, without what the line takes to fetch packages of Python."""
NEEDED = ("debootstrap", "systemd-nspawn", "nsenter", "chroot")
LACKING = [name for name in NEEDED if shutil.which(name) is None]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
READY = ["curl", "-sf", "--cacert", "/etc/greetline-tls/authority.crt", "https://localhost/readyz"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="packages are fetched for the Python of Debian 12"),
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a machine, which only root may"),
    pytest.mark.skipif(bool(LACKING), reason=f"{', '.join(LACKING)} not installed"),
]


def run(*command: str, within: float = 900) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=within, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class Box:
    """A machine whose files are in *root*."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.init = 0

    def sh(self, words: str, within: float = 900) -> str:
        """Run *words* in it: in the booted machine, else by chroot."""
        inside = ["nsenter", "-t", str(self.init), "-m", "-u", "-i", "-n", "-p"] if self.init else ["chroot", str(self.root)]
        told = ["LANG=C.UTF-8", f"PATH={PATH}", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/srv/wheels", "DEBIAN_FRONTEND=noninteractive"]
        return run(*inside, "env", "-i", *told, "sh", "-c", words, within=within)

    def release(self, name: str, **changed: str) -> None:
        """Unpack this release as /srv/*name*, with files *changed*."""
        target = self.root / "srv" / name
        for each in (*program.PACKAGES, *program.BESIDE):
            source = ROOT / each
            if source.is_dir():
                shutil.copytree(source, target / each, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target / each)
        for path, text in changed.items():
            (target / path.replace("__", "/")).with_suffix(".py").write_text(text)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        run("mount", "-t", "proc", "proc", str(self.root / "proc"))
        try:
            yield
        finally:
            run("umount", str(self.root / "proc"))

    @contextmanager
    def booted(self) -> Iterator[None]:
        command = ["systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", "--private-network", "--boot"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.init = wait_until(lambda: next((c.pid for c in psutil.Process(process.pid).children()), 0), "it does not boot")
            yield
        finally:
            self.init = 0
            process.terminate()
            process.wait(60)

    def ready(self) -> bool:
        try:
            return json.loads(self.sh(" ".join(READY), within=20))["status"] == "ok"
        except (AssertionError, subprocess.TimeoutExpired):
            return False


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    root = tmp_path_factory.mktemp("debian") / "root"
    try:
        basic = "--include=systemd,systemd-sysv,dbus,curl,python3"
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", basic, "bookworm", str(root)], capture_output=True, text=True, timeout=900
        )
        if made.returncode:
            pytest.skip(f"no Debian could be fetched: {made.stdout.strip().splitlines()[-1:]}")
        _provide(root)
        yield Box(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _provide(root: Path) -> None:
    locks = ROOT / program.LOCKS
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
    for lock in ("shop.lock", program.BUILD_LOCK):
        run(*pip, "-d", str(root / "srv/wheels"), "-r", str(locks / lock))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # Nothing that a package brings is started outside of the booted machine.
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)


BROKEN = "raise SystemExit('this version is broken')\n"


def test_a_bare_debian_becomes_a_shop_and_a_bare_debian_again(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
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
        box.sh("cd /srv/one && python3 -m deploy.install")
    with box.booted():
        began = time.monotonic()
        wait_until(box.ready, "the shop does not answer after the boot", within=120)
        booted = time.monotonic() - began
        _comes_back(box)
        one = box.sh("readlink /opt/greetline/current")
        failed = box.sh("greetline upgrade --from /srv/bad 2>&1; echo code $?")
        assert "code 1" in failed, failed
        assert "is in use again" in failed
        assert box.sh("readlink /opt/greetline/current") == one
        wait_until(box.ready, "the version of before does not answer", within=60)
        box.sh("greetline upgrade --from /srv/two")
        assert box.sh("readlink /opt/greetline/current") != one
        wait_until(box.ready, "the new version does not answer", within=60)
        assert box.sh("systemctl --failed --no-legend --plain | grep greetline || true") == ""
        box.sh("greetline-shop doctor || true")
        box.sh("greetline uninstall --purge --yes")
        left = box.sh("find /etc /opt /usr/local /var/lib -name '*greetline*' -not -path '*/systemd/deb-systemd*'")
        assert left == ""
        assert box.sh("systemctl is-enabled mosquitto caddy").split() == ["enabled", "enabled"]
    with capsys.disabled():
        print(f"\ninstalled in {seconds:.0f} s; the shop answered {booted:.1f} s after the boot")
    assert seconds <= MOST_SECONDS


def _comes_back(box: Box) -> None:
    """The service is killed; the settings get a camera: both are taken up by systemd alone."""
    box.sh("kill -9 $(systemctl show -p MainPID --value greetline-broker)")
    wait_until(box.ready, "the service did not come back", within=30)
    assert box.sh("systemctl is-active greetline-edge || true").strip() == "inactive"
    camera = '[[cameras]]\\nid = "door"\\nsource = "scene:door"\\n[[cameras.lines]]\\nzone = "entrance"\\n'
    line = 'points = [[0.08, 0.56], [0.92, 0.56]]\\ninside = "up"\\n'
    box.sh(f"printf '\\n{camera}{line}' >> /etc/greetline/greetline.toml")
    wait_until(lambda: box.sh("systemctl is-active greetline-edge || true").strip() == "active", "no eyes", within=60)
    wait_until(box.ready, "the camera is not seen", within=60)
    box.sh("systemctl start greetline-backup greetline-renew")
    assert "greetline-shop-" in box.sh("ls /var/lib/greetline/backups")
