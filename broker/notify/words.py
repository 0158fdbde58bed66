"""Words of messages to phones and chats in the shop's language, from the same catalogues as the screens'."""

from __future__ import annotations

import gettext
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    with resources.as_file(resources.files("broker") / "web" / "translations") as folder:
        return gettext.translation("messages", folder, languages=[language])


def say(language: str, key: str, **values: object) -> str:
    """Return the text *key* in *language*. Raises OSError when the catalogues were not compiled."""
    return _catalogue(language).gettext(key) % values
