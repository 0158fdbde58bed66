"""`greetline mqtt`, as somebody types it."""

from __future__ import annotations

import json
import stat
import tarfile
import tomllib
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.settings import EdgeSettings, Settings, read
from broker.shop import open_shop
from broker.store import audit
from deploy import certs
from deploy.cli import main


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "greetline.toml").write_text(
        '[store]\nid = "oslo-city"\nname = \'Ola "N" <Oslo>\'\ndata = "var"\n'
        '[tls]\nnames = ["shop.local", "192.168.1.10"]\nmosquitto_pid_file = "none.pid"\n'
        '[[cameras]]\nid = "cam-door"\nsource = "rtsp://u:secret@10.0.0.7/x"\n[[cameras.lines]]\nid = "door"\n'
        'zone = "entrance"\npoints = [[0.0, 0.5], [1.0, 0.5]]\ninside = "up"\n'
    )
    with closing(open_shop(read(Settings, tmp_path / "greetline.toml"), create=True).db.conn):
        pass
    monkeypatch.chdir(tmp_path)
    return tmp_path


def greetline(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == code, (done.output, done.exception)
    return done


def test_before_there_are_certificates_it_says_what_to_do_and_leaves_nothing(shop: Path) -> None:
    done = greetline("mqtt", "issue", "cam-door", code=3)
    assert "greetline mqtt renew" in done.output
    assert not (shop / "cam-door.tar").exists()
    assert "greetline mqtt renew" in greetline("mqtt", "invite", "cam-door", code=3).output


def test_the_certificates_of_an_installed_shop_are_left_to_the_unit_that_starts_anew_what_serves_them(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Made here, they would be fresh at night, and nobody would take them up.
    monkeypatch.setattr(certs, "TLS", shop / "tls")
    (shop / "greetline.toml").write_text(
        (shop / "greetline.toml").read_text().replace("[tls]\n", f'[tls]\nfolder = "{shop / "tls"}"\n')
    )
    missing = greetline("mqtt", "renew", code=3)
    assert "sudo greetline install" in missing.output, "where there are none, that unit is not what makes the first"
    assert not (shop / "tls").exists()
    certs.make_authority(shop / "tls")
    assert json.loads(greetline("mqtt", "renew", "--json").stdout)["renewed"] == []
    assert {path.name for path in (shop / "tls").iterdir()} == {"authority.crt", "authority.key"}
    said = greetline("mqtt", "renew").stderr.split(": ")[1].split()
    assert said[:3] == ["sudo", "systemctl", "start"]
    assert (resources.files("deploy") / f"systemd/{said[3]}.service").is_file()


def test_what_a_device_is_given_is_whole_and_for_its_owner_only(shop: Path) -> None:
    made = json.loads(greetline("mqtt", "renew", "--json").stdout)
    assert made == {"renewed": ["web", "mqtt"], "devices_expire_soon": []}
    said = json.loads(greetline("mqtt", "issue", "cam-door", "--json").stdout)
    assert (said["device"], said["kind"], said["by"], said["file"]) == ("cam-door", "camera", "terminal", "cam-door.tar")
    assert stat.S_IMODE((shop / "cam-door.tar").stat().st_mode) == 0o600
    with tarfile.open(shop / "cam-door.tar") as tar:
        assert {member.mode for member in tar.getmembers()} == {0o600}
        tar.extractall(shop / "box", filter="data")
    settings = read(EdgeSettings, shop / "box/edge.toml")
    assert (settings.store.name, settings.mqtt.host, settings.mqtt.port) == ('Ola "N" <Oslo>', "shop.local", 8883)
    assert settings.mqtt.key_file is not None
    assert settings.mqtt.key_file.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert [camera.source for camera in settings.cameras] == ["rtsp://u:secret@10.0.0.7/x"], "the file is carried by hand"
    assert tomllib.loads((shop / "box/edge.toml").read_text())["mqtt"]["ca_file"] == "shop.crt"


def test_a_file_that_is_there_stays_and_nobody_is_let_in(shop: Path) -> None:
    greetline("mqtt", "renew")
    (shop / "cam-door.tar").write_text("mine")
    assert "is there already" in greetline("mqtt", "issue", "cam-door", code=3).output
    assert (shop / "cam-door.tar").read_text() == "mine"
    assert json.loads(greetline("mqtt", "list", "--json").stdout) == []


def test_who_is_let_in_is_listed_and_who_is_thrown_out_only_when_asked_for(shop: Path) -> None:
    greetline("mqtt", "renew")
    greetline("mqtt", "issue", "lamp", "--kind", "light", "--zone", "entrance", "--out", "a.tar")
    greetline("mqtt", "issue", "cam-door", "--out", "b.tar")
    assert [one["device"] for one in json.loads(greetline("mqtt", "list", "--json").stdout)] == ["cam-door", "lamp"]
    assert "entrance" in greetline("mqtt", "list").stdout
    done = greetline("mqtt", "revoke", "cam-door")
    assert "thrown out" in done.stderr
    assert "systemctl reload mosquitto" in done.stderr, "it could not be told from here"
    assert [one["device"] for one in json.loads(greetline("mqtt", "list", "--json").stdout)] == ["lamp"]
    gone = json.loads(greetline("mqtt", "list", "--all", "--json").stdout)[0]
    assert (gone["device"], bool(gone["revoked"])) == ("cam-door", True)
    assert "no device cam-door" in greetline("mqtt", "revoke", "cam-door", code=1).output
    with closing((opened := open_shop(read(Settings, shop / "greetline.toml"), create=False)).db.conn):
        assert [entry.what for entry in audit.newest(opened.db, limit=3)] == ["devices.revoked", "devices.issued", "devices.issued"]


def test_a_device_that_is_renewed_is_what_it_was_with_another_certificate(shop: Path) -> None:
    greetline("mqtt", "renew")
    greetline("mqtt", "issue", "lamp", "--kind", "light", "--zone", "entrance", "--out", "a.tar")
    said = json.loads(greetline("mqtt", "renew", "lamp", "--out", "b.tar", "--json").stdout)
    assert (said["kind"], said["zones"]) == ("light", ["entrance"])
    rows = json.loads(greetline("mqtt", "list", "--all", "--json").stdout)
    assert [bool(row["revoked"]) for row in rows] == [False, True]
    with tarfile.open(shop / "b.tar") as tar:
        assert tar.getnames() == ["edge.toml", "shop.crt", "lamp.crt", "lamp.key"]
    assert "no device nobody" in greetline("mqtt", "renew", "nobody", code=3).output


def test_names_and_zones_that_cannot_be_are_refused_in_a_sentence(shop: Path) -> None:
    greetline("mqtt", "renew")
    assert "name of our own" in greetline("mqtt", "issue", "service", code=1).output
    assert "not a device name" in greetline("mqtt", "invite", "Cam Door", code=1).output
    done = greetline("mqtt", "issue", "lamp", "--kind", "light", "--zone", "cellar", code=1)
    assert "cellar is not a zone of this shop: entrance" in done.output
    assert not list(shop.glob("*.tar"))


def test_an_invitation_is_a_code_on_a_line_of_its_own(shop: Path) -> None:
    greetline("mqtt", "renew")
    done = greetline("mqtt", "invite", "cam-new")
    code = done.stdout.strip()
    assert len(code) == 11
    assert f"sudo greetline join cam-new --shop shop.local --code {code}" in done.stderr
    assert json.loads(greetline("mqtt", "invite", "cam-new", "--json").stdout)["minutes"] == 10
