"""What a simulation knows by itself: it notes what each person lives through, and reckons the figures in the plainest way.

Nothing here reads a store or shares code with the reports. Times are whole milliseconds until they are divided.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from broker.domain.ticket import CLOCK, Move, Outcome, Said, State, Ticket

_MS: Final = timedelta(milliseconds=1)
_KIND: Final = {
    State.WAITING: "wait", State.AWAY: "wait", State.BOOKED: "wait", State.CALLED: "call", State.SERVING: "serve",
    State.HELD: "hold",
}  # fmt: skip
SHORT: Final = 30_000
BACK_DAYS: Final = (7, 14, 21, 28)


@dataclass(slots=True)
class Lived:
    """What one person lived through, as they would tell it."""

    ticket: Ticket
    since: datetime
    kind: str = "wait"
    lasted: Counter[str] = field(default_factory=Counter)
    doubtful: set[str] = field(default_factory=set)
    moves: Counter[str] = field(default_factory=Counter)
    holds: int = 0
    told: datetime | None = None
    silence: int = 0
    silences: list[int] = field(default_factory=list)
    said_until: datetime | None = None
    promises: int = 0
    kept: int = 0
    last_move: tuple[State, Move] | None = None
    served_at: str = ""


class Diary:
    """The day of everybody who took a ticket."""

    def __init__(self) -> None:
        """Begin an empty one."""
        self.people: dict[str, Lived] = {}
        self.recaps: dict[str, str] = {}
        self.escalations: dict[str, float | None] = {}
        self.verdicts: dict[str, str] = {}
        self.problems: Counter[str] = Counter()
        self.serving: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def took(self, ticket: Ticket) -> None:
        """Somebody took a ticket."""
        self.people[ticket.id] = Lived(ticket, ticket.t0)

    def moved(self, was: Ticket, now: Ticket, move: Move, at: datetime, said: Said) -> None:
        """Something happened to them."""
        one = self.people[now.id]
        kind = _KIND.get(now.state, "over")
        one.moves[move] += 1
        one.last_move = (was.state, move)
        self._hold(one, now, move, at)
        if one.kind != "over":
            one.lasted[one.kind] += (at - one.since) // _MS
            if kind != one.kind and said.by == CLOCK:
                one.doubtful.add(one.kind)
        if one.kind == "serve":
            self.serving[was.counter or ""].append((one.since, at))
        if kind == "serve":
            one.served_at = now.counter or ""
        one.ticket, one.kind, one.since = now, kind, at

    def _hold(self, one: Lived, now: Ticket, move: Move, at: datetime) -> None:
        if one.kind == "hold" and one.told:
            one.silence = max(one.silence, (at - one.told) // _MS)
            one.told = at
            if move is not Move.UPDATE:
                one.promises += 1
                one.kept += bool(one.said_until and at <= one.said_until)
                one.silences.append(one.silence)
        elif move is Move.HOLD:
            one.holds, one.told, one.silence, one.said_until = one.holds + 1, at, 0, now.until


class Truth:
    """The figures of a simulated shop, over all its days."""

    def __init__(self, zone: tzinfo, *, greet_within: float, wait_within: float, serve_within: float, answer: float) -> None:
        """Know the promises, in seconds."""
        self._zone = zone
        self._promised = {"greet": greet_within, "wait": wait_within, "serve": serve_within, "answer": answer}
        self.counts: Counter[str] = Counter()
        self.times: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self.problems: Counter[str] = Counter()
        self.services: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.hours: Counter[int] = Counter()
        self._before: dict[date, defaultdict[tuple[str, int], list[int]]] = {}

    def visit(self, fate: str, *, greeted: int | None, left: int | None, size: int, red_after: int | None) -> None:
        """Note one party: greeted or gone after so many milliseconds; *red_after* of them they had waited beyond the promise."""
        if fate in ("dismissed", "late"):
            self.counts[fate] += 1
            return
        self.counts["visits"] += 1
        self.counts["people"] += size
        if greeted is not None:
            self.times["greeted"].append(greeted)
        if left is not None:
            self.times["left"].append(left)
        if red_after is not None:
            self.times["response"].append(red_after)

    def tickets(self, on: date, diary: Diary, shifts: list[tuple[str, str, str, datetime, datetime | None]]) -> None:
        """Note a day of tickets and counters."""
        self._before[on] = defaultdict(list)
        for one in diary.people.values():
            self._ticket(on, one, diary)
        for old in [day for day in self._before if (on - day).days > max(BACK_DAYS)]:
            del self._before[old]
        self.problems += diary.problems
        for counter, _, kind, began, ended in shifts:
            lasted = ((ended or began) - began) // _MS
            self.counts["open_ms" if kind == "open" else "break_ms"] += lasted
            for begin, end in diary.serving.get(counter, ()) if kind == "open" and ended else ():
                self.counts["serving_ms"] += max(timedelta(0), min(end, ended or began) - max(begin, began)) // _MS

    def _ticket(self, on: date, one: Lived, diary: Diary) -> None:
        counts, ticket, moves = self.counts, one.ticket, one.moves
        hour = ticket.t0.astimezone(self._zone).hour
        gone = ticket.state is State.EXPIRED or bool(one.last_move and one.last_move[1] is Move.CANCEL and gave_up(one))
        served = bool(moves[Move.START]) and not gone
        waited, finished = one.lasted["wait"], ticket.state is State.FINISHED
        found = {
            "issued": True, "served": served, "called": moves[Move.CALL] > 0, "missed": moves[Move.MISS] > 0,
            "recovered": moves[Move.MISS] > 0 and served, "transferred": moves[Move.TRANSFER] > 0 and served, "finished": finished,
            "first": finished and ticket.outcome is Outcome.SOLVED and not moves[Move.TRANSFER] and not moves[Move.REOPEN],
            "short": gone and waited < SHORT, "abandoned": gone and waited >= SHORT, "walk_ins": ticket.visit is not None,
            "untrusted": ticket.untrusted or bool(one.doubtful & {"wait", "serve", "hold"}),
            "escalated": ticket.id in diary.escalations, "recaps": ticket.id in diary.recaps,
        }  # fmt: skip
        counts.update({name: 1 for name, so in found.items() if so})
        counts.update({"holds": one.holds, "held_ms": one.lasted["hold"], "returns": one.promises, "kept_returns": one.kept})
        counts["calls"] += moves[Move.CALL]
        counts[diary.verdicts.get(ticket.id, "no verdict")] += 1
        counts["recap " + diary.recaps.get(ticket.id, "none")] += 1
        self.times["gap"].extend(one.silences)
        self.hours[hour] += 1
        self.services[ticket.issued_for].update({"issued": 1, "served": int(served)})
        if (answer := diary.escalations.get(ticket.id)) is not None:
            self.times["answer"].append(round(answer * 1000))
        self._waited(on, hour, one, gone=gone, served=served)

    def _waited(self, on: date, hour: int, one: Lived, *, gone: bool, served: bool) -> None:
        ticket, waited, sure = one.ticket, one.lasted["wait"], "wait" not in one.doubtful
        if gone and waited >= SHORT:
            self.times["gone"].append(waited)
        if (gone or served) and sure:
            self.times["all waits"].append(waited)
        if served and "serve" not in one.doubtful:
            self.times["serve"].append(one.lasted["serve"])
        if served and sure:
            self.times["wait"].append(waited)
            self._before[on][ticket.issued_for, hour].append(waited)
        if ticket.told_to is None or ticket.told_from is None:
            return
        low, high = round(ticket.told_from * 1000), round(ticket.told_to * 1000)
        if gone:
            self.counts["told"] += waited > high
        elif served and sure:
            self.counts.update({"told": 1, "kept": int(waited <= high), "covered": int(low <= waited <= high)})
            self._compared(on, hour, ticket.issued_for, waited, (low + high) // 2)

    def _compared(self, on: date, hour: int, service: str, waited: int, middle: int) -> None:
        days = [self._before[day] for back in BACK_DAYS if (day := on - timedelta(days=back)) in self._before]
        before = sorted(wait for day in days for wait in day.get((service, hour), ()))
        if before:
            usual = (before[(len(before) - 1) // 2] + before[len(before) // 2]) // 2
            self.counts.update({"judged": 1, "miss_ms": abs(waited - middle), "usual_ms": abs(waited - usual)})

    def figures(self) -> dict[str, Any]:
        """Return every figure of the reports."""
        counts, times = self.counts, {name: sorted(some) for name, some in self.times.items()}
        answers = counts["good"] + counts["fair"] + counts["poor"]
        wait, gone = times.get("wait", []), times.get("gone", [])
        in_time = sum(value <= self._promised["wait"] * 1000 for value in wait)
        late = sum(value >= self._promised["wait"] * 1000 for value in gone)
        serve, answer = times.get("serve", []), times.get("answer", [])
        gaps = times.get("gap", [])
        middle = _at(wait, 0.5)
        return {
            "issued": counts["issued"], "served": counts["served"], **_spread("wait", wait), "asa": _mean(wait),
            "awt": _mean(times.get("all waits", [])), "queue_service_level": _share(in_time, len(wait) + late),
            "abandonment": _share(counts["abandoned"], counts["issued"]), "short_abandons": counts["short"],
            "no_show_rate": _share(counts["missed"], counts["called"]),
            "recovered_share": _share(counts["recovered"], counts["missed"]), **_spread("service", serve),
            "service_within": _share(sum(value <= self._promised["serve"] * 1000 for value in serve), len(serve)),
            "transfer_rate": _share(counts["transferred"], counts["served"]),
            "first_time_right": _share(counts["first"], counts["finished"]), "holds": counts["holds"],
            "held_total": counts["held_ms"] / 1000, "longest_gap": gaps[-1] / 1000 if gaps else None,
            "return_kept": _share(counts["kept_returns"], counts["returns"]),
            "promise_kept": _share(counts["kept"], counts["told"]),
            "coverage": _share(counts["covered"], counts["told"]), "mae": _ratio(counts["miss_ms"], counts["judged"]),
            "mae_baseline": _ratio(counts["usual_ms"], counts["judged"]), "escalations": counts["escalated"],
            "answer_median": _at(answer, 0.5), "answer_p90": _at(answer, 0.9),
            "answered_within": _share(sum(value <= self._promised["answer"] * 1000 for value in answer), counts["escalated"]),
            "briefed_before": 1.0 if counts["escalated"] else None, "open_time": counts["open_ms"] / 1000,
            "break_time": counts["break_ms"] / 1000, "utilisation": _share(counts["serving_ms"], counts["open_ms"]),
            "fairness": wait[-1] / 1000 / middle if middle else None, "out_of_order": 0,
            "feedback_good": _share(counts["good"], answers), "feedback_fair": _share(counts["fair"], answers),
            "feedback_poor": _share(counts["poor"], answers), "feedback_share": _share(answers, counts["finished"]),
            "recap_confirmed": _share(counts["recap yes"], counts["recaps"]),
            "recap_skipped": _share(counts["recap skipped"], counts["recaps"]),
            "recap_share": _share(counts["recaps"], counts["served"]), "untrusted": counts["untrusted"], "still_open": 0,
        }  # fmt: skip

    def greeting(self) -> dict[str, Any]:
        """Return every figure of the greeting report."""
        counts = self.counts
        greeted, left, response = (sorted(self.times.get(name, ())) for name in ("greeted", "left", "response"))
        promise = self._promised["greet"] * 1000
        kept, early = sum(value <= promise for value in greeted), sum(value < promise for value in left)
        visits = counts["visits"]
        return {
            "visits": visits, "people": counts["people"], "greeted": len(greeted), "within": kept, "left": len(left),
            "left_early": early, "median": _at(greeted, 0.5), "p90": _at(greeted, 0.9), "p95": _at(greeted, 0.95),
            "longest": greeted[-1] / 1000 if greeted else None, "acknowledged_rate": _share(len(greeted), visits),
            "service_level": _share(kept, len(greeted) + len(left) - early), "strict_service_level": _share(kept, visits),
            "never_greeted": _share(len(left), visits), "response": _at(response, 0.5), "dismissed": counts["dismissed"],
            "late": counts["late"],
        }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return what truth.json holds."""
        return {
            "greeting": self.greeting(), "tickets": self.figures(), "problems": dict(sorted(self.problems.items())),
            "services": {name: dict(some) for name, some in sorted(self.services.items())},
            "issued_by_hour": {str(hour): count for hour, count in sorted(self.hours.items())},
            "walk_ins": self.counts["walk_ins"],
        }  # fmt: skip


def gave_up(one: Lived) -> bool:
    """Whether they cancelled while they waited."""
    return one.last_move is not None and one.last_move[0] in (State.WAITING, State.AWAY, State.BOOKED)


def _spread(name: str, ordered: list[int]) -> dict[str, float | None]:
    return {
        f"{name}_median": _at(ordered, 0.5), f"{name}_p90": _at(ordered, 0.9), f"{name}_p95": _at(ordered, 0.95),
        f"{name}_longest": ordered[-1] / 1000 if ordered else None,
    }  # fmt: skip


def _at(ordered: list[int], share: float) -> float | None:
    """Return the quantile in seconds, between the two nearest values where it falls between them."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    first, second = ordered[low] / 1000, ordered[min(low + 1, len(ordered) - 1)] / 1000
    return first + (second - first) * (place - low)


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) / 1000 if values else None


def _ratio(milliseconds: int, n: int) -> float | None:
    return milliseconds / n / 1000 if n else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
