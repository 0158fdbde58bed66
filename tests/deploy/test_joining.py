"""A camera box lets itself in with a code: once, within ten minutes, and by nobody else's hand."""

from __future__ import annotations

import http.client
import json
import shutil
import stat
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from broker.desk import boxes
from broker.desk.roles import Refused
from broker.identity import authority, code
from broker.identity.rights import Kind
from broker.settings import CameraSettings, EdgeSettings, LineSettings, read
from broker.settings.tls import TlsSettings
from broker.shop import Shop
from broker.store import audit, invitations
from broker.store.database import change
from dashboard.app import create
from dashboard.box_door import TRIES_A_MINUTE
from deploy import certs
from deploy.cli import main
from deploy.fault import Fault
from deploy.joining import let_in
from tests.builders import TurnableClock, make_shop
from tests.deploy.mqtt_parts import House, Speaker, a_house
from tests.service.parts import STORE
from tests.web.parts import Visitor, served

LINE = LineSettings(id="door", points=((0.1, 0.5), (0.9, 0.5)), inside="up", zone="entrance")


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    certs.make_authority(tmp_path / "tls", now=clock())
    (tmp_path / "shop").mkdir()
    cameras = (
        CameraSettings(id="cam-door", source="rtsp://10.0.0.7/door", lines=(LINE,)),
        CameraSettings(id="cam-back", source="rtsp://admin:secret@10.0.0.8/back", lines=(LINE,)),
    )
    made = make_shop(tmp_path / "shop", clock, tls=TlsSettings(folder=tmp_path / "tls"), cameras=cameras)
    yield made
    made.db.conn.close()


@pytest.fixture
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    for name in ("greetline-hub", "greetline-board", "greetline-stores"):
        made.extensions[name].close()


@pytest.fixture
def door(app: Flask) -> Iterator[str]:
    """Where the shop answers."""
    with served(app) as server:
        yield f"127.0.0.1:{server.port}"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_box_with_the_code_has_its_certificate_and_the_way_to_the_shop(shop: Shop, door: str, tmp_path: Path) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    path = let_in(door, "cam-door", said.lower(), tmp_path / "box")
    settings = read(EdgeSettings, path)
    assert (settings.store.id, settings.store.name) == (shop.settings.store.id, shop.settings.store.name)
    assert (settings.mqtt.host, settings.mqtt.port) == ("127.0.0.1", 8883)
    assert [camera.source for camera in settings.cameras] == ["rtsp://10.0.0.7/door"]
    assert settings.mqtt.ca_file
    assert settings.mqtt.ca_file.read_bytes() == (tmp_path / "tls/authority.crt").read_bytes()
    assert mode(tmp_path / "box/cam-door.key") == mode(path) == 0o600
    made = authority.Made((tmp_path / "box/cam-door.crt").read_bytes()).parsed
    assert made.subject.rfc4514_string() == f"CN={shop.settings.store.id}.cam-door"
    assert [(one.name, one.kind, one.by) for one in boxes.listed(shop)] == [("cam-door", Kind.CAMERA, "kari")]
    done = [(entry.what, entry.subject, entry.by) for entry in audit.newest(shop.db, limit=10)]
    assert ("devices.invited", "cam-door", "kari") in done
    assert ("devices.issued", "cam-door", "kari") in done


