"""The image is built from the Dockerfile and run as compose.yaml says, without an engine: buildah makes it, nspawn runs it.

No registry is asked: the base is a Debian of debootstrap with the same Python, under the name that the Dockerfile has for it.
Needs root, buildah, debootstrap and a mirror; without buildah it is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from deploy.install import program
from tests.deploy.bare import LACKING, ROOT, WHEELS, Box, a_bare_system, run
from tests.deploy.running import wait_until
from tests.service.parts import listens, usual_ports

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["greetline"]
BASE = "docker.io/library/python:3.13-slim-bookworm"
LIKE_IT = "trixie"
"""The Debian whose own Python is the one of BASE."""
INCLUDED = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
ACCOUNT = 10001
PORTS = (8080, 8090)
COMMAND = json.loads(re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)[0])
BESIDE = ("Dockerfile", ".dockerignore")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="makes a file system of its own, which only root may"),
    pytest.mark.skipif(bool(LACKING) or not shutil.which("buildah"), reason="buildah, debootstrap or systemd-nspawn not installed"),
    pytest.mark.skipif(any(map(listens, PORTS)), reason="the ports of the container are in use here"),
]


@dataclass(frozen=True)
class Image:
    """The files of a container, as its programs see them, and the folder that it keeps."""

    root: Path
    shop: Path

    @contextmanager
    def running(self) -> Iterator[psutil.Process]:
        """Run it as compose.yaml says; yields its first program."""
        command = [
            "systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", "--as-pid2", "--read-only",
            f"--tmpfs={COMPOSE['tmpfs'][0]}", f"--bind={self.shop}:/shop", "--drop-capability=all", "--no-new-privileges=yes",
            "--resolv-conf=off", "--chdir=/shop", "--user=greetline", "--setenv=PYTHONSAFEPATH=1",
            "--setenv=PATH=/opt/greetline/bin:/usr/sbin:/usr/bin:/bin", *COMMAND,
        ]  # fmt: skip
        nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield wait_until(lambda: first_of(nspawn.pid), "it starts")
        finally:
            for each in psutil.Process(nspawn.pid).children(recursive=True) if nspawn.poll() is None else []:
                each.kill()
            nspawn.wait(30)


def first_of(nspawn: int) -> psutil.Process | None:
    """Return the program of the image among what runs below *nspawn*."""
    below = psutil.Process(nspawn).children(recursive=True)
    return next((each for each in below if each.cmdline()[2:] == COMMAND[1:]), None)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    buildah = ["buildah", "--storage-driver", "overlay", "--root", str(folder / "store"), "--runroot", str(folder / "run")]
    shop = folder / "shop"
    shop.mkdir()
    shutil.copy(ROOT / "deploy/container.toml", shop / "greetline.toml")
    for each in (shop, shop / "greetline.toml"):
        os.chown(each, ACCOUNT, ACCOUNT)
    with a_bare_system(folder, LIKE_IT, locks=("shop.lock",), include=INCLUDED) as box:
        wheels = folder / "wheels"
        shutil.move(box.root / WHEELS, wheels)
        base(buildah, box)
        build = [
            "bud",
            "--isolation",
            "chroot",
            "--pull-never",
            "--network",
            "host",
            "-v",
            f"{wheels}:/wheels:ro",
            "-t",
            "greetline",
        ]
        run(*buildah, *build, str(release(folder)))
    container = run(*buildah, "from", "--pull-never", "greetline").strip()
    try:
        yield Image(Path(run(*buildah, "mount", container).strip()), shop)
    finally:
        run(*buildah, "umount", container)
        run(*buildah, "rm", container)
        shutil.rmtree(folder, ignore_errors=True)


def base(buildah: list[str], box: Box) -> None:
    """Make what the Dockerfile begins with."""
    container = run(*buildah, "from", "scratch").strip()
    run(*buildah, "add", "-q", container, str(box.root), "/")
    run(*buildah, "config", "--env", "PIP_NO_INDEX=1", "--env", "PIP_FIND_LINKS=/wheels", container)
    run(*buildah, "commit", "-q", "--rm", container, BASE)


def release(folder: Path) -> Path:
    target = folder / "release"
    target.mkdir()
    for each in (*program.PACKAGES, *program.BESIDE, *BESIDE):
        if (ROOT / each).is_dir():
            shutil.copytree(ROOT / each, target / each, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(ROOT / each, target / each)
    return target


def is_read_only(process: psutil.Process) -> bool:
    mounts = [line.split() for line in Path(f"/proc/{process.pid}/mounts").read_text().splitlines()]
    return next(options.split(",")[0] == "ro" for _, where, _, options, *_ in mounts if where == "/")


def answers(path: str, port: int = PORTS[0]) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def test_the_image_runs_read_only_as_nobody_answers_stops_in_time_and_keeps_its_shop(image: Image) -> None:
    stopping = float(COMPOSE["stop_grace_period"].rstrip("s"))
    assert f"{ACCOUNT}:{ACCOUNT}" == COMPOSE["user"]
    kept = 0
    for _ in range(2):
        with usual_ports(), image.running() as first:
            wait_until(lambda: answers("/readyz") == 200, "it is ready", within=120)
            assert answers("/healthz") == 200
            assert {each.uids().effective for each in [first, *first.children(recursive=True)]} == {ACCOUNT}
            status = Path(f"/proc/{first.pid}/status").read_text()
            assert "NoNewPrivs:\t1" in status
            assert is_read_only(first), "what is not the shop's folder or /tmp cannot be written"
            assert "CapEff:\t0000000000000000" in status
            first.send_signal(signal.SIGTERM)
            first.wait(stopping)
            store = image.shop / "var/greetline.db"
            assert store.stat().st_uid == ACCOUNT
            assert kept in (0, store.stat().st_ino), "the same store after a restart"
            kept = store.stat().st_ino
        wait_until(lambda: not any(map(listens, PORTS)), "its ports are free")
