"""Devices that come in by TLS: let in, thrown out, invited with a code. Who did it is in the audit log.

The register is a file, and the audit log is in the store. Who is about to change the register is kept before: a change whose row
was lost between the two, by a full disk or a power cut, is written down when the register is next looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from broker.desk import audit
from broker.desk.roles import Refused
from broker.identity import code
from broker.identity import devices as identity
from broker.identity.authority import BadRequest, Made
from broker.identity.devices import Device as Device
from broker.identity.devices import Devices
from broker.identity.rights import BadName, checked
from broker.identity.rights import Kind as Kind
from broker.shop import Shop
from broker.store import begun, invitations
from broker.store.begun import Begun
from broker.store.database import change
from broker.store.invitations import Invitation as Invitation

CODE_MINUTES: Final = 10
MOST_TRIES: Final = 10
"""Wrong proofs before an invitation is gone: ten guesses at one of 2^49."""
OPEN_INVITATIONS: Final = 50
BEGUN: Final = "device"
"""What a row of `begun` is about."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A box that was let in: its certificate, and the key with which the answer to it is sealed."""

    device: Device
    made: Made
    seal: bytes = field(repr=False)


def register(shop: Shop) -> Devices:
    """Return the register of the shop's devices."""
    return Devices(shop.settings.store.data, shop.settings.store.id, prefix=shop.settings.home_assistant.prefix)


def listed(shop: Shop) -> list[Device]:
    """Return every certificate that is remembered, newest first. Raises Refused."""
    if begun.of(shop.db, BEGUN):
        with change(shop.db):
            for one in begun.of(shop.db, BEGUN):
                _settle(shop, one)
    return _listed(shop)


def _listed(shop: Shop) -> list[Device]:
    try:
        return register(shop).listed()
    except identity.Refused as no:
        raise Refused("register", str(no)) from None


@contextmanager
def _changing(shop: Shop, name: str, by: str) -> Iterator[None]:
    """Run the block as one transaction, after who does it was kept. What was refused did not begin."""
    with change(shop.db):
        _begin(shop, name, by)
    try:
        with change(shop.db):
            yield
    except Refused:
        with change(shop.db):
            begun.forget(shop.db, BEGUN, name)
        raise


def _begin(shop: Shop, name: str, by: str) -> None:
    """Keep who is about to change what the register says of *name*, and what it says before. Runs inside a transaction."""
    cut = begun.find(shop.db, BEGUN, name)
    if cut:
        _settle(shop, cut)
    stands = {one.serial: "live" if one.revoked_at is None else "gone" for one in _listed(shop) if one.name == name}
    begun.save(shop.db, Begun(what=BEGUN, key=name, at=shop.clock(), by=by, body=stands))


def _settle(shop: Shop, cut: Begun) -> None:
    """Write down what became of a change that was begun, if it came to anything. Runs inside a transaction."""
    told = False
    for one in _listed(shop)[::-1]:
        if one.name != cut.key:
            continue
        if one.serial not in cut.body:
            _tell_issued(shop, one, cut.by)
        elif one.revoked_at is not None and cut.body[one.serial] == "live" and _is_last(shop, one):
            _tell_revoked(shop, one, cut.by)
        else:
            continue
        told = True
    # Whoever began may be at it right now: what came to nothing yet stays, until it is begun anew.
    if told:
        begun.forget(shop.db, BEGUN, cut.key)


def _is_last(shop: Shop, one: Device) -> bool:
    """Return whether nobody came in with this name after *one*, whose end would be a part of that."""
    return not any(each.name == one.name and each.issued_at > one.issued_at for each in _listed(shop))


def _tell_issued(shop: Shop, one: Device, by: str) -> None:
    after = {"kind": str(one.kind), "serial": one.serial, "zones": list(one.zones)}
    audit.write(shop, "devices.issued", one.name, by=by, after=after)


def _tell_revoked(shop: Shop, gone: Device, by: str) -> None:
    audit.write(shop, "devices.revoked", gone.name, by=by, before={"kind": str(gone.kind), "serial": gone.serial})


def issue(
    shop: Shop, name: str, kind: Kind, *, by: str, zones: Sequence[str] = (), request: bytes | None = None
) -> tuple[Device, Made]:
    """Let *name* in; `tell` comes next. Raises Refused, and OSError when a file cannot be written."""
    with _changing(shop, name, by):
        return _issued(shop, name, kind, by, zones, request)


