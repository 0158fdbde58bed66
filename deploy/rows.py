"""Rows of the past as files, and back: visits, tickets, alerts; and the journal, which only goes out.

A file holds one row a line, CSV with a head or JSON lines. What only another machine could misuse stays here: the address
of a customer's page is not in it.
"""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from enum import Enum
from itertools import chain, islice
from pathlib import Path
from types import NoneType
from typing import IO, Any, Final, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from broker.domain.alerts import Alert, AlertState
from broker.domain.ticket import Ticket
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.store import alerts, tickets, visits
from broker.store.database import change, text
from broker.store.proving import Proof
from broker.store.tickets import Moved

WHAT: Final = ("visits", "tickets", "alerts", "journal")
BATCH_ROWS: Final = 200
"""Rows written in one transaction."""
MAX_LINE: Final = 64 * 1024
"""Letters of one row; a longer one is no row of ours."""
MAX_BAD: Final = 1000
"""Bad rows that are listed; more are only counted."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet takes a cell that begins so for something to reckon: it gets a quote in front, which `read` takes off."""
MOVES: Final = "moves"
_TABLES: Final[dict[str, tuple[type, str, str]]] = {
    "visits": (Visit, "t0", "t0, id"), "tickets": (Ticket, "t0", "t0, id"), "alerts": (Alert, "since", "since, id"),
}  # fmt: skip
_SECRET: Final = frozenset({"token"})

Row = dict[str, Any]


class Unreadable(Exception):
    """The file is none that can be taken in. The text says why."""


def export(shop: Shop, what: str, begin: datetime, end: datetime) -> Iterator[Row]:
    """Yield the rows of *what* with begin <= time < end, oldest first, in plain values."""
    if what == "journal":
        yield from _select(shop, "journal", ("id", "at", "kind", "subject", "zone", "by", "body"), "at", "id", begin, end)
        return
    kind, time, order = _TABLES[what]
    columns = tuple(each.name for each in fields(kind) if each.name not in _SECRET)
    for row in _select(shop, what, columns, time, order, begin, end):
        if what == "tickets":
            row[MOVES] = [_plain(asdict(move)) for move in tickets.moves_of(shop.db, row["id"])]
        yield row


def _select(
    shop: Shop, table: str, columns: tuple[str, ...], time: str, order: str, begin: datetime, end: datetime
) -> Iterator[Row]:
    names = ", ".join(columns)
    found = shop.db.execute(
        f"SELECT {names} FROM {table} WHERE {time} >= ? AND {time} < ? ORDER BY {order}",  # noqa: S608 - names of our own
        [text(begin), text(end)],
    )
    while some := found.fetchmany(BATCH_ROWS):
        yield from (dict(zip(columns, row, strict=True)) for row in some)


def _plain(row: Row) -> Row:
    return {name: text(v) if isinstance(v, datetime) else str(v) if isinstance(v, Enum) else v for name, v in row.items()}


def write(rows: Iterator[Row], out: IO[str], form: str) -> int:
    """Write *rows* as "csv" or "jsonl"; return how many."""
    number, writer = 0, None
    for row in rows:
        number += 1
        if form == "jsonl":
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            continue
        if writer is None:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
    return number


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@dataclass(slots=True)
class Report:
    """What an import did: rows taken, rows that were there already, and each bad one by its line with what is wrong."""

    what: str
    taken: int = 0
    known: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    more_bad: int = 0

    def refuse(self, line: int, why: str) -> None:
        """List a bad row, or only count it once there are MAX_BAD."""
        if len(self.bad) < MAX_BAD:
            self.bad.append((line, why))
        else:
            self.more_bad += 1


def take(shop: Shop, file: Path, *, dry_run: bool = False) -> Report:
    """Take the rows of *file* into the store: good ones are kept, bad ones listed, known ones left as they are.

    Only what has ended is taken: somebody who still waits would raise an alarm. Raises Unreadable.
    """
    with file.open(encoding="utf-8-sig", newline="") as opened:
        lines = _lines(opened, file)
        first = next(lines, None)
        if first is None:
            raise Unreadable(f"{file}: there is no row in it.")
        what = _recognised(first[1], file)
        report = Report(what)
        with closing(Proof(lambda db, row: _SAVERS[what](Shop(db, shop.clock, shop.settings), *row))) as proof:
            for batch in _batches(chain([first], lines)):
                _take(shop, proof, batch, report, dry_run)
    return report


def _batches(lines: Iterator[tuple[int, Row | str]]) -> Iterator[list[tuple[int, Row | str]]]:
    while batch := list(islice(lines, BATCH_ROWS)):
        yield batch


def _lines(opened: IO[str], file: Path) -> Iterator[tuple[int, Row | str]]:
    """Yield (line, row) of a file of either form; a text instead of a row is what is wrong with it."""
    try:
        begin = opened.read(1)
        opened.seek(0)
        yield from _json_lines(opened) if begin == "{" else _csv_lines(opened)
    except UnicodeDecodeError:
        raise Unreadable(f"{file}: this is not text in UTF-8.") from None


