"""A page of settings: what is typed becomes a proposal, the proposal is looked at in words, and only then is the file changed.

A page of plain settings is a `Page` given to `serve`. A page whose fields follow the shop (its services, its week) has a
`read` and a `show` of its own and is given to `route`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import settings_changes
from broker.desk.settings_changes import SAVED, CannotWrite, Proposal, Stale, Stranding
from broker.desk.stranding import stranded
from broker.settings import BadSettings, Settings
from broker.settings.reading import overridden
from broker.settings.writing import Written, judged, look
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin import said
from dashboard.admin.entries import Asked, Kind, Setting, asked
from dashboard.admin.in_force import begins_anew, in_force
from dashboard.admin.office import bp

SAVE: Final = "save"
"""The step of a form that was looked at in words; anything else shows the words first, or the form again."""
BACK: Final = "back"
MOVE: Final = "move"
"""Begins the step of a button that moves a row: the page is shown again with the row in its new place."""

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together, below the heading *title*; *hint* says more. Both are keys of the catalogues."""

    title: str
    settings: tuple[Setting, ...]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of plain settings; `page` is its entry in the list at the side."""

    page: str
    groups: tuple[Group, ...]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting of the page."""
        return tuple(setting for group in self.groups for setting in group.settings)


@dataclass(slots=True)
class Sheet:
    """What a page is drawn from."""

    page: str
    settings: Settings
    """As the file has them; the last good ones while it cannot be used."""
    digest: str
    form: Form | None = None
    """What was typed, when the form is shown again."""
    wrong: dict[str, str] = field(default_factory=dict)
    good: str = ""
    bad: list[str] = field(default_factory=list)
    meanwhile: list[said.Line] = field(default_factory=list)
    shut: str = ""
    """Why nothing can be changed here now; "" when it can."""

    def shown(self, name: str, stands: str) -> str:
        """Return what the field *name* shows: what was typed, else what stands."""
        return stands if self.form is None else self.form.get(name, "")


Read = Callable[[Settings, Form], Asked]
Show = Callable[[Sheet], str]
Fields = Callable[[Settings, Form], Mapping[str, str]]
"""Leads from keys to the names of the fields of a form."""


def _as_they_are(settings: Settings, form: Form) -> Mapping[str, str]:
    return {}


def serve(page: Page) -> None:
    """Serve *page* at /admin/<its name>, for who may change settings."""
    said.KNOWN.update({setting.key: setting for setting in page.settings})
    route(
        page.page,
        lambda settings, form: asked(page.settings, settings, form, overridden()),
        lambda sheet: render_template("admin/settings.html", page=page.page, sheet=sheet, groups=_groups(page, sheet)),
    )


def route(page: str, read: Read, show: Show, *, fields: Fields = _as_they_are, need: str = "settings.change") -> None:
    """Serve a form at /admin/<page>. *fields* leads from keys to the names of their fields where these differ."""

    @needs(need)
    def view() -> ResponseReturnValue:
        return _page(page, show)

    @needs(need)
    def change() -> ResponseReturnValue:
        return answer(page, read, show, fields)

    bp.add_url_rule(f"/admin/{page}", f"{page}_settings", view, methods=["GET"])
    bp.add_url_rule(f"/admin/{page}", f"change_{page}_settings", change, methods=["POST"])


def _page(page: str, show: Show) -> ResponseReturnValue:
    return show(opened(page)[0])


def opened(page: str) -> tuple[Sheet, Written | None]:
    """Return the page as the file stands now, and the file; None when it cannot be read or used."""
    shop, path, sheet = current_shop(), in_force().path, Sheet(page, current_shop().settings, "")
    if path is None:
        sheet.shut = say("admin.no_file")
        return sheet, None
    try:
        written = look(path)
        sheet = Sheet(page, judged(written.text, path), written.digest)
    except BadSettings as wrong:
        return Sheet(page, shop.settings, "", shut=say("admin.file_broken", said=str(wrong))), None
    sheet.good = say("admin.saved_now") if request.args.get("done") else ""
    return sheet, written


def to_mend(page: str) -> tuple[Sheet, Written | None]:
    """Do as `opened` does for a page on which a file that cannot be used can be mended: it stays open, and says what is wrong."""
    sheet, written = opened(page)
    path = in_force().path
    if written is not None or path is None:
        return sheet, written
    try:
        written = look(path)
    except BadSettings:
        return sheet, None
    sheet.bad, sheet.shut, sheet.digest = [sheet.shut], "", written.digest
    return sheet, written


def answer(page: str, read: Read, show: Show, fields: Fields) -> ResponseReturnValue:
    """Take what was typed on *page* a step further: to the words, or into the file; or say what is wrong."""
    form, (sheet, written) = request.form, opened(page)
    sheet.form = form
    if written is None or in_force().path is None:
        return show(sheet), HTTPStatus.CONFLICT
    if form.get("step") == BACK or form.get("step", "").startswith(MOVE):
        return show(sheet)
    wants = read(sheet.settings, form)
    if wants.wrong:
        return again(sheet, show, wants.wrong)
    names = (
        {".".join(way): ".".join(way) for way in wants.edits}
        | {key: key for key in said.KNOWN}
        | dict(fields(sheet.settings, form))
    )
    return proposed(
        sheet, show, lambda path, digest: settings_changes.propose(current_shop(), path, wants.edits, digest=digest), names
    )


