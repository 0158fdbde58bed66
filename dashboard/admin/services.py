"""Services: what a customer can take a number for, by its names, its letter and its sign."""

from __future__ import annotations

from typing import Final, get_args

from broker.settings import ServiceSettings, Settings
from broker.web.languages import OWN_NAMES, say
from dashboard.admin import rows
from dashboard.admin.entries import Asked
from dashboard.admin.forms import Form, route
from dashboard.admin.rows import Column, Table

ICONS: Final = tuple((icon, f"admin.services_icon_{icon}") for icon in get_args(ServiceSettings.model_fields["icon"].annotation))

SERVICES: Final = Table(
    "services",
    (
        Column("name", "admin.services_name"),
        Column("letter", "admin.services_letter", "letter", 1),
        Column("icon", "admin.services_icon", "choice", options=ICONS),
        Column("zone", "admin.services_zone", "zone"),
        *(Column(f"names.{language}", "admin.services_in", language=language) for language in OWN_NAMES),
    ),
    "bag",
    {"icon": "talk"},
)


def _read(settings: Settings, form: Form) -> Asked:
    wants = rows.asked(SERVICES, settings, form)
    _unused(settings, wants)
    _own_letter(settings, wants)
    return wants


def _unused(settings: Settings, wants: Asked) -> None:
    """Say which counters serve what is to be taken away."""
    gone = {way[1] for way, value in wants.edits.items() if len(way) == 2 and value is None}
    serving = [counter.name for counter in settings.counters if gone & set(counter.services)]
    if serving:
        wants.wrong[""] = say("admin.service_used", counters=", ".join(serving))


def _own_letter(settings: Settings, wants: Asked) -> None:
    """Say beside a letter that it is another service's."""
    letters: dict[str, str] = {}
    for service in settings.services:
        if ("services", service.id) not in wants.edits:
            letter = wants.edits.get(("services", service.id, "letter"), service.letter)
            _note(wants, letters, letter, service.id, service.name)
    for way, value in wants.edits.items():
        if len(way) == 2 and isinstance(value, dict):
            _note(wants, letters, value.get("letter", ""), rows.NEW, value["name"])


def _note(wants: Asked, letters: dict[str, str], letter: str, row: str, name: str) -> None:
    if letter in letters:
        wants.wrong[f"services.{row}.letter"] = say("admin.letter_taken", name=letters[letter])
    letters.setdefault(letter, name)


SERVICES.known()
route(
    "services",
    _read,
    lambda sheet: rows.drawn(SERVICES, sheet),
    fields=lambda settings, form: rows.fields(SERVICES, settings, form),
)
