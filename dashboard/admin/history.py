"""What was changed in the settings, by whom and when, and the way back to each of them."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import settings_changes
from broker.desk.settings_changes import PUT_BACK, Change, Proposal
from broker.web.access import may, needs
from broker.web.app import current_shop
from dashboard.admin import said
from dashboard.admin.forms import BACK, Sheet, proposed, to_mend
from dashboard.admin.in_force import in_force
from dashboard.admin.office import bp

SHOWN: Final = 50
"""Newest changes that the page lists."""
OF_PAGES: Final = frozenset({"opening", "services", "counters"})
"""Tables that pages of the office write as a whole; of the others they write what is in `said.KNOWN`."""


@bp.get("/admin/history")
@needs("settings.change")
def history() -> ResponseReturnValue:
    """List the changes, newest first."""
    return _drawn(to_mend("history")[0])


@bp.post("/admin/history")
@needs("settings.change")
def go_back() -> ResponseReturnValue:
    """Go back to the text that a change gave the file: to what that changes, or into the file."""
    sheet, written = to_mend("history")
    if written is None or request.form.get("step") == BACK:
        return _drawn(sheet)
    number = request.form.get("change", "")
    if not number.isdecimal():
        abort(HTTPStatus.NOT_FOUND)
    try:
        return proposed(
            sheet,
            _drawn,
            lambda path, digest: _back_to(path, int(number), digest),
            {},
            kind=PUT_BACK,
        )
    except LookupError:
        abort(HTTPStatus.NOT_FOUND)


def _back_to(path: Path, number: int, digest: str) -> Proposal:
    """Return what going back changes; what no page of the office writes is changed back by those who may write the file."""
    proposal = settings_changes.back_to(current_shop(), path, number, digest=digest)
    beyond = [each for each in proposal.differences if each.way[0] not in OF_PAGES and each.key not in said.KNOWN]
    if beyond and not may("settings.file"):
        abort(HTTPStatus.FORBIDDEN)
    return proposal


def _drawn(sheet: Sheet) -> str:
    changes = settings_changes.changes(current_shop(), limit=SHOWN)
    return render_template("admin/history.html", page="history", sheet=sheet, rows=[_row(each, sheet) for each in changes])


def _row(change: Change, sheet: Sheet) -> dict[str, Any]:
    path = in_force().path
    differences = settings_changes.changed(current_shop(), path, change) if path else None
    return {
        "id": change.id, "when": said.when(change), "who": said.by_name(change), "kind": change.kind,
        "lines": None if differences is None else said.lines(differences), "stands": change.became == sheet.digest,
    }  # fmt: skip
