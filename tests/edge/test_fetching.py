"""A model file comes whole or not at all, whatever the line, the site and the disk do. The site is a real one, on loopback."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from edge.fetching import NotFetched, Patience, copy, fetch
from edge.models import ModelFile
from tests.edge.site import Request, Site, breaks_off, hangs, hangs_up, ignores_range, says, serve, site

CONTENT = random.Random(1).randbytes(300_000)
FILE = ModelFile("tiny.onnx", "someone/models", "c0ffee", "some/tiny.onnx", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PATH = "/someone/models/c0ffee/some/tiny.onnx"
QUICK = Patience(timeout_s=5, tries=3, first_pause_s=0.001)
HASTY = Patience(timeout_s=1.0, tries=2, first_pause_s=0.001)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.files[PATH] = CONTENT
        yield served


def refusal(web: Site | str, folder: Path) -> str:
    with pytest.raises(NotFetched) as refused:
        fetch(FILE, folder, web if isinstance(web, str) else web.address, QUICK)
    return str(refused.value)


def whole(folder: Path) -> bool:
    """Whether the file is there, right, and nothing else is."""
    return [path.name for path in folder.iterdir()] == ["tiny.onnx"] and (folder / "tiny.onnx").read_bytes() == CONTENT


def test_a_file_is_fetched_from_its_pinned_address(web: Site, tmp_path: Path) -> None:
    heard: list[int] = []
    fetch(FILE, tmp_path / "new" / "folder", web.address + "/", QUICK, heard.append)
    assert whole(tmp_path / "new" / "folder")
    assert web.asked == [(PATH, None)]
    assert heard == sorted(heard)
    assert heard[-1] == len(CONTENT)


def test_what_broke_off_is_gone_on_with_and_no_byte_is_asked_for_twice(web: Site, tmp_path: Path) -> None:
    web.tricks = [breaks_off(100_000), breaks_off(250_001)]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert whole(tmp_path)
    assert web.ranges == [None, "bytes=100000-", "bytes=250001-"]
    assert web.sent == len(CONTENT)


def test_another_run_goes_on_where_the_last_one_gave_up(web: Site, tmp_path: Path) -> None:
    web.tricks = [breaks_off(100_000), *[hangs_up] * 3]
    said = refusal(web, tmp_path)
    assert "100000 of 300000 bytes are kept; run it again to go on" in said
    assert not (tmp_path / "tiny.onnx").exists()
    web.asked.clear()
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.ranges, web.sent) == (True, ["bytes=100000-"], len(CONTENT))


def test_a_line_that_brings_a_little_each_time_brings_it_all(web: Site, tmp_path: Path) -> None:
    web.tricks = [breaks_off(end) for end in range(20_000, 300_000, 20_000)]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.sent) == (True, len(CONTENT))


def test_a_site_that_ignores_range_begins_anew(web: Site, tmp_path: Path) -> None:
    web.tricks = [breaks_off(100_000), ignores_range()]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.sent) == (True, len(CONTENT) + 100_000)


def test_a_site_that_ignores_range_and_always_breaks_off_is_given_up(web: Site, tmp_path: Path) -> None:
    web.tricks = [ignores_range(100_000)] * 50
    assert "the connection broke off" in refusal(web, tmp_path)
    assert len(web.asked) == 1 + QUICK.tries


def test_a_piece_from_elsewhere_in_the_file_is_not_taken(web: Site, tmp_path: Path) -> None:
    def from_the_begin(request: Request) -> None:
        request.head(206, Content_Range=f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}", Content_Length=len(CONTENT))
        request.pour(CONTENT)

    web.tricks = [breaks_off(100_000), from_the_begin]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert whole(tmp_path)


@pytest.mark.parametrize("here", [b"x" * 100_000, b"x" * 300_000, b"x" * 400_000], ids=["shorter", "as long", "longer"])
def test_the_rest_of_something_else_is_fetched_anew(here: bytes, web: Site, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx.part").write_bytes(here)
    fetch(FILE, tmp_path, web.address, QUICK)
    assert whole(tmp_path)
    assert web.ranges[-1] is None


def test_a_part_that_is_whole_already_is_not_fetched_again(web: Site, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx.part").write_bytes(CONTENT)
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.asked) == (True, [])


def test_a_range_that_the_site_refuses_is_dropped(web: Site, tmp_path: Path) -> None:
    web.tricks = [breaks_off(100_000), says(416)]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.ranges) == (True, [None, "bytes=100000-", None])


def test_wrong_bytes_are_refused_removed_and_told(web: Site, tmp_path: Path) -> None:
    wrong = bytes(len(CONTENT))
    web.files[PATH] = wrong
    said = refusal(web, tmp_path)
    assert f"expected 300000 bytes with sha256 {FILE.sha256}" in said
    assert hashlib.sha256(wrong).hexdigest() in said
    assert "--from FILE" in said
    assert list(tmp_path.iterdir()) == []
    assert len(web.asked) == 1


def test_what_is_right_stays_when_something_wrong_comes(web: Site, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(CONTENT)
    web.files[PATH] = bytes(len(CONTENT))
    refusal(web, tmp_path)
    assert whole(tmp_path)


@pytest.mark.parametrize("page", [b"<html>Sign in</html>", bytes(500_000)])
def test_another_length_is_refused_before_it_is_fetched(page: bytes, web: Site, tmp_path: Path) -> None:
    web.tricks = [says(200, page)] * 9
    assert "Is there a sign-in page before the Internet?" in refusal(web, tmp_path)
    assert len(web.asked) == 1


def test_a_file_that_never_ends_is_broken_off(web: Site, tmp_path: Path) -> None:
    def endless(request: Request) -> None:
        request.head(200, Connection="close")
        try:
            for _ in range(1000):
                request.pour(bytes(100_000))
        except OSError:
            pass

    web.tricks = [endless]
    assert "is longer than the 300000 bytes" in refusal(web, tmp_path)
    assert web.sent < 50_000_000


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_site_that_stumbles_is_asked_again(status: int, web: Site, tmp_path: Path) -> None:
    web.tricks = [says(status), breaks_off(1000), says(status), says(status)]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.ranges[-1]) == (True, "bytes=1000-")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_that_refuses_is_not_asked_again(status: int, web: Site, tmp_path: Path) -> None:
    web.tricks = [says(status)] * 9
    said = refusal(web, tmp_path)
    assert f"answers {status}" in said
    assert "Give a mirror with --base-url, or --from FILE." in said
    assert len(web.asked) == 1


def test_a_redirect_is_followed_with_its_range(web: Site, tmp_path: Path) -> None:
    web.files["/elsewhere"] = CONTENT
    moved = says(302, Location="/elsewhere")
    web.tricks = [moved, breaks_off(7), moved, serve]
    fetch(FILE, tmp_path, web.address, QUICK)
    assert whole(tmp_path)
    assert web.asked == [(PATH, None), ("/elsewhere", None), (PATH, "bytes=7-"), ("/elsewhere", "bytes=7-")]


def test_a_redirect_to_itself_ends(web: Site, tmp_path: Path) -> None:
    web.tricks = [says(302, Location=PATH)] * 50
    assert "answers 302" in refusal(web, tmp_path)


def test_a_redirect_into_this_machine_is_not_followed(web: Site, tmp_path: Path) -> None:
    web.tricks = [says(302, Location=(tmp_path / "any").as_uri())] * 9
    assert "302" in refusal(web, tmp_path)


def test_a_site_that_hangs_is_left(web: Site, tmp_path: Path) -> None:
    web.tricks = [hangs(3, after=1000), hangs(3)]
    fetch(FILE, tmp_path, web.address, HASTY)
    assert (whole(tmp_path), web.ranges) == (True, [None, "bytes=1000-", "bytes=1000-"])


def test_a_line_that_drips_is_left_for_a_new_one(web: Site, tmp_path: Path) -> None:
    left = threading.Event()

    def drips(request: Request) -> None:
        request.head(200, Content_Length=len(CONTENT))
        try:
            for byte in range(500):
                request.pour(CONTENT[byte : byte + 1])
                left.wait(0.02)
        except OSError:
            left.set()

    web.tricks = [drips]
    fetch(FILE, tmp_path, web.address, HASTY)
    assert whole(tmp_path)
    assert int(str(web.ranges[1]).strip("bytes=-")) < 100


def test_nobody_there_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = refusal(f"http://127.0.0.1:{port}", tmp_path)
    assert "127.0.0.1 cannot be reached (Connection refused)" in said
    assert "copy the file from another machine with --from FILE" in said


def test_no_name_server_is_told_with_the_way_out(tmp_path: Path) -> None:
    assert "nowhere.invalid cannot be reached" in refusal("http://nowhere.invalid", tmp_path)


def test_the_proxy_of_the_environment_is_used(web: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.address)
    monkeypatch.delenv("no_proxy", raising=False)
    web.files["http://models.example" + PATH] = CONTENT
    fetch(FILE, tmp_path, "http://models.example", QUICK)
    assert (whole(tmp_path), web.asked) == (True, [("http://models.example" + PATH, None)])


def test_a_certificate_that_nobody_vouches_for_is_told(web: Site, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Tls(HTTPServer):
        def handle_error(self, *arguments: object) -> None:
            pass

    server = Tls(("127.0.0.1", 0), type("Request", (Request,), {"site": web}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        said = refusal(f"https://localhost:{server.server_address[1]}", tmp_path / "models")
    finally:
        server.shutdown()
        server.server_close()
    assert "the certificate of localhost is not trusted (self-signed certificate)" in said
    assert "SSL_CERT_FILE" in said
    assert web.asked == []


def test_two_at_once_do_not_write_into_each_other(web: Site, tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits(request: Request) -> None:
        request.head(200, Content_Length=len(CONTENT))
        request.pour(CONTENT[:1000])
        begun.set()
        go_on.wait(10)
        request.pour(CONTENT[1000:])

    web.tricks = [waits]
    first = threading.Thread(target=fetch, args=(FILE, tmp_path, web.address, QUICK))
    first.start()
    assert begun.wait(10)
    assert "is being fetched by another" in refusal(web, tmp_path)
    go_on.set()
    first.join(10)
    assert whole(tmp_path)


def test_a_process_killed_in_the_middle_leaves_no_half_model(web: Site, tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits(request: Request) -> None:
        request.head(200, Content_Length=len(CONTENT))
        request.pour(CONTENT[:100_000])
        begun.set()
        go_on.wait(10)

    web.tricks = [waits]
    program = "import sys; from tests.edge.test_fetching import FILE, fetch, Path; fetch(FILE, Path(sys.argv[1]), sys.argv[2])"
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), web.address], cwd=Path(__file__).parents[2])
    try:
        assert begun.wait(20)
        part = tmp_path / "tiny.onnx.part"
        for _ in range(1000):
            if part.exists() and part.stat().st_size == 100_000:
                break
            threading.Event().wait(0.01)
    finally:
        process.kill()
        process.wait(10)
        go_on.set()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.onnx.part"]
    web.asked.clear()
    fetch(FILE, tmp_path, web.address, QUICK)
    assert (whole(tmp_path), web.ranges) == (True, ["bytes=100000-"])


def test_a_full_disk_is_a_sentence_and_what_came_is_kept(web: Site, tmp_path: Path) -> None:
    """A limit on the size of files fills this process's disk at 100,000 bytes."""
    program = (
        "import resource, sys\n"
        "from tests.edge.test_fetching import FILE, NotFetched, Path, fetch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    fetch(FILE, Path(sys.argv[1]), sys.argv[2])\n"
        "except NotFetched as wrong:\n"
        "    print(wrong)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), web.address]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=Path(__file__).parents[2])
    assert "tiny.onnx: File too large. Make room on the disk, and run it again." in done.stdout
    assert (tmp_path / "tiny.onnx.part").read_bytes() == CONTENT[:100_000]


def test_a_folder_that_cannot_be_written_is_a_sentence(web: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", Path("/proc/models")):
        assert "Give a folder that can be written with --dir" in refusal(web, folder)
    assert web.asked == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_a_sentence(web: Site, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "Permission denied. Give a folder that can be written with --dir" in refusal(web, tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_file_on_disk_is_copied_when_it_is_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "stick.bin").write_bytes(CONTENT)
    copy(FILE, tmp_path / "models", tmp_path / "stick.bin")
    assert whole(tmp_path / "models")
    (tmp_path / "stick.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(NotFetched, match=r"stick\.bin is not tiny\.onnx: expected 300000 bytes"):
        copy(FILE, tmp_path / "models", tmp_path / "stick.bin")
    assert whole(tmp_path / "models")
