"""When the shop is open: its week, and the days that have hours of their own."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from flask import render_template

from broker.settings import BadSettings, Settings
from broker.settings.opening import OpeningSettings
from broker.settings.writing import Way
from broker.web.app import current_shop
from broker.web.languages import say
from dashboard.admin.entries import Asked
from dashboard.admin.forms import Form, Sheet, route
from dashboard.wording import words_here

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BLANK_DAYS: Final = 4
"""Empty rows for days to come."""
MOST_ROWS: Final = 60
"""Special days that one form may hold."""

ALWAYS: Final = "always"


def spans(typed: str) -> list[str]:
    """Return typed hours as the file has them: `9-12, 13.30–18` is 09:00-12:00 and 13:30-18:00; none for a closed day.

    What is not understood stays as it is, so that the models say so.
    """
    parts = [part.strip() for part in re.split(r"[,;]| and ", typed.replace("–", "-").replace("—", "-")) if part.strip()]
    return ["-".join(_clock(end) for end in part.split("-")) for part in parts]


def _clock(typed: str) -> str:
    found = re.fullmatch(r"\s*(\d{1,2})(?:[:.](\d{2}))?\s*", typed)
    return f"{int(found[1]):02d}:{found[2] or '00'}" if found else typed.strip()


def _read(settings: Settings, form: Form) -> Asked:
    wants = Asked()
    for day in DAYS:
        hours = None if form.get(ALWAYS) else spans(form.get(f"opening.{day}", ""))
        stands = getattr(settings.opening, day)
        # A day that the file does not name is closed as long as it names another one.
        if hours != (None if stands is None else list(stands)) and (hours or stands or form.get(ALWAYS)):
            wants.edits["opening", day] = hours
    if not form.get(ALWAYS) and all(not spans(form.get(f"opening.{day}", "")) for day in DAYS):
        wants.wrong[""] = say("admin.opening_never")
    _read_special(settings, form, wants)
    _wrong(wants)
    return wants


def _read_special(settings: Settings, form: Form, wants: Asked) -> None:
    typed: dict[str, list[str]] = {}
    for number in range(MOST_ROWS):
        day = form.get(f"special.{number}.day", "").strip()
        if not day:
            continue
        try:
            name = date.fromisoformat(day).isoformat()
        except ValueError:
            wants.wrong[f"special.{number}"] = say("admin.wrong_day")
            continue
        if name in typed:
            wants.wrong[f"special.{number}"] = say("admin.wrong_day_twice")
        typed[name] = [] if form.get(f"special.{number}.closed") else spans(form.get(f"special.{number}.hours", ""))
    for day, hours in _shown(settings):
        if day not in typed:
            wants.edits["opening", "special", day] = None
        elif typed[day] != hours:
            wants.edits["opening", "special", day] = typed[day]
    new = typed.keys() - dict(_shown(settings)).keys()
    wants.edits |= {("opening", "special", day): typed[day] for day in sorted(new)}


def _wrong(wants: Asked) -> None:
    """Say beside each field whether its hours can be read."""
    for way, hours in wants.edits.items():
        if hours and not _readable(way, hours):
            wants.wrong[".".join(way)] = say("admin.wrong_opening")


def _readable(way: Way, hours: list[str]) -> bool:
    try:
        OpeningSettings.model_validate({way[1]: hours} if len(way) == 2 else {"special": {way[2]: hours}})
    except (ValueError, BadSettings):
        return False
    return True


def _shown(settings: Settings) -> list[tuple[str, list[str]]]:
    """Return the special days from today on; those that are over stay in the file for the reports of their time."""
    today = current_shop().hours.business_day(current_shop().clock())
    days = sorted(settings.opening.special.items())
    return [(day.isoformat(), list(hours)) for day, hours in days if day >= today][: MOST_ROWS - BLANK_DAYS]


def _show(sheet: Sheet) -> str:
    words, opening = words_here(sheet.settings.store.zone), sheet.settings.opening
    week: list[dict[str, Any]] = [
        {
            "name": f"opening.{day}", "label": words.weekday(number), "wrong": sheet.wrong.get(f"opening.{day}", ""),
            "value": sheet.shown(f"opening.{day}", ", ".join(getattr(opening, day) or ())),
        }
        for number, day in enumerate(DAYS)
    ]  # fmt: skip
    always = opening.spans() is None if sheet.form is None else bool(sheet.form.get(ALWAYS))
    return render_template("admin/opening.html", page="opening", sheet=sheet, week=week, always=always, special=_rows(sheet))


def _rows(sheet: Sheet) -> list[dict[str, Any]]:
    known = [*_shown(sheet.settings), *[("", ["?"])] * BLANK_DAYS]
    count = len(known) if sheet.form is None else max(len(known), sum(name.endswith(".day") for name in sheet.form))
    rows = []
    for number in range(min(count, MOST_ROWS)):
        day, hours = known[number] if number < len(known) else ("", ["?"])
        name = f"special.{number}"
        day = sheet.shown(f"{name}.day", day)
        closed = not hours if sheet.form is None else bool(sheet.form.get(f"{name}.closed"))
        wrong = sheet.wrong.get(name, "") or sheet.wrong.get(f"opening.special.{day}", "")
        typed = sheet.shown(f"{name}.hours", ", ".join(hours).replace("?", ""))
        rows.append({"name": name, "day": day, "hours": typed, "closed": closed, "wrong": wrong})
    return rows


route("opening", _read, _show)
