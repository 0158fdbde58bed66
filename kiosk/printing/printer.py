"""The printer: what it is sent, and what it says of itself (ESC/POS, real-time status).

A printer that answers is asked before a ticket for paper, cover and faults, and behind it whether all of it came out;
one that never answers counts as done when it has taken every byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from escpos.printer import Dummy
from PIL import Image

from broker.domain.printing import PRINTS_STILL, Trouble
from broker.settings import PrinterSettings
from kiosk.printing.wire import Line, PrinterError, opened

PROFILE: Final = "TM-T20II"
"""Any that knows its width, 576 dots: of one that does not python-escpos complains on the standard output."""
ANSWER_SECONDS: Final = 0.5
"""A printer that answers at all answers the first question within this."""
PRINTED_SECONDS: Final = 4.0
"""From the last byte to the end of the ticket: half a metre at 150 mm/s."""

_ASK: Final = b"\x10\x04"
"""DLE EOT n: answered at once, also without paper and with the cover open."""
_ALL_WELL: Final = 0x12
_PRINTED: Final = b"\x1dr\x01"
"""GS r 1: answered in its turn, so after everything before it is on paper."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a printer said: whether it `answers` at all, what is wrong with it, and how that was seen."""

    answers: bool
    trouble: Trouble | None = None
    seen: str = ""


def encoded(picture: Image.Image, *, cut: bool) -> bytes:
    """Return *picture* as ESC/POS prints it: one raster image, then the cut."""
    device = Dummy(profile=PROFILE)
    device.image(picture, impl="bitImageRaster", center=False)
    if cut:
        device.cut()
    else:
        device.ln(4)
    return bytes(device.output)


def send(printer: PrinterSettings, content: bytes) -> Trouble | None:
    """Print *content*. Return what the printer mentioned with it, such as little paper. Raises PrinterError."""
    if printer.kind == "dummy":
        return None
    with opened(printer) as line:
        before = _asked(line) if printer.ask_status else Look(False)
        if before.trouble not in (None, *PRINTS_STILL):
            raise PrinterError(before.trouble or Trouble.FAULT, "it said so before the ticket")
        line.send(content)
        if not before.answers:
            line.settle()
            return None
        return _came_out(line)


def look(printer: PrinterSettings) -> Look:
    """Ask *printer* how it is, without printing anything."""
    if printer.kind == "dummy":
        return Look(True)
    try:
        with opened(printer) as line:
            return _asked(line) if printer.ask_status else Look(False)
    except PrinterError as wrong:
        return Look(False, wrong.trouble, str(wrong))


def _came_out(line: Line) -> Trouble | None:
    line.forget_answers()
    printed = line.ask(_PRINTED, within=PRINTED_SECONDS)
    if printed is not None and printed & 0x90 == 0:
        if printed & 0x0C:
            return Trouble.NO_PAPER  # This ticket is out; the next one has nothing to be printed on.
        return Trouble.PAPER_LOW if printed & 0x03 else None
    after = _asked(line)
    if not after.answers:
        raise PrinterError(Trouble.STALLED, "it took the ticket and says nothing any more")
    if after.trouble not in (None, *PRINTS_STILL):
        raise PrinterError(after.trouble or Trouble.FAULT, "it said so after the ticket")
    # It answers what is asked in real time and not what is asked in turn: as far as it says, all is well.
    return after.trouble


def _asked(line: Line) -> Look:
    line.forget_answers()
    paper = line.ask(_ASK + b"\x04", within=ANSWER_SECONDS)
    if paper is None or not _is_status(paper):
        return Look(False)
    cause, error = (_status(line.ask(_ASK + which, within=ANSWER_SECONDS)) for which in (b"\x02", b"\x03"))
    if cause & 0x04:
        return Look(True, Trouble.COVER_OPEN)
    if paper & 0x60 or cause & 0x20:
        return Look(True, Trouble.NO_PAPER)
    if error & 0x68 or cause & 0x40:
        return Look(True, Trouble.FAULT)
    return Look(True, Trouble.PAPER_LOW if paper & 0x0C else None)


def _status(answer: int | None) -> int:
    """Return *answer*, or a status with nothing wrong for none: some printers answer only some of the questions."""
    return answer if answer is not None and _is_status(answer) else _ALL_WELL


def _is_status(answer: int) -> bool:
    """Whether *answer* has the bits that every real-time status has; anything else is noise of another protocol."""
    return answer & 0x93 == _ALL_WELL
