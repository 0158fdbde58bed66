"""What the web server bears: bodies, headers, clients that are slow on purpose, and very many that only hold the line."""

from __future__ import annotations

import http.client
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from broker.web.app import MAX_BODY_BYTES
from broker.web.server import MAX_BODY_BYTES as MOST_THE_SERVER_TAKES
from broker.web.server import MAX_HEADER_BYTES, SILENT_CONNECTIONS, Server
from tests.web.parts import WITHIN_SECONDS, served

IDLE = 1_000
"""Connections that somebody on the same network opens and says nothing on."""
PROMPT_SECONDS = 5
"""Far above what it takes, for a machine that has much else to do; who is held up waits for WITHIN_SECONDS and fails."""
SLOW = 60
"""Clients that send a letter of their header now and then; more than there are threads."""


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    with served(app) as running:
        yield running


def line(server: Server) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=WITHIN_SECONDS)
    made.settimeout(WITHIN_SECONDS)
    return made


def answered(server: Server, raw: bytes) -> tuple[int, bool]:
    """Send *raw* and return the status, and whether the server closed the line behind it."""
    with line(server) as here:
        here.sendall(raw)
        answer = http.client.HTTPResponse(here)
        answer.begin()
        answer.read()
        return answer.status, answer.getheader("Connection", "") == "close"


def asks(server: Server) -> float:
    """A good client asks for a page; return how many seconds that took."""
    began = time.monotonic()
    here = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WITHIN_SECONDS)
    here.request("GET", "/pair/state")
    assert here.getresponse().status < 500
    here.close()
    return time.monotonic() - began


def test_a_body_that_is_said_to_be_too_large_is_not_waited_for(server: Server) -> None:
    for length in (MAX_BODY_BYTES + 1, MOST_THE_SERVER_TAKES + 1, 10**15):
        head = f"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        # The server itself waits for no body above its own limit; one between the two limits is read and not parsed.
        status, _ = answered(server, head.encode() + (b"x" * length if length <= MOST_THE_SERVER_TAKES else b""))
        assert status == 413, length


def test_a_body_in_pieces_has_the_same_limit(server: Server) -> None:
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with line(server) as here:
        here.sendall(b"POST /pair HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(MOST_THE_SERVER_TAKES // 0x10000 + 8):
                here.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return
        answer = http.client.HTTPResponse(here)
        answer.begin()
        assert answer.status == 413


@pytest.mark.parametrize("headers", [b"X-A: " + b"a" * MAX_HEADER_BYTES, b"".join(b"X-%d: a\r\n" % n for n in range(5_000))])
def test_a_header_that_is_too_large_or_a_crowd_of_them_is_refused_and_the_line_closed(server: Server, headers: bytes) -> None:
    status, closed = answered(server, b"GET /pair HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
    assert (status, closed) == (431, True)
    assert asks(server) < WITHIN_SECONDS


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /pair HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"GET /pair HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["two lengths", "below nought", "another coding", "a blank before the colon", "TLS"],
)
def test_a_request_that_could_be_read_in_two_ways_is_not_served(server: Server, raw: bytes) -> None:
    status, closed = answered(server, raw)
    assert 400 <= status < 600
    assert closed
    assert asks(server) < WITHIN_SECONDS


def test_clients_that_are_slow_on_purpose_hold_up_nobody(server: Server) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(line(server)) for _ in range(SLOW)]
        for turn in range(3):
            for n, each in enumerate(slow):
                begin = b"GET / HTTP/1.1\r\nHo" if n % 2 else b"POST /pair HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx"
                each.sendall(begin if turn == 0 else b"s" if turn == 1 else b"t")
            assert asks(server) < PROMPT_SECONDS


@pytest.mark.slow
def test_a_thousand_idle_connections_keep_nobody_from_being_served(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    """A tablet is served while somebody on the network holds IDLE lines. Both ends are in this process: two files a line."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4 * IDLE:
        pytest.skip(f"this machine allows {hard} open files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * IDLE, hard))
    try:
        with served(app) as server, ExitStack() as stack:
            before = asks(server)
            for _ in range(IDLE):
                stack.enter_context(line(server))
            during = max(asks(server) for _ in range(5))
        with capsys.disabled():
            print(f"\n{IDLE} idle connections: asked in {before * 1000:.0f} ms before, in at most {during * 1000:.0f} ms during")
        assert during < PROMPT_SECONDS
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_may_open_as_many_files_as_it_takes_connections(app: Flask) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))
    try:
        with served(app):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(SILENT_CONNECTIONS, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
