"""`[join]`: taking a number with one's own phone, from a code that is shown in the shop."""

from __future__ import annotations

from pydantic import Field

from broker.settings.section import Section


class JoinSettings(Section):
    """`[join]`: a number from one's own phone, by a code on a screen of the shop that changes every few minutes."""

    enabled: bool = Field(default=False, description="Whether phones get numbers; it also takes `public_base_url` in [kiosk].")
    rotate_minutes: int = Field(
        default=10, ge=1, le=120, description="The code changes so often; the one before it is good as long again."
    )
    tickets_a_minute: int = Field(
        default=10, ge=1, le=600, description="Numbers for one address of the network in a minute: the Wi-Fi of the shop is one."
    )
