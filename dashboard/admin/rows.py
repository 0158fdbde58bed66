"""Services and counters: each a row of the settings file, with a blank one below for the next."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final

from flask import render_template

from broker.settings import CounterSettings, ServiceSettings, Settings
from broker.settings.writing import ORDER
from broker.web.languages import OWN_NAMES, say
from dashboard.admin.entries import Asked
from dashboard.admin.forms import MOVE, Form, Sheet
from dashboard.admin.said import ROW_LABELS

NEW: Final = "+"
"""The name of the blank row."""
LONGEST_ID: Final = 32

Row = ServiceSettings | CounterSettings


@dataclass(frozen=True, slots=True)
class Column:
    """One setting of a row: `name` as in the file (`names.nb` in a table of the row), its words, how it is typed."""

    name: str
    label: str
    kind: str = "text"
    """text, letter, number, choice, zone, or services (several, as ticks)."""
    longest: int = 40
    options: tuple[tuple[str, str], ...] = ()
    """What can be chosen, each with the key of its words."""
    language: str = ""

    def stands(self, row: Row) -> Any:
        """Return its value in *row*."""
        value: Any = row
        for part in self.name.split("."):
            value = getattr(value, part)
        return value

    def shown(self, value: Any) -> str:
        """Return a value as the form has it."""
        return " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)

    def typed(self, text: str) -> Any:
        """Return what was typed as the models take it."""
        text = text.strip()
        if self.kind == "services":
            return tuple(text.split())
        if self.kind == "number":
            return int(text) if text.isdecimal() else text or None
        if self.kind == "letter":
            return text.upper() or None
        return text or None


@dataclass(frozen=True, slots=True)
class Table:
    """A list of tables of the file, as a page."""

    name: str
    """services or counters."""
    columns: tuple[Column, ...]
    icon: str
    defaults: dict[str, str] = field(default_factory=dict)

    def rows(self, settings: Settings) -> tuple[Row, ...]:
        """Return the rows as they stand."""
        rows: tuple[Row, ...] = getattr(settings, self.name)
        return rows

    def known(self) -> None:
        """Let every difference of this table be said by the words of its columns."""
        ROW_LABELS[self.name,] = f"admin.{self.name}_one"
        ROW_LABELS.update({(self.name, *column.name.split(".")): column.label for column in self.columns})

    def key(self, row: str, column: Column) -> str:
        """Return the name of a field."""
        return f"{self.name}.{row}.{column.name}"


def asked(table: Table, settings: Settings, form: Form) -> Asked:
    """Return what *form* asks for: rows changed, taken away, and one that is new."""
    wants = Asked()
    for row in table.rows(settings):
        if form.get(f"{table.name}.{row.id}.gone"):
            wants.edits[table.name, row.id] = None
            continue
        for column in table.columns:
            typed = column.typed(_text(table, row.id, column, form))
            if typed != column.stands(row):
                wants.edits[table.name, row.id, *column.name.split(".")] = typed
    stood = [row.id for row in table.rows(settings)]
    ordered = order(table, settings, form)
    if ordered != stood:
        wants.edits[table.name, ORDER] = [row for row in ordered if (table.name, row) not in wants.edits]
    _add(table, settings, form, wants)
    return wants


def order(table: Table, settings: Settings, form: Form | None) -> list[str]:
    """Return the ids of the rows in the order that *form* asks for; rows it does not name keep their place behind."""
    stood = [row.id for row in table.rows(settings)]
    asked_for = (form or {}).get(f"{table.name}.{ORDER}", "").split()[: len(stood)]
    known = [row for row in dict.fromkeys(asked_for) if row in stood]
    known += [row for row in stood if row not in known]
    way, row = moved(form)
    if row in known:
        place = known.index(row)
        to = min(max(place + (-1 if way == "up" else 1), 0), len(known) - 1)
        known.insert(to, known.pop(place))
    return known


def moved(form: Form | None) -> tuple[str, str]:
    """Return which way (up, down) a button asks a row to go, and which row; "" for neither."""
    step, _, rest = (form or {}).get("step", "").partition(":")
    way, _, row = rest.partition(":")
    return (way, row) if step == MOVE and way in ("up", "down") else ("", "")


def _text(table: Table, row: str, column: Column, form: Form) -> str:
    if column.kind == "services":
        # Several ticks, each with a name of its own.
        begin = table.key(row, column) + "."
        return " ".join(name.removeprefix(begin) for name in form if name.startswith(begin))
    return form.get(table.key(row, column), "")[:200]


def _add(table: Table, settings: Settings, form: Form, wants: Asked) -> None:
    typed = {column.name: column.typed(_text(table, NEW, column, form)) for column in table.columns}
    if not typed["name"]:
        return
    new: dict[str, Any] = {}
    for name, value in typed.items():
        if value in (None, ()) or table.defaults.get(name) == value:
            continue
        table_name, dot, inner = name.partition(".")
        if dot:
            new.setdefault(table_name, {})[inner] = value
        else:
            new[name] = list(value) if isinstance(value, tuple) else value
    wants.edits[table.name, new_id(str(typed["name"]), {row.id for row in table.rows(settings)}, table.name[:-1])] = new


def new_id(name: str, taken: set[str], else_called: str) -> str:
    """Return the id of a new row: its name as the wire can say it, with a number when that is taken or means something else."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ø", "o").replace("æ", "ae")).encode("ascii", "ignore").decode()
    begin = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or else_called
    number, made = 1, begin
    while made in taken or made == ORDER:
        number += 1
        made = f"{begin}-{number}"
    return made


