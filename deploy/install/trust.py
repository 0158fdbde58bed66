"""Whom a screen's Chromium believes besides those whom everybody does: the authority of the shop, known by its fingerprint.

The shop gives its certificate out by HTTP, where anybody could answer in its place, so it is taken only if it has the
fingerprint that somebody read on the shop's own machine. Standard library only: nothing is installed yet.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from deploy.install.program import Unfit

PLAIN_PORT: Final = 80
TRUST_FILE: Final = "/root.crt"
"""Where the shop gives it out; the same as in deploy.caddy, which needs more than the standard library."""
RULE: Final = "CACertificates"
"""What Chromium's policies call authorities that are believed besides its own."""
HOUSE_NAMES: Final = ("local", "lan", "home.arpa", "internal", "localhost")
"""Endings for which nobody whom everybody believes vouches; the same as in deploy.certs."""
MOST_BYTES: Final = 32 * 1024
ASK_SECONDS: Final = 10.0
READ_BYTES: Final = 4096
MOST_QUOTED: Final = 80
_HTTPS: Final = 443
_BY_THE_CLOCK: Final = {9: "is not good yet", 10: "is over"}
"""What OpenSSL's codes say of a certificate that would be believed at another time."""
_DIGITS: Final = re.compile(r"[0-9A-F]{64}")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_DOCTOR: Final = "`sudo greetline-shop doctor` on the shop's machine"


def secret(page: str) -> bool:
    """Return whether *page* comes by HTTPS, so that somebody must vouch for its server."""
    return page.startswith("https://")


def read_fingerprint(typed: str) -> str:
    """Return the fingerprint that was *typed*, with or without colons and spaces, as AB:CD:... Raises Unfit."""
    digits = re.sub(r"[:\s]", "", typed).upper()
    if not _DIGITS.fullmatch(digits):
        raise Unfit(
            f"{typed!r} is not the SHA-256 fingerprint of a certificate: that has 64 digits of 0-9 and A-F. "
            f"{_DOCTOR} says it in the line `root`; put it in quotation marks if it has spaces."
        )
    return ":".join(digits[n : n + 2] for n in range(0, len(digits), 2))


def fingerprint_of(root: bytes) -> str:
    """Return the SHA-256 fingerprint of the certificate *root*, given as DER, as AB:CD:..."""
    return hashlib.sha256(root).digest().hex(":").upper()


def described(page: str, fingerprint: str) -> str:
    """Return what `authorities` does, in a line."""
    if fingerprint:
        return f"fetch {_gives(page)} and believe that authority, if its fingerprint is {fingerprint}"
    return f"look whether somebody vouches for the certificate of {_place(*_server(page))}"


def authorities(page: str, fingerprint: str, policies: Path) -> tuple[bytes, ...]:
    """Return the certificates, as DER, of whom a screen that shows *page* must be told.

    With a *fingerprint* the one that the shop gives out; without, those in the file *policies*, of an installation before.
    They are kept where the system vouches for the server of *page* as well. Of a page inside a house the system is not asked:
    it would vouch only by whom somebody added to it, and those Chromium does not believe. Raises Unfit where nobody vouches.
    """
    told = (fetched(page, fingerprint),) if fingerprint else kept(policies)
    if doubt := _doubt(page, told):
        raise Unfit(_unvouched(page, doubt, fingerprint))
    return told


def kept(policies: Path) -> tuple[bytes, ...]:
    """Return the authorities in the file *policies*, as DER; none where it has none or cannot be read."""
    try:
        rules = json.loads(policies.read_text(encoding="utf-8"))
        roots = tuple(base64.b64decode(one, validate=True) for one in rules.get(RULE, ()))
        _context(roots)
    except (OSError, ValueError, TypeError, AttributeError):
        return ()
    return roots


def fetched(page: str, fingerprint: str) -> bytes:
    """Return the certificate that the host of *page* gives out, as DER. Raises Unfit unless it has that *fingerprint*."""
    address, (host, _) = _gives(page), _server(page)
    try:
        answer = _ask(host)
    except (OSError, UnicodeError) as wrong:
        raise Unfit(f"{address} could not be fetched: {wrong}. Is the shop's machine on, and in the same network?") from None
    root = _certificate(answer)
    if root is None:
        # In quotation marks, for it may be anybody's: what steers a terminal is shown there and not done.
        said = answer.partition(b"\r\n")[0][:MOST_QUOTED].decode("ascii", "replace")
        raise Unfit(f"{address} gives no certificate: it answers {said!r}. Is that the address of the shop's machine?")
    if (has := fingerprint_of(root)) != fingerprint:
        raise Unfit(
            f"{address} is not the authority that you named.\n  its fingerprint  {has}\n  the one you gave {fingerprint}\n"
            f"Compare with {_DOCTOR}. If you gave what that says, somebody else answers in the shop's place: do not go on."
        )
    return root


