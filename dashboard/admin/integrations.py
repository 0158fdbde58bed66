"""Integrations: webhooks, phones and chats and what they were told, keys of programs, Home Assistant, and a mail as a trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import apikeys, audit, lights, webhooks
from broker.desk.apikeys import SCOPES, ApiKey
from broker.desk.roles import Refused
from broker.settings import NotifySettings, WebhookSettings
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import change
from broker.store.deliveries import Delivery, DeliveryState
from broker.web import languages
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard import mail
from dashboard.admin.office import bp

LOG_ROWS: Final = 30
"""Deliveries that are shown of all webhooks; `greetline webhooks log` has more."""
REFUSALS: Final = frozenset({"no_webhook", "no_delivery", "disabled", "name", "scope", "taken", "full", "nobody"})
"""Refusals with words of their own: `adminout.no_<why>`."""
OPENS: Final = {
    "tickets.take": "adminout.scope_tickets_take", "tickets.read": "adminout.scope_tickets_read",
    "counters.serve": "adminout.scope_counters_serve", "display.read": "adminout.scope_display_read",
}  # fmt: skip
FROM: Final = {"zone": "notify.from_zone", "everybody": "notify.from_everybody", "lead": "notify.from_lead"}
MAIL_SUBJECT: Final = "Greetline"
STATES: Final = {DeliveryState.WAITING: "clock", DeliveryState.DONE: "check", DeliveryState.FAILED: "tri"}
TONES: Final = {DeliveryState.WAITING: "is-new", DeliveryState.DONE: "is-ok", DeliveryState.FAILED: "is-crit"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says of what was just asked for; `reason` is what the other side said, in its own words."""

    said: str = ""
    bad: str = ""
    reason: str = ""
    secret: str = ""
    form: dict[str, Any] = field(default_factory=dict)


@bp.get("/admin/integrations")
@needs("office.see")
def integrations() -> ResponseReturnValue:
    """Show what is connected."""
    done = request.args.get("done", "")
    return _page(Told(said=say(f"adminout.done_{done}") if done in ("enabled", "tested", "again") else ""))


@bp.post("/admin/integrations/webhooks/<name>/enable")
@needs("settings.change")
def enable_webhook(name: str) -> ResponseReturnValue:
    """Let a webhook be told again, from where it stopped or from now on."""
    return _moved(lambda shop, by: webhooks.enable(shop, name, from_now="from_now" in request.form, by=by), "enabled")


@bp.post("/admin/integrations/webhooks/<name>/test")
@needs("settings.change")
def try_webhook(name: str) -> ResponseReturnValue:
    """Send a webhook an event that only says that the way is free."""
    return _moved(lambda shop, by: webhooks.try_out(shop, name, by=by), "tested")


@bp.post("/admin/integrations/deliveries/<int:number>/again")
@needs("settings.change")
def send_again(number: int) -> ResponseReturnValue:
    """Make one delivery anew."""
    return _moved(lambda shop, by: webhooks.send_again(shop, number, by=by), "again")


def _moved(move: Any, done: str) -> ResponseReturnValue:
    try:
        move(current_shop(), current_person().id)
    except Refused as no:
        status = HTTPStatus.NOT_FOUND if no.why in ("no_webhook", "no_delivery") else HTTPStatus.CONFLICT
        return _page(Told(bad=_no(no)), status)
    return redirect(f"/admin/integrations?done={done}", HTTPStatus.SEE_OTHER)


