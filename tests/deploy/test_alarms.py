"""How many alarms people had to hear, and a threshold that would have been heard."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from broker.domain.alerts import Alert, AlertKind, AlertState
from broker.domain.visit import How, State, Visit
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts, visits
from broker.store.database import change
from deploy.alarms import alarms
from tests.builders import NOON, TurnableClock, later, make_shop
from tests.deploy.test_backup import greetline
from tests.history import a_shift

DAY = OpeningSettings(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("10:00-20:00",)))
BEGAN = NOON - timedelta(hours=2)


def late_ones(shop: Shop, number: int, *, seconds: float) -> None:
    """*number* parties in the last two hours who waited so long, each with its alarm."""
    with change(shop.db):
        for n in range(number):
            t0 = BEGAN + timedelta(seconds=n * 7000 / number)
            met, red = t0 + timedelta(seconds=seconds), t0 + timedelta(seconds=30)
            visit = Visit(
                id=f"v{seconds}-{n}", zone="entrance", t0=t0, own_t0=t0, state=State.CLOSED, overdue_at=red, acknowledged_at=met,
                acknowledged_by="kari", how=How.TAP, ended_at=met + timedelta(minutes=5),
            )  # fmt: skip
            visits.save(shop.db, visit)
            alert = Alert(
                id=f"a-{visit.id}", kind=AlertKind.WAITING, subject=visit.id, zone="entrance", since=t0, raised_at=red,
                state=AlertState.RESOLVED, resolved_at=met,
            )  # fmt: skip
            alerts.save(shop.db, alert)


def test_alarms_are_counted_by_hour_and_person_on_shift(shop: Shop) -> None:
    late_ones(shop, 20, seconds=40)
    assert alarms(shop).an_hour_each is None, "nobody was signed in"
    a_shift(shop, "Kari", BEGAN, NOON)
    a_shift(shop, "Ola", BEGAN, NOON)
    found = alarms(shop)
    assert (found.alarms, found.person_hours, found.an_hour_each) == (20, 4.0, 5.0)
    assert sum(found.by_hour.values()) == 20
    assert (found.propose, found.left) == (None, None), "five an hour can be borne"


def test_too_many_bring_a_proposal_that_would_have_done(shop: Shop) -> None:
    late_ones(shop, 30, seconds=41)
    late_ones(shop, 20, seconds=58)
    a_shift(shop, "Kari", BEGAN, NOON)
    found = alarms(shop)
    assert (found.an_hour_each, found.greet_within) == (25.0, 30)
    assert (found.propose, found.left) == (45, 20)


def test_where_no_promise_would_do_none_is_proposed(shop: Shop) -> None:
    late_ones(shop, 60, seconds=500)
    a_shift(shop, "Kari", BEGAN, NOON)
    assert alarms(shop).propose is None


def test_what_happened_while_the_shop_was_closed_or_long_ago_does_not_count(tmp_path: Path, clock: TurnableClock) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    shop = make_shop(folder, clock, opening=DAY)
    late_ones(shop, 10, seconds=40)
    a_shift(shop, "Kari", BEGAN, NOON)
    assert alarms(shop).alarms == 10 - sum(1 for n in range(10) if BEGAN + timedelta(seconds=n * 700 + 30) < later(-7200))
    clock.turn(seconds=29 * 86400)
    assert alarms(shop).alarms == 0
    shop.db.conn.close()


def test_the_command_says_it_in_words_and_as_json(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "greetline.toml").write_text(f'[store]\nid = "oslo-city"\ndata = "{tmp_path}"\n')
    shop.db.conn.close()
    said = json.loads(greetline("doctor", "--alarms", "--json", folder=tmp_path).stdout)
    assert (said["alarms"], said["an_hour_each"], said["propose"]) == (0, None, None)
    done = greetline("doctor", "--alarms", folder=tmp_path)
    assert done.returncode == 0
    assert "nobody was on shift" in done.stdout.lower()
