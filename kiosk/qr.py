"""The code by which a phone finds its page: dark on light in every theme, and only where a phone can reach it."""

from __future__ import annotations

from typing import Final

import segno
from flask import current_app
from markupsafe import Markup

QUIET_MODULES: Final = 4
PHONE_PAGE: Final = "phone.page"
"""The view that a customer's phone opens."""


def code(base: str | None, token: str) -> Markup | None:
    """Return the drawing of the code for the page of *token* below *base*, or None when no phone could open it."""
    found = address(base, token)
    return drawn(found) if found else None


def address(base: str | None, token: str) -> str | None:
    """Return the address of the page of *token* below *base*, or None when no phone could open it."""
    if base is None or PHONE_PAGE not in current_app.view_functions:
        return None
    return f"{base.rstrip('/')}/t/{token}"


def squares(address: str) -> list[list[bool]]:
    """Return the code of *address* as rows of dark and light squares, with its quiet zone."""
    made = segno.make(address, error="q", micro=False, boost_error=False)
    return [[bool(dark) for dark in row] for row in made.matrix_iter(border=QUIET_MODULES)]


def drawn(address: str) -> Markup:
    """Return *address* as one SVG path with its quiet zone; a quarter of it may be dirty or in the shade."""
    rows = squares(address)
    marks = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    head = f'<svg viewBox="0 0 {len(rows)} {len(rows)}" role="img" shape-rendering="crispEdges" aria-labelledby="scan">'
    return Markup(f'{head}<path d="{marks}"/></svg>')  # noqa: S704 - numbers only
