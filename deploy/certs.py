"""The shop's own certificates: an authority that tablets and camera boxes are told to trust, and what it signs for servers.

    <folder>/authority.key   0600; of whoever installed the shop, and of no program that runs
    <folder>/authority.crt   what tablets and camera boxes are given
    <folder>/<server>.key, <folder>/<server>.crt   `web` and `mqtt`

The authority can speak for names inside a house and for addresses inside a house, and for nothing else: a stolen key opens
nobody's bank.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from broker.identity.files import make_folder
from broker.lock import Held, waited_for
from broker.settings.telling import INSIDE
from deploy.fault import Fault
from deploy.install.plan import ALONE, TLS

SERVERS: Final = ("web", "mqtt")
"""The servers of a shop that have a certificate: the proxy in front of the screens, and the MQTT broker."""
HOUSE_NAMES: Final = ("local", "lan", "home.arpa", "internal", "localhost")
"""Endings that no house shares with the Internet: RFC 6762, RFC 8375, and those that routers give."""
RENEW_BEFORE: Final = timedelta(days=60)
WARN_BEFORE: Final = timedelta(days=30)
MOST_NAMES: Final = 18
"""The sixteen that the settings may name, and two by which the machine reaches itself."""
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
PATIENCE_S: Final = 90.0
"""Making certificates takes a second; starting what serves them anew, which others wait for too, may take a minute.

`deploy.install.certify` gives up before this, and systemd ends it (greetline-renew.service) only after both.
"""
INSTALL: Final = "`sudo greetline install`"
"""What makes what an installed shop lacks, its folder too."""
RENEW_INSTALLED: Final = "sudo systemctl start greetline-renew"
"""What renews the certificates of an installed shop at once, and starts anew what serves them."""
_INSTALL: Final = "certificates need the package cryptography: pip install 'greetline[tls]'"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reach:
    """How a server is reached: the names (small letters) and addresses that its certificate is good for."""

    names: tuple[str, ...]
    addresses: tuple[Address, ...]

    @classmethod
    def of(cls, places: Sequence[str]) -> Reach:
        """Sort *places*, names and addresses as people type them. Raises Fault for what is neither."""
        names: list[str] = []
        addresses: list[Address] = []
        for place in dict.fromkeys(one.strip().lower().rstrip(".") for one in places):
            try:
                addresses.append(ipaddress.ip_address(place))
            except ValueError:
                if not _NAME.fullmatch(place):
                    raise Fault(f"{place!r} is neither the name of a machine nor an address, such as shop.local") from None
                names.append(place)
        if not 0 < len(names) + len(addresses) <= MOST_NAMES:
            raise Fault(f"name 1 to {MOST_NAMES} names and addresses by which the shop is reached")
        return cls(tuple(names), tuple(addresses))


def here() -> Reach:
    """Return how this machine is reached: its name with .local behind it, and its addresses inside the house.

    Its bare name is not among them: an authority that may speak for `shop` may speak for everything that ends in `.shop`.
    """
    name = socket.gethostname().lower().partition(".")[0]
    own = [f"{name}.local"] if _NAME.fullmatch(name) and name != "localhost" else []
    return Reach.of([*own, "localhost", "127.0.0.1", *_own_addresses()])


def lasting(folder: Path, reach: Reach, *, now: datetime | None = None) -> Reach:
    """Return *reach* and, in order, what the certificate of the screens in *folder* speaks for, MOST_NAMES in all.

    A machine that has no address this moment, because its router is not up yet, will have it again: tablets must find it there.
    What was is forgotten when the certificate is made anew because it ends, by a machine that has an address.
    """
    moment = now or datetime.now(UTC)
    before = _good_for(folder / "web.crt", folder / "authority.crt", moment)
    ends = before is not None and before[1] - moment <= RENEW_BEFORE
    if before is None or (ends and any(not one.is_loopback for one in reach.addresses)):
        places = [*map(str, reach.addresses), *reach.names]
    else:
        places = [*map(str, reach.addresses), *reach.names, *before[0].names, *map(str, before[0].addresses)]
    # In order the first time too: else a second installation would write its files anew, and start what reads them.
    return Reach.of(sorted([*dict.fromkeys(places)][:MOST_NAMES]))


def installed(folder: Path) -> bool:
    """Return whether the certificates in *folder* are an installed shop's: RENEW_INSTALLED is for those."""
    return folder == TLS


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody else make certificates in *folder* while the block runs: an installer and the nightly look may come at once.

    Raises Fault, and OSError where the lock cannot be made.
    """
    make_folder(folder, 0o755)
    try:
        with waited_for(folder / ALONE, PATIENCE_S):
            yield
    except Held as wrong:
        raise Fault(f"certificates are being made by somebody else{wrong.who}: wait until that is done, and run it again") from None


def make_authority(folder: Path, *, shop: str = "shop", names: Sequence[str] = (), now: datetime | None = None) -> Path:
    """Make the shop's authority in *folder*, once, and return the path of its certificate.

    The folder is open to look into: the keys in it are their owners' alone.
    *names* are those of this shop; the authority may speak for those too that do not end as HOUSE_NAMES do. Raises Fault.
    """
    made = maker()
    certificate, key = folder / "authority.crt", folder / "authority.key"
    if not certificate.exists():
        own = [name for name in names if not _ends(name, HOUSE_NAMES)]
        for name in own:
            if "." not in name.strip("."):
                raise Fault(f"{name!r} must not stand alone: write it with its ending, such as {name}.local")
        permitted = [*HOUSE_NAMES, *(Reach.of(own).names if own else ())]
        make_folder(folder, 0o755)
        authority = made.make(
            f"Greetline {shop}"[:64], now=now or datetime.now(UTC), permitted=permitted, networks=INSIDE
        )  # fmt: skip
        made.keep(authority, certificate, key)
    return certificate


def make_server(folder: Path, server: str, reach: Reach, *, now: datetime | None = None) -> bool:
    """Make key and certificate of *server* (one of SERVERS) in *folder*, unless good ones for *reach* are there.

    Return whether they were made: the server must then be started anew. Raises Fault.
    """
    made, moment = maker(), now or datetime.now(UTC)
    certificate, key = folder / f"{server}.crt", folder / f"{server}.key"
    if key.exists() and _good(certificate, reach, folder / "authority.crt", moment):
        return False
    if rest := spoken_for(folder, reach)[1]:
        raise Fault(rest)
    try:
        authority = made.load(folder / "authority.crt", folder / "authority.key")
    except made.NoAuthority as missing:
        raise Fault(f"{missing}. `greetline install` makes it.") from None
    pair = authority.server(reach.names, reach.addresses, now=moment)
    from broker.identity.files import PUBLIC, SECRET, put

    put(key, pair.key, SECRET)
    put(certificate, pair.certificate + authority.pem, PUBLIC)
    return True


def days_left(certificate: Path, *, now: datetime | None = None) -> int | None:
    """Return for how many whole days *certificate* is good, negative once it is over; None when there is none."""
    try:
        until: datetime = maker().expires(certificate.read_bytes())
    except (OSError, ValueError):
        return None
    return (until - (now or datetime.now(UTC))).days


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of *certificate* as people compare it. Raises OSError and ValueError."""
    found: str = maker().fingerprint(certificate.read_bytes())
    return found


