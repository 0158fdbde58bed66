"""The pseudo-locale en-XA: English with accents, 40 % longer and in brackets. Never shipped, never offered to anybody.

It shows what is hard-coded (plain letters), what is cut (no closing bracket) and what does not fit (longer than English).
To look at it while developing:

    python -m tests.pseudo en-XA && GREETLINE_TRANSLATIONS=en-XA greetline dashboard
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT: Final = Path(__file__).resolve().parents[1]
CATALOGUES: Final = ROOT / "broker/web/translations"
LONGER: Final = 0.4
ACCENTS: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀćďéƒğĥíĵķļɱñóþǫŕšťúṽŵẋýžÁɃĆĎÉƑĞĤÍĴĶĻṀÑÓÞǪŔŠŤÚṼŴẊÝŽ"
)
_HELD: Final = re.compile(r"(%\(\w+\)[a-z]|%%|\d+)")
_FILL: Final = "ōūēīāšžąęļ"
WORD_LETTERS: Final = 7


def pseudo(text: str) -> str:
    """Return *text* as en-XA says it; placeholders and numbers stay what they are."""
    said = "".join(part if _HELD.fullmatch(part) else part.translate(ACCENTS) for part in _HELD.split(text))
    letters = len(_HELD.sub("", text))
    more = "".join(_FILL[n % len(_FILL)] for n in range(math.ceil(letters * LONGER)))
    if " " in text:
        more = "".join(f" {more[at : at + WORD_LETTERS]}" for at in range(0, len(more), WORD_LETTERS))
    return f"⟦{said}{more}⟧"


def write(folder: Path) -> Path:
    """Write en-XA below *folder* for every language there is, so that nothing on a screen is in another; return *folder*."""
    with (CATALOGUES / "en/LC_MESSAGES/messages.po").open("rb") as po:
        english = read_po(po, locale="en", abort_invalid=True)
    for language in (path.name for path in CATALOGUES.iterdir() if path.is_dir()):
        catalogue = Catalog(locale="en", fuzzy=False)
        for message in english:
            if message.id:
                one = isinstance(message.string, str)
                said = pseudo(message.string) if one else tuple(pseudo(form) for form in message.string)
                catalogue.add(message.id, said, flags=message.flags)
        target = folder / language / "LC_MESSAGES/messages.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as mo:
            write_mo(mo, catalogue)
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
