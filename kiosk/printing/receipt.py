"""A printed number as a picture, so that every script comes out the same on every printer: black dots on 72 mm of paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Final

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from kiosk import qr
from kiosk.printing.fonts import Fonts
from kiosk.printing.paper import Paper
from kiosk.printing.wrapping import lines

PAPER_MILLIMETRES: Final = 72.0
"""What 80 mm paper leaves for printing."""
CODE_MILLIMETRES: Final = 25.0
"""No side of a code is shorter, its quiet zone not counted: a phone reads it at arm's length."""
DESIGNED_FOR: Final = 576
"""All sizes below are dots on a printer of so many across."""
MARGIN: Final = 10
NUMBER_DOTS: Final = 232
MOST_DOTS_LONG: Final = 4000
"""Half a metre of paper; no text that the settings allow is as long."""
BLACK: Final = 128
WHITE: Final = 255


def drawn(paper: Paper, fonts: Fonts, dots: int) -> Image.Image:
    """Return *paper* as a picture of two colours, *dots* wide and as long as it must be."""
    sheet = _Sheet(fonts, dots)
    sheet.text(paper.shop, 34, bold=True)
    sheet.rule(5, above=12)
    sheet.text(paper.service, 42, above=22)
    sheet.text(paper.yours, 30, bold=True, above=14)
    sheet.number(paper.number)
    if paper.people is not None:
        sheet.people(paper.people)
    sheet.text(paper.ahead, 44, bold=True, above=12)
    sheet.text(paper.wait, 36, above=2)
    sheet.rule(2, above=22)
    sheet.text(paper.thanks, 36, bold=True, above=20)
    sheet.text(paper.where, 30, above=4)
    if paper.address:
        sheet.code(paper.address, paper.scan)
    sheet.rule(2, above=24)
    sheet.text(paper.taken, 26, bold=True, above=16)
    sheet.text(paper.privacy, 24, above=4)
    return sheet.done()


@dataclass
class _Sheet:
    """Paper that is written from the top to the bottom; `y` is how far it is."""

    fonts: Fonts
    dots: int
    y: int = 0
    image: Image.Image = field(init=False)
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("L", (self.dots, self._size(MOST_DOTS_LONG)), WHITE)
        self.pen = ImageDraw.Draw(self.image)
        self.y = self._size(8)

    def _size(self, dots: float) -> int:
        """Return a size of the design on this printer."""
        return max(1, round(dots * self.dots / DESIGNED_FOR))

    @property
    def room(self) -> int:
        """How wide a line may be."""
        return self.dots - 2 * self._size(MARGIN)

    def text(self, text: str, size: int, *, bold: bool = False, above: int = 0) -> None:
        """Write *text* in as many lines as it takes, or nothing and no space for none."""
        if text:
            self.y = self._lines(text, self.fonts.at(self._size(size), bold=bold), self._size(MARGIN), self.y + self._size(above))

    def _lines(self, text: str, font: FreeTypeFont, x: int, y: int) -> int:
        """Write *text* with its upper left corner at *x* and *y*. Return where the next line may begin."""
        up, down = font.getmetrics()
        for line in lines(text, self.dots - x - self._size(MARGIN), font.getlength):
            self.pen.text((x, y + up), line, fill=0, font=font, anchor="ls")
            y += up + down
        return y

    def rule(self, thick: int, *, above: int) -> None:
        """Draw a line from side to side."""
        self.y += self._size(above)
        self.pen.rectangle((self._size(MARGIN), self.y, self.dots - self._size(MARGIN) - 1, self.y + self._size(thick) - 1), fill=0)
        self.y += self._size(thick)

    def number(self, shown: str) -> None:
        """Write the number as large as the paper is wide."""
        whole = _ink(shown, self.fonts.at(100, bold=True))
        size = min(self._size(NUMBER_DOTS), int(100 * self.room / max(1, whole[2] - whole[0])))
        font = self.fonts.at(size, bold=True)
        left, top, _, bottom = _ink(shown, font)
        self.pen.text((self._size(MARGIN) - left, self.y + self._size(18) - top), shown, fill=0, font=font)
        self.y += self._size(18) + bottom - top + self._size(10)

    def people(self, ahead: int) -> None:
        """Draw the people ahead, and then whoever holds this paper: the filled one."""
        tall, x = self._size(46), self._size(MARGIN)
        self.y += self._size(18)
        for place in range(ahead + 1):
            self._person(x, self.y, tall, me=place == ahead)
            x += round(tall * 1.15)
        self.y += tall

    def _person(self, x: int, y: int, tall: int, *, me: bool) -> None:
        fill, thick = (0 if me else None), max(2, round(tall / 11))
        head, wide = tall * 0.42, tall * 0.84
        self.pen.ellipse((x + (wide - head) / 2, y, x + (wide + head) / 2, y + head), fill=fill, outline=0, width=thick)
        shoulders = (x, y + tall * 0.52, x + wide, y + tall * 1.44)
        if me:
            self.pen.chord(shoulders, 180, 360, fill=0)
        else:
            self.pen.arc(shoulders, 180, 360, fill=0, width=thick)

    def code(self, address: str, says: str) -> None:
        """Draw the code with its quiet zone, and beside it what it is for."""
        rows = qr.squares(address)
        dots = ceil(CODE_MILLIMETRES / PAPER_MILLIMETRES * self.dots / (len(rows) - 2 * qr.QUIET_MODULES))
        side = dots * len(rows)
        # The quiet zone may lie in the margin, which is white as well.
        x, y = self._size(MARGIN) - qr.QUIET_MODULES * dots, self.y + self._size(4)
        for down, row in enumerate(rows):
            for right, dark in enumerate(row):
                if dark:
                    at = (x + right * dots, y + down * dots)
                    self.pen.rectangle((*at, at[0] + dots - 1, at[1] + dots - 1), fill=0)
        font = self.fonts.at(self._size(32), bold=True)
        end = self._lines(says, font, x + side, y + qr.QUIET_MODULES * dots)
        self.y = max(y + side - qr.QUIET_MODULES * dots, end)

    def done(self) -> Image.Image:
        """Return what was written, in two colours."""
        whole = self.image.crop((0, 0, self.dots, self.y + self._size(12)))
        return whole.point([0] * BLACK + [WHITE] * (256 - BLACK), mode="1")


def _ink(text: str, font: FreeTypeFont) -> tuple[int, int, int, int]:
    """Return where the ink of *text* is, left, top, right and bottom, from where it is written; letters begin a little later."""
    mask, (along, down) = font.getmask2(text)
    left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
    return left + along, top + down, right + along, bottom + down
