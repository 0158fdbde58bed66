"""What can be read aloud of a page: its pieces of text, each in its own language, taken from the page as it was written."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_UNSPOKEN: Final = frozenset({"script", "style", "svg", "template", "noscript", "title"})
_EMPTY: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
MOST_PIECES: Final = 200
"""A page of more pieces is read as far as these go."""


def pieces(page: str, language: str) -> dict[str, str]:
    """Return each piece of text of *page*, its blanks made one, and its language: that of *language* where none is marked."""
    reader = _Reader(language)
    reader.feed(page)
    reader.close()
    return reader.found


def one_line(text: str) -> str:
    """Return *text* with its blanks made one; a script that looks a piece up does the same. A hard space stays."""
    return " ".join(text.replace("\u00a0", "\x00").split()).replace("\x00", "\u00a0")


class _Reader(HTMLParser):
    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._open: list[tuple[str, str, bool]] = [("", language, True)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _EMPTY:
            return
        said = dict(attrs)
        _, language, spoken = self._open[-1]
        hidden = tag in _UNSPOKEN or said.get("aria-hidden") == "true"
        self._open.append((tag, (said.get("lang") or language)[:2], spoken and not hidden))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A drawing's part that ends at once holds no text."""

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _, _ in self._open[1:]):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        _, language, spoken = self._open[-1]
        text = one_line(data)
        if spoken and text and len(self.found) < MOST_PIECES:
            self.found.setdefault(text, language)