def _ask(host: str) -> bytes:
    """Return what *host* answers: it may be anybody, so no more than MOST_BYTES within ASK_SECONDS. Raises OSError."""
    ends, said = time.monotonic() + ASK_SECONDS, b""
    asked = f"GET {TRUST_FILE} HTTP/1.0\r\nHost: {_place(host)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, PLAIN_PORT), timeout=ASK_SECONDS) as line:
        line.sendall(asked.encode("ascii"))
        while len(said) <= MOST_BYTES:
            line.settimeout(max(ends - time.monotonic(), 0.001))
            if not (some := line.recv(READ_BYTES)):
                return said
            said += some
    raise OSError(f"it answers with more than {MOST_BYTES} bytes")


def _certificate(answer: bytes) -> bytes | None:
    """Return the first certificate of an *answer* that is one; where another leads elsewhere nobody goes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    found = _CERTIFICATE.search(body)
    if found is None or head.split(b" ")[1:2] != [b"200"]:
        return None
    try:
        root = ssl.PEM_cert_to_DER_cert(found[0].decode("ascii"))
        _context((root,))
    except (ssl.SSLError, ValueError):
        return None
    return root


def _doubt(page: str, told: Sequence[bytes] = ()) -> str:
    """Return why neither *told* nor the system vouches for the server of *page*; "" where one does. Raises Unfit."""
    host, port = _server(page)
    others = None if _inside(host) else ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=ASK_SECONDS) as line,
            _context(told, others).wrap_socket(line, server_hostname=host),
        ):
            return ""
    except ssl.SSLCertVerificationError as wrong:
        if wrong.verify_code in _BY_THE_CLOCK:
            raise Unfit(_untimely(_place(host, port), wrong.verify_code)) from None
        return str(wrong.verify_message)
    except (OSError, UnicodeError) as wrong:
        raise Unfit(
            f"{_place(host, port)} could not be reached by HTTPS: {wrong}. "
            "A screen is set up while the shop runs: is the address right, and is the shop's machine on?"
        ) from None


def _inside(host: str) -> bool:
    """Return whether *host* is an address or a name inside a house."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.rstrip(".").endswith(tuple(f".{ending}" for ending in HOUSE_NAMES)) or host.rstrip(".") in HOUSE_NAMES


def _untimely(place: str, code: int) -> str:
    return (
        f"The certificate of {place} {_BY_THE_CLOCK[code]}, by the clock of this machine: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n"
        "If that is not the time, set the clock (`timedatectl` says whether it follows anybody) and do this again. If it is, "
        "`sudo systemctl start greetline-renew` on the shop's machine makes the certificate anew."
    )


def _context(told: Sequence[bytes], context: ssl.SSLContext | None = None) -> ssl.SSLContext:
    """Return *context*, a new one without, in which the certificates *told* are believed too. Raises SSLError for what is none."""
    context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # From Python 3.13 on it is stricter than any browser is.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    for root in told:
        context.load_verify_locations(cadata=root)
    return context


def _unvouched(page: str, doubt: str, fingerprint: str) -> str:
    place = _place(*_server(page))
    if fingerprint:
        return (
            f"{place} shows a certificate for which the shop's authority does not vouch: {doubt}. "
            "Give --page with the address and the port that the shop's own tablets use."
        )
    return (
        f"{place} shows a certificate for which nobody vouches whom a screen here believes: {doubt}.\n"
        f"Run {_DOCTOR}, and give what it says in its line `root`:\n"
        f'  --page {page} --fingerprint "AB CD ..."'
    )


def _gives(page: str) -> str:
    """Return the address where the host of *page* gives out its authority."""
    return f"http://{_place(_server(page)[0])}{TRUST_FILE}"


def _server(page: str) -> tuple[str, int]:
    parts = urlsplit(page)
    return parts.hostname or "", parts.port or _HTTPS


def _place(host: str, port: int | None = None) -> str:
    """Return *host*, and the *port* if there is one, as they stand in an address."""
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
