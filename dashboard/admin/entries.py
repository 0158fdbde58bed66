"""One setting as a field of a form: what it is called, how it is typed, what is allowed, and what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any, Final, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from broker.settings import Settings
from broker.settings.writing import Way
from broker.web.languages import OWN_NAMES, say

LINE_LETTERS: Final = 500
"""Letters of one line that is typed; the models say less where less is right."""


class Kind(StrEnum):
    """How a setting is typed."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    DAYS = "days"
    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    CHOICE = "choice"
    """One of few: the options are the field's own, worded as `<label>_<option>`."""
    LANGUAGE = "language"
    ZONE = "zone"
    """A time zone."""
    LINES = "lines"
    """A list of words, one a line."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting on a form: `key` as in the file (`standards.warn_seconds`), `label` and `hint` as keys of the catalogues."""

    key: str
    label: str
    kind: Kind
    hint: str = ""

    @property
    def way(self) -> Way:
        """The way to it."""
        return tuple(self.key.split("."))

    @property
    def field(self) -> FieldInfo:
        """The field of the models. Raises KeyError for a key that is not a setting."""
        model: type[BaseModel] = Settings
        for part in self.way[:-1]:
            inner = model.model_fields[part].annotation
            assert isinstance(inner, type)
            assert issubclass(inner, BaseModel)
            model = inner
        return model.model_fields[self.way[-1]]

    def limit(self, *names: str) -> Any:
        """Return the first of the limits called *names* that the field has, such as `ge`, or None."""
        found = (getattr(each, name, None) for each in self.field.metadata for name in names)
        return next((each for each in found if each is not None), None)

    def options(self) -> list[tuple[str, str]]:
        """Return what can be chosen, with its words."""
        if self.kind is Kind.LANGUAGE:
            return list(OWN_NAMES.items())
        if self.kind is Kind.ZONE:
            return [(name, name) for name in sorted(available_timezones()) if "/" in name and not name.startswith("Etc/")]
        return [(option, say(f"{self.label}_{option}")) for option in get_args(self.field.annotation)]

    def stands(self, settings: Settings) -> Any:
        """Return its value."""
        value: Any = settings
        for part in self.way:
            value = getattr(value, part)
        return value

    def typed(self, form: Mapping[str, str]) -> Any:
        """Return what was typed as the models take it; what is no number stays a word, so that they say so."""
        text = form.get(self.key, "").strip()[:LINE_LETTERS]
        if self.kind is Kind.FLAG:
            return bool(text)
        if self.kind is Kind.LINES:
            return tuple(line.strip()[:LINE_LETTERS] for line in form.get(self.key, "").splitlines() if line.strip())
        if not text and NoneType in get_args(self.field.annotation):
            return None
        if self.kind in (Kind.SECONDS, Kind.MINUTES, Kind.DAYS, Kind.NUMBER):
            return _number(text)
        return text

    def shown(self, settings: Settings) -> str:
        """Return its value as a form shows it."""
        value = self.stands(settings)
        if isinstance(value, tuple):
            return "\n".join(map(str, value))
        return "" if value is None else ("on" if value is True else "" if value is False else str(value))


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


@dataclass(slots=True)
class Asked:
    """What a form asks for: the edits, and what is wrong with it by the name of the field ("" for the whole), in words."""

    edits: dict[Way, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def asked(some: tuple[Setting, ...], settings: Settings, form: Mapping[str, str], fixed: frozenset[str]) -> Asked:
    """Return what *form* asks for of *some* settings: only what is another value than now, and nothing that is *fixed*."""
    wanted = {each: each.typed(form) for each in some if each.key not in fixed}
    return Asked({each.way: value for each, value in wanted.items() if value != each.stands(settings)})