def revoke(shop: Shop, name: str, *, by: str) -> Device:
    """Throw *name* out; `tell` comes next. Raises Refused, and OSError when a file cannot be written."""
    with _changing(shop, name, by):
        invitations.forget(shop.db, name)
        try:
            gone = register(shop).revoke(name, now=shop.clock())
        except identity.Refused as no:
            raise Refused("nothing", str(no)) from None
        begun.forget(shop.db, BEGUN, name)
        _tell_revoked(shop, gone, by)
    return gone


def tell(shop: Shop) -> bool:
    """Let mosquitto read its lists anew; return whether it could be told from here."""
    return identity.tell(shop.settings.tls.mosquitto_pid_file)


def invite(shop: Shop, name: str, kind: Kind = Kind.CAMERA, *, by: str) -> str:
    """Let the box of *name* ask for its certificate within CODE_MINUTES; return the code it shows that it knows.

    An earlier code for that name is worth nothing any more. Raises Refused.
    """
    try:
        checked(shop.settings.store.id, name)
    except BadName as wrong:
        raise Refused("name", str(wrong)) from None
    made = code.new_code()
    proof = code.key_of(made, name).hex()
    with change(shop.db):
        now = shop.clock()
        invitations.forget_expired(shop.db, now)
        if len(invitations.everyone(shop.db)) >= OPEN_INVITATIONS:
            raise Refused("busy", f"{OPEN_INVITATIONS} codes are open at once. Wait ten minutes.")
        invitations.save(
            shop.db,
            Invitation(
                device=name, kind=kind, proof=proof, made_at=now, made_by=by, expires_at=now + timedelta(minutes=CODE_MINUTES)
            ),
        )
        audit.write(shop, "devices.invited", name, by=by, after={"kind": str(kind)})
    return made


def join(shop: Shop, name: str, request: str, proof: str) -> Joined:
    """Let the box of *name* in, which shows by *proof* over its signing *request* (PEM) that it knows the code.

    Works once; `tell` comes next.
    Raises Refused with the same words for a name that nobody invited, a code that is over and a wrong one.
    """
    with change(shop.db):
        found, _, right = _invited(shop, name, request, proof)
        if found is not None and right:
            _begin(shop, name, found.made_by)
    with change(shop.db):
        found, seal, right = _invited(shop, name, request, proof)
        if found is not None and right:
            device, made = _issued(shop, name, Kind(found.kind), found.made_by, (), request.encode())
            invitations.forget(shop.db, name)
        else:
            # The try must stay counted: nothing is raised before this is committed.
            _count(shop, found)
            made = None
    if made is None:
        raise Refused("code", "No code for this name is open, or it is another one. Ask for a new code.")
    return Joined(device, made, seal)


def _invited(shop: Shop, name: str, request: str, proof: str) -> tuple[Invitation | None, bytes, bool]:
    """Return the invitation of *name*, the key that its code was stretched to, and whether *proof* was made with it in time."""
    found = invitations.find(shop.db, name)
    seal = bytes.fromhex(found.proof) if found else b""
    right = code.is_sealed(proof, seal, "request", name, request)
    return found, seal, found is not None and right and found.expires_at > shop.clock()


def _count(shop: Shop, found: Invitation | None) -> None:
    if found is None:
        return
    if found.tries + 1 < MOST_TRIES:
        invitations.save(shop.db, replace(found, tries=found.tries + 1))
        return
    invitations.forget(shop.db, found.device)
    audit.write(shop, "devices.invitation_lost", found.device, by="box", before={"tries": found.tries + 1})


def _issued(
    shop: Shop, name: str, kind: Kind, by: str, zones: Sequence[str], request: bytes | None
) -> tuple[Device, Made]:  # fmt: skip
    try:
        unknown = sorted(set(zones) - set(shop.zones))
        if unknown:
            raise Refused("zone", f"{', '.join(unknown)} is not a zone of this shop: {', '.join(shop.zones)}.")
        device, made = register(shop).issue(name, kind, now=shop.clock(), by=by, zones=zones, request=request)
    except BadName as wrong:
        raise Refused("name", str(wrong)) from None
    except (identity.Refused, BadRequest) as no:
        raise Refused("device", str(no)) from None
    begun.forget(shop.db, BEGUN, name)
    _tell_issued(shop, device, by)
    return device, made
