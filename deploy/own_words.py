"""The words that a shop writes itself: names of services, counters, zones. Looked at as kindly as our own, and never refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from broker.domain.wording import LANGUAGES, Finding, findings
from broker.settings import Settings
from broker.settings.section import ShownName


@dataclass(frozen=True, slots=True)
class Advice:
    """What could be said better, and where it stands in the settings."""

    where: str
    text: str
    finding: Finding

    def __str__(self) -> str:
        """Return it as one line for a person."""
        return f"{self.where} ({self.text!r}) {self.finding.fault}: {self.finding.instead}"


def advice(settings: Settings) -> list[Advice]:
    """Return what could be said better in the shop's own words."""
    return [
        Advice(where, text, finding)
        for where, text, language in _shown(settings, "", settings.store.language)
        for finding in findings(text, language)
    ]


def _shown(section: BaseModel, at: str, language: str) -> Iterator[tuple[str, str, str]]:
    """Yield each text that stands on screens, where it stands, and in which language it is: a field named `lv` is Latvian."""
    for name, field in type(section).model_fields.items():
        value, where = getattr(section, name), f"{at}{name}"
        if isinstance(value, str) and _is_shown(field):
            yield where, value, name if name in LANGUAGES else language
        elif isinstance(value, BaseModel):
            yield from _shown(value, f"{where}.", name if name in LANGUAGES else language)
        elif isinstance(value, tuple):
            for each in value:
                if isinstance(each, BaseModel):
                    yield from _shown(each, f"{where}.{getattr(each, 'id', '')}.".replace("..", "."), language)


_MARK: Any = next(part for part in get_args(ShownName) if part is not str)
"""What tells a name that is shown from any other text of the settings."""


def _is_shown(field: FieldInfo) -> bool:
    parts = [*field.metadata, *(part for option in get_args(field.annotation) for part in _marks(option))]
    return _MARK in parts


def _marks(option: Any) -> tuple[Any, ...]:
    return get_args(option)[1:] if get_origin(option) is Annotated else ()
