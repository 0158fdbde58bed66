"""The authority of devices: who is let in has one certificate and its own topics, who is thrown out has neither."""

from __future__ import annotations

import json
import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from broker.identity import authority, code, rights
from broker.identity.authority import BadRequest
from broker.identity.devices import MOST_ROWS, Devices, Refused
from broker.identity.rights import BadName, Kind
from tests.deploy.certs_parts import NOW, mode, needs_openssl, verified


@needs_openssl
def test_the_authority_of_devices_speaks_for_no_server_and_knows_whom_it_threw_out(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    _, made = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    (tmp_path / "device.crt").write_bytes(made.certificate)
    crl = devices.shown / "devices.crl"
    assert "OK" in verified(devices.certificate, tmp_path / "device.crt", crl=crl)
    signer = authority.load(devices.certificate, devices.folder / "authority.key")
    (tmp_path / "server.crt").write_bytes(signer.server(["shop.local"], [], now=NOW).certificate)
    assert "OK" not in verified(devices.certificate, tmp_path / "server.crt", server="shop.local").replace("NOT OK", "")
    devices.revoke("cam-door", now=NOW)
    assert "revoked" in verified(devices.certificate, tmp_path / "device.crt", crl=crl)
    assert mode(devices.folder / "authority.key") == 0o600
    assert mode(crl) == 0o640


@needs_openssl
def test_the_list_of_those_thrown_out_does_not_run_out_before_the_authority(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    _, made = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    (tmp_path / "device.crt").write_bytes(made.certificate)
    late = NOW + timedelta(days=5 * 365 - 1)
    assert "OK" in verified(devices.certificate, tmp_path / "device.crt", at=late, crl=devices.shown / "devices.crl")


def test_a_device_that_is_let_in_again_has_one_certificate(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    first, _ = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    second, _ = devices.issue("cam-door", Kind.CAMERA, now=NOW + timedelta(days=1), by="test")
    assert [one.serial for one in devices.listed() if one.live(NOW + timedelta(days=2))] == [second.serial]
    revoked = x509.load_pem_x509_crl((devices.shown / "devices.crl").read_bytes())
    assert [f"{one.serial_number:x}" for one in revoked] == [first.serial]
    assert (devices.shown / "access").read_text().count("user oslo-city.cam-door") == 1


def test_who_is_thrown_out_has_no_topic_any_more(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    devices.issue("wall", Kind.BOARD, now=NOW, by="test")
    devices.revoke("cam-door", now=NOW)
    said = (devices.shown / "access").read_text()
    assert "cam-door" not in said
    assert "user oslo-city.wall" in said
    with pytest.raises(Refused, match="no device cam-door"):
        devices.revoke("cam-door", now=NOW)


def _on_the_list(devices: Devices) -> set[str]:
    return {f"{one.serial_number:x}" for one in x509.load_pem_x509_crl((devices.shown / "devices.crl").read_bytes())}


def test_who_was_thrown_out_just_before_a_power_cut_is_out_with_the_next_try(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    made, _ = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    before = {name: (devices.shown / name).read_bytes() for name in ("devices.crl", "access")}
    devices.revoke("cam-door", now=NOW)
    for name, content in before.items():  # The register was written, and then the power was gone.
        (devices.shown / name).write_bytes(content)
    with pytest.raises(Refused, match="no device cam-door"):
        devices.revoke("cam-door", now=NOW)
    assert _on_the_list(devices) == {made.serial}
    assert "cam-door" not in (devices.shown / "access").read_text()


def test_however_many_certificates_there_were_none_that_was_thrown_out_is_good_again(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    first, _ = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    devices.revoke("cam-door", now=NOW)
    register = devices.folder / "register.json"
    (row,) = json.loads(register.read_text())["devices"]
    rows = [row, *(row | {"serial": f"{n:x}"} for n in range(1, MOST_ROWS))]
    register.write_text(json.dumps({"devices": rows}))
    with pytest.raises(Refused, match="no more fit"):
        devices.issue("cam-two", Kind.CAMERA, now=NOW, by="test")
    assert first.serial in _on_the_list(devices)
    devices.issue("cam-two", Kind.CAMERA, now=first.expires_at, by="test")


@pytest.mark.parametrize(
    "name", ["service", "ask", "", "Cam", "cam door", "cam/door", "+", "#", "a.b", "../x", "x" * 33, "cam\nuser y"]
)
def test_a_device_is_called_what_the_wire_calls_it_and_never_as_we_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        Devices(tmp_path, "oslo-city").issue(name, Kind.CAMERA, now=NOW, by="test")
    assert not (tmp_path / "devices").exists()


def test_a_zone_is_a_name_too_and_can_put_no_line_into_the_list(tmp_path: Path) -> None:
    with pytest.raises(BadName, match="not a zone's name"):
        Devices(tmp_path, "oslo-city").issue("lamp", Kind.LIGHT, now=NOW, by="test", zones=["x\ntopic readwrite #"])


def requests() -> dict[str, bytes]:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cam-door")])
    other = x509.CertificateSigningRequestBuilder().subject_name(name).sign(weak, hashes.SHA256())
    good = authority.request_of("cam-door").certificate
    lines = good.decode().splitlines()
    middle = len(lines) // 2
    lines[middle] = lines[middle][::-1]
    return {
        "another kind of key": other.public_bytes(serialization.Encoding.PEM),
        "somebody was at it": "\n".join(lines).encode(),
        "no request": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "nothing": b"",
        "too long": good + b"x" * 5_000,
    }


def test_a_request_gets_the_name_we_give_and_nothing_that_it_asks_for(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    asked = authority.request_of("oslo-city.service")
    _, made = devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test", request=asked.certificate)
    assert made.key == b""
    assert made.parsed.subject.rfc4514_string() == "CN=oslo-city.cam-door"
    for what, request in requests().items():
        with pytest.raises(BadRequest):
            devices.issue("cam-two", Kind.CAMERA, now=NOW, by="test", request=request)
        assert len(devices.listed()) == 1, what


def test_a_register_that_cannot_be_read_lets_nobody_in_and_stays_as_it_is(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    register = devices.folder / "register.json"
    register.write_text("{")
    before = (devices.shown / "access").read_bytes()
    with pytest.raises(Refused, match=r"register\.json cannot be read"):
        devices.issue("cam-two", Kind.CAMERA, now=NOW, by="test")
    assert register.read_text() == "{"
    assert (devices.shown / "access").read_bytes() == before


def test_without_its_key_the_authority_of_devices_lets_nobody_new_in_and_those_who_are_stay(tmp_path: Path) -> None:
    devices = Devices(tmp_path, "oslo-city")
    devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    before = devices.certificate.read_bytes()
    (devices.folder / "authority.key").unlink()
    with pytest.raises(Refused, match="backup with secrets"):
        devices.issue("cam-two", Kind.CAMERA, now=NOW, by="test")
    assert devices.certificate.read_bytes() == before
    for name in ("register.json", "mqtt/devices.crl", "mqtt/access"):
        (devices.folder / name).unlink()
    devices.ready(NOW)
    assert devices.certificate.read_bytes() != before, "a backup without secrets brings the certificate alone"
    assert (devices.shown / "access").exists()


def _let_in(folder: Path, names: list[str]) -> None:
    for name in names:
        Devices(folder, "oslo-city").issue(name, Kind.CAMERA, now=NOW, by="test")


def test_two_programs_that_let_devices_in_at_once_lose_none(tmp_path: Path) -> None:
    lists = [[f"cam-{who}-{n}" for n in range(8)] for who in "ab"]
    fresh = multiprocessing.get_context("spawn")
    both = [fresh.Process(target=_let_in, args=(tmp_path, names)) for names in lists]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
        assert one.exitcode == 0
    rows = json.loads((tmp_path / "devices/register.json").read_text())["devices"]
    assert sorted(row["name"] for row in rows) == sorted(name for names in lists for name in names)


def test_a_code_is_worth_nothing_for_another_name_and_its_seal_for_other_words() -> None:
    first = code.new_code()
    key = code.key_of(first, "cam-door")
    assert key == code.key_of(first.lower().replace("-", " "), "cam-door")
    assert key != code.key_of(first, "cam-other")
    seal = code.seal(key, "request", "cam-door", "abc")
    assert code.is_sealed(seal, key, "request", "cam-door", "abc")
    for said in (("answer", "cam-door", "abc"), ("request", "cam-doora", "bc"), ("request", "cam-door", "abd")):
        assert not code.is_sealed(seal, key, *said)
    assert not code.is_sealed("ø", key, "request")
    assert len(code.LETTERS) ** code.LENGTH > 2**49


BOARDS = "read service/queue, read service/display, read service/status"
LINES = {
    Kind.CAMERA: "write x-1/event, write x-1/status, read x-1/ack, read x-1/command, write x-1/answer",
    Kind.BUTTON: "write x-1/event, write x-1/status, read x-1/ack, read x-1/command",
    Kind.BOARD: BOARDS,
    Kind.LIGHT: "read shoes/light, write shoes/take, read service/status",
    Kind.HOME: f"read shoes/light, write shoes/take, {BOARDS}, read homeassistant/#, write homeassistant/status",
}


def test_every_kind_of_device_may_what_stands_here_and_nothing_else() -> None:
    for kind in Kind:
        lines = {line.replace("greetline/1/oslo-city/", "") for line in rights.topics("oslo-city", "x-1", kind, ("shoes",))}
        assert lines == set(LINES[kind].split(", ")), kind
