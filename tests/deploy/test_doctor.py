"""`greetline doctor` names what is missing and what to do, and changes nothing."""

from __future__ import annotations

import json
import re
import socket
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import checks
from deploy.cli import main
from deploy.finding import State
from deploy.premises import free_port
from tests.deploy.shops import camera, shop_file

ROOT = Path(__file__).parents[2]


def findings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, dict[str, str]]]:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["doctor", "--json"])
    return result.exit_code, {found["about"]: found for found in json.loads(result.output)["findings"]}


def test_a_machine_that_is_ready_is_sound_and_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_file(tmp_path, cameras=[camera("scene:door")])
    code, found = findings(tmp_path, monkeypatch)
    assert code == 0
    for about in ("python", "edge", "shop", "settings", "disk", "clock", "dashboard", "mqtt", "door"):
        assert found[about]["state"] == "ok", found[about]
    assert found["tablets"]["state"] == "warn", "127.0.0.1 cannot be opened by a tablet"
    assert [path.name for path in tmp_path.iterdir()] == ["greetline.toml"]


@pytest.mark.parametrize(("said", "state"), [("echo yes", "ok"), ("echo no", "warn"), ("exit 1", ""), ("sleep 60", "")])
def test_a_clock_that_follows_nobody_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, state: str) -> None:
    (tmp_path / "bin").mkdir()
    asked = tmp_path / "bin/timedatectl"
    asked.write_text(f"#!/bin/sh\nexec {said}\n" if said.startswith("sleep") else f"#!/bin/sh\n{said}\n")
    asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(asked.parent), prepend=":")
    monkeypatch.setattr(checks, "CONNECT_SECONDS", 1.0)
    assert [str(found.state) for found in checks.time_server()] == ([state] if state else [])


def test_everything_that_is_missing_has_an_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        cameras = [camera("door.mp4"), camera("rtsp://me:secret@127.0.0.1:9/x", id="back"), camera("/dev/video99", id="usb")]
        shop_file(tmp_path, cameras=cameras, dashboard={"port": port}, mqtt={"host": "127.0.0.1", "port": 9})
        code, found = findings(tmp_path, monkeypatch)
    assert code == 3
    for about in ("dashboard", "mqtt", "door", "back", "usb"):
        assert found[about]["state"] == "missing"
        assert found[about]["advice"]
    assert "secret" not in json.dumps(found)


def test_a_model_that_is_not_here_is_found_with_the_command_that_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_file(tmp_path, cameras=[camera("scene:door"), camera("scene:door", id="back", view="angled", model="lwpd")])
    code, found = findings(tmp_path, monkeypatch)
    assert code == 3
    assert "door: model" not in found
    assert "camera back: " in found["back: model"]["says"]
    assert "`greetline models fetch lwpd` brings it" in found["back: model"]["says"]


def test_bad_settings_are_found_with_their_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop_file(tmp_path)
    path.write_text(path.read_text() + "\n[alert]\n")
    code, found = findings(tmp_path, monkeypatch)
    assert code == 3
    assert "Did you mean alerts?" in found["settings"]["says"]


def test_it_can_be_read_by_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for section in ("DASHBOARD", "MQTT"):  # the ports of every day may be another shop's on this machine
        monkeypatch.setenv(f"GREETLINE_{section}__PORT", str(free_port()))
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "-> greetline config show > greetline.toml" in result.output


def test_in_an_installed_shop_it_may_open_the_printer_that_the_kiosk_may() -> None:
    kiosk = (ROOT / "deploy/systemd/greetline-kiosk.service").read_text(encoding="utf-8")
    [groups] = re.findall(r"^SupplementaryGroups=(.+)$", kiosk, re.MULTILINE)
    assert f"--groups {groups} " in (ROOT / "deploy/install/greetline-shop").read_text(encoding="utf-8")


def test_numbers_by_phone_without_an_address_for_phones_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = {"services": [{"id": "returns", "letter": "R", "name": "Returns"}], "counters": [{"id": "desk-1", "name": "Desk 1"}]}
    shop_file(tmp_path, **queue, join={"enabled": True})  # type: ignore[arg-type]
    _, found = findings(tmp_path, monkeypatch)
    assert found["join"]["state"] == "warn"
    assert "public_base_url" in found["join"]["advice"]
    shop_file(tmp_path, **queue, join={"enabled": True}, kiosk={"public_base_url": "https://q.shop.example"})  # type: ignore[arg-type]
    assert "join" not in findings(tmp_path, monkeypatch)[1]


@pytest.mark.parametrize("extra", checks.EXTRAS)
def test_it_looks_for_every_package_that_its_kind_of_box_needs(extra: str) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][extra]
    assert {re.split(r"[<>=\[;]", needs)[0] for needs in declared} == set(checks.packages(extra))


def test_a_package_that_is_not_there_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "packages", lambda extra: ["flask", "nobody-made-this"] if extra == "shop" else ["numpy"])
    found = {finding.about: finding for finding in checks.extras()}
    assert found["edge"].state is State.OK
    assert found["shop"].state is State.WARN
    assert found["shop"].says == "nobody-made-this not installed"
    assert "greetline[shop]" in found["shop"].advice
