"""Which language a page speaks, and the words a script on it needs.

Catalogues hold keys such as `sign.title`, not sentences; the English catalogue holds the English. In a message a per
cent sign is written twice, since every message goes through `%` formatting, in Python, in templates and in scripts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime, format_skeleton, format_time
from flask import Flask, g, request
from flask_babel import Babel, force_locale, get_locale, get_timezone, get_translations

from broker.desk.people import LANGUAGES
from broker.settings import Settings

OWN_NAMES: Final = {"en": "English", "nb": "Norsk", "nl": "Nederlands", "ms": "Melayu", "lv": "Latviešu"}
"""Every language by its own name; a flag is a country, not a language."""

_LOCALES: Final = {"en": "en_GB"}
"""English with a 24-hour clock and the day before the month."""

_DAY_THEN_COMMA: Final = frozenset({"ms", "lv"})
"""Languages that write a comma between the day of the week and the date."""


OTHER_WORDS: Final = "GREETLINE_TRANSLATIONS"
"""For development: a folder of catalogues that is used in place of ours, such as the one `python -m tests.pseudo` writes."""


def set_up(app: Flask, settings: Settings) -> None:
    """Make *app* speak the language of who looks at it."""
    words = Path(os.environ.get(OTHER_WORDS) or Path(__file__).parent / "translations")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(words.absolute())

    def chosen() -> str:
        language = _language(settings.store.language)
        return locale_of(language)

    Babel(app, locale_selector=chosen, timezone_selector=lambda: settings.store.timezone)
    app.jinja_env.globals.update(language_tag=language_tag, own_names=OWN_NAMES, texts=texts, role_name=role_name)


def _language(of_shop: str) -> str:
    """What a customer chose for this page, else the person's, else the shop's on its own screens, else the browser's."""
    if g.get("language") in LANGUAGES:
        return str(g.language)
    person, screen = g.get("person"), g.get("screen")
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    if screen is not None:
        return of_shop
    return request.accept_languages.best_match(LANGUAGES, default=of_shop) or of_shop


def locale_of(language: str) -> str:
    """Return the locale in which *language* is written here, for `force_locale`."""
    return _LOCALES.get(language, language)


def language_tag() -> str:
    """Return the language of this page as HTML wants it, such as en-GB."""
    return str(get_locale()).replace("_", "-")


def say(key: str, **values: object) -> str:
    """Return the message *key* in the language of this request, with *values* put in."""
    return str(get_translations().ugettext(key)) % values


def say_many(key: str, n: int, **values: object) -> str:
    """Return the message *key* in the form that *n* takes in this language; `%(n)d` in it is the number."""
    return str(get_translations().ungettext(key, key, n)) % ({"n": n} | values)


def role_name(role: str) -> str:
    """Return a role in words."""
    return say(f"web.role_{role}")


def day(moment: datetime, *, weekday: bool = True) -> str:
    """Return the shop's day of *moment* in words, such as Saturday 21 November; the day of the week is never shortened."""
    locale, zone = get_locale(), get_timezone()
    date: str = format_skeleton("MMMMd", moment, tzinfo=zone, locale=locale)
    if not weekday:
        return date
    name = format_datetime(moment, "EEEE", tzinfo=zone, locale=locale)
    return f"{name}{', ' if str(locale) in _DAY_THEN_COMMA else ' '}{date}"


def clock_time(moment: datetime, *, seconds: bool = False) -> str:
    """Return the time of *moment* on the shop's clock, such as 14:05."""
    written: str = format_time(moment, "medium" if seconds else "short", tzinfo=get_timezone(), locale=get_locale())
    return written


def texts(keys: Iterable[str] | str) -> dict[str, Any]:
    """Return the messages a script needs, by key; one with plurals is a list in the order of the language's forms.

    *keys* are keys, or the beginning that all wanted keys share, such as `floor.`. Placeholders are left as they are.
    """
    catalogue = _catalogue()
    wanted = _beginning(keys, catalogue) if isinstance(keys, str) else keys
    return {key: _form(key, catalogue) for key in wanted}


def texts_of(language: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return the messages *keys* in *language*, whatever this page speaks."""
    with force_locale(locale_of(language)):
        return texts(keys)


def _catalogue() -> dict[Any, str]:
    return getattr(get_translations(), "_catalog", {})


def _beginning(begin: str, catalogue: dict[Any, str]) -> list[str]:
    known = {key[0] if isinstance(key, tuple) else key for key in catalogue}
    return sorted(key for key in known if key.startswith(begin))


def _form(key: str, catalogue: dict[Any, str]) -> str | list[str]:
    forms = [catalogue[key, n] for n in range(6) if (key, n) in catalogue]
    return forms or catalogue.get(key, key)
