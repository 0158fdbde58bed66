"""What a person or a screen is trusted with."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person or a screen is trusted with, from least to most."""

    DISPLAY = "display"
    KIOSK = "kiosk"
    STAFF = "staff"
    LEAD = "lead"
    MANAGER = "manager"
    ADMIN = "admin"

    def reaches(self, least: Role) -> bool:
        """Return whether this role is *least* or above it."""
        order = list(Role)
        return order.index(self) >= order.index(least)


OF_PEOPLE: Final = (Role.STAFF, Role.LEAD, Role.MANAGER, Role.ADMIN)
OF_SCREENS: Final = (Role.DISPLAY, Role.KIOSK, Role.STAFF, Role.MANAGER)
"""A staff tablet lies on the floor; a screen with the manager's role stands in the office."""


class Refused(Exception):
    """The change of people or screens is not allowed. `why` is a short key for the words of a page."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why
