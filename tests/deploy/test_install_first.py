"""What an installed shop begins with: a store, secrets of its own, certificates, and a link for the first person."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from broker.desk import boxes
from broker.lock import held
from broker.settings import Settings, read
from broker.shop import STORE_FILE
from deploy import backup, bundle, certs
from deploy.fault import Fault
from deploy.install import first
from deploy.install.plan import ALONE, MQTT, OWED, SERVES, USERS
from deploy.restore import restore
from deploy.tls_checks import certificates
from deploy.up import shop_of
from tests.deploy.running import wait_until
from tests.service.parts import free_port

certify = pytest.importorskip("deploy.install.certify", reason="cryptography is not installed")
needs_mosquitto = pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed")


def settings_at(folder: Path, names: str = '"shop.local"') -> Settings:
    file = folder / "greetline.toml"
    file.write_text(
        f"""[store]
data = "{folder / "data"}"
[mqtt]
host = "127.0.0.1"
port = {free_port()}
username = "greetline"
password_file = "{folder / "data" / MQTT / "secret"}"
[tls]
folder = "{folder / "tls"}"
names = [{names}]
mqtt_port = {free_port()}
"""
    )
    return read(Settings, file, environment={})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "tls").mkdir()
    monkeypatch.setattr(certify, "TLS", tmp_path / "tls")
    return settings_at(tmp_path)


def certified(settings: Settings) -> list[str]:
    folder = settings.tls.folder
    return list(certify.certify(settings, mosquitto_conf=folder / "mosquitto.conf", caddyfile=folder / "Caddyfile"))


def test_a_name_that_only_sounds_like_one_of_the_house_is_certified_too(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "tls").mkdir()
    settings = settings_at(tmp_path, '"shop.milan"')
    first.begin(settings)
    certified(settings)
    assert "shop.milan" in (tmp_path / "tls/Caddyfile").read_text()


def test_a_secret_is_made_once_and_is_nobody_elses_to_read(settings: Settings) -> None:
    first.begin(settings)
    secret, users = settings.store.data / MQTT / "secret", settings.store.data / MQTT / USERS
    made = secret.read_text(), users.read_text()
    assert len(made[0].strip()) >= 43
    assert made[0].strip() not in made[1]
    assert {path.stat().st_mode & 0o777 for path in (secret, users)} == {0o600}
    first.begin(settings)
    assert (secret.read_text(), users.read_text()) == made
    assert (settings.store.data / STORE_FILE).exists()


def test_the_first_person_gets_a_link_and_later_nobody_does(settings: Settings) -> None:
    first.begin(settings)
    said = first.welcome(settings)
    assert "https://shop.local/enter/" in said
    assert "http://shop.local/root" in said
    with shop_of(settings) as shop:
        first.people.add(shop, "Kari", role=first.Role.MANAGER, pin="4711", by="test")
    assert "/enter/" not in first.welcome(settings)


def test_certificates_are_made_anew_only_for_a_reason(settings: Settings, tmp_path: Path) -> None:
    first.begin(settings)
    assert certified(settings) == ["greetline-https.service", "greetline-mqtt.service"]
    assert certified(settings) == []
    authority = (tmp_path / "tls/authority.crt").read_bytes()
    moved = settings_at(tmp_path, '"shop.local", "192.168.1.10"').model_copy(update={"mqtt": settings.mqtt})
    assert certified(moved) == ["greetline-https.service", "greetline-mqtt.service"]
    assert (tmp_path / "tls/authority.crt").read_bytes() == authority, "tablets would have to trust another one"
    keys = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").glob("*.key")}
    assert set(keys.values()) == {0o600}


def test_a_name_that_may_not_be_certified_keeps_no_other_from_being_renewed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Written into the settings months after the installation. Else a year later every certificate of the shop would end at once.
    first.begin(settings)
    certified(settings)
    before = (tmp_path / "tls/web.crt").read_bytes()
    wrong = settings_at(tmp_path, '"shop.local", "shop", "shop.example", "8.8.8.8", "192.168.1.10"')
    monkeypatch.setattr(certify, "certify", lambda settings, made=certify.certify: made(
        settings, mosquitto_conf=tmp_path / "tls/mosquitto.conf", caddyfile=tmp_path / "tls/Caddyfile"
    ))  # fmt: skip
    certify.main(tmp_path / "greetline.toml", restart=False)
    said = capsys.readouterr().out
    assert said.startswith("shop, shop.example, 8.8.8.8: the shop's authority may speak"), "an installation goes on"
    assert (tmp_path / "tls" / OWED).read_text().split() == sorted(SERVES.values()), (
        "were it cut off now, the night would see to it"
    )
    monkeypatch.setattr(certify, "_restart", lambda units: None)
    with pytest.raises(Fault, match=r"^shop, shop\.example, 8\.8\.8\.8: the shop's authority may speak"):
        certify.main(tmp_path / "greetline.toml", restart=True)
    assert not (tmp_path / "tls" / OWED).exists()
    assert (tmp_path / "tls/web.crt").read_bytes() != before
    assert certs.make_server(tmp_path / "tls", "web", certs.Reach.of(["shop.local", "192.168.1.10"])) is False
    assert "shop.example" not in (tmp_path / "tls/Caddyfile").read_text()
    found = {finding.about: finding for finding in certificates(wrong)}
    assert "shop.example" in found["tls: names"].says
    boasting = settings_at(tmp_path, '"shop.example", "shop.local"')
    assert bundle.host_of(boasting) == "shop.local", "a box would be told a place for which no certificate speaks"
    assert first.address(boasting) == "https://shop.local"


def test_a_store_that_the_mqtt_broker_would_not_find_is_refused_before_anything_is_made(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certify, "VAR", tmp_path)
    with pytest.raises(Fault, match=r"\[store\] data is .*finds only its own"):
        certify.main(tmp_path / "greetline.toml", restart=False)
    assert [path.name for path in (tmp_path / "tls").iterdir()] == []
    monkeypatch.setattr(certify, "VAR", settings.store.data)
    monkeypatch.setattr(certify, "certify", lambda _: [])
    certify.main(tmp_path / "greetline.toml", restart=False)


def test_sixteen_names_fit_as_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    names = ", ".join(f'"shop-{n}.example.com"' for n in range(16))
    many = settings_at(tmp_path, names).model_copy(update={"mqtt": settings.mqtt})
    first.begin(many)
    assert certified(many)


def test_a_backup_without_secrets_opens_on_a_machine_that_has_devices_of_its_own(settings: Settings, tmp_path: Path) -> None:
    first.begin(settings)
    file, _ = backup.make(settings, None, tmp_path / "stick", secrets=False)
    secret, _ = backup.make(settings, None, tmp_path / "safe", secrets=True)
    old = (settings.store.data / "devices/mqtt/devices.crt").read_bytes()
    shutil.rmtree(settings.store.data)
    settings.store.data.mkdir(mode=0o700)
    first.begin(settings)
    own = (settings.store.data / "devices/mqtt/devices.crt").read_bytes()
    restore(file, settings, tmp_path / "greetline.toml")
    assert (settings.store.data / "devices/mqtt/devices.crt").read_bytes() == own, "its key is not in the backup"
    first.begin(settings)
    with shop_of(settings) as shop:
        boxes.invite(shop, "cam-door", boxes.Kind.CAMERA, by="test")
    restore(secret, settings, tmp_path / "greetline.toml")
    assert (settings.store.data / "devices/mqtt/devices.crt").read_bytes() == old
    first.begin(settings)


def test_an_authority_of_devices_that_is_not_whole_is_a_sentence(settings: Settings) -> None:
    first.begin(settings)
    (settings.store.data / "devices/authority.key").unlink()
    with pytest.raises(Fault, match="start the MQTT broker anew"):
        first.begin(settings)


def test_what_could_not_be_started_anew_is_tried_again_the_next_night(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Else it would serve the old certificate until that has ended, with a new one beside it.
    first.begin(settings)
    told, file = tmp_path / "told", tmp_path / "greetline.toml"
    (tmp_path / "bin").mkdir()
    systemctl = tmp_path / "bin/systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {told}\n[ -e {tmp_path / "well"} ] || {{ echo "no bus" >&2; exit 1; }}\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setattr(certify, "certify", lambda settings, made=certify.certify: made(
        settings, mosquitto_conf=tmp_path / "tls/mosquitto.conf", caddyfile=tmp_path / "tls/Caddyfile"
    ))  # fmt: skip
    asked = "try-restart greetline-https.service greetline-mqtt.service"
    for night in (1, 2):
        with pytest.raises(Fault, match="no bus"):
            certify.main(file, restart=True)
        assert told.read_text().splitlines() == [asked] * night
    (tmp_path / "well").touch()
    certify.main(file, restart=True)
    certify.main(file, restart=True)
    assert told.read_text().splitlines() == [asked] * 3, "started anew once, and then no more"
    with monkeypatch.context() as cut:
        cut.setattr(certify, "certify", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            certify.main(file, restart=True)
    certify.main(file, restart=True)
    assert told.read_text().splitlines() == [asked] * 4, "nobody knows what was made before it ended"
    assert "made anew" in capsys.readouterr().out


def test_of_two_who_make_certificates_at_once_the_second_waits(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = threading.Event()
    monkeypatch.setattr(certify, "certify", lambda _: made.set() or [])
    second = threading.Thread(target=certify.main, args=[tmp_path / "greetline.toml"], kwargs={"restart": False})
    with held(tmp_path / "tls" / ALONE):
        second.start()
        assert not made.wait(0.5)
    assert made.wait(10)
    second.join(10)


def test_whoever_waits_for_certificates_too_long_is_told_who_makes_them(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certs, "PATIENCE_S", 0.2)
    with held(tmp_path / "tls" / ALONE), pytest.raises(Fault, match=rf"somebody else \(process {os.getpid()}\)"):
        certify.main(tmp_path / "greetline.toml", restart=False)


def test_whoever_waits_for_certificates_waits_longer_than_whoever_makes_them_may_take() -> None:
    unit = (Path(certs.__file__).parent / "systemd/greetline-renew.service").read_text(encoding="utf-8")
    ends = re.search(r"^TimeoutStartSec=(\d+)$", unit, re.MULTILINE)
    assert certs.PATIENCE_S > certify.SYSTEMD_SECONDS
    assert ends
    assert int(ends[1]) > certs.PATIENCE_S + certify.SYSTEMD_SECONDS, "systemd would end it before it has said why"


def test_root_makes_no_certificates_where_a_program_of_the_shop_may_write(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Settings] = []
    monkeypatch.setattr(certify, "certify", lambda settings: made.append(settings) or [])
    file, elsewhere = tmp_path / "greetline.toml", tmp_path / "elsewhere"
    file.write_text(file.read_text().replace(str(tmp_path / "tls"), str(elsewhere)))
    elsewhere.mkdir()
    (elsewhere / ALONE).write_text("of root alone\n")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(Fault, match="which is root's alone"):
        certify.main(file, restart=True)
    assert made == []
    assert [path.read_text() for path in elsewhere.iterdir()] == ["of root alone\n"]


def test_a_lock_that_is_a_link_is_said_in_a_sentence_and_nothing_is_emptied(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "roots").write_text("of root alone\n")
    (tmp_path / "tls" / ALONE).symlink_to(tmp_path / "roots")
    with pytest.raises(Fault, match=rf"{ALONE}: is a link"):
        certify.main(tmp_path / "greetline.toml", restart=False)
    assert (tmp_path / "roots").read_text() == "of root alone\n"


def test_a_folder_of_certificates_that_is_gone_is_named_with_what_makes_it(settings: Settings, tmp_path: Path) -> None:
    unit = (Path(certs.__file__).parent / "systemd/greetline-renew.service").read_text(encoding="utf-8")
    assert "ReadWritePaths=-/etc/greetline-tls" in unit, "else systemd does not start what would say so"
    (tmp_path / "tls").rmdir()
    (tmp_path / "tls").write_text("no folder, which cannot be made either")
    with pytest.raises(Fault, match=r"tls: .*`sudo greetline install`"):
        certify.main(tmp_path / "greetline.toml", restart=True)


@needs_mosquitto
@pytest.mark.mosquitto
def test_mosquitto_takes_its_configuration_and_lets_our_own_programs_in(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    monkeypatch.setattr(certify, "CREDENTIALS", credentials)
    monkeypatch.setattr(certify, "PID_FILE", tmp_path / "mosquitto.pid")
    first.begin(settings)
    certified(settings)
    key = credentials / "greetline-mqtt.service/mqtt.key"
    key.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "tls/mqtt.key", key)
    configuration = tmp_path / "tls/mosquitto.conf"
    configuration.write_text(configuration.read_text().replace("user greetline", "user root"))
    process = subprocess.Popen(["mosquitto", "-c", str(configuration)], stderr=subprocess.PIPE, text=True)
    try:
        from broker.link import Link

        with Link(settings.mqtt, client_id="greetline-shop-test") as link:
            assert wait_until(lambda: link.wait_connected(0.5))
    finally:
        process.terminate()
        process.communicate(timeout=20)
