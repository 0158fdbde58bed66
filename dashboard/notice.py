"""The notice at the door that says a camera counts: who, what for, what is kept and how long, read off the running settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.settings import Settings
from dashboard.ink import QUIET
from dashboard.paper import MARGIN, Paper
from dashboard.wording import Words

BLUE: Final = (11, 92, 173)
LONGEST_CONTACT: Final = 200
"""Characters: a name, a telephone number and an address of a page or for letters."""
BY_HAND: Final = "…" * 30
"""Stands for what the shop writes in by hand."""
SIGN: Final = 34.0
"""Width and height of the drawing, in millimetres."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The words of one notice: its two large lines, and its parts as label and text."""

    title: str
    lead: str
    parts: tuple[tuple[str, str], ...]
    store: str


def notice(settings: Settings, words: Words, *, contact: str = "") -> Notice:
    """Return the notice of the shop of *settings*. Without a *contact* there is room to write it in by hand."""
    kept = settings.retention
    visits, counts, tickets = (words.many("notice.days", days) for days in (kept.visits_days, kept.counts_days, kept.tickets_days))
    parts = [
        (words("notice.why_label"), words("notice.why")),
        (words("notice.how_label"), words("notice.how")),
        (words("notice.kept_label"), words("notice.kept", visits=visits, counts=counts)),
    ]
    if settings.services:
        parts.append((words("notice.numbers_label"), words("notice.numbers", tickets=tickets)))
    parts += [
        (words("notice.basis_label"), words("notice.basis")),
        (words("notice.rights_label"), words("notice.rights")),
        (words("notice.contact_label"), f"{settings.store.name}\n{contact or BY_HAND}"),
    ]
    return Notice(words("notice.title"), words("notice.lead"), tuple(parts), settings.store.name)


def markdown(said: Notice) -> str:
    """Return the notice as a page of text."""
    parts = "".join(f"\n**{label}**\n\n{text.replace(chr(10), '  ' + chr(10))}\n" for label, text in said.parts)
    return f"# {said.title}\n\n{said.lead}\n{parts}"


def pdf(said: Notice, words: Words, *, made: datetime) -> bytes:
    """Return the notice as one page of A4; *made* is written into it as the time it was made."""
    paper = Paper(said.store)
    paper.set_title(f"{said.title} · {said.store}")
    paper.set_lang(str(words.locale).replace("_", "-"))
    paper.set_creator("Greetline")
    paper.set_creation_date(made)
    paper.add_page()
    _sign(paper, MARGIN, MARGIN + 2)
    paper.set_y(MARGIN + SIGN + 8)
    paper.words(said.title, 34, bold=True, gap=1)
    paper.words(said.lead, 20, ink=BLUE, bold=True, gap=5)
    for label, text in said.parts:
        paper.words(label, 11, bold=True, ink=QUIET, gap=0.4)
        paper.words(text, 13, gap=2.6)
    return bytes(paper.output())


def _sign(paper: Paper, x: float, y: float) -> None:
    """Draw a camera over a line on the floor that somebody has crossed."""
    paper.set_fill_color(*BLUE)
    paper.rect(x, y, SIGN, SIGN, style="F", round_corners=True, corner_radius=4)
    paper.set_fill_color(255, 255, 255)
    paper.rect(x + 6, y + 7, 14, 8, style="F")
    paper.polygon([(x + 21, y + 11), (x + 27, y + 7), (x + 27, y + 15)], style="F")
    paper.ellipse(x + 14.5, y + 18, 5, 5, style="F")
    paper.rect(x + 5, y + 27, 24, 1.6, style="F")
