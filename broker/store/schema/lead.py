"""What a lead and a crowded floor need to be quick: who waits, who is upset."""

from __future__ import annotations

from typing import Final

LEAD: Final = (
    "CREATE INDEX visits_waiting ON visits (t0, id) WHERE ended_at IS NULL AND acknowledged_at IS NULL",
    "CREATE INDEX visits_upset ON visits (upset_at) WHERE ended_at IS NULL AND upset_at IS NOT NULL",
)
