"""Compile the translations when the package is built, so that a plain `pip install .` has them."""

from __future__ import annotations

import os
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
        # Two test runs compile at once, and a server may be reading: nobody must meet half a file.
        half = target.with_suffix(f".{os.getpid()}.half")
        with source.open("rb") as po, half.open("wb") as mo:
            write_mo(mo, read_po(po, locale=source.parents[1].name, abort_invalid=True))
        half.replace(target)
        written.append(target)
    return written


class TranslationsHook(BuildHookInterface):
    """Runs before every wheel, editable ones too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues; *version* and *build_data* are hatchling's."""
        compile_translations(Path(self.root))
