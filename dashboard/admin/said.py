"""A change of the settings in words: what it is called, what stood there and what would, what that does, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from broker.desk import people
from broker.desk.settings_changes import BY_FILE, Change, Difference, Stale, Strand
from broker.desk.stranding import Stranding
from broker.settings import BadSettings
from broker.settings.reading import Wrong
from broker.settings.writing import ORDER, hidden
from broker.web import languages
from broker.web.app import current_shop
from broker.web.languages import say, say_many
from dashboard.admin.entries import Kind, Setting
from dashboard.standards import span
from dashboard.wording import words_here

KNOWN: Final[dict[str, Setting]] = {}
"""Every setting that stands on a form, by its key: so each has one name in the office."""
ROW_LABELS: Final[dict[tuple[str, ...], str]] = {}
"""Of a list of tables the columns that a form names, such as `("services", "letter")`, with the key of their words."""
EFFECTS: Final = frozenset(
    {
        "store", "standards", "alerts", "opening", "queues", "services", "counters", "zones", "cameras", "dashboard", "kiosk",
        "printer", "sound", "texts", "retention",
    }
)  # fmt: skip
"""Tables of the file whose change has words of its own: `admin.effect_<table>`."""
LONGEST: Final = 200
"""Letters of a value that is shown; of a longer one the beginning."""

_LIMITS: Final = {
    "greater_than_equal": ("admin.wrong_low", "ge"), "greater_than": ("admin.wrong_low", "gt"),
    "less_than_equal": ("admin.wrong_high", "le"), "string_too_long": ("admin.wrong_long", "max_length"),
    "string_too_short": ("admin.wrong_empty", "min_length"), "int_parsing": ("admin.wrong_number", ""),
    "int_type": ("admin.wrong_number", ""), "int_from_float": ("admin.wrong_whole", ""),
    "float_parsing": ("admin.wrong_number", ""), "float_type": ("admin.wrong_number", ""),
    "too_long": ("admin.wrong_many", "max_length"),
    "string_pattern_mismatch": ("admin.wrong_form", ""), "literal_error": ("admin.wrong_form", ""),
    "missing": ("admin.wrong_empty", ""), "string_type": ("admin.wrong_empty", ""),
}  # fmt: skip
_RULES: Final = {
    "standards": "admin.wrong_standards", "queues": "admin.wrong_queues", "sound": "admin.wrong_sound",
    "store.timezone": "admin.wrong_timezone",
}  # fmt: skip
"""Rules of the models that have words of their own, by where they stand."""
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Line(NamedTuple):
    """One difference as it is shown: what it is about, before, after; "" where there is nothing."""

    label: str
    was: str
    became: str


def line(difference: Difference) -> Line:
    """Return *difference* in words."""
    way, setting = difference.way, KNOWN.get(difference.key)
    if setting is not None:
        was, became = (value(each, setting.kind, setting) for each in (difference.was, difference.became))
        return Line(say(setting.label), was, became)
    if len(way) == 2 and way[1] == ORDER and isinstance(difference.became, list):
        return Line(
            _order_of(way[0]), *(" · ".join(_row_name(way[0], row) for row in each) for each in (difference.was, difference.became))
        )
    if len(way) == 2 and way[:1] in ROW_LABELS:
        return Line(
            say(ROW_LABELS[way[:1]]), _whole(way[0], difference.was), _whole(way[0], difference.became) or say("admin.row_taken")
        )
    kind = Kind.SECONDS if way[-1].endswith("_seconds") else None
    if way[0] == "opening":
        return Line(_label(difference), _hours(difference.was), _hours(difference.became))
    return Line(_label(difference), value(difference.was, kind), value(difference.became, kind))


def _hours(what: list[str] | None) -> str:
    return "" if what is None else ", ".join(what) or say("standards.closed")


def _whole(table: str, row: Mapping[str, Any] | None) -> str:
    """Return a row of a list that came or went: its name, and what else its form shows of it."""
    parts = []
    for column, inner in (row or {}).items():
        words = ROW_LABELS.get((table, column))
        if isinstance(inner, dict):
            parts += [f"{languages.OWN_NAMES.get(language, language)}: {text}" for language, text in inner.items() if text]
        elif words and inner and column not in ("name", "icon", "services"):
            parts.append(f"{say(words)}: {inner}")
    return " · ".join([*([str(row["name"])] if row else []), *parts])


def named(key: str) -> str:
    """Return what the forms call the setting *key*, such as `standards.warn_seconds`, or "" for one that has no words."""
    way = tuple(key.split("."))
    if key in KNOWN:
        return say(KNOWN[key].label)
    if len(way) == 2 and way[:1] in ROW_LABELS:
        return _order_of(way[0]) if way[1] == ORDER else f"{say(ROW_LABELS[way[:1]])}: {_row_name(*way)}"
    try:
        label = _label(Difference(way, None, None))
    except (ValueError, IndexError):  # A day that is none: the log keeps what was written when there were other settings.
        return ""
    return "" if label == key else label


def _order_of(table: str) -> str:
    return say(f"s6.order_{table}") if (table,) in ROW_LABELS else f"{table}.{ORDER}"


def _label(difference: Difference) -> str:
    table, *rest = difference.way
    if table == "opening":
        return _day(rest[-1])
    column = ROW_LABELS.get((table, *rest[1:])) if rest else None
    if column:
        return " ".join([f"{_row_name(table, rest[0])}: {say(column)}", languages.OWN_NAMES.get(rest[-1], "")]).strip()
    return difference.key


def _day(name: str) -> str:
    """Return a day of the week, or a date, in words."""
    words = words_here(current_shop().settings.store.zone)
    return words.weekday(_DAYS.index(name)) if name in _DAYS else words.day(date.fromisoformat(name))


def _row_name(table: str, name: str) -> str:
    """Return the row of a list by its own name, as the shop has it now."""
    rows = getattr(current_shop().settings, table, ())
    return next((row.name for row in rows if row.id == name), name) if isinstance(rows, tuple) else name


def value(what: Any, kind: Kind | None = None, setting: Setting | None = None) -> str:
    """Return a value of the settings in words."""
    if isinstance(what, bool):
        return say("standards.yes" if what else "standards.no")
    if what is None:
        return ""
    if kind is Kind.SECONDS and isinstance(what, int | float):
        return span(what, words_here(current_shop().settings.store.zone))
    if setting is not None and kind in (Kind.CHOICE, Kind.LANGUAGE):
        return dict(setting.options()).get(str(what), str(what))
    if isinstance(what, list | tuple):
        return ", ".join(value(each) for each in what) or say("admin.nothing")
    if isinstance(what, dict):
        parts = ", ".join(f"{key}: {value(inner)}" for key, inner in what.items() if inner is not None)
        return str(hidden(what.get("name") or parts))[:LONGEST]
    return str(hidden(str(what)))[:LONGEST]


def lines(differences: tuple[Difference, ...]) -> list[Line]:
    """Return *differences* in words, in their order."""
    return [line(each) for each in differences]


def effects(differences: tuple[Difference, ...]) -> list[str]:
    """Return what a change does, a sentence for each table it touches."""
    tables = dict.fromkeys(each.way[0] for each in differences)
    return [say(f"admin.effect_{table}") for table in tables if table in EFFECTS]


def faults(wrong: BadSettings, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what the models refuse, in words, by the field of the form that it is about; "" for the form as a whole.

    *fields* leads from a key to the name of its field.
    """
    found: dict[str, str] = {}
    if not wrong.wrong:
        found[""] = say("admin.wrong_other", said=str(wrong))
    for each in wrong.wrong:
        name = next((fields[key] for key in _keys(each) if key in fields), "")
        found.setdefault(name, _sentence(each))
    return found


