"""The container's files: no engine is asked, but what can be read off them is, and what reads such files reads them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from broker.settings import Settings, read
from deploy.cli import COMMANDS
from deploy.install import program
from tests.deploy.fetched import Unreachable, fetched, run

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def test_the_container_may_do_nothing_that_it_does_not_need() -> None:
    (service,) = COMPOSE["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    assert service["user"] == "10001:10001"
    assert f"USER {service['user']}" in DOCKERFILE
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_what_is_copied_is_there_and_nothing_of_a_release_is_forgotten() -> None:
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert all((ROOT / each).exists() for each in copied)
    assert {*program.PACKAGES, *program.BESIDE} <= set(copied)
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {each.split("/")[0] for each in copied} <= let_in


def test_packages_come_with_their_digests_and_nothing_is_run_off_the_network() -> None:
    installs = [line for line in DOCKERFILE.split("RUN") if "pip install" in line]
    assert installs
    for step in re.findall(r"pip install [^\\\n&]*", DOCKERFILE):
        assert "--require-hashes" in step or "--no-index" in step, step
    assert not re.search(r"curl|wget|ADD ", DOCKERFILE)


def test_it_runs_a_command_of_ours_and_looks_at_a_port_that_the_shop_has() -> None:
    (command,) = re.findall(r'^CMD \["greetline", "(\w+)"', DOCKERFILE, re.MULTILINE)
    assert command in COMMANDS
    settings = read(Settings, ROOT / "deploy/container.toml", environment={})
    assert f"127.0.0.1:{settings.dashboard.port}/readyz" in DOCKERFILE
    (service,) = COMPOSE["services"].values()
    assert [port.split(":")[-1] for port in service["ports"]] == [str(settings.dashboard.port), str(settings.kiosk.port)]
    assert re.findall(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE) == [f"{settings.dashboard.port} {settings.kiosk.port}"]


def test_it_is_asked_how_it_is_in_the_same_words_by_the_image_and_by_compose() -> None:
    (words,) = re.findall(r"^HEALTHCHECK .*\\\n  CMD (.*)$", DOCKERFILE, re.MULTILINE)
    (service,) = COMPOSE["services"].values()
    assert service["healthcheck"]["test"] == ["CMD", *json.loads(words)]


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say_against_the_dockerfile() -> None:
    done = subprocess.run(
        ["hadolint", "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Docker's compose of this machine, or of a newer Debian: those before 2.0 do not read the same files."""
    here = shutil.which("docker-compose")
    if here and " v2" in subprocess.run([here, "version"], capture_output=True, text=True, timeout=60, check=False).stdout:
        return here
    folder = tmp_path_factory.mktemp("compose")
    try:
        (package,) = fetched(folder / "apt", "trixie", "docker-compose", alone=True)
        run("dpkg-deb", "-x", str(package), str(folder / "root"))
    except Unreachable as wrong:
        pytest.skip(f"Docker's compose cannot be had: {wrong}")
    return str(next(path for path in (folder / "root").rglob("docker-compose") if os.access(path, os.X_OK) and path.is_file()))


@pytest.mark.slow
def test_compose_understands_every_line_as_it_is_meant(compose: str) -> None:
    command = [compose, "-f", str(ROOT / "compose.yaml"), "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (service,) = json.loads(done.stdout)["services"].values()
    assert (service["user"], service["read_only"], service["cap_drop"]) == ("10001:10001", True, ["ALL"])
    assert {(port["host_ip"], port["target"]) for port in service["ports"]} == {("127.0.0.1", 8080), ("127.0.0.1", 8090)}
    (volume,) = service["volumes"]
    assert (volume["type"], volume["target"]) == ("bind", "/shop")
