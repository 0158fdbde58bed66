"""What a customer reads on their own page, state by state: one head, one fact, one guess, and what else is true now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from broker.desk import board
from broker.domain.ticket import State, Ticket
from broker.shop import Shop
from broker.web.languages import say
from kiosk import words

Row = dict[str, Any]

DRAWN_PEOPLE: Final = 7
"""More people ahead than this are a number, not a row of figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The words of one page; an empty one is not shown."""

    head: str
    title: str = ""
    """What stands in the title of the page before the number; without it, the head."""
    fact: str = ""
    guess: str = ""
    small: str = ""
    notes: tuple[str, ...] = ()
    news: str = ""
    """Bad news: said aloud once, and there as long as it is true."""
    until: str | None = None
    """To when a clock on the page counts down, as the board writes a time."""
    people: int | None = None
    tone: str = ""
    """"now" when they are called, "over" when it is over, "" for the time between."""


def card(shop: Shop, ticket: Ticket, row: Row) -> Card:
    """Return the words for *ticket*, whose page is *row*."""
    return _CARDS[ticket.state](shop, ticket, row)


def _waiting(shop: Shop, ticket: Ticket, row: Row) -> Card:
    ahead = row["ahead"]
    estimate = words.wait(row["told_from"], row["told_to"])
    notes = [
        say("mobile.missed") if row["missed"] else "",
        say("mobile.moved_on", service=_service(shop, ticket)) if row["moved_on"] else "",
        words.desks(shop.settings, ticket.service),
    ]
    return Card(
        head=say("mobile.title"), title=say("mobile.title_ahead", n=ahead) if ahead else say("mobile.title_next"),
        fact=words.ahead(ahead) if ahead else say("turn.next"), guess="" if _broken(row) else estimate,
        small=_told(row), notes=_some(*notes), news=_news(row), people=ahead if ahead <= DRAWN_PEOPLE else None,
    )  # fmt: skip


def _broken(row: Row) -> bool:
    """Whether what was told stands only as what was told, no longer as what is to be expected."""
    return row["longer"] is not None


def _told(row: Row) -> str:
    if row["told_to"] is None:
        return ""
    when = words.hour(row["t0"])
    return say("mobile.told_was", wait=words.wait(row["told_from"], row["told_to"], short=True), time=when) if _broken(row) else (
        say("mobile.told", time=when)
    )  # fmt: skip


def _news(row: Row) -> str:
    longer = row["longer"]
    if longer is None:
        return ""
    if longer["to"] is None:
        return say("mobile.longer_unknown")
    return f"{say('mobile.longer', t=words.wait(longer['from'], longer['to'], short=True))} {say('mobile.longer_choice')}"


def _called(shop: Shop, ticket: Ticket, row: Row) -> Card:
    return Card(
        head=say("turn.now"), fact=words.come(shop.settings, ticket.counter), tone="now",
        guess=say("mobile.come_by", time=words.hour(row["answer_by"])) if row["answer_by"] else "",
    )  # fmt: skip


def _serving(shop: Shop, ticket: Ticket, row: Row) -> Card:
    return Card(head=say("mobile.serving"), fact=words.desk(shop.settings, ticket.counter), notes=_some(_lead(row)))


def _lead(row: Row) -> str:
    if row["lead"]:
        return say("mobile.lead_knows", name=row["lead"])
    return say("mobile.lead_called") if row["lead_called"] else ""


def _held(shop: Shop, ticket: Ticket, row: Row) -> Card:
    time = words.hour(row["until"])
    sentence = say(f"mobile.held_{row['held_why']}", name=row["held_by"] or say("mobile.colleague"), time=time)
    late = row["overdue"]
    return Card(
        head=say("mobile.held"), fact="" if late else sentence, news=say("mobile.held_late", time=time) if late else "",
        notes=_some(_lead(row)),
    )  # fmt: skip


def _away(shop: Shop, ticket: Ticket, row: Row) -> Card:
    return Card(
        head=say("mobile.away_now"), fact=say("mobile.away_until", time=words.hour(row["until"])), until=row["until"],
        guess=words.ahead(row["ahead"]), notes=(say("mobile.away_then"),), news=_news(row),
    )  # fmt: skip


def _booked(shop: Shop, ticket: Ticket, row: Row) -> Card:
    begin, end = words.hour(row["booked_from"]), words.hour(row["until"])
    return Card(
        head=say("mobile.booked"), fact=say("mobile.booked_window", begin=begin, end=end),
        notes=(say("mobile.booked_hint", begin=begin),),
    )  # fmt: skip


def _finished(shop: Shop, ticket: Ticket, row: Row) -> Card:
    return Card(head=say("mobile.finished"), fact=" ".join(say(f"goodbye.{part}") for part in row["goodbye"]), tone="over")


def _cancelled(shop: Shop, ticket: Ticket, row: Row) -> Card:
    return Card(head=say("mobile.left"), fact=say("mobile.again"), tone="over")


def _expired(shop: Shop, ticket: Ticket, row: Row) -> Card:
    lost = row["lost_by"]
    news = say("mobile.lost_callback") if lost == "callback" else ""
    if "come_back" in row["can"]:
        back = say("mobile.back_until", time=words.hour(row["back_until"]))
        return Card(head=say("mobile.lost_missed") if lost == "missed" else say("mobile.over"), fact=back, news=news, tone="over")
    return Card(head=say("mobile.over"), fact=say("mobile.again"), news=news, tone="over")


_CARDS: Final = {
    State.WAITING: _waiting, State.CALLED: _called, State.SERVING: _serving, State.HELD: _held, State.AWAY: _away,
    State.BOOKED: _booked, State.FINISHED: _finished, State.CANCELLED: _cancelled, State.EXPIRED: _expired,
}  # fmt: skip


def countdown(until: str | None, now: datetime) -> str:
    """Return how long it is until then as minutes and seconds, such as 9:05; a page without scripts shows it as it was."""
    if until is None:
        return ""
    seconds = max(0, round((datetime.fromisoformat(until) - now).total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"


def _service(shop: Shop, ticket: Ticket) -> str:
    return board.service_name(shop, ticket.service, words.language_here())


def _some(*notes: str) -> tuple[str, ...]:
    return tuple(note for note in notes if note)