def _keys(wrong: Wrong) -> list[str]:
    """Return the key of what is wrong and those around it: of a list it is an item that is wrong."""
    return [".".join(wrong.where[:upto]) for upto in range(len(wrong.where), 0, -1)]


def _sentence(wrong: Wrong) -> str:
    if wrong.kind in _LIMITS:
        key, limit = _LIMITS[wrong.kind]
        return say(key, limit=wrong.limits.get(limit, ""))
    where = ".".join(wrong.where)
    if wrong.kind == "value_error" and where in _RULES:
        return say(_RULES[where])
    if wrong.kind == "value_error" and wrong.where[:1] == ("opening",):
        return say("admin.wrong_opening")
    return say("admin.wrong_other", said=wrong.said)


def strands(refused: Stranding) -> list[str]:
    """Return whom the change would strand, and what to do, a sentence each."""
    return [_strand(each) for each in refused.strands]


def _strand(one: Strand) -> str:
    if one.why in ("service", "closing", "zone"):
        return say_many(f"admin.strands_{one.why}", one.count, name=one.name)
    return say(f"admin.strands_{one.why}", name=one.name)


def stale(found: Stale) -> tuple[str, list[Line]]:
    """Return who changed the file meanwhile, as a sentence, and what is set otherwise now."""
    who = dict.fromkeys(by_name(each) for each in found.since)
    said = say("admin.stale_by", who=", ".join(who)) if who else say("admin.stale")
    return said, lines(found.meanwhile)


def by_name(change: Change) -> str:
    """Return who made a change, in words."""
    if change.by == BY_FILE:
        return say(f"admin.change_{change.kind}")
    who = people.find(current_shop(), change.by)
    return who.name if who else say("admin.somebody_gone")


def when(change: Change) -> str:
    """Return the moment of a change in words."""
    return f"{languages.day(change.at)}, {languages.clock_time(change.at)}"
