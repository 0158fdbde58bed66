"""The way to a webhook: where its name leads, whether it may, and one request that ends in time.

The name is resolved once and the connection goes to the address that was looked at, so a name that leads elsewhere a moment
later changes nothing. No redirect is followed, no proxy of the environment is asked, and of the answer only so much is read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from broker.settings.telling import INSIDE, METADATA, Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ANSWER_BYTES: Final = 4 * 1024
"""So much of an answer is read; what it says matters to nobody but the status."""
MAX_ADDRESSES: Final = 4
"""Of the addresses a name leads to so many are tried."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NotAllowed(Exception):
    """The name leads to where a webhook may not go. The text says what to do."""


class Unreached(Exception):
    """Nobody answered, or not in time, or not in a way that can be understood."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other side answered: its status, and how long all of it took."""

    status: int
    seconds: float


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow: Sequence[Network] = (), seconds: float, ca_file: str | None = None
) -> Answered:
    """Send *body* to *url* and return the answer, all within *seconds*. Raises NotAllowed, Unreached.

    *ca_file* names a certificate authority to trust instead of the system's. The name is looked up before the time runs.
    """
    parts = urlsplit(url)
    places = resolved(parts, allow)
    began = time.monotonic()
    context = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
    with _Deadline(seconds) as deadline:
        try:
            line = _connected(places, deadline)
            sock: socket.socket = context.wrap_socket(line, server_hostname=parts.hostname) if context else line
            deadline.watch(sock)
            with sock:
                status = _ask(sock, parts, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as wrong:
            late = deadline.passed or isinstance(wrong, TimeoutError)
            why = f"no answer within {seconds:g} s" if late else str(wrong) or type(wrong).__name__
            raise Unreached(why[:200]) from None
    return Answered(status, time.monotonic() - began)


Place = tuple[socket.AddressFamily, tuple[Any, ...]]
"""An address as the socket takes it, with nothing left to be looked up."""


def resolved(parts: SplitResult, allow: Sequence[Network]) -> list[Place]:
    """Return the places the host of *parts* leads to. Raises NotAllowed when one may not be gone to, Unreached for none."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as wrong:
        raise Unreached(f"{host} is not known: {wrong}") from None
    places: list[Place] = list(dict.fromkeys((entry[0], entry[4]) for entry in found))
    for _, (address, *_) in places:
        # One that may not be gone to is enough: a name with two addresses must not be a way around.
        if not may_go(ipaddress.ip_address(address), allow):
            raise NotAllowed(f"{host} leads to {address}, which is not on the Internet; name it in `allow` if it is meant")
    return places[:MAX_ADDRESSES]


def may_go(address: Address, allow: Sequence[Network]) -> bool:
    """Return whether a webhook may go to *address*: on the Internet, or in *allow* by name."""
    real = _inner(address)
    covering = [network for network in allow if real.version == network.version and real in network]
    if real in METADATA:
        return any(network.num_addresses == 1 for network in covering)
    inside = any(real.version == network.version and real in network for network in INSIDE)
    return bool(covering) or (real.is_global and not inside and not real.is_multicast and not real.is_reserved)


def _inner(address: Address) -> Address:
    """Return the address that another one wraps: ways of IPv6 to spell one of IPv4."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.scope_id:
        address = ipaddress.IPv6Address(int(address))
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _connected(places: Sequence[Place], deadline: _Deadline) -> socket.socket:
    wrong: OSError = OSError("no address")
    for family, place in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            deadline.watch(sock)
            sock.connect(place)
        except OSError as failed:
            sock.close()
            wrong = failed
            continue
        return sock
    raise wrong


def _ask(sock: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> int:
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or _port(parts))
    with closing(line):
        line.sock = sock
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", target, body=body, headers={"Host": parts.netloc, "Connection": "close", **headers})
        answer = line.getresponse()
        answer.read(MAX_ANSWER_BYTES)
        return answer.status


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


class _Deadline:
    """Ends what a socket does when the time is over: an answer that comes a byte a second would keep every time-out waiting."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._sock: socket.socket | None = None
        self._lock = threading.Lock()
        self.passed = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._sock is not None:
                self._sock.close()
            self._sock = None

    def left(self) -> float:
        """Return the seconds that are left."""
        return self._until - time.monotonic()

    def watch(self, sock: socket.socket) -> None:
        """End what *sock* does from now on, at the deadline or at once when it has passed."""
        with self._lock:
            self._sock = sock
            sock.settimeout(max(0.05, self.left()))
        if self.passed:
            self._end()

    def _end(self) -> None:
        self.passed = True
        with self._lock:
            if self._sock is not None:
                with suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)
