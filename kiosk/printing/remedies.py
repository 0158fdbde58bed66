"""What is wrong with a printer and what to do about it, in the words that the floor screen has too."""

from __future__ import annotations

from flask_babel import force_locale

from broker.domain.printing import Trouble
from broker.settings import Settings
from broker.web.languages import locale_of, say
from kiosk.printing.paper import speaking


def remedy(trouble: Trouble, language: str = "en") -> tuple[str, str]:
    """Return what *trouble* is and what to do, each a sentence in *language*."""
    with speaking(Settings()).app_context(), force_locale(locale_of(language)):
        return say(f"floor.print_{trouble}"), say(f"floor.print_{trouble}_do")
