"""Alerts: delays on both edges, each level once, acknowledged is not resolved, a flood is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.domain.alerts import (
    ALERT_MOVES,
    Alert,
    AlertKind,
    AlertMove,
    AlertState,
    Ladder,
    Level,
    flooded,
    raised,
    run_alert,
)  # fmt: skip
from broker.domain.moves import IllegalMove
from tests.builders import NOON, later

WAITING = Ladder(everybody=30, lead=60)
DEVICE = Ladder(on_delay=5, off_delay=5)


def an_alert(ladder: Ladder = WAITING) -> Alert:
    return raised(id="a", kind=AlertKind.WAITING, subject="v1", zone="shoes", since=NOON, at=NOON, ladder=ladder)


def test_without_a_delay_an_alert_is_raised_at_once() -> None:
    assert (an_alert().state, an_alert().raised_at, an_alert().due_at) == (AlertState.RAISED, NOON, later(30))


def test_nothing_is_over_before_it_was_told() -> None:
    raised_later = replace(an_alert(), raised_at=later(30))
    over = raised_later.after(AlertMove.CLEAR, later(10), WAITING).after(AlertMove.RESOLVE, later(10), WAITING)
    assert (over.cleared_at, over.resolved_at) == (later(30), later(30)), "an exit that a camera told of late"


def test_a_fault_shorter_than_the_on_delay_is_never_raised() -> None:
    pending = an_alert(DEVICE)
    assert (pending.state, pending.raised_at) == (AlertState.PENDING, None)
    assert run_alert(pending, later(4.9), DEVICE) == []
    gone = pending.after(AlertMove.CLEAR, later(4), DEVICE)
    assert (gone.state, gone.raised_at) == (AlertState.RESOLVED, None)
    assert run_alert(pending, later(5), DEVICE)[0][0].state is AlertState.RAISED


def test_a_fault_that_comes_back_within_the_off_delay_is_one_alert() -> None:
    alert = run_alert(an_alert(DEVICE), later(5), DEVICE)[0][0].after(AlertMove.CLEAR, later(20), DEVICE)
    assert alert.after(AlertMove.RETURN, later(24), DEVICE).raised_at == later(5)
    assert run_alert(alert, later(25), DEVICE)[0][0].resolved_at == later(25)


def test_each_level_is_told_once_and_none_after_somebody_has_taken_it() -> None:
    climbed = run_alert(an_alert(), later(500), WAITING)
    assert [(alert.level, move) for alert, move in climbed] == [(Level.EVERYBODY, AlertMove.CLIMB), (Level.LEAD, AlertMove.CLIMB)]
    taken = an_alert().after(AlertMove.ACKNOWLEDGE, later(3), WAITING, by="kari")
    assert run_alert(taken, later(500), WAITING) == []


def test_an_alert_that_somebody_took_and_gave_up_comes_back_each_time_and_climbs_on() -> None:
    alert = an_alert()
    for who in ("kari", "jonas"):
        taken = alert.after(AlertMove.ACKNOWLEDGE, later(3), WAITING, by=who)
        alert = taken.after(AlertMove.RAISE_AGAIN, later(23), WAITING)
        assert (alert.state, alert.again, alert.acknowledged_by) == (AlertState.RAISED, True, None)
    assert [alert.level for alert, _ in run_alert(alert, later(70), WAITING)] == [Level.EVERYBODY, Level.LEAD]


@pytest.mark.parametrize("state", AlertState)
@pytest.mark.parametrize("move", AlertMove)
def test_what_is_not_in_the_table_is_refused(state: AlertState, move: AlertMove) -> None:
    alert = replace(an_alert(), state=state, cleared_at=NOON)
    if (state, move) in ALERT_MOVES:
        assert alert.after(move, later(1), WAITING).state is ALERT_MOVES[state, move]
    else:
        with pytest.raises(IllegalMove):
            alert.after(move, later(1), WAITING)


@pytest.mark.parametrize(
    ("alerts", "people", "flood"), [(9, 1, False), (10, 1, True), (10, 2, False), (20, 2, True), (10, 0, True)]
)
def test_ten_alerts_in_ten_minutes_a_person_are_a_flood(alerts: int, people: int, flood: bool) -> None:
    recent = [later(-i) for i in range(alerts)]
    older = [later(-601 - i) for i in range(50)]
    assert flooded(recent + older, NOON, people=people, limit=10, window=timedelta(minutes=10)) is flood
