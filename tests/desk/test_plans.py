"""How a camera looks, version by version: nothing drawn is lost, and nobody overwrites what somebody else has drawn."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest

from broker.contract.codec import encode
from broker.contract.messages import Ask, Command, Shown, message
from broker.contract.plan import Area, Line, Plan, StaffSigns, ZoneKind
from broker.desk import people, plans
from broker.desk.plans import BadPlan
from broker.domain.facts import FactKind
from broker.domain.moves import IllegalMove
from broker.shop import STORE_FILE, Shop
from broker.store import journal
from broker.store import plans as stored
from broker.store.database import open_store
from tests.builders import NOON, TurnableClock, make_shop

LINE = {"id": "door", "zone": "entrance", "points": ((0.1, 0.5), (0.9, 0.5)), "inside": "up"}


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    cameras = [{"id": "cam-door", "source": "scene:door", "lines": [LINE]}, {"id": "cam-till", "source": "scene:door"}]
    return make_shop(tmp_path, clock, cameras=cameras)


def line(y: float = 0.4, *, id: str = "door", zone: str = "entrance") -> Line:
    return Line(id=id, zone=zone, points=((0.2, y), (0.8, y)), inside="up")


def area(id: str = "shoes", *, kind: ZoneKind = ZoneKind.QUEUE, zone: str | None = None, corners: int = 4) -> Area:
    turns = [2 * math.pi * n / corners for n in range(corners)]
    points = tuple((0.5 + 0.4 * math.cos(turn), 0.5 + 0.4 * math.sin(turn)) for turn in turns)
    return Area(id=id, kind=kind, zone=zone, points=points)


def facts(shop: Shop) -> list[dict]:
    return [dict(fact.body) | {"by": fact.by} for fact in journal.after(shop.db, 0) if fact.kind is FactKind.CAMERA_PLANNED]


def test_until_somebody_draws_a_camera_looks_as_the_settings_file_says(shop: Shop) -> None:
    plan = plans.current(shop, "cam-door")
    assert plan
    assert (plan.version, plan.lines[0].points) == (0, LINE["points"])
    assert plans.current(shop, "strange") is None
    assert plans.history(shop, "cam-door") == []


def test_what_was_drawn_last_is_in_force_and_each_version_has_its_author(shop: Shop) -> None:
    anna = people.add(shop, "Anna", role="manager", pin="5824", by="setup")
    first = plans.save(shop, "cam-door", Plan(lines=(line(0.123456),)), anna.id, base=0)
    second = plans.save(shop, "cam-door", Plan(lines=(line(0.3),)), "somebody", base=1)
    assert (first.version, second.version) == (1, 2)
    assert first.lines[0].points == ((0.2, 0.1235), (0.8, 0.1235)), "rounded to a tenth of a pixel"
    assert plans.current(shop, "cam-door") == second
    assert [(drawn.plan.version, drawn.by, drawn.name) for drawn in plans.history(shop, "cam-door")] == [
        (2, "somebody", ""),
        (1, anna.id, "Anna"),
    ]
    assert plans.history(shop, "cam-door")[0].saved_at == NOON


def test_the_journal_says_who_changed_what(shop: Shop) -> None:
    drawn = Plan(view="angled", lines=(line(), line(0.9, id="back")), areas=(area(),), staff=StaffSigns(badges=True))
    plans.save(shop, "cam-door", drawn, "anna", base=0)
    back = line(0.9, id="back", zone="kids")
    plans.save(shop, "cam-door", drawn.model_copy(update={"lines": (back,), "areas": ()}), "bo", base=1)
    first, second = facts(shop)
    assert first == {
        "by": "anna",
        "version": 1,
        "before": 0,
        "what": {
            "lines": {"added": ["back"], "moved": ["door"]},
            "areas": {"added": ["shoes"]},
            "view": "angled",
            "staff": ["badges"],
        },
    }
    assert second["what"] == {"lines": {"removed": ["door"], "changed": ["back"]}, "areas": {"removed": ["shoes"]}}


def test_a_plan_drawn_over_an_older_version_is_refused_and_names_who_was_first(shop: Shop) -> None:
    anna = people.add(shop, "Anna", role="manager", pin="5824", by="setup")
    plans.save(shop, "cam-door", Plan(lines=(line(0.3),)), anna.id, base=0)
    with pytest.raises(IllegalMove, match="Anna saved version 1"):
        plans.save(shop, "cam-door", Plan(lines=(line(0.6),)), "bo", base=0)
    assert len(plans.history(shop, "cam-door")) == len(facts(shop)) == 1


def test_of_two_web_processes_that_save_at_once_one_is_refused(shop: Shop, tmp_path: Path) -> None:
    start, ends = threading.Barrier(2), []

    def save(y: float) -> None:
        own = Shop(open_store(tmp_path / STORE_FILE), shop.clock, shop.settings)
        start.wait(10)
        try:
            ends.append(plans.save(own, "cam-door", Plan(lines=(line(y),)), f"somebody-{y}", base=0).version)
        except IllegalMove:
            ends.append("refused")
        finally:
            own.db.close()

    threads = [threading.Thread(target=save, args=(y,)) for y in (0.3, 0.6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends, key=str) == [1, "refused"]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        pytest.param(Plan(lines=(line(zone="attic"),)), "Line door opens into zone attic", id="a line into no zone"),
        pytest.param(
            Plan(areas=(area("till-queue"),)), "Area till-queue belongs to zone till-queue", id="an area named as no zone"
        ),
        pytest.param(Plan(areas=(area(zone="attic"),)), "Area shoes belongs to zone attic", id="an area of no zone"),
        pytest.param(
            Plan(lines=(Line(id="dot", zone="kids", points=((0.5, 0.5), (0.5, 0.505)), inside="left"),)),
            "Line dot has no length",
            id="a slip of the finger",
        ),
        pytest.param(
            Plan(areas=(Area(id="kids", kind=ZoneKind.QUEUE, points=((0.1, 0.1), (0.5, 0.5), (0.9, 0.9))),)),
            "Area kids encloses nothing",
            id="three corners on a line",
        ),
        pytest.param(
            Plan(areas=tuple(area(f"a{n}", zone="kids", corners=32) for n in range(16))), "too many corners", id="too large"
        ),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_with_a_sentence(shop: Shop, plan: Plan, said: str) -> None:
    with pytest.raises(BadPlan, match=said):
        plans.save(shop, "cam-door", plan, "anna", base=0)
    assert plans.history(shop, "cam-door") == []
    assert facts(shop) == []


def test_areas_in_which_nobody_counts_need_no_zone(shop: Shop) -> None:
    drawn = Plan(areas=(area("mirror", kind=ZoneKind.IGNORE), area("behind-the-till", kind=ZoneKind.STAFF_ONLY)))
    assert plans.save(shop, "cam-door", drawn, "anna", base=0).version == 1


def test_every_plan_that_is_saved_fits_in_one_message(shop: Shop) -> None:
    n = next(n for n in range(16, 0, -1) if _fits(shop, n))
    plan = plans.current(shop, "cam-door")
    assert plan
    assert len(plan.areas) == n >= 10, "of the areas a camera may have, drawn with a lot of corners"
    names = {"id": "x" * 60, "store": "s" * 32, "device": "d" * 32, "time": NOON, "to": "d" * 32}
    for body in (Command(name=Ask.PLAN, request="r" * 60, plan=plan), Shown(request="r" * 60, plan=plan)):
        encode(message(body, **names))  # type: ignore[arg-type]


def _fits(shop: Shop, n: int) -> bool:
    drawn = Plan(lines=(line(),), areas=tuple(area(f"a{i}" * 8, zone="kids", corners=24) for i in range(n)))
    try:
        plans.save(shop, "cam-door", drawn, "anna", base=0)
    except BadPlan:
        return False
    return True


def test_an_older_version_comes_back_as_a_new_one(shop: Shop) -> None:
    plans.save(shop, "cam-door", Plan(lines=(line(0.3),)), "anna", base=0)
    plans.save(shop, "cam-door", Plan(lines=(line(0.6),)), "anna", base=1)
    again = plans.put_back(shop, "cam-door", 1, "bo")
    assert (again.version, again.lines[0].points[0]) == (3, (0.2, 0.3))
    assert plans.put_back(shop, "cam-door", 0, "bo").lines[0].points == LINE["points"]
    for camera, version in (("cam-door", 9), ("cam-till", 1), ("strange", 0)):
        with pytest.raises(KeyError):
            plans.put_back(shop, camera, version, "bo")
    with pytest.raises(IllegalMove):
        plans.put_back(shop, "cam-door", 1, "bo", base=3)
    assert facts(shop)[-1]["version"] == 4


def test_a_camera_nobody_knows_has_no_plan(shop: Shop) -> None:
    with pytest.raises(KeyError):
        plans.save(shop, "strange", Plan(lines=(line(),)), "anna", base=0)


def test_only_so_many_versions_are_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "KEPT_VERSIONS", 3)
    for n in range(6):
        plans.save(shop, "cam-door", Plan(lines=(line(0.1 + n / 10),)), "anna", base=n)
    assert [drawn.plan.version for drawn in plans.history(shop, "cam-door")] == [6, 5, 4]
    assert len(facts(shop)) == 6


def test_a_version_that_cannot_be_read_is_passed_over(shop: Shop) -> None:
    plans.save(shop, "cam-door", Plan(lines=(line(0.3),)), "anna", base=0)
    stored.save(shop.db, stored.Row("cam-door", 2, NOON, "later", '{"nonsense": true}'))
    plan = plans.current(shop, "cam-door")
    assert plan
    assert plan.version == 1
    assert plans.save(shop, "cam-door", plan, "anna", base=2).version == 3
