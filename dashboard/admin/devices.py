"""Devices: which camera boxes, boards and lamps are let in by TLS, a code for another box, and the end of one that is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from broker.desk.roles import Refused
from broker.shop import Shop
from broker.web import languages
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin.office import bp

SOON: Final = timedelta(days=30)
INVITED: Final = ("camera", "button")
"""What lets itself in with a code; everything else is given its files with `greetline mqtt issue`."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was just made, and what is typed on the box before it."""

    name: str
    code: str
    until: str
    command: str


@bp.get("/admin/devices")
@needs("screens.change")
def devices() -> ResponseReturnValue:
    """List the devices that are let in."""
    return _page()


@bp.post("/admin/devices")
@needs("screens.change")
def invite() -> ResponseReturnValue:
    """Make a code for a box; it is shown once."""
    shop, name, kind = current_shop(), request.form.get("name", "").strip().lower()[:40], request.form.get("kind", "")
    if not _ready(shop):
        return _page(bad=say("devices.no_certificates"), name=name)
    if kind not in INVITED:
        return _page(bad=say("devices.no_name"), name=name)
    from broker.desk import boxes

    try:
        code = boxes.invite(shop, name, boxes.Kind(kind), by=current_person().id)
    except Refused as no:
        return _page(bad=say(f"devices.no_{no.why}"), name=name)
    until = languages.clock_time(shop.clock() + timedelta(minutes=boxes.CODE_MINUTES))
    command = f"sudo greetline join {name} --shop {_host(shop)}"
    return _page(code=Code(name, code, until, command))


@bp.post("/admin/devices/revoke")
@needs("screens.change")
def throw_out() -> ResponseReturnValue:
    """Throw a device out."""
    shop, name = current_shop(), request.form.get("name", "")[:40]
    if not _ready(shop):
        return _page(bad=say("devices.no_certificates"))
    from broker.desk import boxes

    try:
        boxes.revoke(shop, name, by=current_person().id)
    except Refused as no:
        return _page(bad=say(f"devices.no_{no.why}"))
    boxes.tell(shop)
    return _page(said=say("devices.thrown", name=name))


def _page(*, said: str = "", bad: str = "", name: str = "", code: Code | None = None) -> ResponseReturnValue:
    shop = current_shop()
    rows, ready = [], _ready(shop)
    if ready:
        try:
            rows = _rows(shop)
        except Refused as no:
            bad = bad or say(f"devices.no_{no.why}")
    page = render_template(
        "admin/devices.html", page="devices", said=said, bad=bad, rows=rows, ready=ready, kinds=INVITED, name=name, code=code
    )
    return page, 422 if bad else 200


def _rows(shop: Shop) -> list[dict[str, Any]]:
    from broker.desk import boxes

    now = shop.clock()
    return [
        {
            "name": one.name, "kind": one.kind.replace("-", "_"), "soon": one.expires_at - now < SOON,
            "zones": ", ".join(shop.zones.get(zone, zone) for zone in one.zones),
            "until": languages.day(one.expires_at, weekday=False), "year": one.expires_at.year,
        }
        for one in boxes.listed(shop)
        if one.live(now)
    ]  # fmt: skip


def _ready(shop: Shop) -> bool:
    """Return whether this shop has certificates, and what reads them is installed."""
    try:
        from broker.desk import boxes  # noqa: F401 - whether it can be had
    except ModuleNotFoundError:
        return False
    return (shop.settings.tls.folder / "authority.crt").exists()


def _host(shop: Shop) -> str:
    """Return where a box reaches this machine: as the settings say, else as this browser has."""
    names = shop.settings.tls.names
    return names[0] if names else request.host.partition(":")[0]
