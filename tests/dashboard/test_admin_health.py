"""System health in the office: the parts in words, what to do, and nothing for who may not see it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from broker.desk import alerts as desk_alerts
from broker.desk import devices, health, people, upkeep
from broker.desk.health import Look, State
from broker.domain.alerts import AlertKind
from broker.settings import Settings
from broker.shop import Shop
from broker.store import archived, copied, deliveries, room
from broker.store.archived import ArchiveState
from broker.store.database import change
from broker.store.room import RoomState
from dashboard.admin.health import _row
from deploy import backup
from tests.builders import TurnableClock
from tests.web.parts import Visitor, person, words

ROOT = Path(__file__).resolve().parents[2]
WHYS = {
    "store": ("ok", "full", "lost"), "service": ("ok", "never", "stopped", "silent"), "disk": ("ok", "low", "full"),
    "mqtt": ("ok", "unsaid", "lost"), "cameras": ("ok", "none", "blind", "clock"), "printer": ("ok", "hand"),
    "backup": ("ok", "old", "never"), "events": ("ok", "wait", "many", "off"),
    "certificates": ("ok", "soon", "over", "unread"),
    "archive": ("ok", "behind", "copying", "never", "full", "refused", "unsound"),
}  # fmt: skip


@pytest.fixture
def office(app: Flask, shop: Shop) -> Visitor:
    return Visitor(app, shop).pair("manager").sign_in("Mia", "manager")


def rows(office: Visitor) -> dict[str, dict[str, str]]:
    answer = office.get("/api/v1/office/health", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return {row["name"]: row for row in answer.get_json()["parts"]}


def runs(shop: Shop) -> None:
    devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=shop.clock(), figures={"mqtt": True})


def test_each_part_has_its_row_with_a_word_and_a_sign_and_what_to_do(office: Visitor) -> None:
    page = unescape(office.get("/admin/health").get_data(as_text=True))
    assert re.findall(r'data-part="(\w+)"', page) == [*health.PARTS, *upkeep.UPKEEP]
    found = rows(office)
    service = found["service"]
    assert (service["word"], service["tone"], service["says"]) == ("Does not work", "is-crit", "It has never run here.")
    assert service["do"] in page
    assert found["store"]["do"] == ""
    assert "Greetline" in page
    assert words("adminhealth.all_down") in page


def test_the_page_follows_what_changes(office: Visitor, shop: Shop, clock: TurnableClock) -> None:
    runs(shop)
    devices.heard(shop, "door", watch="watching", since=shop.clock(), zones=("entrance",))
    devices.heard(shop, "back", watch="blind", since=shop.clock(), zones=("entrance",), figures={"spooled": 3})
    found = rows(office)
    assert (found["service"]["word"], found["service"]["since"] != "") == ("Works", True)
    assert (found["cameras"]["says"], found["cameras"]["go"]) == ("1 of 2 does not watch.", "/admin/cameras")
    assert found["events"]["says"] == "3 are on their way."
    clock.turn(seconds=6)
    assert rows(office)["service"]["says"] == "It says nothing any more."
    with change(shop.db):
        desk_alerts.raise_(shop, AlertKind.DEVICE, "printer:kiosk", "", since=clock(), at=clock(), detail="no_paper")
    assert rows(office)["printer"]["tone"] == "is-warn"
    room.mark(shop.settings.store.data, RoomState.FULL, clock())
    assert rows(office)["store"]["says"] == words("adminhealth.store_full")


def test_a_backup_that_was_made_is_known_by_its_age(office: Visitor, shop: Shop, tmp_path: Path) -> None:
    assert rows(office)["backup"]["says"] == "None was made yet."
    backup.make(shop.settings, None, tmp_path / "elsewhere", secrets=False)
    made = copied.newest(shop.settings.store.data)
    assert made
    looks = [upkeep.looks(replace(shop, clock=lambda days=days: made + timedelta(days=days)))[0] for days in (1, 9, -9)]
    assert [look.why for look in looks] == ["ok", "old", "old"], "nobody knows how old one is that was made in a year to come"
    (shop.settings.store.data / copied.COPIED_FILE).write_text("half a li", encoding="utf-8")
    assert copied.newest(shop.settings.store.data) is None


def test_an_archive_has_a_row_where_there_is_one(shop: Shop, tmp_path: Path) -> None:
    assert [look.name for look in upkeep.looks(shop)] == [*upkeep.UPKEEP]
    settings = Settings.model_validate(shop.settings.model_dump() | {"backup": {"archive_to": tmp_path}})
    kept, data = replace(shop, settings=settings), shop.settings.store.data
    found = []
    for state, ago in (
        (None, 0), (ArchiveState.GOES_ON, 2), (ArchiveState.GOES_ON, 61), (ArchiveState.COPYING, 60), (ArchiveState.COPYING, 4000),
        (ArchiveState.FULL, 1), (ArchiveState.REFUSED, 1), (ArchiveState.GOES_ON, -3600), (ArchiveState.COPYING, -4000),
    ):  # fmt: skip
        if state:
            archived.mark(data, state, shop.clock() - timedelta(seconds=ago))
        look = upkeep.looks(kept)[-1]
        found.append((look.name, look.why, look.state is State.OK))
    assert found == [("archive", *each) for each in (
        ("never", False), ("ok", True), ("behind", False), ("copying", True), ("copying", False), ("full", False),
        ("refused", False), ("behind", False), ("copying", False),
    )]  # fmt: skip
    slow = Settings.model_validate(shop.settings.model_dump() | {"backup": {"archive_to": tmp_path, "archive_every_seconds": 60}})
    archived.mark(data, ArchiveState.GOES_ON, shop.clock() - timedelta(seconds=61))
    assert upkeep.looks(replace(shop, settings=slow))[-1].why == "ok", "it looks once a minute"


def test_certificates_have_a_row_where_the_shop_has_its_own_and_the_one_that_ends_first_counts(shop: Shop, tmp_path: Path) -> None:
    certs = pytest.importorskip("deploy.certs")
    folder, now = tmp_path / "tls", shop.clock()
    own = replace(shop, settings=shop.settings.model_copy(update={"tls": shop.settings.tls.model_copy(update={"folder": folder})}))
    assert [look.name for look in upkeep.looks(own)] == [*upkeep.UPKEEP]
    certs.make_authority(folder, now=now)
    certs.make_server(folder, "mqtt", certs.Reach.of(["shop.local"]), now=now - timedelta(days=300))
    certs.make_server(folder, "web", certs.Reach.of(["shop.local"]), now=now)
    found = [upkeep.looks(replace(own, clock=lambda days=days: now + timedelta(days=days)))[2] for days in (0, 67, 68, 97, 98)]
    assert [(look.name, look.why, look.n) for look in found] == [("certificates", *each) for each in (
        ("ok", 97), ("ok", 30), ("soon", 29), ("soon", 0), ("over", 0),
    )]  # fmt: skip
    assert [look.state for look in found] == [State.OK, State.OK, State.DEGRADED, State.DEGRADED, State.DOWN]
    (folder / "web.crt").write_text("half writ")
    assert upkeep.looks(own)[2].why == "unread"


def test_a_webhook_that_is_told_nothing_is_a_row_to_look_at(shop: Shop) -> None:
    hook = {"id": "crm", "url": "https://example.com/x", "secret_file": "crm.secret"}
    settings = Settings.model_validate(shop.settings.model_dump() | {"webhooks": [hook]})
    hooked = replace(shop, settings=settings)
    assert upkeep.looks(hooked)[1].state is State.OK
    with change(shop.db):
        deliveries.save_target(shop.db, deliveries.Target(id="crm", read_to=0, since=shop.clock(), disabled_at=shop.clock()))
    look = upkeep.looks(hooked)[1]
    assert (look.why, look.n, look.since) == ("off", 1, shop.clock())


@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
def test_every_way_to_be_has_its_words(app: Flask, shop: Shop, language: str) -> None:
    mia = person(shop, "Mia", "manager")
    people.speak(shop, mia.id, language)
    with app.test_request_context():
        from flask import g

        g.person, g.screen = people.find(shop, mia.id), None
        for name, whys in WHYS.items():
            for why in whys:
                state = State.OK if why in ("ok", "none", "wait") else State.DEGRADED
                row = _row(Look(name, state, "", shop.clock(), why=why, n=2, of=3))
                said = " ".join(row.values())
                assert not re.search(r"adminhealth\.|%\(", said), said
                assert bool(row["do"]) is (state is not State.OK)


def test_the_words_of_the_code_are_those_of_the_table_above() -> None:
    source = "".join((ROOT / f"broker/desk/{name}.py").read_text(encoding="utf-8") for name in ("health", "upkeep"))
    assert set(re.findall(r'why="(\w+)"', source)) - {"ok"} <= {why for whys in WHYS.values() for why in whys}
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for name in WHYS:
        assert f"| {name} |" in text
        assert words(f"adminhealth.part_{name}").lower() == name


@pytest.mark.parametrize(("screen", "role"), [("manager", "lead"), ("staff", "manager")])
def test_only_a_manager_on_an_office_screen_sees_it(app: Flask, shop: Shop, screen: str, role: str) -> None:
    here = Visitor(app, shop).pair(screen).sign_in("Kari", role)
    for path in ("/admin/health", "/api/v1/office/health"):
        assert here.get(path).status_code == 403
