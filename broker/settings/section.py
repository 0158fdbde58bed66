"""What every table of greetline.toml is made of."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65535)]


def _readable(name: str) -> str:
    """Refuse what a reader does not see: control characters, and marks that turn the order of letters around."""
    hidden = next((letter for letter in name if not letter.isprintable() and not letter.isspace()), None)
    if hidden is not None:
        raise ValueError(f"holds {unicodedata.name(hidden, f'the control character {ord(hidden):#04x}')}, which nobody can read")
    return " ".join(name.split())


ShownName = Annotated[str, AfterValidator(_readable)]
"""A name that stands on screens, in one line."""


class Section(BaseModel):
    """One table of the file: frozen, and nothing in it that is not a setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")
