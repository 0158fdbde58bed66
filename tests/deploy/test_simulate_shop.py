"""A simulated shop: what it writes at once is what the desk would have written, and its own truth is what the reports say."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from broker.desk.queue_reports import queue_report
from broker.desk.reports import greeting_report
from broker.domain.period import Period
from broker.domain.queue_kpi import KPIS
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from broker.store import tickets
from broker.store.database import change
from deploy import shop_rows, simulate_shop, staff
from deploy.cli import main
from deploy.shop_rows import simulate_day
from deploy.shop_services import SERVICES
from tests.builders import NOON, TurnableClock, make_shop
from tests.deploy.living import RANDOM, Living, plain

OPENING = {day: ["10:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
COUNTERS = [{"id": f"desk-{n}", "name": f"Desk {n}"} for n in (1, 2, 3)]


def a_shop(folder: Path, **settings: Any) -> tuple[Shop, list[str]]:
    folder.mkdir(exist_ok=True)
    services = tuple(service | {"zone": "shoes"} for service in SERVICES)
    shop = make_shop(folder, TurnableClock(NOON), **({"services": services, "counters": COUNTERS, "opening": OPENING} | settings))
    shop.db.execute("PRAGMA synchronous=OFF")
    return shop, [person.id for person in staff.hire(shop)][:4]


@pytest.mark.parametrize("opening", [OPENING, {}], ids=["closes", "never closes"])
def test_what_is_written_at_once_is_what_the_desk_would_have_written(tmp_path: Path, opening: dict[str, Any]) -> None:
    at_once, _ = a_shop(tmp_path / "a", opening=opening)
    lived, _ = a_shop(tmp_path / "b", opening=opening)
    clock = lived.clock
    assert isinstance(clock, TurnableClock)
    crew = ["ann", "bo", "cy"]
    living = Living(lived, clock)
    truth = shop_rows.truth_of(at_once)
    for on in (date(2026, 11, 13), date(2026, 11, 14)):
        day = simulate_day(at_once, on, seed=5, visits_a_day=260, crew=crew)
        assert day is not None
        clock.at = day.day.opens - timedelta(minutes=1)
        living.live(day)
        with change(at_once.db):
            shop_rows.write_day(at_once, day, truth)
    names = {row[0]: f"ticket {tickets.get(at_once.db, row[0]).t0} {tickets.get(at_once.db, row[0]).service}"
             for row in at_once.db.execute("SELECT id FROM tickets").fetchall()}  # fmt: skip
    for table in RANDOM:
        mine, theirs = plain(at_once, table, names), living.rows(table)
        assert mine or table == "problems", f"nothing of {table} happened: the seed shows too little"
        assert mine == theirs, table


def same(found: float | None, true: float | None) -> bool:
    """Whether two ways of adding up the same numbers came to the same."""
    return found == true or (found is not None and true is not None and math.isclose(found, true, rel_tol=1e-12, abs_tol=1e-12))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated shops, seven weeks over a holiday and the end of summer time."""
    into = tmp_path_factory.mktemp("past") / "chain"
    command = ["--days", "49", "--stores", "2", "--seed", "4", "--visits-a-day", "120", "--until", "2026-11-15", "--json"]
    done = CliRunner().invoke(main, ["simulate", "shop", "--into", str(into), *command], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert [each["id"] for each in said["stores"]] == ["store-1", "store-2"]
    return into


@pytest.mark.parametrize("name", ["store-1", "store-2"])
def test_the_reports_say_what_the_simulation_knows_by_itself(past: Path, name: str) -> None:
    truth = json.loads((past / name / "truth.json").read_text())
    settings = read(Settings, past / name / "greetline.toml", environment={})
    shop = open_shop(settings, create=False)
    period = Period(date.fromisoformat(truth["first"]), date.fromisoformat(truth["last"]))
    tickets_, greeted = queue_report(shop, period=period), greeting_report(shop, period=period)
    assert truth["tickets"].keys() == KPIS.keys()
    assert truth["tickets"]["issued"] > 500
    wrong = [f"{key}: {tickets_.figures[key]} is not {true}" for key, true in truth["tickets"].items()
             if not same(tickets_.figures[key].value, true)]  # fmt: skip
    wrong += [f"{key}: {getattr(greeted.figures, key)} is not {true}" for key, true in truth["greeting"].items()
              if not same(getattr(greeted.figures, key), true)]  # fmt: skip
    assert not wrong
    assert {row.kind: row.opened for row in tickets_.problems if row.opened} == truth["problems"]
    assert {row.id: row.figures["served"].value for row in tickets_.services} == {
        each: some["served"] for each, some in truth["services"].items()
    }
    assert {str(hour.hour): hour.figures["issued"].value for hour in tickets_.hours} == truth["issued_by_hour"]
    assert tickets_.traffic.tickets == truth["walk_ins"]
    shop.db.conn.close()


def test_the_same_seed_is_the_same_past_and_another_one_is_not(tmp_path: Path) -> None:
    def past_of(seed: int, name: str) -> str:
        into = tmp_path / name
        command = ["simulate", "shop", "--into", str(into), "--days", "2", "--seed", str(seed), "--until", "2026-11-14"]
        assert CliRunner().invoke(main, [*command, "--visits-a-day", "50"], catch_exceptions=False).exit_code == 0
        return (into / "store-1" / "truth.json").read_text()

    assert past_of(1, "a") == past_of(1, "b") != past_of(2, "c")


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "greetline.toml").write_text("a shop")
    done = CliRunner().invoke(main, ["simulate", "shop", "--into", str(tmp_path), "--days", "1"])
    assert done.exit_code != 0
    assert "is not empty" in done.output
    assert [each.name for each in tmp_path.iterdir()] == ["greetline.toml"]


@pytest.mark.parametrize("wrong", [["--days", "0"], ["--days", "367"], ["--seed", "seven"], ["--stores", "0"], ["--until", "soon"]])
def test_a_wrong_wish_is_refused_in_a_sentence_and_nothing_is_made(tmp_path: Path, wrong: list[str]) -> None:
    done = CliRunner().invoke(main, ["simulate", "shop", "--into", str(tmp_path / "new"), *wrong])
    assert done.exit_code == 2
    assert "Invalid value" in done.output
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_half_made_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = simulate_shop.open_store

    def narrow(path: Path) -> Any:
        db = opened(path)
        db.execute("PRAGMA max_page_count=200")
        return db

    monkeypatch.setattr(simulate_shop, "open_store", narrow)
    done = CliRunner().invoke(main, ["simulate", "shop", "--into", str(tmp_path / "new"), "--days", "9"])
    assert done.exit_code != 0
    assert "nothing was made" in done.output
    assert "Make room" in done.output
    assert not list(tmp_path.iterdir())


def test_more_than_fits_on_the_disk_is_refused_before_it_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate_shop, "BYTES_A_VISIT", 10**12)
    done = CliRunner().invoke(main, ["simulate", "shop", "--into", str(tmp_path / "new"), "--days", "1"])
    assert done.exit_code != 0
    assert "MB are free" in done.output
    assert not list(tmp_path.iterdir())
