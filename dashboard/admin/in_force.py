"""The settings file of this shop, and whether this program runs with what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, current_app

from broker import lifeline
from broker.settings import BadSettings, Settings
from broker.settings.writing import judged, look

NAME: Final = "greetline-settings-file"


@dataclass(frozen=True, slots=True)
class InForce:
    """The file that this program was started with, None without one; and what it said then."""

    path: Path | None
    settings: Settings | None = None

    def is_up_to_date(self) -> bool:
        """Return whether what the file says now is what this program runs with."""
        if self.path is None:
            return True
        try:
            return judged(look(self.path).text, self.path) == self.settings
        except BadSettings:
            return False


def set_up(app: Flask, path: Path | None) -> None:
    """Remember the file at *path* as the one that *app* was started with."""
    settings = None
    if path is not None:
        try:
            settings = judged(look(path).text, path)
        except BadSettings:
            settings = None  # It was made unusable since this program read it.
    app.extensions[NAME] = InForce(path, settings)


def in_force() -> InForce:
    """Return the file of this program."""
    found: InForce = current_app.extensions[NAME]
    return found


def begins_anew() -> bool:
    """Return whether this program is started again when the settings change."""
    return lifeline.is_started_again()
