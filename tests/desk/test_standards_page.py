"""The standards as the settings say them: kept when they change, read by name, put off and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.desk import people, standards_page
from broker.domain.facts import FactKind
from broker.settings import AlertSettings, OpeningSettings, QueueSettings, StandardsSettings
from broker.shop import Shop
from broker.store import journal, standards
from tests.builders import TurnableClock, make_shop

SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
CAMERAS = ({"id": "door", "source": "scene:calm"},)
OF_THE_MACHINE = {
    "late_news_seconds", "party_seconds", "browse_seconds", "on_delay_seconds", "off_delay_seconds",
}  # fmt: skip
"""Settings that nobody who serves can notice: how news is sorted, not what is promised."""
SECTIONS = {"standards": StandardsSettings, "alerts": AlertSettings, "queues": QueueSettings}


def with_settings(shop: Shop, **settings: object) -> Shop:
    """The same store under other settings."""
    chosen = shop.settings.model_copy(update=settings)
    return Shop(shop.db, shop.clock, type(shop.settings).model_validate(chosen.model_dump()))


def faster(shop: Shop, seconds: int = 20) -> Shop:
    return with_settings(shop, standards=StandardsSettings(greet_within_seconds=seconds))


@pytest.fixture
def full(tmp_path: Path, clock: TurnableClock) -> Shop:
    folder = tmp_path / "full"
    folder.mkdir()
    return make_shop(folder, clock, services=SERVICES, cameras=CAMERAS)


@pytest.mark.parametrize(
    ("section", "name"),
    [(section, name) for section, model in SECTIONS.items() for name in model.model_fields if name not in OF_THE_MACHINE],
)
def test_every_setting_a_person_meets_is_on_the_page(full: Shop, section: str, name: str) -> None:
    table = getattr(full.settings, section)
    was = getattr(table, name)
    changed = with_settings(full, **{section: table.model_copy(update={name: not was if isinstance(was, bool) else was + 1})})
    assert len(standards_page.differences(standards_page.numbers(full), standards_page.numbers(changed))) == 1, name
    assert standards_page.digest(changed) != standards_page.digest(full)


def test_a_zone_and_the_opening_hours_are_part_of_it(full: Shop) -> None:
    assert standards_page.numbers(full)["crowd:shoes.people"] == ("n", 5)
    opened = with_settings(full, opening=OpeningSettings(mon=("10:00-24:00",)))
    assert standards_page.numbers(opened)["hours.mon"] == ("hours", ["10:00–24:00"])
    assert standards_page.numbers(opened)["hours.tue"] == ("hours", [])


def test_a_shop_without_numbers_promises_nothing_about_a_queue(shop: Shop) -> None:
    assert [part.name for part in standards_page.parts(shop)] == ["door", "screens", "open"]
    assert not any(name.startswith(("fair.", "blind.", "crowd:")) for name in standards_page.numbers(shop))


def test_they_are_kept_once_however_many_programs_start(shop: Shop, clock: TurnableClock) -> None:
    first = standards_page.keep(shop)
    clock.turn(seconds=60)
    assert standards_page.keep(shop) == first
    assert standards_page.changes(shop) == []


def test_a_change_is_kept_with_what_it_was_and_when(shop: Shop, clock: TurnableClock) -> None:
    standards_page.keep(shop)
    clock.turn(seconds=3600)
    changed = faster(shop)
    standards_page.keep(changed)
    [change] = standards_page.changes(changed)
    assert change.at == clock.at
    assert [(each.rule, each.number, each.was, each.became) for each in change.differences] == [
        ("greet", "within", ("s", 30), ("s", 20))
    ]
    told = [fact.body for fact in journal.after(shop.db, 0) if fact.kind is FactKind.STANDARDS]
    assert told == [{"what": "changed"}]


def test_whoever_has_not_read_them_is_asked_and_asked_again_when_they_change(shop: Shop) -> None:
    kari = people.add(shop, "Kari", role="staff", pin="2580", by="test")
    assert standards_page.to_read(shop, kari.id) is None, "nothing is kept yet, so there is nothing to read"
    standards_page.keep(shop)
    assert standards_page.to_read(shop, kari.id)
    standards_page.acknowledge(shop, kari.id)
    assert standards_page.to_read(shop, kari.id) is None
    changed = faster(shop)
    standards_page.keep(changed)
    assert standards_page.to_read(changed, kari.id)
    assert [(each.rule, each.number) for each in standards_page.news(changed, kari.id)] == [("greet", "within")]
    assert standards_page.to_read(shop, kari.id) is None, "a program that still runs with the old ones asks nothing new"


def test_standards_that_come_back_are_read_again(shop: Shop) -> None:
    kari = people.add(shop, "Kari", role="staff", pin="2580", by="test")
    standards_page.keep(shop)
    standards_page.acknowledge(shop, kari.id)
    standards_page.keep(faster(shop))
    standards_page.keep(shop)
    assert standards_page.to_read(shop, kari.id)


def test_it_is_put_off_as_often_as_one_likes_and_counted(shop: Shop, clock: TurnableClock) -> None:
    kari = people.add(shop, "Kari", role="staff", pin="2580", by="test")
    ola = people.add(shop, "Ola", role="staff", pin="2581", by="test")
    standards_page.keep(shop)
    for _ in range(3):
        standards_page.put_off(shop, kari.id)
    assert standards_page.to_read(shop, kari.id)
    standards_page.acknowledge(shop, ola.id)
    [(first, waiting), (second, done)] = standards_page.readers(shop)
    assert (first.name, waiting.put_off, waiting.read_at) == ("Kari", 3, None)
    assert (second.name, done.put_off, done.read_at) == ("Ola", 0, clock.at)


def test_the_first_reading_counts(shop: Shop, clock: TurnableClock) -> None:
    kari = people.add(shop, "Kari", role="staff", pin="2580", by="test")
    standards_page.keep(shop)
    first = standards_page.acknowledge(shop, kari.id)
    clock.turn(seconds=60)
    assert standards_page.acknowledge(shop, kari.id) == first


def test_the_oldest_versions_are_forgotten_with_who_read_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standards, "KEPT_VERSIONS", 3)
    kari = people.add(shop, "Kari", role="staff", pin="2580", by="test")
    for seconds in range(20, 26):
        there = faster(shop, seconds)
        standards_page.keep(there)
        standards_page.acknowledge(there, kari.id)
    assert len(standards.newest(shop.db)) == 3
    assert shop.db.execute("SELECT count(*) FROM standards_read").fetchone() == (3,)


def test_a_store_that_cannot_be_written_keeps_nobody_from_starting(shop: Shop) -> None:
    shop.db.conn.execute("PRAGMA query_only = 1")
    standards_page.keep_at_start(shop)
    shop.db.conn.execute("PRAGMA query_only = 0")
    assert standards_page.current(shop) is None