@pytest.mark.mosquitto
@pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here")
def test_what_it_was_given_opens_the_shops_mosquitto(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        shop = shop_of(house)
        app = create(shop.settings, shop=shop)
        try:
            with served(app) as server:
                said = boxes.invite(shop, "cam-new", by="kari")
                path = let_in(f"127.0.0.1:{server.port}", "cam-new", said, tmp_path / "box")
            with Speaker(read(EdgeSettings, path).mqtt) as box:
                assert box.says(f"greetline/1/{STORE}/cam-new/event")
                assert box.say(f"greetline/1/{STORE}/cam-door/event") == "Not authorized"
        finally:
            for name in ("greetline-hub", "greetline-board", "greetline-stores"):
                app.extensions[name].close()
            shop.db.conn.close()


def shop_of(house: House) -> Shop:
    tls = TlsSettings(folder=house.folder / "tls", mqtt_port=house.tls_port, mosquitto_pid_file=house.pid_file)
    return make_shop(house.folder / "var", TurnableClock(house.now), tls=tls)


def test_a_code_is_good_once(shop: Shop, door: str, tmp_path: Path) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    let_in(door, "cam-door", said, tmp_path / "box")
    with pytest.raises(Fault, match="No code for this name is open"):
        let_in(door, "cam-door", said, tmp_path / "thief")
    assert not (tmp_path / "thief").exists()


def test_a_code_is_good_for_ten_minutes_for_its_name_and_until_the_next(
    shop: Shop, door: str, tmp_path: Path, clock: TurnableClock
) -> None:  # fmt: skip
    first = boxes.invite(shop, "cam-door", by="kari")
    again = boxes.invite(shop, "cam-door", by="kari")
    for name, said in (("cam-door", first), ("cam-back", again), ("cam-unknown", again)):
        with pytest.raises(Fault, match="No code for this name is open, or it is another one"):
            let_in(door, name, said, tmp_path / "box")
    clock.turn(seconds=600)
    with pytest.raises(Fault, match="No code for this name"):
        let_in(door, "cam-door", again, tmp_path / "box")
    assert boxes.listed(shop) == []


def test_ten_wrong_tries_end_a_code_and_stand_in_the_audit_log(shop: Shop) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    made = authority.request_of("cam-door").certificate.decode()
    for _ in range(boxes.MOST_TRIES):
        with pytest.raises(Refused):
            boxes.join(shop, "cam-door", made, "0" * 64)
    assert invitations.everyone(shop.db) == []
    with pytest.raises(Refused):
        boxes.join(shop, "cam-door", made, code.seal(code.key_of(said, "cam-door"), "request", "cam-door", made))
    assert audit.newest(shop.db, limit=1)[0].what == "devices.invitation_lost"


def test_nine_wrong_tries_of_a_stranger_do_not_keep_the_box_out(shop: Shop, door: str, tmp_path: Path) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    for _ in range(boxes.MOST_TRIES - 1):
        with pytest.raises(Refused):
            boxes.join(shop, "cam-door", "x", "0" * 64)
    assert let_in(door, "cam-door", said, tmp_path / "box").exists()


def test_an_address_that_asks_again_and_again_waits(app: Flask, shop: Shop) -> None:
    stranger = Visitor(app, shop)
    ask = {"device": "cam-door", "request": "x", "proof": "0" * 64}
    answers = [stranger.client.post("/box/join", json=ask) for _ in range(TRIES_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [403] * TRIES_A_MINUTE + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"device":"x"}', b"\xff", b'{"device":"x","request":"y","proof":"zz"}', b"[" * 30_000]
)
def test_what_is_no_request_is_refused_in_a_sentence(app: Flask, shop: Shop, body: bytes) -> None:
    answer = Visitor(app, shop).client.post("/box/join", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.get_json()["detail"] == "Ask as `greetline join` does."


def test_who_stands_between_can_put_no_key_of_his_own_in(app: Flask, shop: Shop) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    mine, his = (authority.request_of("cam-door").certificate.decode() for _ in range(2))
    proof = code.seal(code.key_of(said, "cam-door"), "request", "cam-door", mine)
    thief = Visitor(app, shop)
    assert thief.client.post("/box/join", json={"device": "cam-door", "request": his, "proof": proof}).status_code == 403
    assert thief.client.post("/box/join", json={"device": "cam-back", "request": mine, "proof": proof}).status_code == 403
    assert boxes.listed(shop) == []


def changed(answer: dict[str, Any]) -> dict[str, Any]:
    told = json.loads(answer["answer"])
    told["settings"]["mqtt"]["host"] = "evil.example"
    return answer | {"answer": json.dumps(told)}


@pytest.mark.parametrize(
    "altered",
    [
        pytest.param(changed, id="another MQTT broker"),
        pytest.param(lambda answer: answer | {"proof": "0" * 64}, id="another seal"),
        pytest.param(lambda answer: {}, id="nothing"),
        pytest.param(lambda answer: answer | {"answer": 7}, id="no text"),
    ],
)
def test_a_box_believes_nothing_that_is_not_sealed_by_the_code(
    shop: Shop, door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, altered: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    honest = http.client.HTTPResponse.read
    # The line itself is honest; somebody on it is not.
    monkeypatch.setattr(
        http.client.HTTPResponse, "read", lambda self, size=None: json.dumps(altered(json.loads(honest(self, size)))).encode()
    )
    with pytest.raises(Fault, match="is not your shop"):
        let_in(door, "cam-door", said, tmp_path / "box")
    assert not (tmp_path / "box").exists()


def test_the_password_of_a_camera_does_not_travel_in_the_open(shop: Shop, door: str, tmp_path: Path) -> None:
    said = boxes.invite(shop, "cam-back", by="kari")
    path = let_in(door, "cam-back", said, tmp_path / "box")
    assert "secret" not in path.read_text()
    assert read(EdgeSettings, path).cameras == ()


def test_what_somebody_has_set_on_the_box_stays(shop: Shop, door: str, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "edge.toml").write_text(
        '# ours\n[store]\ndata = "here"\n[mqtt]\nhost = "old"\nusername = "x"\n'
        '[[cameras]]\nid = "cam-door"\nsource = "scene:door"\n[[cameras.lines]]\nid = "door"\nzone = "entrance"\n'
        'points = [[0.0, 0.5], [1.0, 0.5]]\ninside = "down"\n'
    )
    path = let_in(door, "cam-door", boxes.invite(shop, "cam-door", by="kari"), folder)
    found = tomllib.loads(path.read_text())
    assert found["store"]["data"] == "here"
    assert found["cameras"][0]["source"] == "scene:door"
    assert found["mqtt"]["host"] == "127.0.0.1"
    assert "username" not in found["mqtt"]
    assert path.read_text().startswith("# ours")


def test_settings_of_the_box_that_cannot_be_used_cost_no_code_and_change_nothing(shop: Shop, door: str, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / "edge.toml").write_text('[mqtt]\nport = "many"\n')
    said = boxes.invite(shop, "cam-door", by="kari")
    with pytest.raises(Fault, match=r"mqtt\.port"):
        let_in(door, "cam-door", said, folder)
    assert [path.name for path in folder.iterdir()] == ["edge.toml"]
    (folder / "edge.toml").unlink()
    assert let_in(door, "cam-door", said, folder).exists()


def test_whoever_is_not_root_is_told_to_put_sudo_before_it(door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(path: Path, **_: str) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", shut)
    with pytest.raises(Fault, match="put sudo before"):
        let_in(door, "cam-door", "K7M2P-X4QRT", tmp_path)


def test_whoever_answers_in_place_of_the_shop_writes_nothing_over_the_terminal(
    shop: Shop, door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = json.dumps({"detail": "\x1b[2Jcam-door is let in" + "!" * 5_000}).encode()
    monkeypatch.setattr(http.client.HTTPResponse, "read", lambda self, size=None: lie)
    with pytest.raises(Fault) as fault:
        let_in(door, "cam-door", "ABCDE-FGHJK", tmp_path / "box")
    assert fault.value.message.isprintable()
    assert len(fault.value.message) == 300


def test_the_command_says_what_is_wrong_and_ends_with_3(tmp_path: Path) -> None:
    for shop, says in (("127.0.0.1:9", "does not answer"), ("http://:x", "not the name")):
        done = CliRunner().invoke(main, ["join", "cam-door", "--shop", shop, "--code", "x", "--into", str(tmp_path / "box")])
        assert done.exit_code == 3
        assert says in done.output
    assert not (tmp_path / "box").exists()


def test_a_camera_that_its_certificate_does_not_speak_for_is_said(shop: Shop, door: str, tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text('[[cameras]]\nid = "door"\nsource = "scene:door"\n')
    words = ["--shop", door, "--code", boxes.invite(shop, "cam-door", by="kari"), "--into", str(tmp_path)]
    assert "The camera door may not speak here" in CliRunner().invoke(main, ["join", "cam-door", *words]).output


def test_a_shop_without_certificates_lets_no_box_in_and_keeps_the_code(shop: Shop, door: str, tmp_path: Path) -> None:
    said = boxes.invite(shop, "cam-door", by="kari")
    (tmp_path / "tls/authority.crt").rename(tmp_path / "away")
    with pytest.raises(Fault, match="greetline mqtt renew"):
        let_in(door, "cam-door", said, tmp_path / "box")
    (tmp_path / "away").rename(tmp_path / "tls/authority.crt")
    assert let_in(door, "cam-door", said, tmp_path / "box").exists()


def test_codes_are_few_at_a_time_and_kept_no_longer_than_they_are_good(shop: Shop, clock: TurnableClock) -> None:
    boxes.invite(shop, "cam-0", by="kari")
    first = invitations.everyone(shop.db)[0]
    with change(shop.db):
        for n in range(1, boxes.OPEN_INVITATIONS):
            invitations.save(shop.db, replace(first, device=f"cam-{n}"))
    with pytest.raises(Refused, match="Wait ten minutes"):
        boxes.invite(shop, "cam-more", by="kari")
    clock.turn(seconds=660)
    boxes.invite(shop, "cam-more", by="kari")
    assert [one.device for one in invitations.everyone(shop.db)] == ["cam-more"]
    assert clock() + timedelta(minutes=boxes.CODE_MINUTES) == invitations.everyone(shop.db)[0].expires_at