def _json_lines(opened: IO[str]) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(opened, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line) if len(line) <= MAX_LINE else None
        except (ValueError, RecursionError):
            row = None
        yield number, row if isinstance(row, dict) else "this is not one JSON object of at most 64 KiB"


def _csv_lines(opened: IO[str]) -> Iterator[tuple[int, Row | str]]:
    reader = csv.reader(opened)
    head: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield reader.line_num, f"this is not CSV: {wrong}"
            continue
        if not head:
            head = cells
        elif len(cells) != len(head):
            yield reader.line_num, f"it has {len(cells)} cells, and the head {len(head)}"
        else:
            yield reader.line_num, {name: _read(cell) for name, cell in zip(head, cells, strict=True)}


def _read(cell: str) -> str | None:
    return None if cell == "" else cell[1:] if cell.startswith("'") else cell


def _recognised(row: Row | str, file: Path) -> str:
    columns = set(row) if isinstance(row, dict) else set()
    if {"kind", "subject", "body"} <= columns:
        raise Unreadable(f"{file}: the journal only goes out: what happened here cannot be told by another file.")
    for what, mark in (("tickets", "issued_for"), ("visits", "own_t0"), ("alerts", "raised_at")):
        if mark in columns:
            return what
    raise Unreadable(f"{file}: its first row is none of visits, tickets or alerts, as `greetline export` writes them.")


def _take(shop: Shop, proof: Proof, batch: list[tuple[int, Row | str]], report: Report, dry_run: bool) -> None:
    what, good = report.what, _good(batch, report)
    for place, reason in sorted(proof.failing([(value, moves) for _, value, moves in good]).items(), reverse=True):
        report.refuse(good.pop(place)[0], reason)
    report.bad.sort()
    with change(shop.db):
        for line, value, moves in good:
            if why := _clash(shop, what, value):
                report.refuse(line, why)
            elif _there(shop, what, value.id):
                report.known += 1
            else:
                report.taken += 1
                if not dry_run:
                    _SAVERS[what](shop, value, moves)


def _good(batch: list[tuple[int, Row | str]], report: Report) -> list[tuple[int, Any, list[Moved]]]:
    good: list[tuple[int, Any, list[Moved]]] = []
    for line, row in batch:
        try:
            good.append((line, *_value(report.what, row)))
        except ValidationError as wrong:
            first = wrong.errors()[0]
            report.refuse(line, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except (ValueError, OverflowError, RecursionError) as wrong:
            report.refuse(line, str(wrong))
    return good


def _value(what: str, row: Row | str) -> tuple[Any, list[Moved]]:
    """Return the value of a row and, of a ticket, its moves. Raises ValueError, which ValidationError is."""
    if isinstance(row, str):
        raise ValueError(row)
    row = dict(row)
    told = row.pop(MOVES, None)
    kind = _TABLES[what][0]
    names = {each.name for each in fields(kind)}
    if unknown := sorted(row.keys() - names):
        raise ValueError(f"{unknown[0]} is not a column of {what}")
    given = {name: value for name, value in row.items() if not (value is None and not _may_be_none(kind, name))}
    if what == "tickets":
        given["token"] = secrets.token_urlsafe(32)
    value: Any = TypeAdapter(kind).validate_python(given)
    ended = value.resolved_at is not None if what == "alerts" else value.ended_at is not None
    if not ended or (what == "alerts" and value.state is not AlertState.RESOLVED):
        raise ValueError("it has not ended: only what is over is taken")
    if value.due_at is not None:
        raise ValueError("due_at: nothing is due of what has ended")
    return value, _moves(told, value.id) if what == "tickets" else []


def _may_be_none(kind: type, name: str) -> bool:
    return NoneType in get_args(get_type_hints(kind)[name])


def _moves(told: Any, ticket: str) -> list[Moved]:
    found = json.loads(told) if isinstance(told, str) else told
    moves = TypeAdapter(list[Moved]).validate_python(found or [])
    if not moves or any(move.ticket != ticket for move in moves):
        raise ValueError("moves: a ticket comes with its own moves, as `greetline export` writes them")
    return moves


def _there(shop: Shop, what: str, row_id: str) -> bool:
    return shop.db.execute(f"SELECT 1 FROM {what} WHERE id = ?", [row_id]).fetchone() is not None  # noqa: S608 - one of WHAT


def _clash(shop: Shop, what: str, value: Any) -> str | None:
    if what != "tickets":
        return None
    day: date = value.day
    row = shop.db.execute(
        "SELECT id FROM tickets WHERE issued_for = ? AND day = ? AND number = ?", [value.issued_for, day.isoformat(), value.number]
    ).fetchone()
    if row and row[0] != value.id:
        return f"number {value.number} of {value.issued_for} on {day} is another ticket here"
    return None


def _save_ticket(shop: Shop, value: Ticket, moves: list[Moved]) -> None:
    tickets.save(shop.db, value)
    tickets.append_moves(shop.db, *moves)


_SAVERS: Final[dict[str, Callable[[Shop, Any, list[Moved]], None]]] = {
    "visits": lambda shop, value, _: visits.save(shop.db, value),
    "alerts": lambda shop, value, _: alerts.save(shop.db, value),
    "tickets": _save_ticket,
}
