"""What the shop promises, when its screens call for help, and how its queue moves on."""

from __future__ import annotations

from typing import Final

from dashboard.admin.entries import Kind, Setting
from dashboard.admin.forms import Group, Page, serve


def _each(table: str, *rows: tuple[str, str, Kind]) -> tuple[Setting, ...]:
    return tuple(Setting(f"{table}.{name}", f"admin.{table}_{words}", kind) for name, words, kind in rows)


S: Final = Kind.SECONDS
LADDER: Final = _each(
    "standards", ("warn_seconds", "warn", S), ("greet_within_seconds", "greet", S), ("escalate_seconds", "escalate", S),
    ("call_lead_seconds", "lead", S), ("abandon_seconds", "abandon", S),
)  # fmt: skip
AFTER: Final = _each(
    "standards", ("claim_seconds", "claim", S), ("upset_answer_seconds", "upset", S), ("browse_seconds", "browse", S),
    ("undo_seconds", "undo", S), ("reopen_seconds", "reopen", S), ("late_news_seconds", "late", S), ("party_seconds", "party", S),
)  # fmt: skip
SOUND: Final = _each(
    "alerts", ("sound_every_seconds", "every", S), ("sound_times", "times", Kind.NUMBER),
    ("flood_alerts", "flood", Kind.NUMBER), ("flood_minutes", "window", Kind.MINUTES), ("device_silent_seconds", "silent", S),
    ("on_delay_seconds", "on", S), ("off_delay_seconds", "off", S),
)  # fmt: skip
QUEUE: Final = _each(
    "queues", ("wait_within_seconds", "wait", S), ("serve_within_seconds", "serve", S), ("answer_call_seconds", "answer", S),
    ("recall_every_seconds", "every", S), ("recalls", "recalls", Kind.NUMBER), ("calls_missed", "missed", Kind.NUMBER),
    ("missed_behind", "behind", Kind.NUMBER), ("return_within_seconds", "return", S), ("step_away_seconds", "away", S),
    ("hold_update_seconds", "hold", S), ("max_wait_seconds", "longest", S), ("priority_credit_seconds", "credit", S),
    ("callback_offer_seconds", "offer", S), ("callback_window_seconds", "window", S), ("keep_overnight", "night", Kind.FLAG),
)  # fmt: skip

serve(
    Page(
        "standards",
        (
            Group("admin.group_ladder", LADDER, "admin.group_ladder_hint"),
            Group("admin.group_after", AFTER),
            Group("admin.group_sound", SOUND),
            Group("admin.group_queue", QUEUE),
        ),
    )
)
