"""The shop's authorities: made once, for their house alone, and what they sign is what strict readers want."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from broker.identity import authority
from broker.identity.authority import NoAuthority
from broker.identity.devices import Devices
from broker.identity.rights import Kind
from broker.settings import CameraSettings, Settings, StoreSettings
from broker.settings.tls import TlsSettings
from deploy import bundle, certs, tls_checks
from deploy.certs import Reach
from deploy.fault import Fault
from deploy.finding import State
from tests.deploy.certs_parts import NOW, SHOP, mode, needs_openssl, verified


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