def fields(table: Table, settings: Settings, form: Form) -> dict[str, str]:
    """Return which field a key of a new row belongs to."""
    new = next((way[1] for way, value in asked(table, settings, form).edits.items() if isinstance(value, dict)), "")
    keys = {f"{table.name}.{new}.{column.name}": table.key(NEW, column) for column in table.columns} if new else {}
    return keys | {table.key(row.id, column): table.key(row.id, column) for row in table.rows(settings) for column in table.columns}


def drawn(table: Table, sheet: Sheet) -> str:
    """Draw the page."""
    known = {row.id: row for row in table.rows(sheet.settings)}
    ids = order(table, sheet.settings, sheet.form)
    rows = [_row(table, sheet, row, known[row]) for row in ids]
    way, row = moved(sheet.form)
    if row in known:
        sheet.good = say("s6.moved", name=known[row].name, n=ids.index(row) + 1, all=len(ids))
    return render_template(
        "admin/rows.html", page=table.name, sheet=sheet, rows=rows, new=_row(table, sheet, NEW, None), icon=table.icon,
        zones=sheet.settings.zones, services=sheet.settings.services, own_names=OWN_NAMES,
        order=" ".join(ids), moved=(way, row), step=MOVE,
    )  # fmt: skip


def _row(table: Table, sheet: Sheet, name: str, row: Row | None) -> dict[str, Any]:
    return {
        "id": name, "name": f"{table.name}.{name}", "title": row.name if row else say(f"admin.{table.name}_new"),
        "letter": getattr(row, "letter", "") if row else "", "icon": getattr(row, "icon", table.icon),
        "gone": bool(sheet.form and sheet.form.get(f"{table.name}.{name}.gone")),
        "fields": [_field(table, sheet, name, row, column) for column in table.columns],
        "open": any(key.startswith(f"{table.name}.{name}.") for key in sheet.wrong),
    }  # fmt: skip


def _field(table: Table, sheet: Sheet, name: str, row: Row | None, column: Column) -> dict[str, Any]:
    key = table.key(name, column)
    stands = column.shown(column.stands(row)) if row else table.defaults.get(column.name, "")
    if column.kind == "services" and sheet.form is not None:
        stands = _text(table, name, column, sheet.form)
    elif sheet.form is not None:
        stands = sheet.form.get(key, "")
    return {
        "name": key, "label": say(column.label), "kind": column.kind, "value": stands, "wrong": sheet.wrong.get(key, ""),
        "longest": column.longest, "options": [(option, say(key)) for option, key in column.options],
        "language": column.language, "ticked": stands.split(),
    }  # fmt: skip
