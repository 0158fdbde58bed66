"""How long what is kept: what is old goes in small steps, what is open stays, and the store stays sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from broker.desk import arrivals, keeping, people, trials, visits
from broker.desk.roles import Refused
from broker.domain.facts import Fact, FactKind
from broker.settings import RetentionSettings
from broker.shop import STORE_FILE, Shop
from broker.store import apikeys as stored_keys
from broker.store import begun, devices, entrances, journal, plans, settings_changes, standards, upkeep
from broker.store import visits as stored_visits
from broker.store.database import change, open_store
from broker.store.kept import EVERYTHING, GROWS_OLD
from tests.builders import NOON, TurnableClock, crossed, later, make_shop
from tests.history import a_camera, a_shift, fill, some_rejected

SHORT = RetentionSettings(
    visits_days=10, tickets_days=10, counts_days=10, journal_days=5, audit_days=30, seen_days=7, rejected_days=5
)


def never_stop(_: float) -> bool:
    return False


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    made = make_shop(tmp_path, clock, retention=SHORT)
    yield made
    made.db.conn.close()


def counted(shop: Shop, table: str, where: str = "1") -> int:
    return int(shop.db.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])


def test_what_is_older_than_the_settings_say_goes_and_nothing_else(shop: Shop) -> None:
    fill(shop, 20, a_day=60)
    begin = shop.hours.day_begins(shop.hours.business_day(NOON) - timedelta(days=10))
    young = len(stored_visits.between(shop.db, begin, NOON + timedelta(days=1)))
    assert 0 < young < counted(shop, "visits")
    planned = {due.what: due.rows for due in keeping.due(shop)}
    done = keeping.prune(shop, rest=never_stop)
    assert counted(shop, "visits") == young
    assert {what: gone for what, gone in done.gone.items() if gone} == {what: rows for what, rows in planned.items() if rows}
    assert counted(shop, "alerts", f"since < '{begin:%Y-%m-%d}'") == 0
    assert keeping.kept_since(shop)["visits"].since == begin
    assert keeping.kept_since(shop)["visits"].gone == planned["visits"]
    assert keeping.prune(shop, rest=never_stop).steps == 0, "the second time there is nothing to do"


def test_a_dry_run_takes_nothing(shop: Shop) -> None:
    fill(shop, 20, a_day=20)
    before = counted(shop, "visits")
    assert any(due.rows for due in keeping.due(shop))
    assert counted(shop, "visits") == before
    assert keeping.kept_since(shop) == {}


def test_what_has_not_ended_stays_however_old_it_is(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(2)])
    open_ones = counted(shop, "visits", "ended_at IS NULL")
    assert open_ones
    clock.turn(seconds=90 * 86400)
    keeping.prune(shop, rest=never_stop)
    assert counted(shop, "visits", "ended_at IS NULL") == open_ones


def test_each_step_is_small_and_it_stops_when_it_is_told_to(shop: Shop) -> None:
    fill(shop, 30, a_day=100)
    rests: list[float] = []

    def after_three(lock: float) -> bool:
        rests.append(lock)
        return len(rests) == 3

    done = keeping.prune(shop, rest=after_three)
    assert done.gone["visits"] == 3 * keeping.STEP_ROWS
    assert (done.steps, done.longest_lock) == (3, max(rests))
    assert keeping.prune(shop, rest=never_stop).gone["visits"] > 0, "what was left goes the next time"


def test_a_store_stays_sound_while_and_after_old_rows_go(shop: Shop, clock: TurnableClock, tmp_path: Path) -> None:
    for day in range(25):
        clock.at = NOON + timedelta(days=day)
        news = [crossed(100 * day + n, at=later(10 * n, since=clock.at)) for n in range(6)]
        clock.turn(seconds=70)
        arrivals.take(shop, [*news, crossed(100 * day + 50, at=clock.at, inward=False)])
        clock.turn(seconds=7200)
        visits.run_due(shop)
    with closing(open_store(tmp_path / STORE_FILE)) as other:

        def looked(_: float) -> bool:
            assert upkeep.check(other).broken == {}
            return False

        done = keeping.prune(shop, rest=looked)
        assert all(done.gone[what] for what in ("crossings", "visits", "seen", "presence", "journal"))
        found = upkeep.check(other, deep=True)
    assert (found.broken, found.damage) == ({}, ())
    keeping_visits = counted(shop, "visits")
    assert keeping_visits


def test_a_camera_that_was_away_for_a_month_can_send_its_spool_again_and_nothing_is_counted_twice(
    shop: Shop, clock: TurnableClock
) -> None:
    a_camera(shop, "Door", "entrance")
    arrivals.take(shop, [crossed(1, device="door"), crossed(1, device="gone-for-good")])
    clock.turn(seconds=30 * 86400)
    keeping.prune(shop, rest=never_stop)
    assert counted(shop, "seen", "device = 'door'") == 1
    assert counted(shop, "seen", "device = 'gone-for-good'") == 0, "a camera nobody knows any more has no spool to empty"
    door = devices.find(shop.db, "door")
    assert door
    with change(shop.db):
        devices.save(shop.db, replace(door, heard_at=clock()))
    clock.turn(seconds=8 * 86400)
    with change(shop.db):
        devices.save(shop.db, replace(door, heard_at=clock()))
    keeping.prune(shop, rest=never_stop)
    assert counted(shop, "seen") == 0


def test_details_of_the_journal_go_early_and_the_audit_stays(shop: Shop, clock: TurnableClock) -> None:
    with change(shop.db):
        journal.append(shop.db, *(Fact(kind=kind, subject="x", at=clock()) for kind in FactKind))
    clock.turn(seconds=7 * 86400)
    keeping.prune(shop, rest=never_stop)
    left = {kind for (kind,) in shop.db.execute("SELECT DISTINCT kind FROM journal").fetchall()}
    assert {FactKind.SIGNED_IN, FactKind.PERSON, FactKind.REVOKED, FactKind.CAMERA_PLANNED, FactKind.DEVICE} <= left
    assert not left & {FactKind.VISIT_MOVED, FactKind.CROSSED, FactKind.TICKET_MOVED, FactKind.ALERT}
    clock.turn(seconds=30 * 86400)
    keeping.prune(shop, rest=never_stop)
    assert counted(shop, "journal") == 0


def test_new_facts_are_numbered_on_after_all_old_ones_are_gone(shop: Shop, clock: TurnableClock) -> None:
    with change(shop.db):
        journal.append(shop.db, Fact(kind=FactKind.CROSSED, subject="x", at=clock()))
    last = journal.last_id(shop.db)
    clock.turn(seconds=40 * 86400)
    keeping.prune(shop, rest=never_stop)
    with change(shop.db):
        journal.append(shop.db, Fact(kind=FactKind.CROSSED, subject="y", at=clock()))
    assert journal.last_id(shop.db) > last, "a reader that stands behind the old ones must see it"


def test_what_is_taken_away_cannot_be_read_in_the_file(shop: Shop, clock: TurnableClock, tmp_path: Path) -> None:
    some_rejected(shop, 3)
    with change(shop.db):
        shop.db.execute("UPDATE rejected SET payload = 'a-needle-in-the-store'")
    shop.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"a-needle-in-the-store" in (tmp_path / STORE_FILE).read_bytes()
    clock.turn(seconds=20 * 86400)
    keeping.prune(shop, rest=never_stop)
    shop.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"a-needle-in-the-store" not in (tmp_path / STORE_FILE).read_bytes()


def test_every_table_says_whom_it_is_about_and_until_when(shop: Shop) -> None:
    assert keeping.unnamed(shop) == [], "give it a row in broker/store/kept.py"
    columns = {table.name: {column.name for column in table.columns} for table in shop.db.tables}
    for kept in EVERYTHING:
        assert bool(kept.setting) != bool(kept.until), kept.what
        assert kept.table in columns, f"{kept.what}: there is no such table"
        assert not kept.time or kept.time in columns[kept.table], kept.what
        assert {*kept.order, *kept.key} <= columns[kept.table] if kept.setting else True, kept.what
    assert {kept.setting for kept in GROWS_OLD} == set(RetentionSettings.model_fields), "a setting that nothing follows"


def test_what_is_kept_by_number_says_the_number_of_the_code() -> None:
    said = {kept.what: kept.until for kept in EVERYTHING}
    most = {
        "begun": begun.KEPT, "entrances": entrances.KEPT_ENTRANCES, "api_keys": stored_keys.KEPT_REVOKED,
        "plans": plans.KEPT_VERSIONS, "standards": standards.KEPT_VERSIONS, "standards_read": standards.KEPT_VERSIONS,
        "settings_changes": settings_changes.KEPT_CHANGES, "trials": trials.KEPT,
    }  # fmt: skip
    for what, number in most.items():
        assert f"the newest {number}" in said[what], what
    assert not [what for what, until in said.items() if "all versions" in until]


def test_the_report_says_what_there_is_and_since_when(shop: Shop) -> None:
    fill(shop, 3, a_day=30)
    a_shift(shop, "Kari", later(-3600), None)
    found = {held.what: held for held in keeping.stored(shop)}
    assert found["visits"].rows == counted(shop, "visits")
    assert found["visits"].oldest == min(v.t0 for v in stored_visits.between(shop.db, later(-9e6), later(9e6)))
    assert (found["visits"].days, found["people"].rows, found["people"].days) == (10, 1, None)
    assert found["audit_log"].days == shop.settings.retention.audit_days, "until when, as a number of days"
    assert found["journal"].rows + found["audit"].rows == counted(shop, "journal")


def test_somebody_who_left_is_forgotten_by_name_and_what_they_did_stays(shop: Shop, clock: TurnableClock) -> None:
    people.add(shop, "Ada", role="admin", pin="4711", by="test")
    kari = people.add(shop, "Kari", role="staff", pin="4711", by="test")
    arrivals.take(shop, [crossed(1)])
    [visit] = stored_visits.open_ones(shop.db)
    visits.greet(shop, visit.id, by=kari.id)
    with pytest.raises(Refused, match="still works here"):
        keeping.erase(shop, kari.id, by="test")
    with pytest.raises(Refused, match="Nobody here"):
        keeping.erase(shop, "nobody", by="test")
    people.deactivate(shop, kari.id, by="test")
    before = journal.last_id(shop.db)
    planned = keeping.erase(shop, kari.id, by="test", dry_run=True)
    assert (planned.name, journal.last_id(shop.db)) == ("Kari", before)
    done = keeping.erase(shop, kari.id, by="test")
    assert done == planned
    assert "Kari" not in "\n".join(shop.db.conn.iterdump())
    found = people.find(shop, kari.id)
    assert found
    assert (found.name, found.pin) == (done.becomes, "")
    assert stored_visits.get(shop.db, visit.id).acknowledged_by == kari.id
    assert journal.newest(shop.db, kari.id, FactKind.PERSON)[0].body["what"] == "erased"
    assert keeping.erase(shop, kari.id, by="test").becomes == done.becomes
    assert len(journal.newest(shop.db, kari.id, FactKind.PERSON)) == 3, "said once"
