"""The shop's own words in place of ours, on the screens that customers read."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask
from flask_babel import force_locale, get_translations

from broker.desk.people import LANGUAGES
from broker.settings import Settings
from broker.web.languages import locale_of

OURS: Final = {
    "welcome": "kiosk.welcome", "closed": "kiosk.closed", "thanks": "ticket.thanks", "help": "help.wait_here",
    "feedback": "mobile.feedback_thanks",
}  # fmt: skip
"""What can be said in a shop's own words, and the message of ours that it takes the place of. None of them has a placeholder."""


def set_up(app: Flask, settings: Settings) -> None:
    """Let *app* say what *settings* have under `[texts]`; every other program goes on with our words."""
    with app.app_context():
        for language in LANGUAGES:
            own = getattr(settings.texts, language)
            with force_locale(locale_of(language)):
                catalogue: dict[Any, str] = getattr(get_translations(), "_catalog", {})
                # Every message goes through % formatting, so a per cent sign is written twice.
                said = {key: getattr(own, name).replace("%", "%%") for name, key in OURS.items() if getattr(own, name)}
                catalogue.update(said)
