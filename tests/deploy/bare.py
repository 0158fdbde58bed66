"""A bare Debian or Ubuntu in a folder, on which an installation is tried: entered by chroot, or booted by systemd-nspawn."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from packaging.requirements import Requirement

from deploy.install import program
from tests.deploy.running import wait_until

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("debootstrap", "systemd-nspawn", "nsenter", "chroot")
LACKING = [name for name in NEEDED if shutil.which(name) is None]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
READY = ["curl", "-sf", "--cacert", "/etc/greetline-tls/authority.crt", "https://localhost/readyz"]
INCLUDED = "systemd,systemd-sysv,dbus,curl,python3"
WHEELS = Path("srv/wheels")

needs_bare = [
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a machine, which only root may"),
    pytest.mark.skipif(bool(LACKING), reason=f"{', '.join(LACKING)} not installed"),
]


@dataclass(frozen=True)
class System:
    """A system that Greetline can be installed on."""

    python: str
    mirror: str = "http://deb.debian.org/debian"
    like: str = ""
    """A system whose script of debootstrap does for this one, where an older debootstrap does not know it."""
    components: str = "main"
    keyring: str = ""


SYSTEMS = {
    "bookworm": System("3.11"),
    "trixie": System("3.13"),
    "noble": System(
        "3.12", "http://archive.ubuntu.com/ubuntu", "jammy", "main,universe", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
    ),
}  # fmt: skip


def run(*command: str, within: float = 900) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=within, stdin=subprocess.DEVNULL, start_new_session=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class Box:
    """A machine whose files are in *root*."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.init = 0

    @property
    def title(self) -> str:
        """What it calls itself."""
        lines = (self.root / "etc/os-release").read_text().splitlines()
        return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME="))

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
    def booted(self, *, network: bool = False) -> Iterator[None]:
        """Boot it, without a network of its own, or in the *network* of the machine that runs the tests."""
        apart = [] if network else ["--private-network"]
        command = ["systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", *apart, "--boot"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.init = wait_until(lambda: init_of(process.pid), "it does not boot")
            yield
        finally:
            self.init = 0
            process.terminate()
            process.wait(60)

    def wait_ready(self, what: str, within: float) -> None:
        """Wait until the shop in it answers; else say what systemd says."""
        try:
            wait_until(self.ready, what, within=within)
        except AssertionError as late:
            said = self.sh("systemctl list-units 'greetline*' --all --no-pager; journalctl -u 'greetline*' -n 80 --no-pager")
            raise AssertionError(f"{late}\n{said}") from None

    def ready(self) -> bool:
        try:
            return json.loads(self.sh(" ".join(READY), within=20))["status"] == "ok"
        except (AssertionError, subprocess.TimeoutExpired):
            return False


def init_of(nspawn: int) -> int:
    """Return the first process of the machine that *nspawn* boots, 0 before there is one: what only leads there soon ends."""
    return next((each.pid for each in psutil.Process(nspawn).children() if each.name() in ("systemd", "init")), 0)


@contextmanager
def a_bare_system(folder: Path, name: str, *, locks: Sequence[str], include: str = INCLUDED) -> Iterator[Box]:
    """Make the system *name* below *folder*, with the packages of *locks* beside it; it is gone at the end."""
    system, root = SYSTEMS[name], folder / "root"
    options = ["--variant=minbase", f"--include={include}", f"--components={system.components}"]
    if system.keyring:
        if not Path(system.keyring).exists():
            pytest.skip(f"{system.keyring} is not there: nothing of {name} could be believed")
        options.append(f"--keyring={system.keyring}")
    script = [f"/usr/share/debootstrap/scripts/{system.like}"] if system.like else []
    try:
        made = subprocess.run(
            ["debootstrap", *options, name, str(root), system.mirror, *script], capture_output=True, text=True, timeout=900
        )
        if made.returncode:
            pytest.skip(f"no {name} could be fetched: {made.stdout.strip().splitlines()[-1:]}")
        provide(root, system.python, [*locks, program.BUILD_LOCK])
        yield Box(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def provide(root: Path, python: str, locks: Sequence[str]) -> None:
    """Lay beside *root* what its pip will ask for, for its *python*."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--python-version", python]
    for lock in locks:
        wanted = root.parent / lock
        wanted.write_text(rows_for(python, (ROOT / program.LOCKS / lock).read_text()))
        run(*pip, "-d", str(root / WHEELS), "-r", str(wanted))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # Nothing that a package brings is started outside of the booted machine.
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)


def rows_for(python: str, lock: str, processor: str = platform.machine()) -> str:
    """Return the rows of *lock* that are for *python* on *processor*: pip asks its own markers of the machine that runs it."""
    there = {"python_version": python, "python_full_version": f"{python}.0", "platform_machine": processor}
    rows = lock.replace("\\\n", " ").splitlines()
    asked = [(row, row.partition(" --hash")[0]) for row in rows if row.strip() and not row.startswith("#")]
    kept = [row.replace(each, each.partition(";")[0]) for row, each in asked if _wanted(each, there)]
    return "\n".join(kept) + "\n"


def _wanted(row: str, there: dict[str, str]) -> bool:
    marker = Requirement(row.strip()).marker
    return marker is None or marker.evaluate(dict(there))
