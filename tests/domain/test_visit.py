"""The visit machine: every pair in the table, every pair that is not, and what no order of moves may break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.moves import IllegalMove
from broker.domain.visit import ENDED, MET, MOVES, UNCLAIMED, WAITING, How, Move, State, Visit, opened, run, state_by_age
from tests.builders import NOON, STANDARDS, a_visit, later

PAIRS = [(state, move) for state in State for move in Move]


def standing(state: State) -> Visit:
    """A visit that stands in *state*, two seconds after it came in, decided and ended just now."""
    now = later(2)
    visit = replace(a_visit(), state=state)
    if state is State.CLAIMED:
        visit = replace(visit, claimed_by="kari", claimed_until=later(22))
    if state in MET or state is State.CLOSED:
        visit = replace(visit, acknowledged_at=now, acknowledged_by="kari", how=How.TAP, decided_at=now)
    if state in ENDED:
        visit = replace(visit, ended_at=now, decided_at=now)
    return replace(visit, merged_into="v2") if state is State.MERGED else visit


@pytest.mark.parametrize(("state", "move"), [pair for pair in PAIRS if pair in MOVES])
def test_every_pair_in_the_table_moves_and_counts_a_version(state: State, move: Move) -> None:
    visit = standing(state)
    moved = visit.after(move, later(3), STANDARDS, by="jonas", detail="tap" if move is Move.ACKNOWLEDGE else "v2")
    expected = MOVES[state, move]
    assert moved.state == expected if expected in set(State) else moved.state in WAITING | {State.ACKNOWLEDGED}
    assert moved.version == visit.version + 1


@pytest.mark.parametrize(("state", "move"), [pair for pair in PAIRS if pair not in MOVES])
def test_every_pair_that_is_not_in_the_table_is_refused_by_name(state: State, move: Move) -> None:
    with pytest.raises(IllegalMove) as refused:
        standing(state).after(move, later(3), STANDARDS, by="jonas")
    assert (refused.value.state, refused.value.move) == (state, move)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.ENTERED), (14.999, State.ENTERED), (15, State.DUE), (29, State.DUE), (30, State.OVERDUE), (59, State.OVERDUE),
     (60, State.ESCALATED), (599, State.ESCALATED)],
)  # fmt: skip
def test_the_clock_leads_a_visit_through_what_its_age_implies(seconds: float, state: State) -> None:
    made = run(a_visit(), later(seconds), STANDARDS)
    assert (made[-1][0].state if made else State.ENTERED) == state == state_by_age(NOON, later(seconds), STANDARDS)


def test_a_service_that_slept_makes_the_moves_it_slept_through_at_their_own_time() -> None:
    made = run(a_visit(), later(3600), STANDARDS)
    assert [move for _, move in made] == [Move.WARN, Move.RUN_LATE, Move.ESCALATE, Move.ABANDON]
    left = made[-1][0]
    assert left.state is State.LEFT
    assert (left.overdue_at, left.escalated_at, left.ended_at) == (later(30), later(60), later(600))
    assert left.untrusted
    assert left.due_at is None


def test_a_claim_stops_the_sound_but_not_the_greet_clock() -> None:
    claimed = a_visit().after(Move.CLAIM, later(10), STANDARDS, by="kari")
    assert claimed.due_at == later(30)
    greeted = claimed.after(Move.ACKNOWLEDGE, later(25), STANDARDS, by="kari")
    assert greeted.greet_seconds == 25
    assert (greeted.acknowledged_by, greeted.how, greeted.claimed_by) == ("kari", How.TAP, None)


@pytest.mark.parametrize(("claimed", "state"), [(1, State.DUE), (12, State.OVERDUE), (45, State.ESCALATED)])
def test_an_expired_claim_returns_to_what_the_age_implies(claimed: float, state: State) -> None:
    visit = replace(a_visit(), state=State.CLAIMED, claimed_by="kari", claimed_until=later(claimed + 20))
    (expired, move), *_ = run(visit, later(claimed + 20), STANDARDS)
    assert (move, expired.state, expired.claimed_by) == (Move.EXPIRE, state, None)


def test_somebody_else_reads_who_is_on_the_way() -> None:
    claimed = a_visit().after(Move.CLAIM, later(1), STANDARDS, by="Kari")
    with pytest.raises(IllegalMove, match="Kari is already on the way"):
        claimed.after(Move.CLAIM, later(2), STANDARDS, by="Jonas")


def test_a_visit_that_was_late_while_claimed_keeps_the_moment_the_promise_broke() -> None:
    claimed = a_visit().after(Move.CLAIM, later(25), STANDARDS, by="kari")
    released = claimed.after(Move.RELEASE, later(40), STANDARDS)
    assert (released.state, released.overdue_at) == (State.OVERDUE, later(30))


def test_an_exit_that_is_told_of_late_ends_no_visit_before_its_greeting() -> None:
    greeted = a_visit().after(Move.ACKNOWLEDGE, later(5), STANDARDS, by="kari")
    assert greeted.after(Move.LEAVE, later(3), STANDARDS, by="door").ended_at == later(5)
    assert a_visit().after(Move.LEAVE, later(-1), STANDARDS, by="door").ended_at == later(0)


def test_an_undone_greeting_is_as_if_it_had_not_been() -> None:
    greeted = a_visit().after(Move.ACKNOWLEDGE, later(5), STANDARDS, by="kari")
    undone = greeted.after(Move.UNDO, later(20), STANDARDS, by="kari")
    assert (undone.state, undone.acknowledged_at, undone.acknowledged_by, undone.how) == (State.DUE, None, None, None)


@pytest.mark.parametrize("move", [Move.ACKNOWLEDGE, Move.DISMISS, Move.MERGE])
def test_a_decision_is_too_old_to_take_back_after_a_minute(move: Move) -> None:
    decided = a_visit().after(move, later(5), STANDARDS, by="kari", detail="tap")
    assert decided.after(Move.UNDO, later(65), STANDARDS).waiting
    with pytest.raises(IllegalMove, match="more than 60 s ago"):
        decided.after(Move.UNDO, later(65.1), STANDARDS)


def test_a_dismissal_of_a_greeted_party_undone_is_greeted_again() -> None:
    greeted = a_visit().after(Move.ACKNOWLEDGE, later(5), STANDARDS, by="kari")
    undone = greeted.after(Move.DISMISS, later(6), STANDARDS, detail="staff").after(Move.UNDO, later(7), STANDARDS)
    assert (undone.state, undone.dismissed_as, undone.ended_at) == (State.ACKNOWLEDGED, None, None)


def test_an_ended_visit_opens_again_within_ten_minutes() -> None:
    left = a_visit().after(Move.LEAVE, later(5), STANDARDS)
    assert left.after(Move.REOPEN, later(605), STANDARDS).waiting
    with pytest.raises(IllegalMove):
        left.after(Move.REOPEN, later(606), STANDARDS)


@pytest.mark.parametrize("how", ["abandoned", "browsed"])
def test_what_is_taken_up_again_is_not_ended_in_the_same_breath(how: str) -> None:
    visit = a_visit() if how == "abandoned" else a_visit().after(Move.ACKNOWLEDGE, later(5), STANDARDS, by="kari")
    ended = run(visit, later(4000), STANDARDS)[-1][0]
    assert ended.ended_at
    again = ended.after(Move.REOPEN, later(60, since=ended.ended_at), STANDARDS)
    assert run(again, later(600, since=ended.ended_at), STANDARDS) == []
    assert again.due_at is not None


def test_a_camera_whose_clock_is_ahead_does_not_put_off_the_promise() -> None:
    assert opened(id="v", zone="z", t0=later(300), heard_at=NOON, standards=STANDARDS).due_at == later(15)


def test_old_news_is_history_and_never_becomes_due() -> None:
    late = a_visit(heard=121)
    assert (late.late, late.state) == (True, State.ESCALATED)
    assert [move for _, move in run(late, later(700), STANDARDS)] == [Move.ABANDON]
    assert not a_visit(heard=120).late


def test_a_merge_keeps_the_earliest_t0_and_all_the_people_and_undoing_one_gives_back_only_its_own() -> None:
    keeper, first, second = a_visit(t0=later(9)), a_visit(t0=later(4), id="v2"), a_visit(t0=later(1), id="v3")
    all_three = keeper.absorbing([first, second], STANDARDS)
    assert (all_three.t0, all_three.size) == (later(1), 3)
    assert all_three.absorbing([first], STANDARDS).t0 == later(4)
    assert all_three.absorbing([], STANDARDS).t0 == later(9)


def test_the_order_in_which_a_party_is_heard_of_does_not_matter() -> None:
    times = (later(0), later(0.6), later(1.9))
    forward = a_visit(t0=times[0]).joined_by(times[1], STANDARDS).joined_by(times[2], STANDARDS)
    backward = a_visit(t0=times[2]).joined_by(times[0], STANDARDS).joined_by(times[1], STANDARDS)
    assert replace(forward, version=0) == replace(backward, version=0)
    assert (forward.t0, forward.size) == (times[0], 3)


moves = st.lists(st.tuples(st.sampled_from(list(Move)), st.floats(0.01, 90)), max_size=25)


@given(moves)
def test_no_order_of_moves_breaks_a_visit(story: list[tuple[Move, float]]) -> None:
    visit, now = a_visit(), NOON
    for move, wait in story:
        now = later(wait, since=now)
        made = run(visit, now, STANDARDS)
        was = visit = made[-1][0] if made else visit
        try:
            visit = visit.after(move, now, STANDARDS, by="kari", detail="tap")
        except IllegalMove:
            assert visit == was
            continue
        check_invariants(visit)
        assert visit.version > was.version


def check_invariants(visit: Visit) -> None:
    assert (visit.state in ENDED) == (visit.ended_at is not None)
    assert (visit.state is State.CLAIMED) == (visit.claimed_by is not None) == (visit.claimed_until is not None)
    assert (visit.acknowledged_at is None) == (visit.acknowledged_by is None) == (visit.how is None)
    assert visit.state not in MET or visit.acknowledged_at is not None
    assert visit.state not in WAITING or visit.acknowledged_at is None
    assert visit.state is not State.LEFT or visit.acknowledged_at is None
    assert (visit.state is State.MERGED) == (visit.merged_into is not None)
    assert visit.greet_seconds is None or visit.greet_seconds >= 0
    assert (visit.due_at is None) == (visit.state in ENDED)
    assert visit.state not in UNCLAIMED or visit.late or visit.due_at is not None


@given(st.permutations([0.0, 0.4, 1.1, 1.8]))
def test_a_party_is_the_same_in_any_order(times: list[float]) -> None:
    visit = a_visit(t0=later(times[0]))
    for t in times[1:]:
        visit = visit.joined_by(later(t), STANDARDS)
    assert (visit.t0, visit.size, visit.due_at) == (NOON, 4, later(15))
