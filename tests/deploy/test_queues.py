"""Simulated queues are the same for the same seed, and the told waits hold on days that nobody had seen."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from broker.domain.queue_log import What
from deploy import simulated
from deploy.cli import main


def said(*arguments: str) -> tuple[int, dict]:
    done = CliRunner().invoke(main, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_told_waits_are_true_on_thirty_simulated_days_that_were_not_learnt_from() -> None:
    code, told = said("wait", "audit", "--simulate", "--seed", "11")
    assert code == 0
    assert 0.75 <= told["coverage"] <= 0.85
    assert told["late_share"] <= 0.12
    assert told["mae_s"] < told["baseline_mae_s"]
    assert told["told"] > 5000
    assert set(told["by_service"]) == {"advice", "collect", "returns"}
    assert told["plain_late_share"] > 3 * told["late_share"], "people ahead x average / counters breaks its promise"


def test_the_same_seed_is_the_same_queue_and_another_is_another() -> None:
    one, again, other = (said("simulate", "queue", "--days", "2", "--seed", seed) for seed in ("3", "3", "4"))
    assert one == again != other
    assert one[1]["tickets"] == one[1]["called"] + one[1]["gave_up"] > 300


def test_a_simulated_day_keeps_the_rules_of_a_line() -> None:
    (day,) = simulated.days(1, 9)
    assert [event.at for event in day] == sorted(event.at for event in day)
    waiting, busy, open_ = {}, set(), {}
    for event in day:
        match event.what:
            case What.ISSUE:
                waiting[event.ticket] = event
            case What.OPEN:
                open_[event.counter] = event.skills
            case What.CLOSED:
                open_.pop(event.counter, None)
            case What.CALL:
                assert event.counter in open_
                assert event.counter not in busy
                able = [one for one in waiting.values() if one.service in open_[event.counter]]
                assert waiting.pop(event.ticket).place == min(one.place for one in able)
                busy.add(event.counter)
            case What.FREE:
                busy.remove(event.counter)
            case What.GONE:
                del waiting[event.ticket]
    assert not waiting
    assert not busy


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--seed", "x"]])
def test_a_wrong_option_is_named(wrong: list[str]) -> None:
    done = CliRunner().invoke(main, ["simulate", "queue", *wrong])
    assert done.exit_code == 2
    assert wrong[0] in done.stderr
