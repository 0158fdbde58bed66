"""Privacy and retention: what is kept about whom and until when, for how long it is to be kept, and a name to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final

from babel.dates import format_date
from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from broker.desk import keeping, people
from broker.desk.keeping import Holding
from broker.desk.roles import Refused
from broker.settings.reading import overridden
from broker.shop import Shop
from broker.store.kept import About
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin import said
from dashboard.admin.entries import Kind, Setting, asked
from dashboard.admin.forms import Sheet, drawn, route
from dashboard.admin.office import bp
from dashboard.wording import words_here

KEEPS: Final = tuple(
    Setting(f"retention.{name}", f"adminprivacy.{name}", Kind.DAYS)
    for name in (
        "visits_days", "tickets_days", "counts_days", "journal_days", "audit_days", "deliveries_days", "seen_days", "rejected_days",
    )
)  # fmt: skip
ABOUT: Final = {
    About.CUSTOMERS: "adminprivacy.about_customers", About.STAFF: "adminprivacy.about_staff",
    About.SCREENS: "adminprivacy.about_screens", About.MACHINES: "adminprivacy.about_machines",
}  # fmt: skip

NOW: Final = {
    About.CUSTOMERS: "adminprivacy.now_customers", About.STAFF: "adminprivacy.now_staff",
    About.SCREENS: "adminprivacy.now_screens", About.MACHINES: "adminprivacy.now_machines",
}  # fmt: skip
"""What stays as long as it is needed."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept by one setting, or as long as it is needed: whom it is about, how many rows, the oldest, and until when."""

    label: str
    about: str
    rows: str
    oldest: str
    until: str


def _show(sheet: Sheet) -> str:
    shop, fixed = current_shop(), overridden()
    stored = list({each.what: each for each in keeping.stored(shop)}.values())
    return render_template(
        "admin/privacy.html", page="privacy", sheet=sheet, fields=[drawn(setting, sheet, fixed) for setting in KEEPS],
        held=_held(shop, stored), tables=[_table(shop, each) for each in stored], left=_left(shop),
        erased="erased" in request.args,
    )  # fmt: skip


said.KNOWN.update({setting.key: setting for setting in KEEPS})
route("privacy", lambda settings, form: asked(KEEPS, settings, form, overridden()), _show)


@bp.post("/admin/privacy/erase")
@needs("people.change")
def erase() -> ResponseReturnValue:
    """Say what forgetting a name would do, and do it when that was looked at."""
    person, sure = request.form.get("person", "")[:80], request.form.get("step") == "erase"
    try:
        done = keeping.erase(current_shop(), person, by=current_person().id, dry_run=not sure)
    except Refused as no:
        key = "adminprivacy.no_active" if no.why == "active" else "adminprivacy.no_nobody"
        status = HTTPStatus.CONFLICT if no.why == "active" else HTTPStatus.NOT_FOUND
        return render_template("admin/erase.html", page="privacy", done=None, bad=say(key)), status
    if sure:
        return redirect("/admin/privacy?erased=1", HTTPStatus.SEE_OTHER)
    return render_template("admin/erase.html", page="privacy", done=done)


def _left(shop: Shop) -> list[people.Person]:
    """Return those who no longer work here and whose names are still known."""
    gone = [person for person in people.everybody(shop, inactive=True) if not person.active]
    return [person for person in gone if not person.name.startswith(keeping.FORMER)]


def _held(shop: Shop, stored: list[Holding]) -> list[Held]:
    """Return one row for each setting of retention, then one for whom the rest is about."""
    made = [_sum(shop, each.label, [one for one in stored if f"retention.{one.setting}" == each.key]) for each in KEEPS]
    rest = [(key, [one for one in stored if not one.setting and one.about is about]) for about, key in NOW.items()]
    return made + [_sum(shop, key, some) for key, some in rest if some]


def _sum(shop: Shop, label: str, some: list[Holding]) -> Held:
    abouts = [say(ABOUT[about]) for about in About if any(one.about is about for one in some)]
    days = next((one.days for one in some if one.days is not None), None)
    words = words_here(shop.hours.zone)
    return Held(
        label=say(label), about=", ".join(abouts), rows=words.number(sum(one.rows for one in some)),
        oldest=_day(shop, min((_date(shop, one.oldest) for one in some if one.oldest is not None), default=None)),
        until=say("adminprivacy.days", n=words.number(days)) if days is not None else say("adminprivacy.needed"),
    )  # fmt: skip


def _table(shop: Shop, one: Holding) -> dict[str, Any]:
    words = words_here(shop.hours.zone)
    until = say("adminprivacy.days", n=words.number(one.days)) if one.days is not None else say("adminprivacy.needed")
    oldest = _day(shop, _date(shop, one.oldest) if one.oldest else None)
    return {"what": one.what, "about": say(ABOUT[one.about]), "rows": words.number(one.rows), "oldest": oldest, "until": until}


def _date(shop: Shop, oldest: datetime | date) -> date:
    return oldest.astimezone(shop.settings.store.zone).date() if isinstance(oldest, datetime) else oldest


def _day(shop: Shop, day: date | None) -> str:
    return "" if day is None else str(format_date(day, "long", locale=get_locale()))
