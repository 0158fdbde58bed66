"""Own texts: a named few of what customers read, in the shop's own words, language by language."""

from __future__ import annotations

from typing import Any, Final

from flask import render_template

from broker.desk.people import LANGUAGES
from broker.settings.reading import overridden
from broker.web.languages import say, texts_of
from broker.web.own_words import OURS
from dashboard.admin import said
from dashboard.admin.entries import Kind, Setting, asked
from dashboard.admin.forms import Sheet, drawn, route

WORDS: Final = {
    language: tuple(Setting(f"texts.{language}.{name}", f"admintexts.{name}_{language}", Kind.TEXT) for name in OURS)
    for language in LANGUAGES
}
EVERY: Final = tuple(setting for some in WORDS.values() for setting in some)


def _show(sheet: Sheet) -> str:
    fixed = overridden()
    groups = [_group(language, [_drawn(setting, language, sheet, fixed) for setting in some]) for language, some in WORDS.items()]
    return render_template("admin/settings.html", page="texts", sheet=sheet, groups=groups)


def _group(language: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": f"admintexts.lang_{language}", "hint": "", "fields": fields}


def _drawn(setting: Setting, language: str, sheet: Sheet, fixed: frozenset[str]) -> dict[str, Any]:
    ours = OURS[setting.way[-1]]
    return drawn(setting, sheet, fixed) | {"hint": say("admintexts.ours", text=texts_of(language, [ours])[ours])}


said.KNOWN.update({setting.key: setting for setting in EVERY})
route("texts", lambda settings, form: asked(EVERY, settings, form, overridden()), _show)
