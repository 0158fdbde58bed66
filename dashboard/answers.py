"""What a tablet may say to the floor, and how it is told no: request bodies, and problem+json in the person's language."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from flask import Response, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from broker.domain.visit import ENDED, MET, State
from broker.web.languages import say
from broker.web.problems import WORDED, problem

KEY_CHARACTERS: Final = 60
"""The longest Idempotency-Key; the id of the screen goes in front of it, so that screens cannot meet."""
PARTY_PEOPLE: Final = 20
"""The largest party that can be added by hand."""


Zone = Annotated[str, Field(min_length=1, max_length=60)]
"""The id of a zone; whether there is such a zone the desk knows."""


class Body(BaseModel):
    """A JSON body: nothing in it that was not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    needs: ClassVar[str] = "floor.not_understood"
    """The sentence for one that lacks something."""


class Tapped(Body):
    """A tap. `tapped_at` is when it was made, on the server's clock: it may have waited for a connection."""

    tapped_at: AwareDatetime | None = None


class Dismissed(Tapped):
    """Not a customer, and why."""

    reason: Literal["staff", "courier", "child", "false"]


class Sent(Tapped):
    """The party stands in another zone."""

    zone: Zone


class Merged(Tapped):
    """The same party as another visit."""

    into: Annotated[str, Field(min_length=1, max_length=100)]


class Added(Tapped):
    """Somebody whom no camera saw."""

    zone: Zone
    size: Annotated[int, Field(ge=1, le=PARTY_PEOPLE)] = 1

    def ago(self, now: datetime) -> float:
        """Return how many seconds before *now* the party was seen; 0 to 600."""
        return 0.0 if self.tapped_at is None else min(600.0, max(0.0, (now - self.tapped_at).total_seconds()))


class Paused(Tapped):
    """Shelve a zone for a while."""

    minutes: Literal[5, 15, 30]
    reason: Literal["delivery", "cleaning", "event", "meeting", "crowd"]


class Problem(Exception):
    """An answer that is a no: `status`, and words for the person who asked (RFC 9457)."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more

    def response(self) -> Response:
        """Return it as application/problem+json."""
        title = say(f"web.error_{self.status}" if self.status in WORDED else "floor.refused")
        return problem(self.status, title, self.detail, **self.more)


B = TypeVar("B", bound=Body)


def body_of(model: type[B]) -> B:
    """Return the body of the request as a *model*. Raises Problem: 400 for no JSON object, 422 for a wrong one."""
    said = json_object()
    if said is None:
        raise Problem(400, say("floor.not_json"))
    try:
        return model.model_validate(said)
    except ValidationError as wrong:
        long = next((each["ctx"]["max_length"] for each in wrong.errors() if each["type"] == "string_too_long"), None)
        detail = say("counter.too_long", n=long) if long else say(model.needs)
        errors = [{"field": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in wrong.errors()]
        raise Problem(422, detail, errors=errors[:20]) from None


def json_object() -> dict[str, Any] | None:
    """Return the body of the request, or None when it is no JSON object; one nested too deep to be read is none."""
    try:
        said = request.get_json(silent=True) if request.is_json else None
    except RecursionError:
        return None
    return said if isinstance(said, dict) else None


def key_of(screen: str) -> str:
    """Return the Idempotency-Key of the request, bound to *screen*. Raises Problem 400 without a usable one."""
    key = request.headers.get("Idempotency-Key", "")
    if not (8 <= len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise Problem(400, say("floor.no_key"))
    return f"{screen[:19]}:{key}"


def refusal(row: dict[str, Any] | None, asked: str, me: str) -> Problem:
    """Return why *asked* is not possible for the visit that stands as *row*, in words that name who was first."""
    return Problem(409, _words(row, asked, me), visit=row)


def _words(row: dict[str, Any] | None, asked: str, me: str) -> str:
    state = State(row["state"]) if row else None
    if row is None or state is None:
        return say("floor.refused")
    if asked in ("undo", "reopen"):
        return say("floor.too_old")
    if state is State.CLAIMED and row["claimed_by"] == me:
        return say("floor.already_you")
    if state is State.CLAIMED:
        return say("floor.already_on_way", name=row["claimed_name"] or "")
    if state in MET and row["acknowledged_name"]:
        return say("floor.already_greeted", name=row["acknowledged_name"])
    return say("floor.gone" if state in ENDED else "floor.refused")
