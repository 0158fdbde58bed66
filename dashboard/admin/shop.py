"""The shop itself: its name, its clock, its language."""

from __future__ import annotations

from dashboard.admin.entries import Kind, Setting
from dashboard.admin.forms import Group, Page, serve

serve(
    Page(
        "shop",
        (
            Group(
                "admin.group_shop",
                (
                    Setting("store.name", "admin.store_name", Kind.TEXT),
                    Setting("store.language", "admin.store_language", Kind.LANGUAGE, "admin.store_language_hint"),
                    Setting("store.timezone", "admin.store_timezone", Kind.ZONE, "admin.store_timezone_hint"),
                ),
            ),
        ),
    )
)
