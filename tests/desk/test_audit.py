"""The audit log: who changed what, in one piece with the change, and a chain that shows where somebody was at it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from broker.desk import apikeys, audit, counters, keeping, keys, pairing, people, zones
from broker.desk.roles import Refused
from broker.settings import Settings
from broker.shop import STORE_FILE, Shop
from broker.store import audit as rows
from tests.builders import TurnableClock, make_shop

PIN = "2580"
SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
TRIGGERS = ("audit_log_stays", "audit_log_is_kept")


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES)


def entry(shop: Shop) -> rows.Entry:
    return audit.newest(shop, limit=1)[0]


def filled(shop: Shop, count: int = 10) -> None:
    with_change(shop, *(lambda n=n: audit.write(shop, "test.done", f"s{n}", by="k1", after={"n": n}) for n in range(count)))


def with_change(shop: Shop, *does: Callable[[], object]) -> None:
    from broker.store.database import change

    for each in does:
        with change(shop.db):
            each()


def harm(shop: Shop, *statements: str) -> None:
    """Somebody who may write the store file, and has taken the triggers away."""
    with sqlite3.connect(shop.settings.store.data / STORE_FILE) as db:
        for trigger in TRIGGERS:
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            db.execute(statement)
    db.close()


def test_each_change_has_its_row_with_who_from_where_before_and_after(shop: Shop, clock: TurnableClock) -> None:
    audit.coming_from(screen="s1", address="10.0.0.7")
    kari = people.add(shop, "Kari", role="lead", pin=PIN, by="ada")
    row = entry(shop)
    assert (row.what, row.by, row.subject, row.screen, row.address) == ("people.added", "ada", kari.id, "s1", "10.0.0.7")
    assert row.at == "2026-11-21T11:00:00.000Z"
    assert (json.loads(row.before), json.loads(row.after)) == ({}, {"active": True, "language": "", "role": "lead"})
    audit.coming_from()
    people.add(shop, "Ada", role="admin", pin=PIN, by="terminal")
    people.deactivate(shop, kari.id, by="ada")
    row = entry(shop)
    assert (json.loads(row.before)["active"], json.loads(row.after)["active"]) == (True, False)
    assert (row.screen, row.address) == ("", "")


def test_what_is_audited(shop: Shop) -> None:
    kari, ada = (people.add(shop, name, role="admin", pin=PIN, by="t") for name in ("Kari", "Ada"))
    people.reset_pin(shop, kari.id, pin="9630", by=ada.id)
    people.speak(shop, kari.id, "nb")
    people.deactivate(shop, kari.id, by=ada.id)
    keeping.erase(shop, kari.id, by=ada.id)
    screen, _ = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name="Tablet", role="staff"))
    pairing.revoke(shop, screen.id, by=ada.id)
    apikeys.add(shop, "wall", ["display.read"], by=ada.id)
    apikeys.revoke(shop, "wall", by=ada.id)
    zones.pause(shop, "entrance", minutes=5, reason="delivery", by=ada.id)
    zones.resume(shop, "entrance", by=ada.id)
    counters.pause(shop, "returns", minutes=5, reason="till is down", by=ada.id)
    counters.resume(shop, "returns", by=ada.id)
    assert [row.what for row in audit.every(shop)] == [
        "people.added", "people.added", "people.pin", "people.language", "people.deactivated", "people.erased", "screens.paired",
        "screens.revoked", "keys.added", "keys.revoked", "pauses.zone-paused", "pauses.zone-resumed", "pauses.service-paused",
        "pauses.service-resumed",
    ]  # fmt: skip
    assert audit.verify(shop) == audit.Chain(rows=14, gone=0)
    assert [row.what for row in audit.newest(shop, limit=5, what="keys")] == ["keys.revoked", "keys.added"]
    assert [row.what for row in audit.newest(shop, limit=5, what="keys.added")] == ["keys.added"]
    assert audit.newest(shop, limit=5, what="key") == []


def test_no_name_of_a_person_and_no_secret_comes_into_it(shop: Shop) -> None:
    """A name must be forgotten some day, and a row can never be changed."""
    people.add(shop, "Kari Nordmann", role="lead", pin=PIN, by="ada")
    _, token = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name="Tablet", role="staff"))
    _, secret = apikeys.add(shop, "wall", ["display.read"], by="ada")
    written = "".join(map(str, audit.every(shop)))
    for each in ("Nordmann", PIN, token, secret, keys.digest(token), keys.digest(secret), "argon2"):
        assert each not in written


def test_a_change_that_fails_leaves_no_row_and_a_row_that_cannot_be_written_undoes_the_change(shop: Shop) -> None:
    people.add(shop, "Kari", role="manager", pin=PIN, by="t")
    before = list(audit.every(shop))
    with pytest.raises(Refused):
        people.add(shop, "Kari", role="staff", pin=PIN, by="t")
    with pytest.raises(Refused):
        people.deactivate(shop, people.everybody(shop)[0].id, by="t")
    assert list(audit.every(shop)) == before
    shop.db.execute("CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'no room'); END")
    with pytest.raises(sqlite3.Error, match="no room"):
        people.add(shop, "Ola", role="staff", pin=PIN, by="t")
    assert people.named(shop, "Ola") is None


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET by = 'eve' WHERE id = 3", "DELETE FROM audit_log WHERE id = 3"])
def test_the_store_itself_refuses_to_change_a_row(shop: Shop, statement: str) -> None:
    filled(shop)
    with pytest.raises(sqlite3.IntegrityError, match="audit log"):
        shop.db.conn.execute(statement)
    assert audit.verify(shop).whole


@pytest.mark.parametrize("column", ["at", "by", "screen", "address", "what", "subject", "before", "after", "digest"])
def test_a_row_that_somebody_edited_is_named(shop: Shop, column: str) -> None:
    filled(shop)
    harm(shop, f"UPDATE audit_log SET {column} = 'x' WHERE id = 4")
    found = audit.verify(shop)
    assert (found.whole, found.broken_at, found.rows) == (False, 4, 3)
    assert found.why == "row 4 is not as it was written"


COPY = "INSERT INTO audit_log SELECT {0}, at, by, screen, address, what, subject, before, after, digest FROM audit_log WHERE id = 4"
HARMS = {
    "taken out": (("DELETE FROM audit_log WHERE id = 4",), 4),
    "taken out at the begin": (("DELETE FROM audit_log WHERE id <= 2",), 1),
    "cut off at the end": (("DELETE FROM audit_log WHERE id > 8",), 9),
    "all of it": (("DELETE FROM audit_log",), 1),
    "put in at the end": ((COPY.format(11),), 11),
    "put in before": ((COPY.format(0),), 1),
    "two that changed places": (("UPDATE audit_log SET id = 99 WHERE id = 4", "UPDATE audit_log SET id = 4 WHERE id = 5",
                                 "UPDATE audit_log SET id = 5 WHERE id = 99"), 4),
    "cut off and the end set back": (("DELETE FROM audit_log WHERE id > 8", "UPDATE audit_ends SET row = 8"), 8),
    "the begin made up": (("DELETE FROM audit_log WHERE id <= 2",
                           "INSERT INTO audit_ends SELECT 'begin', 2, 'x', 2, at, seal FROM audit_ends"), 2),
}  # fmt: skip


@pytest.mark.parametrize("how", HARMS)
def test_whatever_is_done_to_the_rows_is_seen(shop: Shop, how: str) -> None:
    filled(shop)
    statements, broken_at = HARMS[how]
    harm(shop, *statements)
    assert audit.verify(shop).broken_at == broken_at


def test_who_has_the_store_file_but_not_the_key_cannot_write_a_chain_that_holds(shop: Shop, tmp_path: Path) -> None:
    filled(shop)
    file = tmp_path / audit.KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_bytes()) == keys.KEY_BYTES
    elsewhere = tmp_path / "thief"
    elsewhere.mkdir()
    settings = shop.settings.model_dump()
    settings["store"]["data"] = elsewhere
    thief = Shop(shop.db, shop.clock, Settings.model_validate(settings))
    assert not audit.verify(thief).whole


def test_a_row_of_another_life_of_the_shop_does_not_fit(shop: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    """Same key, same number, a good seal: only what stood before it is another history, as after a backup was put back."""
    filled(shop)
    folder = tmp_path / "other life"
    folder.mkdir()
    (folder / audit.KEY_FILE).write_bytes((tmp_path / audit.KEY_FILE).read_bytes())
    other = make_shop(folder, clock)
    with_change(other, *(lambda n=n: audit.write(other, "test.done", f"t{n}", by="k2") for n in range(10)))
    assert audit.verify(other).whole
    row = list(audit.every(other))[3]
    values = ", ".join(f"{name} = '{getattr(row, name)}'" for name in ("by", "subject", "after", "digest"))
    harm(shop, f"UPDATE audit_log SET {values} WHERE id = 4")
    assert audit.verify(shop).broken_at == 4


def test_retention_moves_the_begin_and_the_rest_still_holds(shop: Shop, clock: TurnableClock) -> None:
    filled(shop, 6)
    clock.turn(seconds=3600)
    between = clock.at
    clock.turn(seconds=3600)
    filled(shop, 4)
    assert audit.trim(shop, between) == 6
    assert audit.verify(shop) == audit.Chain(rows=4, gone=6)
    assert audit.trim(shop, between) == 0
    filled(shop, 2)
    assert audit.verify(shop) == audit.Chain(rows=6, gone=6)
    harm(shop, "UPDATE audit_log SET by = 'eve' WHERE id = 8")
    assert audit.verify(shop).broken_at == 8
    clock.turn(seconds=3600)
    assert audit.trim(shop, clock.at) == 0, "what somebody was at stays as it is"


def test_all_of_it_may_have_gone_and_it_goes_on(shop: Shop, clock: TurnableClock) -> None:
    filled(shop, 3)
    clock.turn(seconds=60)
    assert audit.trim(shop, clock.at) == 3
    assert audit.verify(shop) == audit.Chain(rows=0, gone=3)
    filled(shop, 2)
    assert [row.id for row in audit.every(shop)] == [4, 5]
    assert audit.verify(shop) == audit.Chain(rows=2, gone=3)


def test_a_clock_that_was_set_back_lets_no_row_go_before_an_older_one(shop: Shop, clock: TurnableClock) -> None:
    filled(shop, 2)
    clock.turn(seconds=-86_400)
    filled(shop, 2)
    assert audit.trim(shop, clock.at + timedelta(hours=1)) == 0
    assert audit.verify(shop).whole


def test_the_night_does_it_as_the_settings_say(shop: Shop, clock: TurnableClock) -> None:
    filled(shop, 3)
    clock.turn(seconds=(shop.settings.retention.audit_days - 1) * 86_400)
    keeping.prune(shop, rest=lambda _: False)
    assert audit.verify(shop) == audit.Chain(rows=3, gone=0)
    clock.turn(seconds=3 * 86_400)
    keeping.prune(shop, rest=lambda _: False)
    assert audit.verify(shop) == audit.Chain(rows=0, gone=3)


def test_a_value_that_is_too_long_is_kept_as_its_length(shop: Shop) -> None:
    with_change(shop, lambda: audit.write(shop, "test.done", "s", by="k1", after={"x": "y" * 9_000}))
    assert json.loads(entry(shop).after)["too long"] > 9_000
    assert audit.verify(shop).whole


def test_an_empty_log_is_whole_and_looking_makes_no_key(shop: Shop, tmp_path: Path) -> None:
    assert audit.verify(shop) == audit.Chain(rows=0, gone=0)
    assert not (tmp_path / audit.KEY_FILE).exists()


def test_a_log_whose_key_is_gone_is_not_called_whole(shop: Shop, tmp_path: Path) -> None:
    filled(shop, 3)
    (tmp_path / audit.KEY_FILE).unlink()
    found = audit.verify(shop)
    assert (found.broken_at, "audit-key is not beside the store" in found.why) == (1, True)
    assert not (tmp_path / audit.KEY_FILE).exists()
