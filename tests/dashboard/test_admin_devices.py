"""The page of devices in the office: a code for a box, who is let in, and the end of one that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from broker.desk import boxes
from broker.desk.boxes import Kind
from broker.settings.tls import TlsSettings
from broker.shop import Shop
from broker.store import audit, invitations
from dashboard.app import create
from deploy import certs
from deploy.joining import let_in
from tests.builders import TurnableClock, make_shop
from tests.web.parts import Visitor, served


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    (tmp_path / "shop").mkdir()
    made = make_shop(tmp_path / "shop", clock, tls=TlsSettings(folder=tmp_path / "tls", names=("shop.local",)))
    yield made
    made.db.conn.close()


@pytest.fixture
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    for name in ("greetline-hub", "greetline-board", "greetline-stores"):
        made.extensions[name].close()


@pytest.fixture
def office(app: Flask, shop: Shop) -> Visitor:
    return Visitor(app, shop).pair("manager").sign_in("Ada", "manager")


@pytest.fixture
def certified(shop: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    certs.make_authority(tmp_path / "tls", now=clock())


def test_before_there_are_certificates_the_page_says_who_makes_them(office: Visitor, shop: Shop) -> None:
    assert "greetline mqtt renew" in office.get("/admin/devices").get_data(as_text=True)
    answer = office.post("/admin/devices", {"name": "cam-door", "kind": "camera"})
    assert answer.status_code == 422
    assert invitations.everyone(shop.db) == []


@pytest.mark.usefixtures("certified")
def test_a_code_of_the_page_lets_a_box_in_once(office: Visitor, shop: Shop, app: Flask, tmp_path: Path) -> None:
    page = office.post("/admin/devices", {"name": "Cam-Door", "kind": "camera"}).get_data(as_text=True)
    said = re.search(r"sudo greetline join cam-door --shop shop\.local --code (\w{5}-\w{5})", re.sub("<[^>]+>", "", page))
    assert said
    assert said[1] not in office.get("/admin/devices").get_data(as_text=True), "it is shown once"
    with served(app) as server:
        let_in(f"127.0.0.1:{server.port}", "cam-door", said[1], tmp_path / "box")
    here = office.get("/admin/devices").get_data(as_text=True)
    assert "cam-door" in here
    assert "Camera box" in here
    ada = audit.newest(shop.db, limit=1)[0]
    assert ada.what == "devices.issued"
    assert ada.by


@pytest.mark.usefixtures("certified")
def test_a_device_is_thrown_out_by_one_press(office: Visitor, shop: Shop) -> None:
    boxes.issue(shop, "lamp", Kind.LIGHT, by="test", zones=["entrance"])
    assert "Entrance" in office.get("/admin/devices").get_data(as_text=True)
    assert office.post("/admin/devices/revoke", {"name": "lamp"}).status_code == 200
    assert not [one for one in boxes.listed(shop) if one.live(shop.clock())]
    assert office.post("/admin/devices/revoke", {"name": "lamp"}).status_code == 422


@pytest.mark.usefixtures("certified")
@pytest.mark.parametrize(
    ("name", "kind"), [("service", "camera"), ("a b", "camera"), ("", "camera"), ("<b>", "button"), ("cam", "board")]
)
def test_what_cannot_be_is_refused_with_words_and_kept_in_the_form(office: Visitor, shop: Shop, name: str, kind: str) -> None:
    answer = office.post("/admin/devices", {"name": name, "kind": kind})
    assert answer.status_code == 422
    assert "Choose another name" in answer.get_data(as_text=True)
    assert "<b>" not in answer.get_data(as_text=True).split('id="name"')[1][:200]
    assert invitations.everyone(shop.db) == []


def test_a_tablet_of_the_floor_has_no_such_page(app: Flask, shop: Shop) -> None:
    assert Visitor(app, shop).pair("staff").sign_in("Ada", "manager").get("/admin/devices").status_code == 403


@pytest.mark.usefixtures("certified")
def test_a_register_that_cannot_be_read_is_said_and_ends_no_page(office: Visitor, shop: Shop) -> None:
    boxes.issue(shop, "lamp", Kind.LIGHT, by="test")
    (boxes.register(shop).folder / "register.json").write_text("{")
    answer = office.get("/admin/devices")
    assert answer.status_code == 422
    assert "greetline mqtt list" in answer.get_data(as_text=True)
