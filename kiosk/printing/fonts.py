"""The letters of printed numbers: Roboto, or the font of the shop; and which letters a font lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import font_roboto
from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont, Layout

from broker.settings import PrinterSettings

NO_LETTER: Final = "\U0010ffff"
"""No font has it: it is drawn as every letter that a font lacks."""
_LOOKED_AT: Final = 48


class BadFont(Exception):
    """A font of the settings cannot be read. The text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """Two weights of one kind of letters, as files."""

    plain: Path
    bold: Path

    @classmethod
    def of(cls, settings: PrinterSettings) -> Fonts:
        """Return the fonts that *settings* name. Raises BadFont."""
        roboto = Path(font_roboto.font_directory)
        plain = settings.font or roboto / "Roboto-Regular.ttf"
        bold = settings.bold_font or settings.font or roboto / "Roboto-Bold.ttf"
        for path in (plain, bold):
            try:
                _loaded(path, _LOOKED_AT)
            except OSError as wrong:
                raise BadFont(f"{path} is no font we can read ({wrong}). Set font in [printer], or leave it out.") from wrong
        return cls(plain, bold)

    def at(self, size: int, *, bold: bool = False) -> FreeTypeFont:
        """Return the letters *size* dots high."""
        return _loaded(self.bold if bold else self.plain, size)

    def lacking(self, text: str) -> str:
        """Return the letters of *text* that one of the weights does not have, each once."""
        letters = dict.fromkeys(letter for letter in text if not letter.isspace())
        return "".join(letter for letter in letters if not all(_has(path, letter) for path in (self.plain, self.bold)))


@lru_cache(maxsize=64)
def _loaded(path: Path, size: int) -> FreeTypeFont:
    # The simple layout is the same everywhere; the other one depends on libraries of the system.
    return ImageFont.truetype(str(path), size, layout_engine=Layout.BASIC)


@lru_cache(maxsize=4096)
def _has(path: Path, letter: str) -> bool:
    font = _loaded(path, _LOOKED_AT)
    drawn, box = font.getmask(letter), font.getmask(NO_LETTER)
    return (drawn.size, bytes(drawn)) != (box.size, bytes(box))