def _good(certificate: Path, reach: Reach, authority: Path, now: datetime) -> bool:
    found = _good_for(certificate, authority, now)
    fresh = found is not None and found[1] - now > RENEW_BEFORE
    return (
        found is not None and fresh and set(found[0].names) >= set(reach.names) and set(found[0].addresses) >= set(reach.addresses)
    )


def _good_for(certificate: Path, authority: Path, now: datetime) -> tuple[Reach, datetime] | None:
    """Return what *certificate* speaks for and until when, or None when *authority* did not make it or it is not good *now*.

    One that begins later was made while the clock was ahead: nobody believes it.
    """
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        issuer = x509.load_pem_x509_certificate(authority.read_bytes())
        found.verify_directly_issued_by(issuer)
        said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound, _bad_signature()):
        return None
    if not found.not_valid_before_utc <= now < found.not_valid_after_utc:
        return None
    addresses = (one for one in said.get_values_for_type(x509.IPAddress) if isinstance(one, Address))
    return Reach(tuple(said.get_values_for_type(x509.DNSName)), tuple(addresses)), found.not_valid_after_utc


def spoken_for(folder: Path, reach: Reach) -> tuple[Reach, str]:
    """Return what of *reach* the authority in *folder* may speak for, and a sentence about the rest, "" where there is none.

    Browsers would refuse the rest of us. One name that was written into the settings later must not end the renewal of all.
    """
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes())
        permitted = found.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except (OSError, ValueError, x509.ExtensionNotFound):
        return reach, ""
    endings = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    networks = [one.value for one in permitted if isinstance(one.value, ipaddress.IPv4Network | ipaddress.IPv6Network)]
    names = tuple(name for name in reach.names if _ends(name, endings))
    addresses = tuple(one for one in reach.addresses if any(one in network for network in networks))
    rest = [str(one) for one in (*reach.names, *reach.addresses) if one not in (*names, *addresses)]
    said = (
        f"{', '.join(rest)}: the shop's authority may speak for addresses inside a house "
        f"and for what ends in {', '.join(endings)}. Take the other out of [tls] names, and what else stands there is certified."
    )
    return Reach(names, addresses), said if rest else ""


def _ends(name: str, endings: Sequence[str]) -> bool:
    """Return whether *name* is one of *endings*, or lies below one: shop.lan does, milan does not."""
    return any(name == ending or name.endswith(f".{ending}") for ending in endings)


def _own_addresses() -> list[str]:
    import psutil  # type: ignore[import-untyped]

    found: list[str] = []
    for each in psutil.net_if_addrs().values():
        for one in each:
            if one.family not in (socket.AF_INET, socket.AF_INET6) or "%" in one.address:
                continue
            address = ipaddress.ip_address(one.address)
            inside = any(address in network for network in INSIDE if network.version == address.version)
            if inside and not address.is_loopback and not address.is_link_local:
                found.append(one.address)
    return found[: MOST_NAMES - 4]


def _bad_signature() -> type[Exception]:
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature


def maker() -> Any:
    """Return `broker.identity.authority`, which makes certificates; not every machine can. Raises Fault with what to install."""
    try:
        from broker.identity import authority
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.partition(".")[0] == "cryptography":
            raise Fault(_INSTALL) from None
        raise
    return authority
