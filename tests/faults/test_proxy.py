"""The spoiled line of these tests spoils as it says: a fault that does not happen proves nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy
from tests.service.parts import wait_until


@pytest.fixture
def echo() -> Iterator[int]:
    """A port that says back what it is told; a connection ends with its client."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(line: socket.socket) -> None:
        with line:
            try:
                while said := line.recv(65_536):
                    line.sendall(said)
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(line,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def call(line: Proxy, within: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port), timeout=within)


def answered(client: socket.socket, said: bytes, within: float = 5.0) -> bytes:
    client.settimeout(within)
    client.sendall(said)
    return heard(client, len(said))


def heard(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        some = client.recv(65_536)
        if not some:
            return got
        got += some
    return got


def test_a_good_line_passes_everything_in_order(echo: int) -> None:
    with Proxy(echo) as line, call(line) as client:
        said = bytes(range(256)) * 2_000
        sending = threading.Thread(target=client.sendall, args=(said,))
        sending.start()
        assert heard(client, len(said)) == said
        sending.join(5)
        assert (line.connections, line.taken) == (1, 1)


def test_a_cut_resets_those_who_are_connected_and_lets_others_in(echo: int) -> None:
    with Proxy(echo) as line, call(line) as client:
        assert answered(client, b"hello") == b"hello"
        line.cut()
        with pytest.raises(ConnectionResetError):
            heard(client, 1)
        with call(line) as another:
            assert answered(another, b"hello") == b"hello"


def test_a_line_that_refuses_hangs_up_until_it_is_mended(echo: int) -> None:
    with Proxy(echo) as line:
        line.refuse()
        with pytest.raises(ConnectionResetError), call(line) as client:
            answered(client, b"hello")
        line.mend()
        with call(line) as client:
            assert answered(client, b"hello") == b"hello"


def test_a_black_hole_tells_nobody_and_what_it_held_arrives_at_last(echo: int) -> None:
    with Proxy(echo) as line, call(line) as client:
        assert answered(client, b"one") == b"one"
        line.black_hole()
        with pytest.raises(TimeoutError):
            answered(client, b"two", within=0.2)
        with call(line) as another, pytest.raises(TimeoutError):
            answered(another, b"hello", within=0.2)
        line.mend()
        client.settimeout(5)
        assert heard(client, 3) == b"two"


@pytest.mark.parametrize("way", ["deaf", "mute"])
def test_one_way_alone_may_be_shut(echo: int, way: str) -> None:
    with Proxy(echo) as line, call(line) as client:
        getattr(line, way)()
        with pytest.raises(TimeoutError):
            answered(client, b"hello", within=0.2)
        line.mend()
        client.settimeout(5)
        assert heard(client, 5) == b"hello"


def test_a_half_open_line_is_gone_for_the_client_and_there_for_the_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, Proxy(server.getsockname()[1]) as line, call(line) as client:
        believing, _ = server.accept()
        with believing:
            client.sendall(b"hello")
            assert heard(believing, 5) == b"hello"
            line.half_open()
            with pytest.raises(ConnectionResetError):
                heard(client, 1)
            believing.settimeout(0.2)
            with pytest.raises(TimeoutError):
                believing.recv(1)
            line.mend()
            believing.settimeout(5)
            with pytest.raises(ConnectionResetError):
                believing.recv(1)


def test_a_late_line_is_late_and_keeps_its_pace(echo: int) -> None:
    with Proxy(echo) as line, call(line) as client:
        line.delay(0.1)
        began = time.monotonic()
        assert answered(client, b"hello") == b"hello"
        assert time.monotonic() - began >= 0.2, "a tenth each way"
        for _ in range(20):
            client.sendall(b"x" * 1_000)
        began = time.monotonic()
        assert len(heard(client, 20_000)) == 20_000
        assert time.monotonic() - began < 2, "late is not slow: the pieces travel one behind the other"


def test_a_dripping_line_lets_so_much_through(echo: int) -> None:
    with Proxy(echo) as line, call(line) as client:
        line.drip(10_000)
        began = time.monotonic()
        assert len(answered(client, b"x" * 4_000)) == 4_000
        assert time.monotonic() - began >= 0.35


def test_a_target_that_is_away_is_a_line_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with Proxy(port) as line, pytest.raises(ConnectionResetError), call(line) as client:
        answered(client, b"hello")


def test_one_end_that_goes_is_heard_by_the_other(echo: int) -> None:
    with Proxy(echo) as line:
        with call(line) as client:
            assert answered(client, b"hello") == b"hello"
        wait_until(lambda: line.connections == 0)


def test_as_a_process_it_does_what_it_is_told_and_ends_with_its_input(echo: int) -> None:
    command = [sys.executable, "-m", "tests.faults.proxy", str(echo)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            assert answered(client, b"hello") == b"hello"
            process.stdin.write("delay 0.1\n")
            process.stdin.flush()
            assert process.stdout.readline() == "delay\n"
            began = time.monotonic()
            assert answered(client, b"hello") == b"hello"
            assert time.monotonic() - began >= 0.2
        process.stdin.close()
        assert process.wait(10) == 0
