"""`[sound]`: what a shop lets be heard, when, how loud and in whose voice."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from broker.settings.section import Section

Spoken = Literal["en", "nb", "nl", "ms", "lv"]
EVERY_LANGUAGE: Final[tuple[Spoken, ...]] = ("en", "nb", "nl", "ms", "lv")


class SoundSettings(Section):
    """`[sound]`: the chime and the voice of the wall, and the voice that reads the touch screen aloud."""

    voice: Literal["auto", "espeak", "clips", "none"] = Field(
        default="auto",
        description="Who speaks: auto takes your recordings, else espeak-ng; clips only recordings; none only the chime.",
    )
    clips: Path | None = Field(
        default=None, description="Folder of your recordings, one folder of WAV files for each language (docs/kiosk.md)."
    )
    languages: tuple[Spoken, ...] = Field(
        default=EVERY_LANGUAGE, max_length=5, description="Languages that are spoken; a call in another one is only shown."
    )
    volume: int = Field(default=80, ge=5, le=100, description="How loud, in per cent of what the machine is set to.")
    max_volume: int = Field(default=100, ge=5, le=100, description="No louder than this, also when a customer asks for more.")
    quiet: tuple[str, ...] = Field(
        default=(), max_length=14,
        description='Hours on the shop\'s clock in which the wall makes no sound, a list such as ["22:00-07:00"].',
    )  # fmt: skip
    read_aloud: Literal["asked", "always"] = Field(
        default="asked", description="always: every customer of the touch screen begins with it read aloud, as with a headset on."
    )
    cache_megabytes: int = Field(default=100, ge=1, le=10000, description="Room on the disk for what was spoken before.")

    @field_validator("quiet")
    @classmethod
    def _readable(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        for span in hours:
            quiet_span(span)
        return hours

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if self.volume > self.max_volume:
            raise ValueError("volume must not be above max_volume")
        if self.voice == "clips" and self.clips is None:
            raise ValueError('voice = "clips" needs clips, the folder of the recordings')
        return self

    @property
    def quiet_spans(self) -> tuple[tuple[str, str], ...]:
        """The quiet hours as (from, to), each HH:MM; one that ends before it begins goes on after midnight."""
        return tuple(quiet_span(span) for span in self.quiet)


def quiet_span(text: str) -> tuple[str, str]:
    """Return the ends of a span such as "22:00-07:00", each HH:MM. Raises ValueError for anything else."""
    begin, dash, end = text.partition("-")
    try:
        first, last = (time.fromisoformat(each.strip()).strftime("%H:%M") for each in (begin, end.replace("24:00", "00:00")))
    except ValueError:
        raise ValueError(f'{text!r} is not a span of hours such as "22:00-07:00"') from None
    if not dash or first == last:
        raise ValueError(f"{text!r} is not a span of hours: it is over when it begins")
    return first, last
