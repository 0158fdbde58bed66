"""`greetline print-test`: puts a number on paper in every language, or says what is in the way and what to do.

Exit codes: 0 printed, 2 wrong use, 3 not printed, or not set up.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from PIL import Image
from pydantic import ValidationError

from broker.desk.people import LANGUAGES
from broker.domain.printing import Trouble
from broker.settings import BadSettings, PrinterSettings, Settings, read
from broker.shop import now
from kiosk.printing import printer as press
from kiosk.printing.fonts import BadFont, Fonts
from kiosk.printing.paper import Paper, sample, speaking
from kiosk.printing.receipt import drawn
from kiosk.printing.remedies import remedy
from kiosk.printing.wire import PrinterError

SETTINGS_FILE: Final = "greetline.toml"
EXIT_FAULT: Final = 3
BETWEEN_DOTS: Final = 40
EXAMPLES: Final = """\b
Examples:
  greetline print-test                           the printer of greetline.toml, all five languages
  greetline print-test --language lv             one language
  greetline print-test --printer 10.0.0.9        a printer in the network, before it is in the settings
  greetline print-test --printer /dev/usb/lp0    a printer of this machine
  greetline print-test --printer usb:04b8:0202   the same by its USB numbers, as lsusb shows them
  greetline print-test --to test.png             nothing is printed: a picture of it
"""


@click.command(epilog=EXAMPLES)
@click.option("--settings", "path", type=click.Path(path_type=Path), help=f"Settings of the shop. [default: ./{SETTINGS_FILE}]")
@click.option("--printer", "named", help="HOST, HOST:PORT, a node such as /dev/usb/lp0, usb, usb:VENDOR:PRODUCT, or dummy.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Only this language.")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture instead of printing.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def main(path: Path | None, named: str | None, language: str | None, target: Path | None, as_json: bool) -> None:
    """Print a test number, in every language, and say how that went."""
    try:
        settings = read(Settings, path or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).exists() else None))
        settings = settings.model_copy(update={"printer": _chosen(settings.printer, named)})
        found = _tried(settings, [language] if language else list(LANGUAGES), target)
    except (BadSettings, BadFont) as wrong:
        found = _Found(settings_wrong=str(wrong))
    click.echo(json.dumps(found.row(), ensure_ascii=False) if as_json else found.text())
    sys.exit(0 if found.well else EXIT_FAULT)


@dataclass
class _Found:
    """How it went."""

    where: str = ""
    sent: tuple[str, ...] = ()
    trouble: Trouble | None = None
    seen: str = ""
    settings_wrong: str = ""
    lacking: str = ""
    picture: Path | None = None

    @property
    def well(self) -> bool:
        return not self.settings_wrong and bool(self.sent) and self.trouble in (None, Trouble.PAPER_LOW)

    def row(self) -> dict[str, Any]:
        says, advice = remedy(self.trouble) if self.trouble else (self.settings_wrong, "")
        return {
            "printed": self.well and self.picture is None, "printer": self.where, "languages": list(self.sent),
            "trouble": self.trouble, "says": says, "seen": self.seen, "advice": advice, "letters_lacking": self.lacking,
            "picture": str(self.picture) if self.picture else None,
        }  # fmt: skip

    def text(self) -> str:
        if self.settings_wrong:
            return self.settings_wrong
        said = [f"The font has no {self.lacking}: set font in [printer] to one that has."] if self.lacking else []
        if self.sent and self.picture:
            said.append(f"{self.picture}: {', '.join(self.sent)}")
        elif self.sent:
            said.append(f"{self.where} took a test number in {', '.join(self.sent)}. Look at the paper.")
        if self.trouble:
            says, advice = remedy(self.trouble)
            said += [f"{self.where}: {says}", *([f"  ({self.seen})"] if self.seen else []), f"  -> {advice}"]
        return "\n".join(said)


def _tried(settings: Settings, languages: list[str], target: Path | None) -> _Found:
    printer, fonts = settings.printer, Fonts.of(settings.printer)
    papers = _papers(settings, languages)
    pictures = [drawn(paper, fonts, printer.dots) for paper in papers]
    found = _Found(where=printer.where, lacking=fonts.lacking("".join(paper.said() for paper in papers)), picture=target)
    if target:
        _below_each_other(pictures).save(target)
        found.sent = tuple(languages)
        return found
    if not printer.spooled:
        found.settings_wrong = _NOTHING_TO_TEST[printer.kind]
        return found
    for language, picture in zip(languages, pictures, strict=True):
        try:
            found.trouble = press.send(printer, press.encoded(picture, cut=printer.cut))
        except PrinterError as wrong:
            found.trouble, found.seen = wrong.trouble, str(wrong)
            return found
        found.sent = (*found.sent, language)
    return found


_NOTHING_TO_TEST: Final = {
    "none": "No printer is set. Set kind in [printer], or try one with --printer; --to FILE.png shows the paper.",
    "browser": 'With kind = "browser" the screen\'s own browser prints. Take a number there; --to FILE.png shows the paper.',
}


def _papers(settings: Settings, languages: list[str]) -> list[Paper]:
    with speaking(settings).app_context():
        return [sample(settings, language, at=now()) for language in languages]


def _below_each_other(pictures: list[Image.Image]) -> Image.Image:
    whole = Image.new("1", (pictures[0].width, sum(p.height + BETWEEN_DOTS for p in pictures) - BETWEEN_DOTS), 1)
    y = 0
    for picture in pictures:
        whole.paste(picture, (0, y))
        y += picture.height + BETWEEN_DOTS
    return whole


def _chosen(printer: PrinterSettings, named: str | None) -> PrinterSettings:
    """Return *printer* with what *named* says instead. Raises click.BadParameter."""
    if named is None:
        return printer
    usb = re.fullmatch(r"usb(?::([0-9a-f]{4}):([0-9a-f]{4}))?", named)
    host = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:/\s]+)(?::(\d{1,5}))?", named)
    if named == "dummy":
        new: dict[str, object] = {"kind": "dummy"}
    elif usb:
        new = {"kind": "usb", "vendor": usb[1], "product": usb[2]}
    elif "/" in named:
        new = {"kind": "file", "device": Path(named)}
    elif host:
        new = {"kind": "network", "host": host[1].strip("[]"), "port": int(host[2] or 9100)}
    else:
        raise click.BadParameter(f"{named!r} is no host, no node and no USB printer", param_hint="--printer")
    try:
        return PrinterSettings.model_validate(printer.model_dump() | new)
    except ValidationError as wrong:
        raise click.BadParameter(wrong.errors()[0]["msg"], param_hint="--printer") from wrong
