"""The report pages and their files: read the address, make the sheet, show it. Works without a script.

What is shown is in the address (period, zone, service, counter), so that it can be sent on and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, render_template, request

from broker.desk import audit
from broker.domain.period import NAMED, BadPeriod
from broker.shop import Shop
from broker.store.database import change
from broker.web.access import current_person, needs
from broker.web.stores import current_shop, stores
from dashboard import exports, paper, workbook
from dashboard.figures import DASH
from dashboard.reports import asked as asking
from dashboard.reports import files, kinds
from dashboard.reports.asked import Asked, NoSuchPlace
from dashboard.sheets import Sheet, every_table
from dashboard.wording import Words, words_here

bp = Blueprint("reports", __name__, template_folder="../templates")

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Link:
    """One choice: words, where it leads, and whether it is what is shown."""

    text: str
    to: str
    here: bool = False


@bp.get("/reports")
@bp.get("/reports/<what>")
@needs("report.see")
def page(what: str = kinds.FIRST) -> str:
    """Show a report."""
    shop, words, asked = _asked(what)
    sheet = kinds.made(what, shop, asked, words)
    return render_template(
        "report.html", sheet=sheet, words=words, asked=asked, dash=DASH, action=_address(what, None),
        kinds=_kinds(what, shop, asked, words), periods=_periods(what, asked, words), places=_places(what, shop, asked, words),
        exports=_exports(what, asked, sheet, words), today=shop.hours.business_day(shop.clock()),
    )  # fmt: skip


@bp.get("/reports/<what>.csv")
@needs("report.see")
def as_csv(what: str) -> Response:
    """Send one of the tables as a file, some rows at a time."""
    _, words, asked = _asked(what)
    name = request.args.get("table", "summary")
    # The file is read while it is sent, after the connection of this request has gone back.
    shop = stores().open()
    try:
        rows = files.rows(what, name, shop, asked, words)
        body = exports.csv_text(rows, words, mark=request.args.get("bom") != "0")
    except BaseException as wrong:
        shop.db.conn.close()
        if isinstance(wrong, files.NoSuchTable):
            abort(404)
        raise
    answer = _file(body, "text/csv; charset=utf-8", asking.file_name(shop, f"{what}-{name}", asked, "csv"))
    answer.call_on_close(shop.db.conn.close)
    return answer


@bp.get("/reports/<what>.xlsx")
@needs("report.see")
def as_xlsx(what: str) -> Response:
    """Send every table of the page as a workbook."""
    shop, words, asked = _asked(what)
    return _file(workbook.xlsx(kinds.made(what, shop, asked, words), words), XLSX, asking.file_name(shop, what, asked, "xlsx"))


@bp.get("/reports/<what>.pdf")
@needs("report.see")
def as_pdf(what: str) -> Response:
    """Send the page on paper."""
    shop, words, asked = _asked(what)
    body = paper.pdf(kinds.made(what, shop, asked, words), words, made=shop.clock())
    return _file(body, "application/pdf", asking.file_name(shop, what, asked, "pdf"))


def _file(body: bytes | Iterable[str], kind: str, name: str) -> Response:
    shop = current_shop()
    with change(shop.db):
        audit.write(shop, "reports.exported", name, by=current_person().id, after={"asked": request.full_path})
    answer = Response(body, content_type=kind)
    # The name is made of small letters, digits and hyphens only: nothing in it can end the header.
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(what: str) -> tuple[Shop, Words, Asked]:
    """Return what the address asks for; 400 for what is no period, 404 for no such report, zone, service or counter."""
    shop = current_shop()
    if what not in kinds.shown(shop):
        abort(404)
    query = {name: value for name, value in request.args.items() if name in ("period", "from", "to", *kinds.ASKS[what])}
    try:
        return shop, words_here(shop.hours.zone), asking.read(shop, query)
    except BadPeriod:
        abort(400)
    except NoSuchPlace:
        abort(404)


def _address(what: str, asked: Asked | None, *, ending: str = "", changed: dict[str, str | None] | None = None) -> str:
    """Return the address of a report, with some of the choice *changed*; without *asked*, that which a form goes to."""
    path = "/reports" if what == kinds.FIRST and not ending else f"/reports/{what}{ending}"
    return path if asked is None else f"{path}?{asked.query(**changed or {})}"


def _kinds(here: str, shop: Shop, asked: Asked, words: Words) -> list[Link]:
    found = []
    for what in kinds.shown(shop):
        dropped: dict[str, str | None] = {kind: None for kind in ("zone", "service", "counter") if kind not in kinds.ASKS[what]}
        found.append(Link(words(f"report.kind_{what}"), _address(what, asked, changed=dropped), what == here))
    return found


def _periods(what: str, asked: Asked, words: Words) -> list[Link]:
    return [Link(words(f"report.period_{name}"), _address(what, asked.over(name)), asked.period.name == name) for name in NAMED]


def _places(what: str, shop: Shop, asked: Asked, words: Words) -> list[tuple[str, list[Link]]]:
    """Return a menu for each kind of place there is a choice of: its label, and its links."""
    menus = []
    for kind in kinds.ASKS[what]:
        names, here = asking.places(shop, kind, words.locale.language), getattr(asked, kind)
        if len(names) < 2 and not here:
            continue
        links = [Link(words(f"report.all_{kind}s"), _address(what, asked, changed={kind: None}), here is None)]
        links += [Link(name, _address(what, asked, changed={kind: each}), each == here) for each, name in names.items()]
        menus.append((names[here] if here else links[0].text, links))
    return menus


def _exports(what: str, asked: Asked, sheet: Sheet, words: Words) -> list[Link]:
    whole = [Link(words(f"report.as_{ending}"), _address(what, asked, ending=f".{ending}")) for ending in ("pdf", "xlsx")]
    tables = [(table.key, table.head) for table in every_table(sheet, words) if table.rows]
    if what == kinds.FIRST:
        tables += [(name, words(f"report.table_{name}")) for name in exports.RAW]
    csv = [
        Link(words("report.as_csv", table=head), _address(what, asked, ending=".csv", changed={"table": key}))
        for key, head in tables
    ]
    return whole + csv
