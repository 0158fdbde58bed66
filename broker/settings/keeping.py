"""The tables of greetline.toml that say how long what is kept, when room runs out, and what is logged and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from broker.settings.section import Section


class RetentionSettings(Section):
    """`[retention]`: for how many days what is kept; what is older goes in the night, while the shop is closed."""

    visits_days: int = Field(default=400, ge=2, le=3660, description="Visits, alerts, pauses, and who was signed in when.")
    tickets_days: int = Field(
        default=400, ge=2, le=3660, description="Tickets, their moves, what was written down about them, feedback, shifts."
    )
    counts_days: int = Field(default=400, ge=2, le=3660, description="Crossings, people in areas, and when a camera did not watch.")
    journal_days: int = Field(default=30, ge=2, le=3660, description="What happened to visits and tickets, step by step.")
    audit_days: int = Field(
        default=400, ge=30, le=3660, description="Who signed in, who changed people, screens, keys, cameras; how devices were."
    )
    seen_days: int = Field(default=7, ge=2, le=90, description="Names of events that were taken, so that none is counted twice.")
    deliveries_days: int = Field(
        default=14, ge=2, le=365, description="What webhooks were told; never more than the newest 5,000 of each."
    )
    rejected_days: int = Field(default=30, ge=1, le=3660, description="Messages that could not be read; never more than 1,000.")


class HealthSettings(Section):
    """`[health]`: when room runs out, and who may read the figures of this machine."""

    free_megabytes: int = Field(
        default=200, ge=20, le=1_000_000, description="Less free space beside the store is told to the floor, in megabytes."
    )
    metrics_token_file: Path | None = Field(
        default=None, description="File whose first line is the token for /metrics; absent: only this machine may read them."
    )


class LogSettings(Section):
    """`[log]`: what our programs write."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="The least that is written.")
    form: Literal["auto", "text", "json"] = Field(
        default="auto", description="auto: text on a terminal, one JSON object a line elsewhere."
    )
