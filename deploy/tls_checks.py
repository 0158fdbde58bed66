"""What `greetline doctor` says of the shop's certificates: the authority's fingerprint, and what expires soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from broker.settings import Settings
from deploy import certs
from deploy.fault import Fault
from deploy.finding import Finding, State

_RENEW: Final = "As whoever made it: greetline mqtt renew, then start the MQTT broker and the proxy anew."
_TWICE: Final = "Take its [[cameras]] out of the settings file here: the box has its own."


def certificates(settings: Settings, *, now: datetime | None = None) -> Iterator[Finding]:
    """Look at the shop's certificates, where it has any."""
    root, now = settings.tls.folder / "authority.crt", now or datetime.now(UTC)
    if not root.exists():
        return
    try:
        yield Finding("root", State.OK, _grouped(certs.fingerprint(root)))
    except Fault as wrong:
        yield Finding("root", State.WARN, "its fingerprint cannot be told", wrong.message)
        return
    except (OSError, ValueError) as wrong:
        yield Finding("root", State.MISSING, f"{root} cannot be read: {wrong}", "Put back the one of the installation.")
        return
    yield from _names(settings)
    for server in certs.SERVERS:
        days = certs.days_left(settings.tls.folder / f"{server}.crt", now=now)
        yield _left(server, days, certs.RENEW_INSTALLED if certs.installed(settings.tls.folder) else _RENEW)
    yield from _devices(settings, now)


def _names(settings: Settings) -> Iterator[Finding]:
    from deploy import bundle

    try:
        rest = certs.spoken_for(settings.tls.folder, bundle.reach_of(settings))[1]
    except Fault as wrong:
        rest = wrong.message
    if rest:
        yield Finding("tls: names", State.WARN, rest, "Until then the certificates speak for the others alone.")


def _grouped(fingerprint: str) -> str:
    pairs = fingerprint.split(":")
    return "  ".join(" ".join(pairs[n : n + 4]) for n in range(0, len(pairs), 4))


def _left(server: str, days: int | None, renew: str) -> Finding:
    name = f"tls: {server}"
    if days is None:
        return Finding(name, State.MISSING, "there is no certificate", renew)
    if days < 0:
        return Finding(name, State.MISSING, f"its certificate expired {-days} days ago", renew)
    if days < certs.WARN_BEFORE.days:
        return Finding(name, State.WARN, f"its certificate expires in {days} days", renew)
    return Finding(name, State.OK, f"its certificate is good for {days} days")


def _devices(settings: Settings, now: datetime) -> Iterator[Finding]:
    from broker.identity.devices import Devices, Refused
    from broker.identity.rights import Kind

    try:
        live = [one for one in Devices(settings.store.data, settings.store.id).listed() if one.revoked_at is None]
    except Refused as wrong:
        yield Finding("tls: devices", State.MISSING, str(wrong), "Nobody new is let in until then.")
        return
    watched = {camera.id for camera in settings.cameras}
    for one in live:
        if one.kind is Kind.CAMERA and one.live(now) and one.name in watched:
            says = "a box of its own watches it and this machine does too, so everybody is counted twice"
            yield Finding(f"camera: {one.name}", State.WARN, says, _TWICE)
        days = (one.expires_at - now).days
        if days < certs.WARN_BEFORE.days:
            says = f"its certificate expires in {days} days" if days >= 0 else "its certificate has expired"
            yield Finding(f"tls: {one.name}", State.WARN, says, _anew(one.name, one.kind is Kind.CAMERA))


def _anew(device: str, camera: bool) -> str:
    """Return how *device* gets another certificate: a camera box by asking again, which leaves its cameras as they are."""
    return f"greetline mqtt invite {device}, then sudo greetline join on the box" if camera else f"greetline mqtt renew {device}"
