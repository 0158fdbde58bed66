"""The audit log: who changed what, from where, before and after; looked for, a page at a time, and taken along as CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import audit as desk
from broker.desk import pairing, people, standards_page
from broker.desk.audit import MAX_NAME, Entry
from broker.desk.standards_page import BY_SETTINGS_FILE
from broker.shop import Shop
from broker.store import audit_search
from broker.store.audit_search import Search
from broker.store.database import change, moment
from broker.web import languages
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from broker.web.stores import stores
from dashboard import exports
from dashboard.admin import said
from dashboard.admin.office import bp
from dashboard.standards import title
from dashboard.wording import words_here

PAGE_ROWS: Final = 50
FIRST_DAY: Final = date(1970, 1, 1)
NO_ROW_IS_NEWER: Final = 2**63 - 1
CHECKED_ROWS: Final = 5_000
"""A log of no more rows is checked whenever it is looked at; a longer one when somebody asks."""
COLUMNS: Final = tuple(field.name for field in fields(Entry))
"""Of the file: the same as `greetline audit export` writes, with people by their id alone."""
SHOWN_LETTERS: Final = 200
"""Of a value before or after; the file has all of it."""
UNITS: Final = {"s": "\u00a0s", "min": "\u00a0min", "%": "\u00a0%", "n": "", "yes": "", "hours": ""}
"""How a number of the standards page is kept, with what is said behind it."""
NOTHING: Final = "–"
STANDARDS_CHANGED: Final = "settings.standards-changed"
KEYS: Final = frozenset({"role", "language", "active", "name", "zone", "zones", "kind", "minutes", "reason"})
"""Keys of rows about people, screens, zones and devices that are said in words."""
KINDS: Final = (
    "people", "screens", "keys", "pauses", "plans", "settings", "reports", "signin", "webhooks", "mail", "audit", "devices",
    "cameras", "rows",
)  # fmt: skip
DONE: Final = (
    "people_added", "people_pin", "people_language", "people_deactivated", "people_erased", "screens_paired", "screens_revoked",
    "keys_added", "keys_revoked", "pauses_zone_paused", "pauses_zone_resumed", "pauses_service_paused", "pauses_service_resumed",
    "plans_saved", "settings_changed", "settings_standards_changed", "reports_exported", "audit_exported", "signin_wrong_pin",
    "webhooks_enabled", "webhooks_sent_again", "webhooks_tested", "mail_tested", "people_role", "people_password",
    "people_password_made", "settings_saved", "settings_put_back", "settings_by_hand", "signin_wrong_password",
    "signin_wrong_provider", "signin_ended", "cameras_forgotten", "rows_exported",
    "devices_issued", "devices_revoked", "devices_invited", "devices_invitation_lost",
)  # fmt: skip
"""What is said in words; anything else stands there as it is written."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the page shows it: `changes` are (what it is called, key, before, after)."""

    id: int
    day: str
    time: str
    who: str
    did: str
    about: str
    about_name: str
    screen: str
    address: str
    changes: list[tuple[str, str, str, str]]


@bp.get("/admin/audit")
@needs("office.see")
def audit() -> ResponseReturnValue:
    """Show the newest rows of those looked for, or those before one."""
    shop, asked = current_shop(), _asked()
    before = request.args.get("before", type=int)
    before = None if before is None else min(max(before, 0), NO_ROW_IS_NEWER)
    entries = audit_search.found(shop.db, _search(shop, asked), limit=PAGE_ROWS + 1, before=before)
    older = entries[PAGE_ROWS - 1].id if len(entries) > PAGE_ROWS else None
    screens = {screen.id: screen.name for screen in pairing.screens(shop)}
    return render_template(
        "admin/audit.html", page="audit", rows=[_row(shop, entry, screens) for entry in entries[:PAGE_ROWS]], asked=asked,
        doers=_doers(shop), kinds=_kinds(shop), chain=_chain(shop),
        older=_address("/admin/audit", asked, before=older) if older else "", first=before is not None,
        newest=_address("/admin/audit", asked), file=_address("/admin/audit.csv", asked),
    )  # fmt: skip


