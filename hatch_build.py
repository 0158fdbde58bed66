"""Compile the translations when the package is built, so that a plain `pip install .` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_translations(root: Path) -> list[Path]:
    """Write a `messages.mo` beside every `messages.po` below *root* and return the written paths."""
    written = []
    for source in sorted(root.glob("broker/web/translations/*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as po, target.open("wb") as mo:
            write_mo(mo, read_po(po, locale=source.parents[1].name, abort_invalid=True))
        written.append(target)
    return written


class TranslationsHook(BuildHookInterface):
    """Runs before every wheel, editable ones too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues; *version* and *build_data* are hatchling's."""
        compile_translations(Path(self.root))