def proposed(
    sheet: Sheet,
    show: Show,
    make: Callable[[Path, str], Proposal],
    fields: Mapping[str, str],
    *,
    kind: str = settings_changes.SAVED,
) -> ResponseReturnValue:
    """Take what *make* proposes for the file and the digest of the form a step further, or say why it cannot be had."""
    try:
        proposal = make(Path(in_force().path or ""), request.form.get("digest", ""))
    except Stale as stale:
        return _outdated(sheet, show, stale)
    except BadSettings as wrong:
        return again(sheet, show, said.faults(wrong, fields))
    if proposal.text == proposal.was.text:
        sheet.good = say("admin.nothing_changed")
        return show(sheet)
    return settle(sheet, proposal, show, kind=kind)


def settle(sheet: Sheet, proposal: Proposal, show: Show, *, kind: str = SAVED) -> ResponseReturnValue:
    """Show *proposal* in words, or write it when it was looked at already."""
    refused = stranded(current_shop(), proposal.before, proposal.after, beside=proposal.path.parent)
    if refused:
        return _stranding(sheet, show, Stranding(refused))
    if request.form.get("step") != SAVE:
        return _review(sheet, proposal)
    try:
        made = settings_changes.save(current_shop(), proposal, by=current_person().id, kind=kind)
    except Stale as stale:
        return _outdated(sheet, show, stale)
    except Stranding as no:
        return _stranding(sheet, show, no)
    except CannotWrite as wrong:
        sheet.bad = [say("admin.cannot_write", said=str(wrong))]
        return show(sheet), HTTPStatus.CONFLICT
    return _saved(sheet.page, proposal, made.id)


def _review(sheet: Sheet, proposal: Proposal) -> str:
    kept = [(name, text) for name, text in request.form.items(multi=True) if name not in ("csrf_token", "step")]
    return render_template(
        "admin/review.html", page=sheet.page, kept=kept, lines=said.lines(proposal.differences), to=request.path,
        effects=said.effects(proposal.differences), anew=begins_anew(),
    )  # fmt: skip


def _saved(page: str, proposal: Proposal, number: int) -> str:
    anew = begins_anew() and not in_force().is_up_to_date()
    return render_template(
        "admin/saved.html", page=page, lines=said.lines(proposal.differences), anew=anew, to=f"/admin/{page}?done={number}",
        by_hand=not begins_anew() and not in_force().is_up_to_date(),
    )  # fmt: skip


def again(sheet: Sheet, show: Show, wrong: dict[str, str]) -> ResponseReturnValue:
    """Show the form again, with what is *wrong* beside its fields; "" is about the whole of it."""
    sheet.wrong = {name: text for name, text in wrong.items() if name}
    sheet.bad = [wrong[""]] if "" in wrong else [say("admin.look_again")]
    return show(sheet), HTTPStatus.UNPROCESSABLE_ENTITY


def _outdated(sheet: Sheet, show: Show, found: Stale) -> ResponseReturnValue:
    sentence, sheet.meanwhile = said.stale(found)
    sheet.bad = [sentence]
    return show(sheet), HTTPStatus.CONFLICT


def _stranding(sheet: Sheet, show: Show, refused: Stranding) -> ResponseReturnValue:
    sheet.bad = said.strands(refused)
    return show(sheet), HTTPStatus.CONFLICT


def _groups(page: Page, sheet: Sheet) -> list[dict[str, Any]]:
    fixed = overridden()
    return [
        {"title": group.title, "hint": group.hint, "fields": [drawn(setting, sheet, fixed) for setting in group.settings]}
        for group in page.groups
    ]


def drawn(setting: Setting, sheet: Sheet, fixed: frozenset[str]) -> dict[str, Any]:
    """Return one setting as the template draws it."""
    stands, is_fixed = setting.shown(sheet.settings), setting.key in fixed
    return {
        "name": setting.key, "label": say(setting.label), "hint": say(setting.hint) if setting.hint else "", "kind": setting.kind,
        "value": stands if is_fixed else sheet.shown(setting.key, stands), "wrong": sheet.wrong.get(setting.key, ""),
        "fixed": is_fixed, "low": setting.limit("ge", "gt"), "high": setting.limit("le"), "longest": setting.limit("max_length"),
        "options": setting.options() if setting.kind in (Kind.CHOICE, Kind.LANGUAGE, Kind.ZONE) else [],
    }  # fmt: skip


@bp.get("/admin/settings/running")
@needs("settings.change")
def running() -> ResponseReturnValue:
    """Tell a script whether this program runs with what the file says."""
    return {"current": in_force().is_up_to_date()}
