"""The report pages and their files: read the address, make the sheet, show it. Works without a script.

What is shown is in the address (period, zone, service, counter), so that it can be sent on and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, g, render_template, request

from broker.desk import audit, chain
from broker.domain.period import NAMED, BadPeriod
from broker.shop import Shop
from broker.store.database import StoreError, change
from broker.web.access import current_person, needs
from broker.web.stores import current_shop, stores
from dashboard import exports, workbook
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
    shop = chain.another(current_shop(), asked.store) if asked.store else stores().open()
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
    from dashboard import paper  # late: its letters are a quarter of what a start of this program takes

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
    """Return what the address asks for, and of which shop; 400 for what is no period, 404 for no such report or place."""
    query = {name: value for name, value in request.args.items() if name in ("period", "from", "to", *kinds.ASKS.get(what, ()))}
    here = current_shop()
    store = "" if what in kinds.CHAIN else request.args.get("store", "")
    shop = here if store in ("", here.settings.store.id) else _other(store)
    if what not in kinds.shown(shop):
        abort(404)
    if shop is not here:
        query["store"] = store
    try:
        return shop, words_here(shop.hours.zone), asking.read(shop, query)
    except BadPeriod:
        abort(400)
    except NoSuchPlace:
        abort(404)


def _other(store: str) -> Shop:
    """Return another store of the chain, until the end of this request; 404 for none, 503 for one that cannot be read now."""
    try:
        g.other_store = chain.another(current_shop(), store)
    except chain.NoSuchStore:
        abort(404)
    except StoreError:
        abort(503)
    shop: Shop = g.other_store
    return shop


@bp.teardown_request
def _close(_: BaseException | None = None) -> None:
    other = g.pop("other_store", None)
    if other is not None:
        other.db.conn.close()


def _address(what: str, asked: Asked | None, *, ending: str = "", changed: dict[str, str | None] | None = None) -> str:
    """Return the address of a report, with some of the choice *changed*; without *asked*, that which a form goes to."""
    path = "/reports" if what == kinds.FIRST and not ending else f"/reports/{what}{ending}"
    return path if asked is None else f"{path}?{asked.query(**changed or {})}"


def _kinds(here: str, shop: Shop, asked: Asked, words: Words) -> list[Link]:
    found = []
    chained = list(kinds.CHAIN) if current_shop().settings.reports.stores else []
    for what in [*(one for one in kinds.shown(shop) if one not in kinds.CHAIN), *chained]:
        kept = (*kinds.ASKS[what], *(() if what in kinds.CHAIN else ("store",)))
        dropped: dict[str, str | None] = {kind: None for kind in ("store", "zone", "service", "counter") if kind not in kept}
        found.append(Link(words(f"report.kind_{what}"), _address(what, asked, changed=dropped), what == here))
    return found


def _periods(what: str, asked: Asked, words: Words) -> list[Link]:
    return [Link(words(f"report.period_{name}"), _address(what, asked.over(name)), asked.period.name == name) for name in NAMED]


def _places(what: str, shop: Shop, asked: Asked, words: Words) -> list[tuple[str, list[Link]]]:
    """Return a menu for each kind of place there is a choice of: its label, and its links."""
    menus = [_stores(what, asked, words)] if current_shop().settings.reports.stores else []
    for kind in kinds.ASKS[what]:
        names, here = asking.places(shop, kind, words.locale.language), getattr(asked, kind)
        if len(names) < 2 and not here:
            continue
        links = [Link(words(f"report.all_{kind}s"), _address(what, asked, changed={kind: None}), here is None)]
        links += [Link(name, _address(what, asked, changed={kind: each}), each == here) for each, name in names.items()]
        menus.append((names[here] if here else links[0].text, links))
    return menus


def _stores(what: str, asked: Asked, words: Words) -> tuple[str, list[Link]]:
    """Return the menu of the stores of the chain: all of them side by side, or one as it is."""
    names, own = chain.names(current_shop()), current_shop().settings.store.id
    whole, here = what in kinds.CHAIN, asked.store or own
    all_of = what if whole else kinds.SIDE_BY_SIDE.get(what, kinds.STORES)
    one_of = next((one for one, side in kinds.SIDE_BY_SIDE.items() if side == what), what)
    nowhere: dict[str, str | None] = {"zone": None, "service": None, "counter": None}
    links = [Link(words("chain.all"), _address(all_of, asked, changed=nowhere | {"store": None}), whole)]
    for store, name in names.items():
        to = _address(one_of, asked, changed=nowhere | {"store": None if store == own else store})
        links.append(Link(name, to, not whole and store == here))
    return words("chain.all") if whole else names.get(here, here), links


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