@bp.post("/admin/audit.csv")
@needs("office.see")
def audit_file() -> Response:
    """Send every row that is looked for, oldest first; that it was taken along is written down."""
    asked, shop = _asked(), stores().open()
    try:
        search = _search(shop, asked)
        with change(shop.db):
            desk.write(shop, "audit.exported", "audit.csv", by=current_person().id, after=asked)
        lines = ([str(getattr(entry, column)) for column in COLUMNS] for entry in audit_search.every(shop.db, search))
        body = exports.csv_text((line for rows in ([COLUMNS], lines) for line in rows), words_here(shop.hours.zone))
    except BaseException:
        shop.db.conn.close()
        raise
    answer = Response(body, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{shop.settings.store.id}.csv"'
    answer.call_on_close(shop.db.conn.close)
    return answer


def _asked() -> dict[str, str]:
    """Return what the address asks for, cut to what can be; a day that is none, or that no clock of ours has, is any."""
    asked = {name: request.args.get(name, "")[:MAX_NAME] for name in ("by", "what", "about", "day")}
    try:
        known = date.fromisoformat(asked["day"]) >= FIRST_DAY
    except ValueError:
        known = False
    if not known:
        asked["day"] = ""
    return asked


def _search(shop: Shop, asked: dict[str, str]) -> Search:
    begin = end = None
    if asked["day"]:
        zone, day = shop.settings.store.zone, date.fromisoformat(asked["day"])
        begin = datetime(day.year, day.month, day.day, tzinfo=zone)
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone) if day < date.max else None
    return Search(by=asked["by"], what=asked["what"], about=asked["about"], begin=begin, end=end)


def _address(path: str, asked: dict[str, str], **more: object) -> str:
    query = urlencode({name: value for name, value in (asked | more).items() if value})
    return f"{path}?{query}" if query else path


def _doers(shop: Shop) -> list[tuple[str, str]]:
    named = [(by, _name(shop, by) or by) for by in audit_search.doers(shop.db)]
    return sorted(named, key=lambda one: one[1].casefold())


def _kinds(shop: Shop) -> list[tuple[str, str]]:
    return [(kind, say(f"adminaudit.kind_{kind}") if kind in KINDS else kind) for kind in audit_search.kinds(shop.db)]


def _chain(shop: Shop) -> tuple[str, str]:
    """Return how the chain was found and that in words; of a long log that nobody asked to check, only that it was not."""
    if "check" not in request.args and audit_search.count(shop.db) > CHECKED_ROWS:
        return "unknown", say("adminaudit.chain_unknown")
    found = desk.verify(shop)
    if found.whole:
        return "whole", say("adminaudit.chain_whole", n=f"{found.rows:,}".replace(",", "\u00a0"))
    return "broken", say("adminaudit.chain_broken", row=found.broken_at)


def _row(shop: Shop, entry: Entry, screens: dict[str, str]) -> Row:
    at = moment(entry.at)
    return Row(
        id=entry.id, day=languages.day(at, weekday=False) if at else entry.at, who=_name(shop, entry.by),
        time=languages.clock_time(at, seconds=True) if at else "", did=_did(entry.what), about=entry.subject,
        about_name=_called(shop, entry.subject, screens), screen=screens.get(entry.screen, entry.screen),
        address=entry.address, changes=_changes(shop, entry),
    )  # fmt: skip


def _called(shop: Shop, subject: str, screens: dict[str, str]) -> str:
    return screens.get(subject) or shop.zones.get(subject) or people.name_of(shop, subject) or ""


def _did(what: str) -> str:
    name = what.replace(".", "_").replace("-", "_")
    return say(f"adminaudit.did_{name}") if name in DONE else what


def _changes(shop: Shop, entry: Entry) -> list[tuple[str, str, str, str]]:
    before, after = json.loads(entry.before), json.loads(entry.after)
    keys = [key for key in {**before, **after} if _plain(before.get(key)) != _plain(after.get(key))]
    return [(_named(shop, entry.what, key), key, _plain(before.get(key)), _plain(after.get(key))) for key in keys]


def _named(shop: Shop, what: str, key: str) -> str:
    """Return what the forms and pages call *key* of a row, or "" where nothing does."""
    if what == STANDARDS_CHANGED:
        rule = key.rpartition(".")[0]
        known = {each.name for part in standards_page.parts(shop) for each in part.rules}
        return title(shop, rule) if rule in known else ""
    if what.startswith("settings."):
        return said.named(key)
    return say(f"s6.key_{key}") if key in KEYS else ""


def _plain(value: Any) -> str:
    text = _worded(value)
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def _worded(value: Any) -> str:
    """Return a value as people write it, without the brackets of its JSON; a number of the standards with its unit."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return say("standards.yes" if value else "standards.no")
    if isinstance(value, list):
        if len(value) == 2 and value[0] in UNITS and not isinstance(value[1], str):
            return _worded(value[1]) + UNITS[value[0]]
        return ", ".join(map(_worded, value)) or NOTHING
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_worded(inner)}" for key, inner in value.items() if inner not in (None, [], {})) or NOTHING
    return str(value)


def _name(shop: Shop, by: str) -> str:
    return say("adminaudit.by_file") if by == BY_SETTINGS_FILE else people.name_of(shop, by) or ""
