"""A certificate authority: one key, made once, that says who somebody is.

Keys are EC P-256 (FIPS 186-5), which every camera box, tablet and MQTT broker understands. Certificates follow RFC 5280 as
strict readers want it: key usage, extended key usage and key identifiers on each, a random serial of 159 bits.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broker.identity.files import PUBLIC, SECRET, make_folder, put

AUTHORITY_LASTS: Final = timedelta(days=3650)
SERVER_LASTS: Final = timedelta(days=397)
"""Tablets of some makers take no longer-lived certificate of a server."""
CLIENT_LASTS: Final = timedelta(days=5 * 365)
"""A device that is lost is revoked at once; a short life would only stop cameras one by one."""
BACKDATED: Final = timedelta(days=1)
"""A small box without a clock battery may be so far behind when it starts."""
MOST_REQUEST_BYTES: Final = 4_096

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadRequest(ValueError):
    """What is to be signed is not a request we sign. The text says why."""


class NoAuthority(Exception):
    """There is no authority in that folder, or it cannot be read. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate and, when we made it, its key: both PEM."""

    certificate: bytes
    key: bytes = field(default=b"", repr=False)

    @property
    def parsed(self) -> x509.Certificate:
        """The certificate, taken apart."""
        return x509.load_pem_x509_certificate(self.certificate)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its certificate, and its key in memory."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def server(self, names: Sequence[str], addresses: Sequence[Address], *, now: datetime) -> Made:
        """Make key and certificate of a server that is reached by *names* and *addresses*. Raises BadRequest without any."""
        if not names and not addresses:
            raise BadRequest("a server needs a name or an address that it is reached by")
        alternatives = [*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._begun(str((*names, *addresses)[0])[:64], key.public_key(), now, SERVER_LASTS)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return Made(self._signed(builder, ExtendedKeyUsageOID.SERVER_AUTH), pem_of(key))

    def client(self, name: str, *, now: datetime, lasts: timedelta = CLIENT_LASTS) -> Made:
        """Make key and certificate of a client that is called *name* on the wire."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._begun(name, key.public_key(), now, lasts)
        return Made(self._signed(builder, ExtendedKeyUsageOID.CLIENT_AUTH), pem_of(key))

    def client_of(self, request: bytes, name: str, *, now: datetime) -> Made:
        """Make a certificate for the key of a signing *request* (PEM). Nothing else that it asks for is heeded.

        Raises BadRequest for what is no request, whose signature is wrong or whose key is of another kind.
        """
        key = _key_of(request)
        builder = self._begun(name, key, now, CLIENT_LASTS)
        return Made(self._signed(builder, ExtendedKeyUsageOID.CLIENT_AUTH))

    def revocations(self, revoked: Iterable[tuple[int, datetime]], *, now: datetime) -> bytes:
        """Return the list (PEM) of the *revoked* (serial, when).

        It is good for as long as the authority: a list that ran out would shut every device out at once, on the day when
        nobody thinks of it.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - BACKDATED)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_issued_by(self.certificate), critical=False)
        )
        for serial, at in revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _begun(self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta) -> x509.CertificateBuilder:
        until = min(now + lasts, self.certificate.not_valid_after_utc)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now - BACKDATED, until - BACKDATED))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_issued_by(self.certificate), critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder, purpose: x509.ObjectIdentifier) -> bytes:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def make(
    name: str, *, now: datetime, permitted: Sequence[str] = (), networks: Sequence[Network] = (), clients_only: bool = False
) -> Authority:
    """Make an authority called *name*.

    With *permitted* names and *networks* it can speak for servers of those alone, whoever gets hold of its key; with
    *clients_only* for no server at all.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if permitted or networks:
        allowed = [*map(x509.DNSName, permitted), *map(x509.IPAddress, networks)]
        builder = builder.add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
    if clients_only:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def keep(authority: Authority, certificate: Path, key: Path) -> None:
    """Write *authority* down: the key for its owner alone, and before the certificate, which says that it is there."""
    make_folder(key.parent)
    put(key, pem_of(authority.key), SECRET)
    put(certificate, authority.pem, PUBLIC)


def load(certificate: Path, key: Path) -> Authority:
    """Return the authority of two files. Raises NoAuthority."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        secret = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except FileNotFoundError as missing:
        raise NoAuthority(f"{missing.filename}: there is no such file") from None
    except (OSError, ValueError) as wrong:
        raise NoAuthority(f"{certificate} or {key} cannot be read: {wrong}") from None
    if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != found.public_key():
        raise NoAuthority(f"{key} is not the key of {certificate}")
    return Authority(found, secret)


def request_of(name: str) -> Made:
    """Make a key and a signing request for it; `certificate` of what is returned is the request."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return Made(request.public_bytes(serialization.Encoding.PEM), pem_of(key))


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return *key* as PEM (PKCS 8), without a password: it lies in a file of its owner."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (PEM) as people compare it: pairs of letters with colons between."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex(":").upper()


def expires(certificate: bytes) -> datetime:
    """Return until when a certificate (PEM) is good. Raises ValueError."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc.astimezone(UTC)


def serials_of(revocations: bytes) -> set[int]:
    """Return the serials on a list (PEM) of revoked certificates. Raises ValueError for what is no such list."""
    return {one.serial_number for one in x509.load_pem_x509_crl(revocations)}


def _key_of(request: bytes) -> ec.EllipticCurvePublicKey:
    if len(request) > MOST_REQUEST_BYTES:
        raise BadRequest(f"a request has at most {MOST_REQUEST_BYTES} bytes")
    try:
        parsed = x509.load_pem_x509_csr(request)
        key, signed = parsed.public_key(), parsed.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion) as wrong:
        raise BadRequest(f"this is no signing request: {wrong}") from None
    if not signed:
        raise BadRequest("the request is not signed by its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequest("the key must be EC P-256")
    return key


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _issued_by(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
