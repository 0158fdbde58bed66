"""What a program may say: paths, questions and bodies. Nothing else is in them, and every text has an end."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from broker.desk.cases import MOST_CHARACTERS, plain
from broker.desk.people import LANGUAGES
from broker.domain.ticket import Outcome

MOST_MOVES: Final = 500
"""Moves on one page of the history."""
_MOMENT: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def _moment(said: Any) -> datetime:
    if not isinstance(said, str) or not _MOMENT.fullmatch(said):
        raise ValueError("a time is written 2026-11-21T13:30:00Z (RFC 3339)")
    return datetime.fromisoformat(said)


def _readable(words: str) -> str:
    kept = plain(words)
    if not kept:
        raise ValueError("words that can be read")
    return kept


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Id = Annotated[str, Field(min_length=1, max_length=60)]
Words = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_readable)]
"""What somebody wrote, without what could hide or reorder text on a screen."""
Language = Literal["en", "nb", "nl", "ms", "lv"]
assert set(Language.__args__) == set(LANGUAGES)  # type: ignore[attr-defined]


class Said(BaseModel):
    """What was said: no field that is not listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TicketPath(Said):
    """Which ticket."""

    ticket: Id = Field(description="The `id` of the ticket.")


class CounterPath(Said):
    """Which counter."""

    counter: Id = Field(description="The `id` of the counter, of the shop's settings.")


class WhichLanguage(Said):
    """In which language the services are named."""

    language: Language = Field(default="en", description="Language of the names of services.")


class WhichService(Said):
    """Whose line."""

    service: Id | None = Field(default=None, description="Only this service; absent: all of them.")


class Page(Said):
    """A page of the history."""

    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,18}$", description="The `next` of the page before; absent: the first."
    )
    limit: int = Field(default=100, ge=1, le=MOST_MOVES, description="Moves on the page.")


class Taken(Said):
    """Somebody takes a ticket."""

    service: Id = Field(description="What they wait for.")
    language: Language = Field(default="en", description="Their language.")
    priority: Annotated[int, Field(strict=True, ge=0, le=1)] = Field(
        default=0, description="1 puts them as much earlier as the shop's settings give priority, and never further."
    )
    visit: Id | None = Field(default=None, description="The visit of theirs that a camera or somebody of the staff saw begin.")


class Called(Said):
    """One chosen ticket is called."""

    counter: Id = Field(description="To which counter.")
    reason: Words | None = Field(default=None, description="Why out of order; needed when somebody else is next.")


class CalledNext(Said):
    """Whoever is next is called."""

    counter: Id = Field(description="To which counter.")


class Held(Said):
    """On hold until somebody comes back to them."""

    until: Moment = Field(description="When somebody comes back to them at the latest; in the future.")
    reason: Words = Field(description="What they wait for.")


class Updated(Said):
    """They were told how it stands."""

    until: Moment | None = Field(default=None, description="The new time, when it takes longer.")
    reason: Words | None = Field(default=None, description="What they wait for now.")


class Transferred(Said):
    """On to another service, with the same number and the same beginning."""

    service: Id = Field(description="To which service.")
    note: Words = Field(description="For whoever serves them next.")


class Until(Said):
    """Away, or called back, until then."""

    until: Moment = Field(description="Until when; in the future.")


class Finished(Said):
    """How it ended."""

    outcome: Outcome = Field(description="It chooses the goodbye.")
    reason: Words | None = Field(default=None, description="For `referred`: where to, and what was done already.")


class Left(Said):
    """They do not wait any more."""

    reason: Words | None = Field(default=None, description="Why, if it is known.")


class Shifted(Said):
    """A counter opens, takes a break or closes."""

    kind: Literal["open", "break", "closed"] = Field(description="How it stands from now on.")
