"""What the parts write, one line each with the part's name in front, on the standard error."""

from __future__ import annotations

import os
import sys
from collections import deque
from typing import Final

import click

WIDTH: Final = 10
"""Columns for the name of a part."""
MAX_KEPT_LINES: Final = 60
"""Lines that were held back and are still known at the end."""
_COLOURS: Final = {"mqtt": "magenta", "service": "cyan", "dashboard": "blue"}


class Lines:
    """Writes the lines of a shop. Colours on a terminal, unless NO_COLOR asks for none."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Write everything, or with *quiet* only what we say ourselves."""
        self._quiet = quiet
        self._kept: deque[tuple[str, str]] = deque(maxlen=MAX_KEPT_LINES)
        self._plain = not sys.stderr.isatty() or bool(os.environ.get("NO_COLOR"))

    def __call__(self, part: str, line: str) -> None:
        """Write one *line* of *part*; of ourselves when it is empty."""
        if part and self._quiet:
            self._kept.append((part, line))
        else:
            self._write(part, line)

    def last_words(self) -> None:
        """Write the newest lines that were held back: something went wrong."""
        for part, line in self._kept:
            self._write(part, line)
        self._kept.clear()

    def _write(self, part: str, line: str) -> None:
        name = part or "greetline"
        colour = _COLOURS.get(part, "green") if part else "yellow"
        label = name.ljust(WIDTH) if self._plain else click.style(name.ljust(WIDTH), fg=colour, bold=not part)
        try:
            click.echo(f"{label} | {line}", err=True, color=not self._plain)
        except OSError:
            # The terminal is gone. The shop goes on without it.
            self._quiet = True
