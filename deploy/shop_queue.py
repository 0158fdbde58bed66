"""One simulated day of the queues of a shop: who takes a ticket, who is called, held, sent on, gives up or comes again.

Every move is made by the rules themselves (broker.domain.ticket); only what people do is made up. What happened is kept
three times: as commands that could be given to the desk, as the rows that the desk would write, and in a diary that
notes the times of each person by itself and knows nothing of rows (deploy.shop_truth).
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from broker.domain import estimate, numbering, order
from broker.domain.promises import Promises
from broker.domain.ticket import CLOCK, ENDED, Channel, Move, Outcome, Said, State, Ticket
from broker.store.tickets import ISSUE, Moved
from deploy.shop_cases import Cases
from deploy.shop_plan import Day, Desk, Service, seconds_later
from deploy.shop_truth import Diary

NO_SHOW, HOLD, TRANSFER, AWAY, BOOK, REOPEN, URGENT = 0.04, 0.07, 0.04, 0.01, 0.01, 0.006, 0.04
"""Shares of the tickets."""
OUTCOMES: Final = {Outcome.SOLVED: 86, Outcome.PARTLY: 7, Outcome.NOT_SOLVED: 4, Outcome.REFERRED: 3}
FIRST_PATIENT: Final = 240.0
"""Nobody gives up sooner, but for a few who only looked."""
WAITS_FOR_THEM: Final = 0.8
"""Share of the holds in which the counter calls nobody until they are back."""
HANDOVER: Final = (5.0, 25.0)


@dataclass(frozen=True, slots=True)
class Command:
    """Something somebody does at the desk at `at`; `what` is a method of tests.deploy.living.Living."""

    at: datetime
    what: str
    said: dict[str, Any]


class Queue(Cases):
    """A day of the queues of a shop. `live` makes it; then everything that happened can be read from it."""

    def __init__(self, day: Day, services: Sequence[Service], desks: Sequence[Desk], promises: Promises, seed: str) -> None:
        """Plan the day; *seed* is a text, so that it is the same on every machine."""
        super().__init__(random.Random(seed))  # noqa: S311 - a simulation, not a secret.
        self.day, self.promises, self.diary = day, promises, Diary()
        self.services = {service.id: service for service in services}
        self.desks = {desk.id: desk for desk in desks}
        self.tickets: dict[str, Ticket] = {}
        self.moves: list[Moved] = []
        self.commands: list[Command] = []
        self.shifts: list[tuple[str, str, str, datetime, datetime | None]] = []
        self._coming: list[tuple[datetime, int, str, tuple[Any, ...]]] = []
        self._order = 0
        self._open: dict[str, int] = {}
        """The place in `shifts` of the running shift of each counter."""
        self._at: dict[str, str] = {}
        self._resting: set[str] = set()
        self._line: dict[str, Ticket] = {}
        self._numbers: dict[str, int] = {}

    def live(self) -> None:
        """Let the day happen."""
        for number, desk in enumerate(self.desks.values()):
            self._later(self.day.opens + timedelta(seconds=self.chance.randint(5, 240)), "opens", desk.id)
            begins = self.day.opens + (self.day.closes - self.day.opens) * (0.35 + 0.08 * number)
            self._later(self._in(begins, 0, 600), "rests", desk.id, self.chance.uniform(900, 1800))
        for service in self.services.values():
            for at in self.day.arrivals(self.chance, service.a_day, until=0.96):
                self._later(at, "comes", service.id)
        self._later(self.day.closes + timedelta(seconds=1), "day_over")
        while self._coming:
            at, _, what, about = heapq.heappop(self._coming)
            getattr(self, f"_{what}")(at, *about)

    def _later(self, at: datetime, what: str, *about: Any) -> None:
        self._order += 1
        heapq.heappush(self._coming, (at, self._order, what, about))

    def _in(self, at: datetime, low: float, high: float) -> datetime:
        return seconds_later(at, self.chance.uniform(low, high))

    def _do(self, at: datetime, what: str, **said: Any) -> None:
        self.commands.append(Command(at, what, said))

    def _make(self, ticket: Ticket, move: Move, at: datetime, said: Said) -> Ticket:
        """Make one move as the desk does: the ticket, its row of history, and the line."""
        made = ticket.after(move, at, self.promises, said)
        self._keep(made)
        self.moves.append(
            Moved(
                ticket=made.id, at=at, by=said.by, move=str(move), was=str(ticket.state), became=made.state, service=made.service,
                counter=made.counter or ticket.counter, place=made.place, until=made.until, reason=said.reason,
            )
        )  # fmt: skip
        self.diary.moved(ticket, made, move, at, said)
        coming = made.next_move(self.promises)
        if coming:
            self._later(coming[1], "clock", made.id, made.version)
        return made

    def zone_of(self, ticket_id: str) -> str:
        """Return the zone of the service somebody waits for, "" without one."""
        return self.services[self.tickets[ticket_id].service].zone

    def shown(self, ticket_id: str) -> str:
        """Return the number as it stands on the ticket."""
        ticket = self.tickets[ticket_id]
        return numbering.shown(self.services[ticket.issued_for].letter, ticket.number)

    def _keep(self, ticket: Ticket) -> None:
        self.tickets[ticket.id] = ticket
        if ticket.state in ENDED:
            self._line.pop(ticket.id, None)
        else:
            self._line[ticket.id] = ticket

    def _comes(self, at: datetime, service_id: str) -> None:
        service, chance = self.services[service_id], self.chance
        number = numbering.following(self._numbers.get(service_id, 0), frozenset())
        self._numbers[service_id] = number
        priority = int(chance.random() < URGENT)
        told = self._told(service)
        phone = chance.random() < 0.1
        ticket = Ticket(
            id=f"{chance.getrandbits(64):016x}", token=f"{chance.getrandbits(128):032x}", service=service_id,
            issued_for=service_id, number=number, day=self.day.date, t0=at, place=order.place(at, priority, self.promises),
            language="en", channel=Channel.PHONE if phone else Channel.KIOSK, priority=priority,
            visit=None if phone else self.day.visit_id(len(self.tickets), "t"),
            told_from=told[0] if told else None, told_to=told[1] if told else None,
        )  # fmt: skip
        self._do(at, "issue", ticket=ticket)
        self._keep(ticket)
        self.moves.append(
            Moved(
                ticket=ticket.id, at=at, by="", move=ISSUE, was="", became=ticket.state, service=service_id, counter=None,
                place=ticket.place,
            )
        )  # fmt: skip
        self.diary.took(ticket)
        patience = self._in(at, 3, 28) if chance.random() < 0.01 else None
        self._later(patience or seconds_later(at, FIRST_PATIENT + chance.expovariate(1 / service.patience)), "gives_up", ticket.id)
        if chance.random() < AWAY + BOOK:
            self._later(self._in(at, 20, 60), "changes_plan", ticket.id, chance.random() < 0.5)
        self._call_all(at)

    def _told(self, service: Service) -> tuple[float, float] | None:
        able = sum(service.id in self.desks[name].skills for name in self._open)
        if not able or self.chance.random() < 0.03:
            return None
        ahead = sum(1 for one in self._line.values() if one.service == service.id and one.state is State.WAITING)
        middle = (ahead + 0.6) * service.mean / able
        return estimate.rounded_down(0.5 * middle), estimate.rounded_up(1.9 * middle + 60)

    def _gives_up(self, at: datetime, ticket_id: str) -> None:
        ticket = self.tickets[ticket_id]
        if ticket.state is State.WAITING:
            self._do(at, "move", ticket=ticket_id, move=Move.CANCEL, said=Said())
            self._make(ticket, Move.CANCEL, at, Said())

    def _changes_plan(self, at: datetime, ticket_id: str, books: bool) -> None:
        ticket = self.tickets[ticket_id]
        if ticket.state is not State.WAITING or ticket.service != ticket.issued_for:
            return
        move = Move.BOOK if books else Move.STEP_AWAY
        said = Said(until=self._in(at, 300, 840))
        self._do(at, "move", ticket=ticket_id, move=move, said=said)
        self._make(ticket, move, at, said)

    def _clock(self, at: datetime, ticket_id: str, version: int) -> None:
        """Make what the clock owes, as `tickets.run_due`."""
        ticket = self.tickets[ticket_id]
        if ticket.version != version:
            return
        self._do(at, "tick")
        move, _ = ticket.next_move(self.promises) or (Move.EXPIRE, at)
        said = Said(by=CLOCK)
        if move is Move.MISS:
            said = replace(said, behind=order.behind(ticket, self._line.values(), self.promises.missed_behind))
        self._make(ticket, move, at, said)
        if ticket.counter:
            self._is_free(at, ticket.counter)
        self._call_all(at)

    def _opens(self, at: datetime, desk: str) -> None:
        self._do(at, "open", counter=desk, by=self.desks[desk].staff)
        self._shift(at, desk, "open")
        self._call_all(at)

    def _rests(self, at: datetime, desk: str, seconds: float) -> None:
        if desk not in self._open:
            return
        if desk in self._at:
            self._later(self._in(at, 20, 60), "rests", desk, seconds)
            return
        self._do(at, "rest", counter=desk, by=self.desks[desk].staff)
        self._shift(at, desk, "break")
        del self._open[desk]
        self._later(seconds_later(at, seconds), "opens_again", desk)

    def _opens_again(self, at: datetime, desk: str) -> None:
        if at < self.day.closes:
            self._opens(at, desk)

    def _shift(self, at: datetime, desk: str, kind: str) -> None:
        running = next((n for n in range(len(self.shifts) - 1, -1, -1) if self.shifts[n][0] == desk), None)
        if running is not None and self.shifts[running][4] is None:
            self.shifts[running] = (*self.shifts[running][:4], at)
        self.shifts.append((desk, self.desks[desk].staff, kind, at, None))
        if kind == "open":
            self._open[desk] = len(self.shifts) - 1

    def _ends(self, at: datetime, desk: str) -> None:
        for number, shift in enumerate(self.shifts):
            if shift[0] == desk and shift[4] is None:
                self.shifts[number] = (*shift[:4], at)
        self._open.pop(desk, None)

    def _call_all(self, at: datetime) -> None:
        if at >= self.day.closes:
            return
        for desk in sorted(self._open):
            if desk not in self._at and desk not in self._resting:
                self._call(at, desk)

    def _call(self, at: datetime, desk: str) -> None:
        skills, by = self.desks[desk].skills, self.desks[desk].staff
        ticket = order.following(self._line.values(), skills)
        if ticket is None:
            return
        self._do(at, "call_next", counter=desk, by=by)
        self._at[desk] = ticket.id
        called = self._make(ticket, Move.CALL, at, Said(by=by, counter=desk))
        if self.chance.random() >= NO_SHOW:
            self._later(self._in(at, 4, 25), "starts", called.id, desk)

    def _starts(self, at: datetime, ticket_id: str, desk: str) -> None:
        ticket = self.tickets[ticket_id]
        if ticket.state is State.CALLED:
            said = Said(by=self.desks[desk].staff)
            self._do(at, "move", ticket=ticket_id, move=Move.START, said=said)
            self._make(ticket, Move.START, at, said)
            self._serve(at, ticket_id, desk)

    def _serve(self, at: datetime, ticket_id: str, desk: str) -> None:
        """Decide how long the rest of the service takes, and what comes of it."""
        chance = self.chance
        seconds = self.services[self.tickets[ticket_id].service].seconds(chance)
        chosen = chance.random()
        if chosen < HOLD:
            self._later(seconds_later(at, seconds / 2), "holds", ticket_id, desk)
        elif chosen < HOLD + TRANSFER and len(self.services) > 1:
            self._later(seconds_later(at, seconds / 2), "sends_on", ticket_id, desk)
        else:
            self._later(seconds_later(at, seconds), "finishes", ticket_id, desk)
        self._during(at, ticket_id, desk, seconds)

    def _holds(self, at: datetime, ticket_id: str, desk: str) -> None:
        by, until = self.desks[desk].staff, self._in(at, 120, 480)
        said = Said(by=by, reason="a look at the stock room", until=until)
        self._do(at, "move", ticket=ticket_id, move=Move.HOLD, said=said)
        self._make(self.tickets[ticket_id], Move.HOLD, at, said)
        for share in (0.35, 0.7) if self.chance.random() < 0.8 else ():
            self._later(seconds_later(at, (until - at).total_seconds() * share), "updates", ticket_id, by)
        late = self.chance.random() < 0.12
        back = self._in(until, 5, 200) if late else seconds_later(until, -self.chance.uniform(30, 100))
        self._later(back, "resumes", ticket_id, desk)
        if at < self.day.closes and self.chance.random() < WAITS_FOR_THEM:
            self._at.pop(desk, None)
            self._resting.add(desk)
        else:
            self._is_free(at, desk)

    def _updates(self, at: datetime, ticket_id: str, by: str) -> None:
        if self.tickets[ticket_id].state is State.HELD:
            self._do(at, "move", ticket=ticket_id, move=Move.UPDATE, said=Said(by=by))
            self._make(self.tickets[ticket_id], Move.UPDATE, at, Said(by=by))

    def _resumes(self, at: datetime, ticket_id: str, desk: str) -> None:
        if desk in self._at:
            self._later(self._in(at, 10, 30), "resumes", ticket_id, desk)
            return
        said = Said(by=self.desks[desk].staff)
        self._resting.discard(desk)
        self._at[desk] = ticket_id
        self._do(at, "move", ticket=ticket_id, move=Move.RESUME, said=said)
        self._make(self.tickets[ticket_id], Move.RESUME, at, said)
        self._later(self._in(at, 20, 120), "finishes", ticket_id, desk)

    def _sends_on(self, at: datetime, ticket_id: str, desk: str) -> None:
        ticket = self.tickets[ticket_id]
        if at >= self.day.closes or ticket.service != ticket.issued_for:
            self._finishes(at, ticket_id, desk)
            return
        service = self.chance.choice([each for each in self.services if each != ticket.service])
        self._do(at, "transfer", ticket=ticket_id, service=service, by=self.desks[desk].staff)
        said = Said(by=self.desks[desk].staff, service=service, reason="belongs there")
        self._make(ticket, Move.TRANSFER, at, said)
        self._is_free(at, desk)
        self._call_all(at)

    def _finishes(self, at: datetime, ticket_id: str, desk: str) -> None:
        by = self.desks[desk].staff
        outcome = self.chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        said = Said(by=by, outcome=outcome, reason="the workshop; receipt checked" if outcome is Outcome.REFERRED else "")
        self._do(at, "finish", ticket=ticket_id, said=said)
        self._make(self.tickets[ticket_id], Move.FINISH, at, said)
        self._is_free(at, desk)
        self._afterwards(at, ticket_id, by)
        if self.chance.random() < REOPEN:
            self._later(self._in(at, 60, 500), "reopens", ticket_id, by)

    def _reopens(self, at: datetime, ticket_id: str, by: str) -> None:
        if at < self.day.closes - timedelta(minutes=30):
            self._do(at, "move", ticket=ticket_id, move=Move.REOPEN, said=Said(by=by))
            self._make(self.tickets[ticket_id], Move.REOPEN, at, Said(by=by))
            self._call_all(at)

    def _is_free(self, at: datetime, desk: str) -> None:
        self._at.pop(desk, None)
        if at > self.day.closes:
            self._later(seconds_later(at, 1), "goes_home", desk)
            return
        self._resting.add(desk)
        self._later(self._in(at, *HANDOVER), "is_ready", desk)

    def _goes_home(self, at: datetime, desk: str) -> None:
        if desk in self._open and desk not in self._at:
            self._do(at, "close", counter=desk, by=self.desks[desk].staff)
            self._ends(at, desk)

    def _is_ready(self, at: datetime, desk: str) -> None:
        self._resting.discard(desk)
        if desk in self._open and desk not in self._at and at < self.day.closes:
            self._call(at, desk)

    def _day_over(self, at: datetime) -> None:
        """Close, as the service does: who waits is sent home, a counter without a customer ends its shift."""
        if not self.day.shuts:
            self._empties(at)
            return
        self._do(at, "close_shop")
        for ticket in list(self._line.values()):
            if ticket.state not in (State.SERVING, State.HELD):
                self._make(ticket, Move.EXPIRE, at, Said(by=CLOCK, reason="the shop has closed"))
                if ticket.state is State.CALLED and ticket.counter:
                    self._at.pop(ticket.counter, None)
        for desk in {shift[0] for shift in self.shifts if shift[4] is None}:
            there = self._at.get(desk)
            if there is None or self.tickets[there].state is not State.SERVING:
                self._ends(at, desk)

    def _empties(self, at: datetime) -> None:
        """End the day of a shop that never closes: people go home by themselves."""
        for ticket in list(self._line.values()):
            if ticket.state not in (State.SERVING, State.HELD):
                self._do(at, "move", ticket=ticket.id, move=Move.CANCEL, said=Said())
                self._make(ticket, Move.CANCEL, at, Said())
                if ticket.state is State.CALLED and ticket.counter:
                    self._at.pop(ticket.counter, None)
        for desk in sorted(self._open):
            self._goes_home(at, desk)
        for desk in sorted({shift[0] for shift in self.shifts if shift[4] is None} - self._open.keys()):
            self._do(at, "close", counter=desk, by=self.desks[desk].staff)
            self._ends(at, desk)
