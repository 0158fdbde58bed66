"""What a program may read: services with their waits, tickets, the line, the history, the wall."""

from __future__ import annotations

from flask import Response
from flask_openapi3.models.tag import Tag

from broker.store import tickets as stored
from broker.web.access import needs
from broker.web.stores import current_shop
from dashboard.api import answers, rows, said
from dashboard.api.door import bp, scope, tagged

READ = Tag(name="reading", description="How things stand. Every answer has an ETag.")


@bp.get("/services", tags=[READ], operation_id="services", security=scope("tickets.read"), responses={"200": answers.Services})
@needs("tickets.read")
def services(query: said.WhichLanguage) -> Response:
    """Services, with the wait of each"""
    return tagged(rows.services(current_shop(), query.language))


@bp.get("/tickets/<ticket>", tags=[READ], operation_id="ticket", security=scope("tickets.read"), responses={"200": answers.Ticket})
@needs("tickets.read")
def ticket(path: said.TicketPath) -> Response:
    """One ticket as it stands"""
    shop = current_shop()
    return tagged(rows.ticket(shop, stored.get(shop.db, path.ticket)))


@bp.get("/line", tags=[READ], operation_id="line", security=scope("tickets.read"), responses={"200": answers.Line})
@needs("tickets.read")
def line(query: said.WhichService) -> Response:
    """Everybody in line, and the counters"""
    return tagged(rows.line(current_shop(), query.service))


@bp.get("/history", tags=[READ], operation_id="history", security=scope("tickets.read"), responses={"200": answers.History})
@needs("tickets.read")
def history(query: said.Page) -> Response:
    """Every move of every ticket, page by page"""
    found = stored.moves_after(current_shop().db, int(query.cursor or 0), limit=query.limit)
    following = str(found[-1][0]) if found else query.cursor
    return tagged({"moves": [rows.made(move) for _, move in found], "next": following})


@bp.get("/display", tags=[READ], operation_id="display", security=scope("display.read"), responses={"200": answers.Wall})
@needs("display.read")
def display() -> Response:
    """What the wall shows"""
    return tagged(rows.wall(current_shop()))
