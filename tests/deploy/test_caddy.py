"""The screens behind a real Caddy: HTTPS with the shop's own certificate, and nothing lost on the way."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.desk import people, visits
from broker.desk.people import LANGUAGES
from broker.store import audit
from deploy import caddy, certs
from deploy.fault import Fault
from tests.deploy.caddy_parts import Behind, behind_caddy, cookies, needs_caddy
from tests.service.parts import listens, wait_until
from tests.web.parts import person

REACH = certs.Reach.of(["shop.local", "192.168.1.10", "fd00::10"])
TRIES = 5
"""Whoever sends on after the screens have hung up may break the line before the answer is read: now and then on a busy machine."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind_caddy(tmp_path_factory.mktemp("caddy")) as made:
        yield made


def site(**more: object) -> caddy.Site:
    return caddy.Site(**({"reach": REACH, "certificate": Path("/c.crt"), "key": Path("/c.key")} | more))  # type: ignore[arg-type]


def in_every_language(page: bytes, english: bytes) -> None:
    assert english in page
    for language in LANGUAGES:
        assert f'<p lang="{language}">'.encode() in page
    assert b"s6." not in page


def test_each_name_and_address_is_served_by_https_and_customers_at_their_own_port() -> None:
    said = caddy.caddyfile(site())
    assert "https://shop.local:443, https://192.168.1.10:443, https://[fd00::10]:443 {" in said
    assert "https://shop.local:8443, https://192.168.1.10:8443, https://[fd00::10]:8443 {" in said
    assert ":8443" not in caddy.caddyfile(site(kiosk=None))
    with pytest.raises(Fault, match="cannot be the name"):
        caddy.caddyfile(site(key=Path('/c" }')))


@needs_caddy
def test_caddy_takes_it_and_would_write_it_no_other_way(tmp_path: Path) -> None:
    certs.make_authority(tmp_path)
    certs.make_server(tmp_path, "web", REACH)
    made = caddy.caddyfile(site(certificate=tmp_path / "web.crt", key=tmp_path / "web.key"))
    (tmp_path / "Caddyfile").write_text(made)
    where = ["--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(["caddy", "validate", *where], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(["caddy", "fmt", str(tmp_path / "Caddyfile")], capture_output=True, text=True, timeout=60, check=False)
    assert shown.stdout == made


@needs_caddy
def test_a_tablet_that_trusts_the_shop_is_served_and_stays_with_https(behind: Behind) -> None:
    status, headers, page = behind.ask("/pair")
    assert status == 200
    assert b"Greetline" in page
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Server" not in headers
    for cookie in headers.get_all("Set-Cookie") or []:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie


@needs_caddy
def test_whoever_does_not_trust_it_or_speaks_old_tls_gets_nothing(behind: Behind) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), behind.line(context=ssl.create_default_context()) as line:
        line.request("GET", "/")
    old = behind.trusting
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError), behind.line(context=old) as line:
        line.request("GET", "/")


@needs_caddy
@pytest.mark.parametrize("weak", ["aNULL", "eNULL", "kRSA", "3DES", "SHA1", "SHA256", "SHA384", "AESCCM", "CAMELLIA", "ARIA"])
def test_no_suite_without_forward_secrecy_or_sealed_blocks_is_spoken(behind: Behind, weak: str) -> None:
    context = behind.trusting
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(f"{weak}:!AESGCM:!CHACHA20:@SECLEVEL=0" if weak.startswith("SHA") else f"{weak}:@SECLEVEL=0")
    except ssl.SSLError:
        return  # Even this side's library has forgotten it.
    with pytest.raises((ssl.SSLError, ConnectionError)), behind.line(context=context) as line:
        line.request("GET", "/pair")


@needs_caddy
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_of_each_version_a_strong_suite_is_spoken(behind: Behind, version: ssl.TLSVersion) -> None:
    context = behind.trusting
    context.minimum_version = context.maximum_version = version
    with behind.line(context=context) as line:
        line.connect()
        suite, _, bits = line.sock.cipher()  # type: ignore[union-attr]
    assert bits >= 128
    assert "GCM" in suite or "CHACHA20" in suite
    assert suite.startswith(("TLS_", "ECDHE-ECDSA-"))


@needs_caddy
def test_by_http_there_is_the_page_of_trust_and_the_way_to_https(behind: Behind) -> None:
    status, headers, page = behind.ask_plain("/root")
    assert status == 200
    assert "Strict-Transport-Security" not in headers
    assert certs.fingerprint(behind.root)[:11].replace(":", " ") in page.decode()
    status, headers, root = behind.ask_plain("/root.crt")
    assert (status, headers["Content-Type"]) == (200, "application/x-x509-ca-cert")
    assert root == behind.root.read_bytes()
    for path in ("/", "/pair", "/floor?x=1", "/signin"):
        status, headers, _ = behind.ask_plain(path)
        assert (status, headers["Location"]) == (307, f"https://localhost:{behind.tls}{path}")
    assert behind.ask_plain("/box/join", method="POST", body=b"{}")[0] == 422, "a camera box asks in the open"