@bp.post("/admin/integrations/keys")
@needs("people.change")
def make_key() -> ResponseReturnValue:
    """Make a key and show its secret, this once."""
    name, scopes = request.form.get("name", "").strip()[:64], request.form.getlist("scope")[: len(SCOPES)]
    try:
        key, secret = apikeys.add(current_shop(), name, scopes, by=current_person().id)
    except Refused as no:
        return _page(Told(bad=_no(no), form={"name": name, "scopes": scopes}), HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(Told(said=say("adminout.key_made", name=key.name), secret=secret))


@bp.post("/admin/integrations/keys/<name>/revoke")
@needs("people.change")
def revoke_key(name: str) -> ResponseReturnValue:
    """Let a key open nothing from now on."""
    try:
        key = apikeys.revoke(current_shop(), name, by=current_person().id)
    except Refused as no:
        return _page(Told(bad=_no(no)), HTTPStatus.NOT_FOUND)
    return _page(Told(said=say("adminout.key_revoked", name=key.name)))


@bp.post("/admin/integrations/mail")
@needs("settings.change")
def try_mail() -> ResponseReturnValue:
    """Send one short mail to those whom reports go to, and say what the mail server said."""
    shop = current_shop()
    text = say("adminout.mail_text", store=shop.settings.store.name)
    subject = f"{MAIL_SUBJECT}: {shop.settings.store.name}"
    try:
        send = mail.sender(shop.settings.mail)
        send(mail.message(shop.settings.mail, subject=subject, text=text, at=shop.clock()))
    except mail.NotSent as wrong:
        status = HTTPStatus.SERVICE_UNAVAILABLE if shop.settings.mail.host else HTTPStatus.CONFLICT
        return _page(Told(bad=say("adminout.mail_bad"), reason=str(wrong)), status)
    with change(shop.db):
        audit.write(shop, "mail.tested", "mail", by=current_person().id)
    return _page(Told(said=say("adminout.mail_sent", to=", ".join(shop.settings.mail.to))))


def _no(no: Refused) -> str:
    return say(f"adminout.no_{no.why}") if no.why in REFUSALS else str(no)


def _page(told: Told, status: HTTPStatus = HTTPStatus.OK) -> ResponseReturnValue:
    shop = current_shop()
    settings = shop.settings
    any_told = settings.webhooks or settings.notify or settings.push.enabled
    log = deliveries.newest(shop.db, None, limit=LOG_ROWS) if any_told else []
    page = render_template(
        "admin/integrations.html", page="integrations", said=told.said, bad=told.bad, told=told,
        hooks=[_hook(shop, hook) for hook in settings.webhooks],
        chats=[_chat(shop, target) for target in settings.notify], log=[_delivery(each, shop) for each in log],
        keys=[_key(key) for key in apikeys.every(shop)], scopes=[(scope, _opens(scope)) for scope in SCOPES],
        mail=settings.mail, home=settings.home_assistant, lamps=_lamps(shop),
    )  # fmt: skip
    return page, status


def _hook(shop: Shop, hook: WebhookSettings) -> dict[str, Any]:
    return {"id": hook.id, "about": hook.url, **_stands(shop, hook.id)}


def _chat(shop: Shop, target: NotifySettings) -> dict[str, Any]:
    """Return how a phone or chat stands and what it is told of; its address is a secret and on no page."""
    wants = [(say("notify.devices"), target.devices), (say("notify.weekly"), target.weekly_report)]
    about = [say(FROM[target.alerts])] if target.alerts in FROM else []
    about += [what for what, wanted in wants if wanted]
    if target.quiet:
        about.append(say("notify.quiet", hours=target.quiet))
    return {"id": target.id, "about": "; ".join(about), **_stands(shop, target.id)}


def _stands(shop: Shop, name: str) -> dict[str, Any]:
    known = deliveries.target(shop.db, name)
    off = known is not None and known.disabled_at is not None
    return {
        "off": off, "reason": known.reason if known else "", "waiting": deliveries.waiting(shop.db, name),
        "since": _when(known.disabled_at) if known and known.disabled_at else "",
    }  # fmt: skip


def _delivery(one: Delivery, shop: Shop) -> dict[str, Any]:
    there = webhooks.there(shop)
    return {
        "id": one.id, "hook": one.target, "event": one.event, "at": _when(one.at), "tries": one.tries, "status": one.status,
        "reason": one.reason, "state": say(f"adminout.is_{one.state}"), "icon": STATES[one.state], "tone": TONES[one.state],
        "again": one.state is not DeliveryState.WAITING and one.target in there and one.event != webhooks.TEST,
    }  # fmt: skip


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name, "opens": [_opens(scope) for scope in key.scopes], "made": languages.day(key.made_at, weekday=False),
        "used": _when(key.used_at) if key.used_at else "",
    }  # fmt: skip


def _opens(scope: str) -> str:
    return say(OPENS[scope]) if scope in OPENS else SCOPES[scope]


def _lamps(shop: Shop) -> list[tuple[str, str, int]]:
    return [(shop.zones[zone], say(f"adminout.lamp_{lit.state}"), lit.waiting) for zone, lit in lights.lit(shop).items()]


def _when(moment: datetime) -> str:
    return f"{languages.day(moment, weekday=False)} {languages.clock_time(moment)}"
