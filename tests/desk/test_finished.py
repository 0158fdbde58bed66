"""Hours that are finished say what the rows say: after every change, at midnight, and when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broker.desk import arrivals, cases, finished, hours, tickets
from broker.desk.baselines import Baselines
from broker.desk.finished import KINDS, Place, finish, finish_all
from broker.domain.arrivals import Crossed
from broker.domain.cells import Cell
from broker.domain.period import Span
from broker.shop import Shop
from broker.store import finished as stored
from broker.store import keeping
from broker.store.database import change
from tests.builders import NOON, TurnableClock, make_shop
from tests.desk.lives import COUNTERS, SERVICES, Life

SUMMER_ENDS = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
SUMMER_BEGINS = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
SEED_OF_A_LEAD_CALLED_TWICE = 1000501


def a_shop(folder: Path, clock: TurnableClock, **settings: object) -> Shop:
    return make_shop(folder, clock, services=SERVICES, counters=COUNTERS, **settings)


def from_rows(shop: Shop, span: Span, *, by_weekday: bool = False) -> dict[Place, Cell]:
    """What the rows say, with nothing of what was finished."""
    made: dict[Place, Cell] = {}
    upto = shop.db.execute("SELECT upto FROM finished_upto").fetchone()[0]
    shop.db.execute("UPDATE finished_upto SET upto = ''")
    for key, cell in hours.reckon(shop, span, Baselines(shop).median).items():
        place = Place(key.kind, key.part, key.hour.hour, key.hour.weekday if by_weekday else None)
        made.setdefault(place, Cell()).include(cell)
    shop.db.execute("UPDATE finished_upto SET upto = ?", [upto])
    return made


def said(cell: Cell) -> str:
    times = {name: list(some) for name, some in sorted(cell.times.items()) if len(some)}
    return f"{dict(sorted((+cell.counts).items()))} {times}"


def differences(shop: Shop, span: Span, *, by_weekday: bool = False) -> list[str]:
    kept = finished.cells(shop, span, KINDS, by_weekday=by_weekday)
    true = from_rows(shop, span, by_weekday=by_weekday)
    return [
        f"{place}: {said(kept.get(place, Cell()))} is not {said(true.get(place, Cell()))}"
        for place in sorted(kept.keys() | true.keys(), key=str)
        if not kept.get(place, Cell()).same_as(true.get(place, Cell()))
    ]


@pytest.mark.parametrize("begins", [NOON, SUMMER_ENDS, SUMMER_BEGINS], ids=["a midnight", "an hour twice", "an hour missing"])
@settings(max_examples=8, deadline=None, print_blob=True)
@given(seed=st.integers(0, 10**9))
@example(seed=SEED_OF_A_LEAD_CALLED_TWICE)
def test_finished_hours_say_what_the_rows_say(begins: datetime, seed: int) -> None:
    with TemporaryDirectory() as folder:
        clock = TurnableClock(begins)
        shop = a_shop(Path(folder), clock)
        life = Life(shop, clock, seed)
        for _ in range(4):
            life.live(60, mean_seconds=240)
            finish(shop, most=life.chance.choice((1, 3, 24)))
            ends = clock() - timedelta(seconds=life.chance.choice((0, 3600, 20000)))
            assert not differences(shop, (begins, max(begins, ends))), f"seed {seed}"
        clock.turn(seconds=2 * 86400)
        finish_all(shop)
        assert not stored.unfinished(shop.db), f"seed {seed}"
        span = (begins - timedelta(days=1), clock())
        assert not differences(shop, span), f"seed {seed}"
        assert not differences(shop, span, by_weekday=True), f"seed {seed}"
        shop.db.conn.close()


def finish_one_by_one(shop: Shop) -> None:
    while finish(shop, most=1):
        pass


def a_day(shop: Shop) -> Span:
    return NOON - timedelta(days=1), shop.clock()


def answers(shop: Shop) -> list[int]:
    return list(finished.cells(shop, a_day(shop), KINDS)[Place("service", "returns", 12)].times["answer"])


def call_and_answer(shop: Shop, ticket: str, clock: TurnableClock, seconds: float) -> None:
    cases.call_lead(shop, ticket, happened="a", tried="b", wanted="c", by="kari")
    clock.turn(seconds=seconds)
    cases.answer_lead(shop, ticket, by="maria")


def test_a_lead_called_again_is_waited_for_since_then_whichever_hours_are_asked_for(tmp_path: Path) -> None:
    clock = TurnableClock(NOON)
    made = a_shop(tmp_path, clock)
    ticket = tickets.issue(made, tickets.Wish(service="returns")).id
    for seconds in (20, 30):
        clock.turn(seconds=600)
        # After the last move of this hour's tickets: a look at the whole day sees later moves, one at the hour does not.
        call_and_answer(made, ticket, clock, seconds)
    clock.turn(seconds=6000)
    tickets.issue(made, tickets.Wish(service="returns"))
    clock.turn(seconds=2 * 86400)
    finish_one_by_one(made)
    assert answers(made) == [30_000]
    assert not differences(made, a_day(made))
    made.db.conn.close()


def test_a_lead_called_again_before_they_came_is_waited_for_since_the_first_call(tmp_path: Path) -> None:
    clock = TurnableClock(NOON)
    made = a_shop(tmp_path, clock)
    ticket = tickets.issue(made, tickets.Wish(service="returns")).id
    cases.call_lead(made, ticket, happened="a", tried="b", wanted="c", by="kari")
    clock.turn(seconds=90)
    call_and_answer(made, ticket, clock, 30)
    clock.turn(seconds=2 * 86400)
    finish_one_by_one(made)
    assert answers(made) == [120_000]
    assert not differences(made, a_day(made))
    made.db.conn.close()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOON)


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    """A shop that has lived for a day, is finished, and is looked at two days later."""
    made = a_shop(tmp_path, clock)
    Life(made, clock, seed=11).live(150, mean_seconds=200)
    clock.turn(seconds=2 * 86400)
    finish_all(made)
    return made


def whole(shop: Shop) -> Span:
    return NOON - timedelta(days=1), (shop.clock() - timedelta(hours=12)).replace(minute=0, second=0, microsecond=0)


def test_a_finished_hour_is_read_and_not_reckoned(shop: Shop) -> None:
    before = finished.cells(shop, whole(shop), KINDS)
    shop.db.execute("DELETE FROM visits")
    shop.db.execute("DELETE FROM ticket_moves")
    after = finished.cells(shop, whole(shop), KINDS)
    assert before.keys() == after.keys()
    assert all(before[place].same_as(after[place]) for place in before)


def test_news_that_comes_days_later_is_counted(shop: Shop, clock: TurnableClock) -> None:
    visits = sum(cell.counts["late"] for cell in finished.cells(shop, whole(shop), ("zone",)).values())
    came = Crossed(
        event="late", device="door", at=NOON + timedelta(minutes=7), zone="kids", line="door", inward=True, party="late",
        decided_at=NOON,
    )  # fmt: skip
    arrivals.take(shop, [came])
    assert list(stored.unfinished(shop.db)) == [NOON.replace(minute=0)]
    for _ in range(2):
        assert sum(cell.counts["late"] for cell in finished.cells(shop, whole(shop), ("zone",)).values()) == visits + 1
        finish_all(shop)
    assert not stored.unfinished(shop.db)
    assert not differences(shop, whole(shop))


def test_a_verdict_given_the_next_day_is_counted(shop: Shop) -> None:
    ticket = shop.db.execute(
        "SELECT id FROM tickets WHERE ended_at NOT NULL AND id NOT IN (SELECT ticket FROM feedback)"
    ).fetchone()[0]
    cases.give_feedback(shop, ticket, "good")
    assert stored.unfinished(shop.db)
    finish_all(shop)
    assert not differences(shop, whole(shop))


def test_a_row_that_leaves_its_hour_unfinishes_both(shop: Shop) -> None:
    visit = shop.db.execute("SELECT id FROM visits ORDER BY t0 DESC LIMIT 1").fetchone()[0]
    with change(shop.db):
        shop.db.execute("UPDATE visits SET t0 = '2026-11-21T11:00:01.000Z' WHERE id = ?", [visit])
    assert len(stored.unfinished(shop.db)) == 2
    finish_all(shop)
    assert not differences(shop, whole(shop))


def test_an_hour_that_changes_while_it_is_finished_is_left_for_the_next_step(shop: Shop) -> None:
    with change(shop.db):
        stored.mark(shop.db, [NOON])
    known = stored.unfinished(shop.db)
    with change(shop.db):
        stored.mark(shop.db, [NOON])
    assert finished._finish(shop, known) == 0
    assert stored.unfinished(shop.db)
    assert finish(shop) == 1


def test_finishing_again_changes_nothing(shop: Shop) -> None:
    asked = "SELECT kind, part, began, counts, series, times FROM finished ORDER BY 1, 2, 3"
    before = shop.db.execute(asked).fetchall()
    with change(shop.db):
        stored.mark(shop.db, [NOON + timedelta(hours=n) for n in range(20)])
    finish_all(shop)
    assert shop.db.execute(asked).fetchall() == before
    assert finish(shop) == 0


def test_what_retention_took_away_stays_known_as_a_sum(shop: Shop, clock: TurnableClock) -> None:
    before = finished.cells(shop, whole(shop), KINDS)
    keeping.mark(shop.db, "visits", clock(), clock().date(), clock())
    shop.db.execute("DELETE FROM visits")
    with change(shop.db):
        stored.mark(shop.db, [NOON, NOON + timedelta(hours=1)])
    after = finished.cells(shop, whole(shop), KINDS)
    finish_all(shop)
    again = finished.cells(shop, whole(shop), KINDS)
    for place, cell in before.items():
        assert cell.same_as(after[place])
        assert cell.same_as(again[place])


def test_whole_months_are_sums_of_their_hours(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = datetime(2026, 8, 30, 6, tzinfo=UTC)
    made = a_shop(tmp_path, clock)
    life = Life(made, clock, seed=3)
    for _ in range(4):
        life.live(40, mean_seconds=300)
        clock.turn(seconds=12 * 86400)
    finish_all(made)
    assert stored.kept_months(made.db) == {"2026-08", "2026-09"}
    span = datetime(2026, 7, 31, 22, tzinfo=UTC), clock() - timedelta(days=1)
    assert not differences(made, span)
    assert not differences(made, (span[0] + timedelta(days=40), span[1]))
    with change(made.db):
        stored.mark(made.db, [datetime(2026, 9, 11, 12, tzinfo=UTC)])
    assert not differences(made, span)
    finish(made)
    assert stored.kept_months(made.db) == {"2026-08"}
    assert not differences(made, span)
    made.db.conn.close()


def test_a_store_of_before_is_reckoned_from_its_rows_and_finished_bit_by_bit(tmp_path: Path, clock: TurnableClock) -> None:
    made = a_shop(tmp_path, clock)
    assert finish(made) == 0
    Life(made, clock, seed=5).live(60, mean_seconds=200)
    clock.turn(seconds=86400)
    span = whole(made)[0], clock()
    assert stored.upto(made.db) is None
    assert not differences(made, span)
    steps = 0
    while finish(made, most=2):
        steps += 1
        assert not differences(made, span)
    assert steps > 8
    made.db.conn.close()