@needs_caddy
def test_by_http_a_program_is_refused_and_led_nowhere(behind: Behind) -> None:
    for method, path in (
        ("GET", "/api/v1/line"),
        ("POST", "/api/v1/tickets"),
        ("GET", "/API/v1/line"),
        ("GET", "/x/../api/v1/line"),
    ):
        status, headers, said = behind.ask_plain(path, method=method)
        assert (status, headers["Location"]) == (403, None), path
        assert b"exchange it" in said


@needs_caddy
def test_what_happens_is_on_the_tablet_at_once_through_caddy(behind: Behind) -> None:
    here, seen = cookies(behind.tablet()), []
    with behind.line() as line:
        line.request("GET", "/events", headers={"Cookie": here, "Accept": "text/event-stream"})
        answer = line.getresponse()
        assert answer.status == 200

        def read() -> None:
            while text := answer.fp.readline():
                seen.append((time.monotonic(), text))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        wait_until(lambda: seen, "the stream begins")
        with behind.shop() as shop:
            added = visits.add(shop, zone="entrance", by="test")
            at = time.monotonic()
        assert added
        heard = wait_until(lambda: next((when for when, text in list(seen) if added.id.encode() in text), 0.0), "the visit")
        assert heard - at < 2
        behind_it = line.sock
        behind_it.shutdown(2)
        reader.join(10)


@needs_caddy
def test_who_asks_is_counted_by_their_own_address_and_not_by_what_they_write(behind: Behind) -> None:
    with behind.shop() as shop:
        ada = person(shop, "Ada", "staff")
    here = cookies({"__Host-device": behind.tablet()["__Host-device"]})
    status, headers, page = behind.ask(f"/signin?person={ada.id}", Cookie=here)
    assert status == 200
    form = next(cookie.split(";")[0] for cookie in headers.get_all("Set-Cookie") or [] if cookie.startswith("__Host-form"))
    token = page.decode().split('name="csrf" content="')[1].split('"')[0]
    behind.ask(
        "/signin", method="POST", body=f"csrf_token={token}&person={ada.id}&pin=0000".encode(), source="127.0.0.7",
        Cookie=f"{here}; {form}", X_Forwarded_For="10.9.9.9", Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    with behind.shop() as shop:
        wrong = next(entry for entry in audit.newest(shop.db, limit=20) if entry.what.startswith("signin.wrong"))
        assert people.named(shop, "Ada") is not None
    assert wrong.address == "127.0.0.7"


@needs_caddy
def test_figures_are_not_told_through_caddy(behind: Behind) -> None:
    assert behind.ask("/metrics")[0] == 403
    assert behind.ask("/healthz")[0] == 200


@needs_caddy
def test_what_is_too_large_goes_no_further(behind: Behind) -> None:
    for _ in range(TRIES):
        status, headers, said = behind.ask("/pair", method="POST", body=b"x" * 2_000_000)
        if status != 503:
            break
    assert (status, "Retry-After" in headers) == (413, False)
    # The screens themselves say so too, when the length that was announced has reached them first.
    assert b"too large" in said.lower()
    assert behind.ask("/pair", Cookie="x" * 60_000)[0] == 431
    status, _, said = behind.ask_plain("/box/join", method="POST", body=b"x" * 100_000)
    assert status == 413
    in_every_language(said, b"This is too large")
    assert behind.ask("/healthz")[0] == 200


@needs_caddy
def test_what_is_too_large_and_does_not_say_how_large_it_is_goes_no_further_either(behind: Behind) -> None:
    with behind.line() as line:
        line.request("POST", "/pair", iter([b"x" * 500_000] * 4), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        answer = line.getresponse()
        assert answer.status == 413
        in_every_language(answer.read(), b"This is too large")


@needs_caddy
def test_while_the_screens_are_started_anew_nobody_sees_that_they_were(behind: Behind) -> None:
    assert behind.programs[0].stop() == 0
    wait_until(lambda: not listens(behind.screens), "they are gone")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(behind.ask("/healthz")[0]))
    began = time.monotonic()
    asking.start()
    behind.programs[0] = behind.start_screens()
    behind.programs.pop()
    if time.monotonic() - began > caddy.WAIT_SECONDS - 1:
        pytest.skip("this machine is so busy that no program starts in time")
    asking.join(30)
    assert answers == [200]


@needs_caddy
@pytest.mark.slow
def test_screens_that_stay_away_are_said_in_words_and_asked_again_soon(behind: Behind) -> None:
    behind.programs[0].stop()
    status, headers, said = behind.ask("/healthz")
    assert (status, headers["Retry-After"], headers["Refresh"]) == (503, "2", "5")
    in_every_language(said, b"One moment")
    behind.programs[0] = behind.start_screens()
    behind.programs.pop()
