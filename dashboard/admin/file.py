"""The whole file: every setting there is, as the file has it, for whoever may break it. It is judged before it is written."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import settings_changes
from broker.settings.writing import MAX_FILE_BYTES
from broker.web.access import needs
from broker.web.app import current_shop
from dashboard.admin.forms import BACK, Sheet, proposed, to_mend
from dashboard.admin.office import bp


@bp.get("/admin/file")
@needs("settings.file")
def file() -> ResponseReturnValue:
    """Show the file as it stands, right or wrong."""
    sheet, written = to_mend("file")
    return _drawn(sheet, written.text if written else "")


@bp.post("/admin/file")
@needs("settings.file")
def change_file() -> ResponseReturnValue:
    """Take the text a step further: to what it changes, or into the file."""
    sheet, written = to_mend("file")
    text = as_in_the_file(request.form.get("text", ""), written.text if written else "")
    if written is None or request.form.get("step") == BACK:
        return _drawn(sheet, text)
    return proposed(
        sheet,
        lambda shown: _drawn(shown, text),
        lambda path, digest: settings_changes.propose_text(current_shop(), path, text, digest=digest),
        {},
    )


def as_in_the_file(typed: str, was: str) -> str:
    """Return what a browser sends of a text, with the ends of line that the file had."""
    lines = typed.replace("\r\n", "\n").rstrip("\n") + "\n"
    return lines.replace("\n", "\r\n") if "\r\n" in was else lines


def _drawn(sheet: Sheet, text: str) -> str:
    return render_template("admin/file.html", page="file", sheet=sheet, text=text, longest=MAX_FILE_BYTES)
