"""The pages of customers: which tickets still have one, so that those of ended days are found without reading the others."""

from __future__ import annotations

from typing import Final

PHONES: Final = ("CREATE INDEX tickets_pages ON tickets (day) WHERE length(token) = 22",)
"""A token has 22 letters; what stands in its place once it is put out has more."""
