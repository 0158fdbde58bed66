"""Printing and sound: the settings of both, a test number on paper, and a call to be heard, in any language.

The kiosk's program has the printer and the voice: a test is a wish that it answers.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import trials
from broker.desk.people import LANGUAGES
from broker.desk.roles import Refused
from broker.desk.trials import Kind as Tried
from broker.desk.trials import State
from broker.settings.reading import overridden
from broker.web import languages
from broker.web.access import current_person, needs
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin import said
from dashboard.admin.entries import Kind, Setting, asked
from dashboard.admin.forms import Sheet, drawn, route
from dashboard.admin.office import bp

PAPER: Final = (
    Setting("printer.kind", "adminsound.kind", Kind.CHOICE), Setting("printer.host", "adminsound.host", Kind.TEXT),
    Setting("printer.port", "adminsound.port", Kind.NUMBER), Setting("printer.cut", "adminsound.cut", Kind.FLAG),
    Setting("printer.ask_status", "adminsound.status", Kind.FLAG), Setting("printer.paper_near_end", "adminsound.low", Kind.FLAG),
    Setting("printer.drop_after_seconds", "adminsound.drop", Kind.SECONDS),
)  # fmt: skip
SOUND: Final = (
    Setting("sound.voice", "adminsound.voice", Kind.CHOICE), Setting("sound.volume", "adminsound.volume", Kind.NUMBER),
    Setting("sound.max_volume", "adminsound.most", Kind.NUMBER), Setting("sound.quiet", "adminsound.quiet", Kind.LINES),
    Setting("sound.read_aloud", "adminsound.aloud", Kind.CHOICE),
)  # fmt: skip
EVERY: Final = PAPER + SOUND
CHOICES: Final = (
    "adminsound.kind_none", "adminsound.kind_network", "adminsound.kind_usb", "adminsound.kind_file", "adminsound.kind_dummy",
    "adminsound.kind_browser", "adminsound.voice_auto", "adminsound.voice_espeak", "adminsound.voice_clips",
    "adminsound.voice_none", "adminsound.aloud_asked", "adminsound.aloud_always",
)  # fmt: skip
"""The words of what can be chosen, as `Setting.options` puts them together."""
IN_THE_WAY: Final = frozenset({"mute", "no_printer", "browser", "busy", trials.NOBODY, trials.TOO_LONG})
"""What can be in the way of a trial besides what a printer itself lacks: `adminsound.why_<word>`."""


def _show(sheet: Sheet) -> str:
    fixed = overridden()
    groups = [
        {"title": title, "hint": "", "fields": [drawn(setting, sheet, fixed) for setting in some]}
        for title, some in (("adminsound.printing", PAPER), ("adminsound.sound", SOUND))
    ]
    language = request.args.get("language", current_person().language or sheet.settings.store.language)
    return render_template(
        "admin/sound.html", page="sound", sheet=sheet, groups=groups, tried=[_row(kind) for kind in Tried], languages=LANGUAGES,
        language=language,
    )  # fmt: skip


said.KNOWN.update({setting.key: setting for setting in EVERY})
route("sound", lambda settings, form: asked(EVERY, settings, form, overridden()), _show)


@bp.post("/admin/sound/try")
@needs("settings.change")
def try_out() -> ResponseReturnValue:
    """Wish a test number on paper, or a call to be heard."""
    kind, language = request.form.get("kind", ""), request.form.get("language", "")
    try:
        trials.ask(current_shop(), kind, language, by=current_person().id)
    except Refused:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect(f"/admin/sound?language={language}#{kind}", HTTPStatus.SEE_OTHER)


@bp.get("/api/v1/office/trials")
@needs("settings.change")
def trials_now() -> ResponseReturnValue:
    """Tell the script of the page how the newest trials stand."""
    return {"trials": [_row(kind) for kind in Tried]}


@bp.get("/admin/sound/trials/<int:number>.wav")
@needs("settings.change")
def heard(number: int) -> Response:
    """Give the sound of a trial."""
    found = trials.sound(current_shop(), number)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return Response(found, content_type="audio/wav")


def _row(kind: Tried) -> dict[str, Any]:
    trial = trials.newest(current_shop(), kind)
    row: dict[str, Any] = {"kind": str(kind), "state": "", "says": "", "do": "", "seen": "", "sound": "", "at": ""}
    if trial is None:
        return row
    row |= {"state": str(trial.state), "seen": trial.says, "at": languages.clock_time(trial.asked_at, seconds=True)}
    if trial.state is State.FAILED:
        ours = trial.why in IN_THE_WAY
        row["says"] = say(f"adminsound.why_{trial.why}" if ours else f"floor.print_{trial.why}")
        row["do"] = say(f"adminsound.do_{trial.why}" if ours else f"floor.print_{trial.why}_do")
    elif trial.state is State.DONE:
        row["says"] = say("adminsound.done_paper" if kind is Tried.PAPER else "adminsound.done_voice")
        row["sound"] = f"/admin/sound/trials/{trial.id}.wav" if kind is Tried.VOICE else ""
    else:
        row["says"] = say("adminsound.going")
    return row
