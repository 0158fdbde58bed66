"""What stands on a printed number, in the customer's language. Nothing in it was not told to them before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from flask_babel import force_locale

from broker.desk import board
from broker.domain import numbering
from broker.domain.ticket import Ticket
from broker.settings import Settings
from broker.shop import Shop
from broker.web.languages import clock_time, day, locale_of, say, set_up
from kiosk import qr, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One printed number. `people` is None where they are not drawn; `address` is behind the code, "" for no code."""

    shop: str
    service: str
    yours: str
    number: str
    people: int | None
    ahead: str
    wait: str
    thanks: str
    where: str
    scan: str
    address: str
    taken: str
    privacy: str

    def said(self) -> str:
        """Return every text on it, a line each."""
        texts = (self.shop, self.service, self.yours, self.number, self.ahead, self.wait, self.thanks, self.where, self.scan)
        return "\n".join((*texts, self.taken, self.privacy))


def written(shop: Shop, ticket: Ticket, *, language: str, ahead: int) -> Paper:
    """Return what the paper of *ticket* says in *language*. Needs the context of an application that speaks languages.

    The range is the one that was told when the number was taken, whose time stands beside it; *ahead* are the people
    ahead when paper was asked for.
    """
    with force_locale(locale_of(language)):
        address = qr.address(shop.settings.kiosk.public_base_url, ticket.token) or ""
        return Paper(
            shop=shop.settings.store.name, service=board.service_name(shop, ticket.service, language), yours=say("ticket.yours"),
            number=board.shown(shop, ticket), people=ahead if ahead <= words.DRAWN_PEOPLE else None, ahead=words.ahead(ahead),
            wait=words.wait(ticket.told_from, ticket.told_to), thanks=say("ticket.thanks"),
            where=words.desks(shop.settings, ticket.service), scan=say("ticket.scan") if address else "", address=address,
            taken=say("print.taken", day=_day(ticket.t0), time=clock_time(ticket.t0)), privacy=words.privacy(shop.settings),
        )  # fmt: skip


def sample(settings: Settings, language: str, *, at: datetime) -> Paper:
    """Return a paper that shows everything and says that it is a test. Needs the context of such an application too."""
    address = settings.kiosk.public_base_url or ""
    with force_locale(locale_of(language)):
        return Paper(
            shop=settings.store.name, service=say("print.test"), yours=say("ticket.yours"),
            number=numbering.shown("T", 47), people=3, ahead=words.ahead(3), wait=words.wait(300, 600), thanks=say("ticket.thanks"),
            where=say("ticket.where", desks=say("desk.name", n=3)), scan=say("ticket.scan") if address else "", address=address,
            taken=say("print.taken", day=_day(at), time=clock_time(at)), privacy=words.privacy(settings),
        )  # fmt: skip


def speaking(settings: Settings) -> Flask:
    """Return an application that does nothing but speak the languages of the shop of *settings*."""
    app = Flask("paper", static_folder=None, template_folder=None)
    set_up(app, settings)
    return app


def _day(moment: datetime) -> str:
    """Return the day in words, with the day of the month and its month on one line."""
    return "\u00a0".join(day(moment).rsplit(" ", 1))
