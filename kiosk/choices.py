"""What somebody chose for themselves: language, text, reach. It lives in the addresses of their pages and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from broker.desk.people import LANGUAGES

_ON: Final = "1"
_OFF: Final = "0"
_VOLUMES: Final = frozenset(str(step) for step in range(10, 101, 10))


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one session. The next customer begins without any: the plain address has none."""

    language: str
    """One of the shop's five, or "" for the shop's own."""
    big: bool = False
    low: bool = False
    aloud: bool | None = None
    """None: neither asked for nor ended by this customer."""
    curtain: bool = False
    """The screen is blank while it is read aloud: nobody looks over a shoulder."""
    volume: int | None = None
    """Of the voice, in per cent; None: the shop's."""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Choices:
        """Return the choices in *said*, the values of an address or a form; what is not offered counts as not chosen."""
        language = said.get("lang", "")
        volume = said.get("volume", "")
        return cls(
            language if language in LANGUAGES else "", said.get("big") == _ON, said.get("low") == _ON,
            {_ON: True, _OFF: False}.get(said.get("aloud", "")), said.get("curtain") == _ON,
            int(volume) if volume in _VOLUMES else None,
        )  # fmt: skip

    @property
    def made(self) -> bool:
        """Whether anything was chosen."""
        return self != Choices("")

    def values(self) -> dict[str, str]:
        """Return the choices as an address or a form holds them."""
        flags = {"big": self.big, "low": self.low, "aloud": self.aloud, "curtain": self.curtain}
        values = ({"lang": self.language} if self.language else {}) | {name: _ON for name, on in flags.items() if on}
        if self.aloud is False:
            values["aloud"] = _OFF
        return values | ({"volume": str(self.volume)} if self.volume else {})

    def to(self, path: str, **more: object) -> str:
        """Return the address of *path* with these choices, and *more* in it."""
        values = self.values() | {name: str(value) for name, value in more.items()}
        return f"{path}?{urlencode(values)}" if values else path

    def but(self, path: str, **changes: object) -> str:
        """Return the address of *path* with these choices but for *changes*."""
        return replace(self, **changes).to(path)  # type: ignore[arg-type]
