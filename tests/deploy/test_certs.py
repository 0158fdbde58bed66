"""The shop's authorities: made once, for their house alone, and what they sign is what strict readers want."""

from __future__ import annotations

import ipaddress
import json
import multiprocessing
import shutil
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from broker.identity import authority, code, rights
from broker.identity.authority import BadRequest, NoAuthority
from broker.identity.devices import MOST_ROWS, Devices, Refused
from broker.identity.rights import BadName, Kind
from broker.settings import CameraSettings, Settings, StoreSettings
from broker.settings.tls import TlsSettings
from deploy import bundle, certs, tls_checks
from deploy.certs import Reach
from deploy.fault import Fault
from deploy.finding import State

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
SHOP = Reach.of(["shop.local", "192.168.1.10", "fd00::10"])
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def verified(authority_file: Path, certificate: Path, *, server: str = "", at: datetime = NOW, crl: Path | None = None) -> str:
    """What openssl says of *certificate*, as strictly as it can."""
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(at.timestamp())), "-CAfile", str(authority_file)]
    by = "-verify_ip" if server.replace(".", "").isdigit() else "-verify_hostname"
    command += ["-purpose", "sslserver", by, server] if server else ["-purpose", "sslclient"]
    command += ["-crl_check", "-CRLfile", str(crl)] if crl else []
    done = subprocess.run([*command, str(certificate)], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


def test_the_authority_is_made_once_and_its_key_is_its_owners_alone(tmp_path: Path) -> None:
    made = certs.make_authority(tmp_path / "tls", shop="Oslo City", now=NOW)
    before = made.read_bytes(), (tmp_path / "tls/authority.key").read_bytes()
    assert certs.make_authority(tmp_path / "tls", shop="Oslo City", now=NOW) == made
    assert (made.read_bytes(), (tmp_path / "tls/authority.key").read_bytes()) == before
    assert mode(tmp_path / "tls/authority.key") == 0o600
    parsed = x509.load_pem_x509_certificate(before[0])
    assert (parsed.not_valid_after_utc - NOW).days == 3650
    assert len(certs.fingerprint(made).split(":")) == 32


@needs_openssl
def test_a_server_is_known_by_each_of_its_names_and_addresses_and_by_no_other(tmp_path: Path) -> None:
    root = certs.make_authority(tmp_path, now=NOW)
    certs.make_server(tmp_path, "web", SHOP, now=NOW)
    assert "OK" in verified(root, tmp_path / "web.crt", server="shop.local")
    assert "mismatch" in verified(root, tmp_path / "web.crt", server="bank.example")
    assert "expired" in verified(root, tmp_path / "web.crt", server="shop.local", at=NOW + timedelta(days=398))
    found = x509.load_pem_x509_certificate((tmp_path / "web.crt").read_bytes())
    said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(said.get_values_for_type(x509.IPAddress)) == set(SHOP.addresses)
    assert mode(tmp_path / "web.key") == 0o600


@needs_openssl
def test_whoever_has_the_authoritys_key_can_still_speak_for_no_place_outside_a_house(tmp_path: Path) -> None:
    root = certs.make_authority(tmp_path, now=NOW)
    stolen = authority.load(root, tmp_path / "authority.key")
    for name in ("bank.example", "8.8.8.8"):
        place = Reach.of([name])
        (tmp_path / "forged.crt").write_bytes(stolen.server(place.names, place.addresses, now=NOW).certificate)
        assert "permitted subtree violation" in verified(root, tmp_path / "forged.crt", server=name)
        with pytest.raises(Fault, match="authority"):
            certs.make_server(tmp_path, "web", place, now=NOW)


def test_a_certificate_is_made_anew_sixty_days_before_its_end_and_for_another_address(tmp_path: Path) -> None:
    certs.make_authority(tmp_path, now=NOW)
    assert certs.make_server(tmp_path, "web", SHOP, now=NOW)
    assert not certs.make_server(tmp_path, "web", SHOP, now=NOW + timedelta(days=336))
    assert certs.make_server(tmp_path, "web", SHOP, now=NOW + timedelta(days=338))
    moved = Reach.of(["shop.local", "192.168.1.11"])
    assert certs.make_server(tmp_path, "web", moved, now=NOW + timedelta(days=338))
    assert certs.days_left(tmp_path / "web.crt", now=NOW + timedelta(days=338)) == 397
    assert certs.days_left(tmp_path / "none.crt") is None
    (tmp_path / "web.crt").write_text("half writ")
    assert certs.make_server(tmp_path, "web", moved, now=NOW + timedelta(days=338)), "a broken file is put right"


def test_an_address_that_the_machine_lacks_this_moment_is_still_spoken_for_until_the_certificate_ends(tmp_path: Path) -> None:
    alone, moved = Reach.of(["localhost", "shop.local"]), Reach.of(["shop.local", "192.168.1.77"])
    assert certs.lasting(tmp_path, alone, now=NOW) == alone
    certs.make_authority(tmp_path, now=NOW)
    certs.make_server(tmp_path, "web", SHOP, now=NOW)
    router_down = certs.lasting(tmp_path, alone, now=NOW)
    assert set(router_down.addresses) == set(SHOP.addresses)
    assert set(router_down.names) == {"shop.local", "localhost"}
    both = certs.lasting(tmp_path, moved, now=NOW)
    assert set(both.addresses) == {*SHOP.addresses, *moved.addresses}
    assert certs.make_server(tmp_path, "web", both, now=NOW)
    assert not certs.make_server(tmp_path, "web", certs.lasting(tmp_path, SHOP, now=NOW), now=NOW), "back at the first address"
    assert certs.lasting(tmp_path, moved, now=NOW + timedelta(days=340)) == moved, "what was is forgotten with the next one"
    soon = certs.lasting(tmp_path, alone, now=NOW + timedelta(days=340))
    assert set(soon.addresses) == set(both.addresses), "a certificate that ends soon is made anew while the router is down, too"
    many = Reach.of([f"192.168.2.{n}" for n in range(certs.MOST_NAMES)])
    assert set(certs.lasting(tmp_path, many, now=NOW).addresses) == set(many.addresses)
    certs.make_authority(tmp_path / "other", now=NOW)
    (tmp_path / "other/web.crt").write_bytes((tmp_path / "web.crt").read_bytes())
    assert certs.lasting(tmp_path / "other", moved, now=NOW) == moved, "another authority does not speak for it"


def test_a_certificate_that_was_made_while_the_clock_was_ahead_is_made_anew(tmp_path: Path) -> None:
    certs.make_authority(tmp_path, now=NOW)
    assert certs.make_server(tmp_path, "web", SHOP, now=NOW + timedelta(days=350))
    assert certs.make_server(tmp_path, "web", SHOP, now=NOW), "until then nobody would believe it"
    assert not certs.make_server(tmp_path, "web", SHOP, now=NOW)


def test_a_key_that_somebody_else_reads_is_still_theirs_to_read_after_renewal(tmp_path: Path) -> None:
    certs.make_authority(tmp_path, now=NOW)
    certs.make_server(tmp_path, "mqtt", SHOP, now=NOW)
    (tmp_path / "mqtt.key").chmod(0o640)
    assert certs.make_server(tmp_path, "mqtt", SHOP, now=NOW + timedelta(days=390))
    assert mode(tmp_path / "mqtt.key") == 0o640


@pytest.mark.parametrize("place", ["", "a b", "-shop.local", "shop..local", "shop/local", "shop.local\nx", "*.local", "x" * 254])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(Fault, match="neither the name"):
        Reach.of([place])


def test_a_name_without_its_ending_would_stand_for_a_whole_part_of_the_internet(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="must not stand alone"):
        certs.make_authority(tmp_path, names=["shop"])
    assert not (tmp_path / "authority.crt").exists()


def test_a_name_that_only_sounds_like_one_of_the_house_is_the_shops_own(tmp_path: Path) -> None:
    reach = certs.Reach.of(["shop.milan", "shop.lan"])
    certs.make_authority(tmp_path, names=reach.names, now=NOW)
    assert certs.make_server(tmp_path, "web", reach, now=NOW)
    with pytest.raises(Fault, match="'milan' must not stand alone"):
        certs.make_authority(tmp_path / "other", names=["milan"], now=NOW)


def test_an_authority_whose_key_is_gone_says_so(tmp_path: Path) -> None:
    certs.make_authority(tmp_path, now=NOW)
    (tmp_path / "authority.key").unlink()
    with pytest.raises(Fault, match=r"authority\.key"):
        certs.make_server(tmp_path, "web", SHOP, now=NOW)
    other = authority.make("Another", now=NOW)
    (tmp_path / "authority.key").write_bytes(authority.pem_of(other.key))
    with pytest.raises(NoAuthority, match="is not the key of"):
        authority.load(tmp_path / "authority.crt", tmp_path / "authority.key")


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


def test_this_machine_is_reached_by_what_its_certificate_may_say(tmp_path: Path) -> None:
    here = certs.here()
    assert "localhost" in here.names
    assert all(isinstance(one, ipaddress.IPv4Address | ipaddress.IPv6Address) for one in here.addresses)
    certs.make_authority(tmp_path)
    assert certs.make_server(tmp_path, "web", here)


def test_a_box_is_told_an_address_since_not_every_machine_answers_to_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for places, told in (
        (["vm.local", "localhost", "127.0.0.1", "fd00::10", "192.168.1.10"], "192.168.1.10"),
        (["vm.local", "localhost", "127.0.0.1", "fd00::10"], "vm.local"),
        (["localhost", "127.0.0.1"], "localhost"),
    ):
        monkeypatch.setattr(certs, "here", lambda places=places: certs.Reach.of(places))
        assert bundle.host_of(Settings()) == told
    assert bundle.host_of(Settings(tls=TlsSettings(names=("shop.lan", "192.168.1.10")))) == "shop.lan"


def test_a_machine_is_reached_in_the_same_order_before_it_has_a_certificate_and_after(tmp_path: Path) -> None:
    reach = certs.Reach.of(["vm.local", "localhost", "192.168.1.10", "127.0.0.1"])
    first = certs.lasting(tmp_path, reach, now=NOW)
    certs.make_authority(tmp_path, now=NOW)
    certs.make_server(tmp_path, "web", first, now=NOW)
    assert certs.lasting(tmp_path, reach, now=NOW) == first, "an installation done twice would write its files anew"


def test_the_doctor_says_the_fingerprint_and_what_expires_soon(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(data=tmp_path / "var"), tls=TlsSettings(folder=tmp_path / "tls"))
    assert list(tls_checks.certificates(settings)) == []
    root = certs.make_authority(tmp_path / "tls", now=NOW)
    certs.make_server(tmp_path / "tls", "web", SHOP, now=NOW)
    Devices(tmp_path / "var", "shop").issue("cam-door", Kind.CAMERA, now=NOW, by="test")

    def found(at: datetime) -> dict[str, tuple[State, str]]:
        return {one.about: (one.state, one.says) for one in tls_checks.certificates(settings, now=at)}

    fresh = found(NOW)
    assert "".join(fresh["root"][1].split()) == certs.fingerprint(root).replace(":", "")
    assert fresh["tls: web"] == (State.OK, "its certificate is good for 397 days")
    assert fresh["tls: mqtt"][0] is State.MISSING
    assert "tls: cam-door" not in fresh
    assert found(NOW + timedelta(days=370))["tls: web"] == (State.WARN, "its certificate expires in 27 days")
    assert found(NOW + timedelta(days=400))["tls: web"][0] is State.MISSING
    assert found(NOW + timedelta(days=1800))["tls: cam-door"] == (State.WARN, "its certificate expires in 25 days")
    Devices(tmp_path / "var", "shop").issue("wall", Kind.BOARD, now=NOW, by="test")
    late = {one.about: one.advice for one in tls_checks.certificates(settings, now=NOW + timedelta(days=1800))}
    assert "greetline mqtt invite cam-door, then sudo greetline join" in late["tls: cam-door"], "its key never leaves the box"
    assert late["tls: wall"] == "greetline mqtt renew wall"
    root.write_text("half")
    assert found(NOW)["root"][0] is State.MISSING


def test_the_doctor_says_how_a_certificate_is_renewed_where_a_unit_does_it_and_where_none_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(store=StoreSettings(data=tmp_path / "var"), tls=TlsSettings(folder=tmp_path / "tls"))
    certs.make_authority(tmp_path / "tls", now=NOW)

    def advice() -> str:
        return next(one.advice for one in tls_checks.certificates(settings, now=NOW) if one.about == "tls: web")

    assert "greetline mqtt renew" in advice()
    monkeypatch.setattr(certs, "TLS", tmp_path / "tls")
    assert advice() == certs.RENEW_INSTALLED


def test_the_doctor_says_who_is_counted_twice(tmp_path: Path) -> None:
    door = CameraSettings(id="cam-door", source="rtsp://192.168.1.20/stream")
    settings = Settings(store=StoreSettings(data=tmp_path / "var"), tls=TlsSettings(folder=tmp_path / "tls"), cameras=(door,))
    certs.make_authority(tmp_path / "tls", now=NOW)
    assert "camera: cam-door" not in {one.about for one in tls_checks.certificates(settings, now=NOW)}
    devices = Devices(tmp_path / "var", "shop")
    devices.issue("cam-door", Kind.CAMERA, now=NOW, by="test")
    [twice] = [one for one in tls_checks.certificates(settings, now=NOW) if one.about == "camera: cam-door"]
    assert twice.state is State.WARN
    assert "out of the settings file" in twice.advice, "no page of the office takes a camera away"
    devices.revoke("cam-door", now=NOW)
    assert "camera: cam-door" not in {one.about for one in tls_checks.certificates(settings, now=NOW)}
