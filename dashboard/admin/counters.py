"""Counters: the desks, and what each of them can serve."""

from __future__ import annotations

from typing import Final

from dashboard.admin import rows
from dashboard.admin.forms import route
from dashboard.admin.rows import Column, Table

COUNTERS: Final = Table(
    "counters",
    (
        Column("name", "admin.counters_name", longest=20),
        Column("number", "admin.counters_number", "number", 2),
        Column("services", "admin.counters_services", "services"),
    ),
    "bell",
)

COUNTERS.known()
route(
    "counters",
    lambda settings, form: rows.asked(COUNTERS, settings, form),
    lambda sheet: rows.drawn(COUNTERS, sheet),
    fields=lambda settings, form: rows.fields(COUNTERS, settings, form),
)
