"""A real mosquitto as it is installed. A camera says and reads what is its own; everything else is tried, and fails.

Once on the mosquitto of this machine, and, among the slow tests, once more on mosquitto 2.1 with its plugins.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from broker.contract.codec import encode
from broker.contract.messages import Ack, message
from broker.identity import authority
from broker.identity.devices import tell
from broker.identity.rights import Kind
from broker.link import Link
from broker.settings import MqttSettings
from tests.deploy.fetched import Unreachable
from tests.deploy.mqtt_parts import V5, V311, House, Speaker, a_house, context_of
from tests.deploy.other_mosquitto import HERE, unpacked
from tests.service.parts import STORE, Device, service, settings_file, wait_until

pytestmark = [pytest.mark.mosquitto, pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here")]

BASE = f"greetline/1/{STORE}"
OTHERS_TO_WRITE = [
    f"{BASE}/cam-other/event", f"{BASE}/cam-other/status", f"{BASE}/cam-other/answer", f"{BASE}/cam-door/ack",
    f"{BASE}/cam-door/command", f"{BASE}/cam-other/ack", f"{BASE}/cam-other/command", f"{BASE}/service/status",
    f"{BASE}/service/queue", f"{BASE}/service/display", f"{BASE}/entrance/light", f"{BASE}/entrance/take",
    "greetline/1/other-store/cam-door/event", "greetline/2/oslo-city/cam-door/event", f"{BASE}/cam-door/event/more",
    f"{BASE}/cam-door", "homeassistant/device/x/config", "anything", "$SYS/broker/uptime", "$share/x/y",
]  # fmt: skip
OTHERS_TO_READ = [
    "#", "+/+/+/+/+", "greetline/#", f"{BASE}/+/event", f"{BASE}/cam-other/#", f"{BASE}/+/command", f"{BASE}/service/queue",
    f"{BASE}/entrance/light", "$SYS/#", f"$share/all/{BASE}/+/event", "homeassistant/#",
]  # fmt: skip


@pytest.fixture(scope="module", params=["here", pytest.param("2.1", marks=pytest.mark.slow)])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    program = HERE
    if request.param != "here":
        try:
            program = unpacked(tmp_path_factory.mktemp("other"))
        except Unreachable as why:
            pytest.skip(f"no mosquitto {request.param}: {why}")
    with a_house(tmp_path_factory.mktemp("house"), program) as made:
        yield made


def test_it_takes_every_word_that_it_is_told(house: House) -> None:
    house.reload()
    assert house.said
    against = [line for line in house.said.lines if any(word in line for word in ("Warning", "Note", "deprecated", "Error:"))]
    # That it should not run as root: installed, it does not.
    assert [line for line in against if "as root" not in line] == []
    if house.program.version >= (2, 1):
        assert house.program.plugins
        assert sum("file.so" in line and "Loading plugin" in line for line in house.said.lines) == 2


@pytest.fixture(scope="module")
def camera(house: House) -> MqttSettings:
    return house.let_in("cam-door")


@pytest.fixture(scope="module")
def other(house: House) -> MqttSettings:
    return house.let_in("cam-other")


def test_a_camera_says_what_is_its_own_and_the_service_alone_hears_it(house: House, camera: MqttSettings) -> None:
    with Speaker(house.local, name="ear") as ear, Speaker(camera) as eye:
        ear.listen(f"{BASE}/+/+")
        for channel in ("event", "status", "answer"):
            assert eye.says(f"{BASE}/cam-door/{channel}")
            assert ear.hears() == f"{BASE}/cam-door/{channel}"


def test_a_camera_reads_its_own_acknowledgements_and_commands(house: House, camera: MqttSettings) -> None:
    with Speaker(house.local, name="mouth") as mouth, Speaker(camera) as eye:
        for channel in ("ack", "command"):
            eye.listen(f"{BASE}/cam-door/{channel}")
            mouth.say(f"{BASE}/cam-door/{channel}")
            assert eye.hears() == f"{BASE}/cam-door/{channel}"


@pytest.mark.parametrize("topic", OTHERS_TO_WRITE)
def test_what_is_not_its_own_a_camera_cannot_say_and_is_told_so(house: House, camera: MqttSettings, topic: str) -> None:
    with Speaker(house.local, name="ear") as ear, Speaker(camera) as eye:
        ear.listen("greetline/#")
        assert eye.say(topic, retain=True) == "Not authorized" or eye.gone.wait(5), topic
        nobody_has_heard(ear)


def test_on_3_1_1_it_is_told_nothing_and_nobody_hears_it(house: House, camera: MqttSettings) -> None:
    with Speaker(house.local, name="ear") as ear, Speaker(camera, version=V311) as eye:
        ear.listen("#")
        for topic in OTHERS_TO_WRITE:
            if not topic.startswith("$"):
                assert eye.says(topic, retain=True), "3.1.1 has no word for it"
        nobody_has_heard(ear)
        assert eye.says(f"{BASE}/cam-door/event")
        wait_until(lambda: f"{BASE}/cam-door/event" in ear.all_heard(), "its own event")


@pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])
@pytest.mark.parametrize("topic", OTHERS_TO_READ)
def test_whatever_a_camera_asks_to_hear_it_hears_nothing_of_others(
    house: House, camera: MqttSettings, other: MqttSettings, topic: str, version: int
) -> None:
    with Speaker(house.local, name="mouth") as mouth, Speaker(camera, version=version) as eye, Speaker(other) as neighbour:  # type: ignore[arg-type]
        eye.listen(topic)  # Granted or not: what counts is what is handed out.
        neighbour.say(f"{BASE}/cam-other/event")
        neighbour.say(f"{BASE}/cam-other/status", retain=True)
        for said in ("service/queue", "service/display", "service/status", "entrance/light", "cam-other/ack", "cam-other/command"):
            mouth.say(f"{BASE}/{said}", retain=said.endswith(("queue", "light")))
        mouth.say("homeassistant/device/x/config", retain=True)
        eye.listen(f"{BASE}/cam-door/ack")
        mouth.say(f"{BASE}/cam-door/ack")
        wait_until(lambda: not eye.heard.empty(), "its own acknowledgement")
        assert eye.all_heard() == {f"{BASE}/cam-door/ack"}


@pytest.mark.parametrize("version", [V5, V311], ids=["5", "3.1.1"])
def test_a_last_will_on_the_topic_of_another_is_never_said(house: House, camera: MqttSettings, version: int) -> None:
    with Speaker(house.local, name="ear") as ear:
        ear.listen(f"{BASE}/#")
        with Speaker(camera, will=f"{BASE}/cam-other/status", version=version) as eye:  # type: ignore[arg-type]
            hang_up(eye)
        with Speaker(camera, will=f"{BASE}/cam-door/status", version=version) as eye:  # type: ignore[arg-type]
            assert eye.connected.is_set()
            hang_up(eye)
            assert ear.hears() == f"{BASE}/cam-door/status", "its own is said, and before it nothing was"


def test_a_camera_that_takes_the_client_id_of_another_ends_nobodys_connection(
    house: House, camera: MqttSettings, other: MqttSettings
) -> None:  # fmt: skip
    with Speaker(other) as neighbour, Speaker(camera, name=f"{STORE}.cam-other") as thief:
        assert thief.connected.is_set()
        assert thief.say(f"{BASE}/cam-other/event") == "Not authorized"
        assert neighbour.says(f"{BASE}/cam-other/event")
        assert not neighbour.gone.is_set()


def test_a_user_name_and_a_password_make_no_other_of_a_camera(house: House, camera: MqttSettings) -> None:
    named = camera.model_copy(update={"username": "greetline", "password_file": house.folder / "secret"})
    with Speaker(named) as eye:
        assert eye.say(f"{BASE}/cam-other/event") == "Not authorized", "who it is is what its certificate says"


def certificates(house: House, tmp_path: Path) -> dict[str, MqttSettings]:
    """Everything that somebody might come with."""
    house.devices.issue("cam-old", Kind.CAMERA, now=datetime.now(UTC) - timedelta(days=1826), by="test")
    devices = authority.load(house.devices.certificate, house.devices.folder / "authority.key")
    shop = authority.load(house.authority, house.folder / "tls/authority.key")
    foreign = authority.make(f"Greetline devices of {STORE}", now=house.now, clients_only=True)
    name = f"{STORE}.cam-door"
    made = {
        "expired": devices.client(name, now=house.now - timedelta(days=60), lasts=timedelta(days=30)),
        "another authority": foreign.client(name, now=house.now),
        "the authority of servers": shop.client(name, now=house.now),
        "a server's": shop.server(["localhost"], [], now=house.now),
    }
    found = {what: house.reach(what.replace(" ", "-"), pair) for what, pair in made.items()}
    thrown_out = house.let_in("cam-gone")
    house.devices.revoke("cam-gone", now=house.now)
    house.reload()
    nothing = thrown_out.model_copy(update={"cert_file": None, "key_file": None})
    return found | {"revoked": thrown_out, "no certificate": nothing}


def test_nobody_comes_in_by_tls_but_who_was_let_in(house: House, camera: MqttSettings, tmp_path: Path) -> None:
    for what, mqtt in certificates(house, tmp_path).items():
        assert not comes_in(mqtt), what
    assert comes_in(camera), "and whoever was let in still does"


def test_old_tls_and_no_tls_are_not_spoken(house: House, camera: MqttSettings) -> None:
    old = context_of(camera)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert not comes_in(camera, context=old)
    plain = MqttSettings(host="127.0.0.1", port=house.tls_port)
    assert not comes_in(plain)
    new = context_of(camera)
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    assert comes_in(camera, context=new)


@pytest.mark.parametrize("weak", ["aNULL", "eNULL", "kRSA", "kDHE", "3DES", "RC4", "CAMELLIA"])
def test_the_broker_speaks_no_suite_without_forward_secrecy_or_with_a_weak_cipher(
    house: House, camera: MqttSettings, weak: str
) -> None:
    context = context_of(camera)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(f"{weak}:@SECLEVEL=0")
    except ssl.SSLError:
        return  # Even this side's library has forgotten it.
    assert not comes_in(camera, context=context)
    context.set_ciphers("ECDHE+AESGCM")
    assert comes_in(camera, context=context)


def test_a_camera_is_not_taken_in_by_a_broker_that_is_not_the_shops(house: House, camera: MqttSettings, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(authority.make("Greetline Oslo City", now=house.now).pem)
    deceived = camera.model_copy(update={"ca_file": tmp_path / "ca.crt"})
    with Link(deceived, client_id="x") as link:
        assert not link.wait_connected(1)


def test_who_is_thrown_out_can_do_nothing_more_on_the_line_that_stands(house: House) -> None:
    with Speaker(house.local, name="mouth") as mouth, Speaker(house.let_in("cam-lost")) as lost:
        lost.listen(f"{BASE}/cam-lost/command")
        assert lost.says(f"{BASE}/cam-lost/event")
        house.devices.revoke("cam-lost", now=house.now)
        house.reload()
        mouth.say(f"{BASE}/cam-lost/command")
        mouth.listen(f"{BASE}/cam-lost/event")
        assert lost.gone.is_set() or lost.say(f"{BASE}/cam-lost/event") == "Not authorized"
        assert lost.heard.empty()
        nobody_has_heard(mouth)


def at_rest(house: House) -> int:
    """Return how often it has read anew, once it does so no more: it is told twice, and may still be at the second time."""
    while True:
        before = house.read_anew
        time.sleep(1.0)
        if house.read_anew == before:
            return before


def test_what_it_is_told_while_it_reads_is_not_forgotten(house: House) -> None:
    for _ in range(5):
        before = at_rest(house)
        os.kill(int(house.pid_file.read_text()), signal.SIGHUP)
        wait_until(lambda: house.read_anew > before, "it reads")  # noqa: B023 - asked before the next round
        assert tell(house.pid_file)
        wait_until(lambda: house.read_anew > before + 1, "it reads what was changed meanwhile")  # noqa: B023 - as above


def test_a_board_reads_the_queues_and_says_nothing(house: House) -> None:
    with Speaker(house.local, name="mouth") as mouth, Speaker(house.let_in("wall", Kind.BOARD)) as board:
        board.listen("#")
        for said in ("cam-door/event", "cam-door/ack", "entrance/light"):
            mouth.say(f"{BASE}/{said}")
        for said in ("service/queue", "service/display", "service/status"):
            mouth.say(f"{BASE}/{said}")
            while not (topic := board.hears()).endswith(said):
                assert topic.startswith(f"{BASE}/service/"), "one that was kept from before"
        for topic in ("wall/event", "wall/status", "service/queue", "entrance/take"):
            assert board.say(f"{BASE}/{topic}") == "Not authorized", topic


def test_a_light_knows_its_own_zone_alone(house: House) -> None:
    with Speaker(house.local, name="mouth") as mouth, Speaker(house.let_in("lamp", Kind.LIGHT, ("shoes",))) as lamp:
        lamp.listen(f"{BASE}/+/light")
        mouth.listen(f"{BASE}/+/take")
        mouth.say(f"{BASE}/entrance/light")
        mouth.say(f"{BASE}/shoes/light")
        assert lamp.hears() == f"{BASE}/shoes/light"
        assert lamp.say(f"{BASE}/entrance/take") == "Not authorized"
        assert lamp.says(f"{BASE}/shoes/take")
        assert mouth.hears() == f"{BASE}/shoes/take"


def test_our_own_programs_come_by_loopback_and_with_the_password_only(house: House) -> None:
    assert comes_in(house.local)
    assert not comes_in(house.local.model_copy(update={"username": None}))
    assert not comes_in(house.local.model_copy(update={"username": f"{STORE}.cam-door"}))
    wrong = house.folder / "wrong"
    wrong.write_text("guess")
    assert not comes_in(house.local.model_copy(update={"password_file": wrong}))
    assert house.said
    at = {c.laddr.ip for c in psutil.Process(house.said.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert at == {"127.0.0.1"}, "the test has put the line for devices there too"


def test_a_message_that_is_too_large_ends_the_line_of_who_said_it_and_of_nobody_else(
    house: House, camera: MqttSettings, other: MqttSettings
) -> None:  # fmt: skip
    with Speaker(other) as neighbour, Speaker(camera) as eye:
        eye.client.publish(f"{BASE}/cam-door/event", b"x" * 70_000, qos=1)
        wait_until(eye.gone.is_set, "the line is ended")
        assert neighbour.says(f"{BASE}/cam-other/event")


def test_an_event_travels_from_a_camera_with_a_certificate_to_the_store_and_back(house: House, camera: MqttSettings) -> None:
    (house.folder / "shop").mkdir()
    with service(settings_file(house.folder / "shop", house.local)), Device(camera) as device:
        device.say(device.crossing("a-1"))
        device.wait_acknowledged("a-1")


def test_nobody_can_tell_a_camera_that_its_events_are_safe(house: House, camera: MqttSettings, other: MqttSettings) -> None:
    body = message(Ack(ids=("a-1",)), id="x-1", store=STORE, device="service", time=house.now, to="cam-door")
    with Device(camera) as device, Speaker(other) as liar:
        assert liar.say(f"{BASE}/cam-door/ack", encode(body)) == "Not authorized"
        device.listen()
        assert device.acknowledged == []


def comes_in(mqtt: MqttSettings, *, context: ssl.SSLContext | None = None) -> bool:
    try:
        with Speaker(mqtt, context=context) as someone:
            # Not whether it may say anything: who is nobody's is refused that by the list too, and the door could stand open.
            return someone.connected.is_set()
    except (OSError, AssertionError):
        return False


def hang_up(eye: Speaker) -> None:
    """End the line without a goodbye."""
    connection = eye.client.socket()
    if connection is not None and eye.connected.is_set():
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(eye.gone.is_set, "the line is cut")


def nobody_has_heard(ear: Speaker) -> None:
    """Say something that must come through: what was said before it would have come first."""
    ear.listen(f"{BASE}/end/event")
    ear.say(f"{BASE}/end/event")
    assert ear.hears() == f"{BASE}/end/event"
