"""A customers' screen shows one page and believes whom it was told to: the shop's own authority, by its fingerprint."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import caddy, certs, tls_checks
from deploy.cli import main
from deploy.install import __main__ as installer
from deploy.install import job, trust
from deploy.install.plan import PACKAGES, POLICIES, SCREEN_ENV, Kind, policies
from deploy.install.program import Unfit
from tests.deploy.machines import PAGE, a_bare_debian, an_authority, der, installed, tree

ROOT = Path(__file__).resolve().parents[2]
AB = ":".join(["AB"] * 32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_bare_debian(tmp_path)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_authority(tmp_path_factory.mktemp("tls"))


def test_a_screen_may_show_the_server_of_its_page_and_nothing_else() -> None:
    rules = json.loads(policies("https://192.168.1.10:8443/display"))
    assert rules["URLAllowlist"] == ["https://192.168.1.10:8443"]
    assert rules["URLBlocklist"] == ["*"]
    assert rules["DeveloperToolsAvailability"] == 2


@pytest.mark.parametrize(
    "page",
    [
        "file:///etc/passwd", "http://x y", 'http://x"', "http://x\nExecStart=/bin/sh", "http://x\r", "http://$HOME", "http://",
        "https://:8443/kiosk", "https://x:port/", "https://x:0/", "https://[::1/kiosk",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(page: str, root: Path) -> None:
    with pytest.raises(Unfit, match="not the address"):
        installed(root, "screen", page=page)


def test_a_screen_whose_files_are_laid_down_anew_shows_what_it_showed(root: Path) -> None:
    page = "https://192.168.1.10:8443/display"
    installed(root, "screen", page=page)
    rules, shows = root / POLICIES.relative_to("/"), root / SCREEN_ENV.relative_to("/")
    for changed in ("", f'# the wall\nGREETLINE_PAGE="{page}"\n'):
        shows.write_text(changed or shows.read_text())
        installed(root, "screen", files=True)
        assert shows.read_text() == f"GREETLINE_PAGE={page}\n"
        assert json.loads(rules.read_text())["URLAllowlist"] == ["https://192.168.1.10:8443"]


def test_a_screen_whose_files_are_laid_down_anew_believes_whom_it_believed(tls: Path, root: Path) -> None:
    installed(root, "screen", page=PAGE)
    rules = root / POLICIES.relative_to("/")
    rules.write_text(policies(PAGE, [der(tls)]))
    for again in ({"files": True}, {"page": PAGE}):
        installed(root, "screen", **again)
        assert rules.read_text() == policies(PAGE, [der(tls)])


@pytest.mark.parametrize("door", ["greetline install", "python3 -m deploy.install"])
def test_a_screen_that_is_installed_again_without_a_page_shows_and_believes_what_it_did(door: str, tls: Path, root: Path) -> None:
    rules, shows = root / POLICIES.relative_to("/"), root / SCREEN_ENV.relative_to("/")

    def run(*words: str) -> None:
        given = ["screen", "--root", str(root), *words]
        code = installer.main(given) if door.startswith("python3") else CliRunner().invoke(main, ["install", *given]).exit_code
        assert code == 0

    run()
    assert shows.read_text() == f"GREETLINE_PAGE={job.PAGE}\n", "the first time it shows its own machine"
    run("--page", PAGE)
    rules.write_text(policies(PAGE, [der(tls)]))
    run()
    assert shows.read_text() == f"GREETLINE_PAGE={PAGE}\n"
    assert rules.read_text() == policies(PAGE, [der(tls)])
    run("--page", job.PAGE)
    assert shows.read_text() == f"GREETLINE_PAGE={job.PAGE}\n"


def test_a_fingerprint_that_is_given_later_is_for_the_page_that_the_screen_shows(root: Path) -> None:
    installed(root, "screen", page=PAGE)
    said = f"fetch http://192.168.1.10/root.crt and believe that authority, if its fingerprint is {AB}"
    assert said in installed(root, "screen", fingerprint=AB, dry_run=True)


def test_the_rules_of_a_screen_can_be_read_by_its_account_however_careful_whoever_installs_is(root: Path) -> None:
    before = os.umask(0o077)
    try:
        installed(root, "screen")
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    rules = root / POLICIES.relative_to("/")
    for place in (rules, *rules.parents[:3]):
        assert place.stat().st_mode & 0o044 == 0o044, place
    assert root / "etc/chromium" in rules.parents[:3]


def test_a_screen_brings_what_cage_does_not_begin_without() -> None:
    assert {"cage", "xwayland", "chromium"} <= set(PACKAGES["screen"])


class Plain:
    """Who answers at a shop's address by HTTP: with *said*, as it is."""

    def __init__(self, said: bytes) -> None:
        self.said, self.asked = said, b""
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                line, _ = self._door.accept()
                with line:
                    self.asked += line.recv(4096)
                    line.sendall(self.said)
        except OSError:
            return

    def close(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()


@contextmanager
def secret(folder: Path) -> Iterator[str]:
    """A server with the certificate that the authority in *folder* made for it: the address of its page."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "web.crt", folder / "web.key")

    def serve() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            try:
                context.wrap_socket(line, server_side=True).close()
            except OSError:
                line.close()

    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{door.getsockname()[1]}/kiosk"
        door.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], Plain]]:
    """Makes the one who answers by HTTP where a shop does."""
    made: list[Plain] = []

    def make(said: bytes) -> Plain:
        made.append(Plain(said))
        monkeypatch.setattr(trust, "PLAIN_PORT", made[-1].port)
        return made[-1]

    yield make
    for each in made:
        each.close()


def gives(folder: Path) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-x509-ca-cert\r\n\r\n" + (folder / "authority.crt").read_bytes()


def test_a_screen_fetches_the_authority_where_a_shop_gives_it_out() -> None:
    assert (trust.PLAIN_PORT, trust.TRUST_FILE) == (caddy.PLAIN_PORT, caddy.TRUST_FILE)


def test_a_screen_believes_the_authority_whose_fingerprint_was_given_however_it_was_typed(
    tls: Path, plain: Callable[[bytes], Plain], tmp_path: Path
) -> None:
    shop, right = plain(gives(tls)), certs.fingerprint(tls / "authority.crt")
    with secret(tls) as page:
        for typed in (right, right.lower(), right.replace(":", ""), tls_checks._grouped(right), f" {right}\n"):
            assert trust.authorities(page, trust.read_fingerprint(typed), tmp_path / "none") == (der(tls),)
    assert shop.asked.startswith(b"GET /root.crt HTTP/1.0\r\nHost: 127.0.0.1\r\n")
    rules = json.loads(policies(page, [der(tls)]))
    assert [base64.b64decode(one) for one in rules["CACertificates"]] == [der(tls)]
    assert "CACertificates" not in json.loads(policies(page))


def test_another_authority_is_refused_with_both_fingerprints(tls: Path, plain: Callable[[bytes], Plain], tmp_path: Path) -> None:
    plain(gives(tls))
    with pytest.raises(Unfit) as refused:
        trust.authorities("https://127.0.0.1/kiosk", AB, tmp_path / "none")
    assert AB in str(refused.value)
    assert certs.fingerprint(tls / "authority.crt") in str(refused.value)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (b"", "no certificate"),
        (b"HTTP/1.1 200 \x1b[2J\r\n\r\nhello", r"200 \\x1b\[2J"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "no certificate"),
        (b"HTTP/1.1 200 OK\r\n\r\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
        (b"HTTP/1.1 200 OK\r\n\r\n-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n", "no certificate"),
        (b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/root.crt\r\n\r\n", "307 Temporary Redirect"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2 * trust.MOST_BYTES, "more than"),
    ],
    ids=["nothing", "what clears a terminal", "no certificate", "rubbish", "half a letter", "leads elsewhere", "too much"],
)
def test_what_a_shop_would_not_answer_is_refused(said: bytes, word: str, plain: Callable[[bytes], Plain], tmp_path: Path) -> None:
    plain(said)
    with pytest.raises(Unfit, match=word):
        trust.authorities("https://127.0.0.1/kiosk", AB, tmp_path / "none")


def test_a_certificate_that_comes_with_another_answer_is_not_taken(tls: Path, plain: Callable[[bytes], Plain]) -> None:
    plain(gives(tls).replace(b"200 OK", b"302 Found"))
    with pytest.raises(Unfit, match="302 Found"):
        trust.fetched("https://127.0.0.1/kiosk", certs.fingerprint(tls / "authority.crt"))


def test_whoever_answers_drop_by_drop_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def drip() -> None:
        line, _ = door.accept()
        with line, suppress(OSError):
            for _ in range(200):
                line.sendall(b"x")
                time.sleep(0.02)

    monkeypatch.setattr(trust, "ASK_SECONDS", 0.3)
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        monkeypatch.setattr(trust, "PLAIN_PORT", door.getsockname()[1])
        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(Unfit, match="timed out"):
            trust.fetched("https://127.0.0.1/kiosk", AB)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authority of a server that is reached from everywhere, as shop.example; it answers here."""
    folder, connect = tmp_path / "outside", socket.create_connection
    certs.make_authority(folder, names=["shop.example"])
    certs.make_server(folder, "web", certs.Reach.of(["shop.example", "shop.local", "127.0.0.1"]))
    monkeypatch.setattr(socket, "create_connection", lambda place, **more: connect(("127.0.0.1", place[1]), **more))
    return folder


def test_where_the_system_vouches_for_a_page_of_the_internet_nothing_need_be_given(
    outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(outside / "authority.crt"))
    with secret(outside) as here:
        page = here.replace("127.0.0.1", "shop.example")
        assert trust.authorities(page, "", tmp_path / "none") == ()
        file = tmp_path / "greetline.json"
        file.write_text(policies(page, [der(outside)]))
        assert trust.authorities(page, "", file) == (der(outside),), "whom the system believes, Chromium may not"


@pytest.mark.parametrize("host", ["127.0.0.1", "shop.local"])
def test_whom_somebody_added_to_the_system_vouches_for_no_page_inside_a_house(
    host: str, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Chromium would not believe them: the screen would show a warning that nobody in the shop can get past.
    monkeypatch.setenv("SSL_CERT_FILE", str(outside / "authority.crt"))
    with secret(outside) as here:
        page = here.replace("127.0.0.1", host)
        with pytest.raises(Unfit, match="--fingerprint"):
            trust.authorities(page, "", tmp_path / "none")
        (tmp_path / "greetline.json").write_text(policies(page, [der(outside)]))
        assert trust.authorities(page, "", tmp_path / "greetline.json") == (der(outside),)


@pytest.mark.parametrize(
    "host", ["192.168.1.10", "10.0.0.7", "127.0.0.1", "fd00::10", "fe80::1", "shop.local", "SHOP.lan.", "localhost"]
)
def test_a_place_inside_a_house_is_known(host: str) -> None:
    assert trust._inside(host.lower())


@pytest.mark.parametrize("host", ["8.8.8.8", "2a00:1450::1", "shop.example", "milan", "shop.milan", "local.example"])
def test_a_place_outside_is_not_inside(host: str) -> None:
    assert not trust._inside(host)


def test_the_names_of_a_house_are_those_for_which_a_shop_makes_certificates() -> None:
    assert trust.HOUSE_NAMES == certs.HOUSE_NAMES


@pytest.mark.parametrize(("days", "word"), [(400, "is not good yet"), (-500, "is over")], ids=["behind", "ahead"])
def test_a_screen_whose_clock_is_wrong_is_told_so_and_not_to_give_another_page(days: int, word: str, tmp_path: Path) -> None:
    made = datetime.now(UTC) + timedelta(days=days)
    certs.make_authority(tmp_path / "tls", now=made)
    certs.make_server(tmp_path / "tls", "web", certs.Reach.of(["127.0.0.1"]), now=made)
    with secret(tmp_path / "tls") as page, pytest.raises(Unfit, match="set the clock") as refused:
        (tmp_path / "greetline.json").write_text(policies(page, [der(tmp_path / "tls")]))
        trust.authorities(page, "", tmp_path / "greetline.json")
    assert f"{word}, by the clock of this machine: {datetime.now(UTC):%Y-%m-%d}" in str(refused.value)
    assert "--page" not in str(refused.value)


def test_where_nobody_does_it_says_where_the_fingerprint_is_to_be_found(tls: Path, tmp_path: Path) -> None:
    with secret(tls) as page, pytest.raises(Unfit, match="sudo greetline-shop doctor") as refused:
        trust.authorities(page, "", tmp_path / "none")
    assert f"--page {page} --fingerprint" in str(refused.value)


def test_an_authority_of_before_stays_as_long_as_the_page_is_one_of_its(tls: Path, tmp_path: Path) -> None:
    file = tmp_path / "greetline.json"
    with secret(tls) as page:
        file.write_text(policies(page, [der(tls)]))
        assert trust.authorities(page, "", file) == (der(tls),)
        other = tmp_path / "tls"
        certs.make_authority(other, shop="Bergen")
        for text in (policies(page, [der(other)]), "{", '{"CACertificates": [7]}', '{"CACertificates": ["AAAA"]}', "[]"):
            file.write_text(text)
            with pytest.raises(Unfit, match="--fingerprint"):
                trust.authorities(page, "", file)


def test_an_authority_that_does_not_vouch_for_the_page_is_no_help(
    tls: Path, plain: Callable[[bytes], Plain], tmp_path: Path
) -> None:
    other = tmp_path / "tls"
    certs.make_authority(other, shop="Bergen")
    plain(gives(other))
    with secret(tls) as page, pytest.raises(Unfit, match="does not vouch"):
        trust.authorities(page, certs.fingerprint(other / "authority.crt"), tmp_path / "none")


def test_a_page_that_nobody_serves_is_told_so(tls: Path, plain: Callable[[bytes], Plain], tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        page = f"https://127.0.0.1:{door.getsockname()[1]}/kiosk"
    with pytest.raises(Unfit, match="could not be reached by HTTPS"):
        trust.authorities(page, "", tmp_path / "none")
    shop = plain(gives(tls))
    with pytest.raises(Unfit, match="could not be reached by HTTPS"):
        trust.authorities(page, certs.fingerprint(tls / "authority.crt"), tmp_path / "none")
    shop.close()
    with pytest.raises(Unfit, match="could not be fetched"):
        trust.authorities(page, AB, tmp_path / "none")


@pytest.mark.parametrize("fingerprint", ["", "AB:CD", AB[:-1], f"{AB}:AB", AB.replace("A", "G")])
def test_what_is_no_fingerprint_is_refused(fingerprint: str, root: Path) -> None:
    with pytest.raises(Unfit, match="64 digits"):
        installed(root, "screen", page=PAGE, fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("kind", "page", "word"),
    [("shop", PAGE, "is for a screen"), ("camera", PAGE, "is for a screen"), ("screen", job.PAGE, "by HTTP")],
)
def test_a_fingerprint_of_nothing_is_refused(kind: Kind, page: str, word: str, root: Path) -> None:
    before = tree(root)
    given = [kind, "--root", str(root), "--page", page, "--fingerprint", AB]
    done = CliRunner().invoke(main, ["install", *given])
    assert (done.exit_code, word in done.output) == (3, True), done.output
    begun = subprocess.run(
        [sys.executable, "-S", "-m", "deploy.install", *given], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (begun.returncode, word in begun.stderr) == (3, True), begun.stderr
    assert tree(root) == before


def test_neither_a_dry_run_nor_another_root_asks_anybody(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise AssertionError("nobody is asked")

    monkeypatch.setattr(socket, "create_connection", nobody)
    for given, said in (
        ({}, "look whether somebody vouches for the certificate of 192.168.1.10:8443"),
        ({"fingerprint": AB.lower()}, f"fetch http://192.168.1.10/root.crt and believe that authority, if its fingerprint is {AB}"),
    ):
        assert said in installed(root, "screen", page=PAGE, dry_run=True, **given)
        lines = installed(root, "screen", page=PAGE, **given)
        assert lines[lines.index(said) + 1] == f"  left out below {root}"
    assert "CACertificates" not in json.loads((root / POLICIES.relative_to("/")).read_text())
