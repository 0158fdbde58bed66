"""Each door of both web programs, knocked at by everybody: it opens to whom it should and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

import kiosk.app
from broker.desk import people
from broker.desk.roles import Role
from broker.shop import Shop
from broker.web.access import OFFICE_ONLY, PERMISSIONS, permission_of
from tests.builders import TurnableClock, make_shop
from tests.kiosk.parts import COUNTERS, SERVICES
from tests.web.parts import PIN, Visitor
from tests.web.test_headers import guarded, path_of

LEAST = (
    ("/admin", Role.MANAGER), ("/api/v1/cameras", Role.MANAGER), ("/api/v1/tallies", Role.MANAGER),
    ("/api/v1/office", Role.MANAGER), ("/reports", Role.LEAD),
    ("/lead", Role.LEAD), ("/api/v1/lead", Role.LEAD), ("/", Role.STAFF),
)  # fmt: skip
"""The least role behind an address that begins so; the first that fits. What a view says must not be less."""

WHO: dict[str, tuple[str, str]] = {
    "stranger": ("", ""), "display": ("display", ""), "kiosk": ("kiosk", ""), "tablet": ("staff", ""), "office": ("manager", ""),
    "staff": ("staff", "staff"), "lead": ("staff", "lead"), "manager on the floor": ("staff", "manager"),
    "staff in the office": ("manager", "staff"), "manager": ("manager", "manager"), "admin": ("manager", "admin"),
}  # fmt: skip
"""Everybody who may knock: the role of the screen and the role of who is signed in on it."""

ENDS_THE_SHIFT = {"web.sign_out", "own.sign_out_everywhere", "admin.sign_everybody_out"}
OF_A_KIOSK = {"token": "x" * 22, "action": "here", "int:number": "7"}


def doors(app: Flask) -> Iterator[tuple[str, Rule, str]]:
    """Every method and address with what it needs."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield method, rule, permission_of(app, rule.endpoint) or ""


def opens(permission: str, screen: str, person: str) -> bool:
    """Written anew and not asked of the guard: whether a door that needs this opens to them."""
    if permission == "public":
        return True
    if not screen or permission == "screen":
        return bool(screen)
    if not person or list(Role).index(Role(person)) < list(Role).index(PERMISSIONS[permission]):
        return False
    return permission not in OFFICE_ONLY or screen == "manager"


def filled(rule: Rule) -> str:
    path = path_of(rule)
    for name, value in OF_A_KIOSK.items():
        path = path.replace(f"<{name}>", value)
    return re.sub(r"<[^>]+>", "x", path)


def shut(app: Flask, method: str, path: str, headers: dict[str, str], here: Visitor) -> bool:
    """Knock once; say whether the guard, and not the view behind it, answered."""
    api = path.startswith("/api/")
    answer = here.client.open(path, method=method, headers=headers, buffered=False, **({"json": {}} if api else {}))
    guarded(answer)
    leads = answer.headers.get("Location", "").split("?")[0]
    status = answer.status_code
    answer.close()
    assert status in (*range(500), 503), f"{method} {path} is a mistake of ours: {status}"
    return status in (401, 403) or (method == "GET" and leads in ("/pair", "/signin"))


def token_of(here: Visitor, page: str) -> str:
    found = re.search(r'<meta name="csrf" content="([^"]+)">', here.get(page).get_data(as_text=True))
    assert found, page
    return found[1]


@pytest.fixture
def customers(tmp_path: Path, clock: TurnableClock) -> Iterator[tuple[Flask, Shop]]:
    """The screens of the customers, in a shop of their own."""
    folder = tmp_path / "customers"
    folder.mkdir()
    shop = make_shop(folder, clock, services=SERVICES, counters=COUNTERS)
    people.add(shop, "Ada", role="admin", pin=PIN, by="test")
    app = kiosk.app.create(shop.settings, shop=shop)
    yield app, shop
    for name in ("greetline-hub", "greetline-board", "greetline-stores", "greetline-voice"):
        app.extensions[name].close()


@pytest.mark.parametrize("who", WHO)
def test_each_door_of_the_staff_opens_to_whom_it_should_and_to_nobody_else(
    app: Flask, shop: Shop, visitor: Callable[[], Visitor], who: str
) -> None:
    screen, person = WHO[who]
    here = visitor()
    if screen:
        here.pair(screen)
    if person:
        here.sign_in(f"A {person}", person)
    headers = {"X-CSRFToken": here.token(), "Idempotency-Key": "12345678"}
    wrong = []
    for method, rule, permission in doors(app):
        opened = not shut(app, method, filled(rule), headers, here)
        if opened and person and rule.endpoint in ENDS_THE_SHIFT:
            here.sign_in(f"A {person}", person)
        if rule.endpoint == "web.home" or (opened and permission == "public"):
            continue
        if permission == "screen" and screen in ("display", "kiosk") and rule.endpoint == "web.signin":
            continue
        if opened != opens(permission, screen, person):
            wrong.append(f"{method} {rule.rule} ({permission}) is {'open' if opened else 'shut'}")
    assert wrong == [], who


@pytest.mark.parametrize("who", ["stranger", "display", "kiosk", "tablet", "office"])
def test_each_door_of_the_customers_opens_to_a_screen_of_the_shop_or_to_everybody_as_it_says(
    customers: tuple[Flask, Shop], who: str
) -> None:
    app, shop = customers
    here, screen = Visitor(app, shop), WHO[who][0]
    if screen:
        here.pair(screen)
        here.client.set_cookie("kiosk-device", here.cookie("device"))
    headers = {"X-CSRFToken": token_of(here, "/pair" if not screen else "/kiosk"), "Idempotency-Key": "12345678"}
    for method, rule, permission in doors(app):
        if rule.endpoint in kiosk.app.STAFF_ONLY or rule.endpoint == "web.home":
            continue
        assert permission in ("public", "screen"), f"{rule.rule}: nobody signs in here"
        assert shut(app, method, filled(rule), headers, here) is not opens(permission, screen, ""), f"{method} {rule.rule}"


def test_the_pages_of_the_staff_are_not_on_the_screens_of_the_customers(customers: tuple[Flask, Shop]) -> None:
    app, shop = customers
    here = Visitor(app, shop).pair("manager")
    here.client.set_cookie("kiosk-device", here.cookie("device"))
    headers = {"X-CSRFToken": token_of(here, "/kiosk")}
    for method, rule, _ in doors(app):
        if rule.endpoint in kiosk.app.STAFF_ONLY:
            assert here.client.open(rule.rule, method=method, headers=headers).status_code == 404, rule.rule


def test_no_view_asks_for_less_than_its_address_promises(app: Flask) -> None:
    """A view under /admin that says floor.see is a mistake even though it says something."""
    for method, rule, permission in doors(app):
        if permission in ("public", "screen"):
            assert not rule.rule.startswith(("/admin", "/reports", "/lead", "/api/v1/lead", "/api/v1/cameras")), rule.rule
            continue
        least = next(role for begin, role in LEAST if rule.rule.startswith(begin))
        assert PERMISSIONS[permission].reaches(least), f"{method} {rule.rule} asks for {permission} only"


def test_no_door_takes_a_method_nobody_looked_at(app: Flask, customers: tuple[Flask, Shop]) -> None:
    for each in (app, customers[0]):
        for rule in each.url_map.iter_rules():
            assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}, rule.rule


def test_every_change_on_the_screens_of_the_customers_needs_the_token_of_the_page(customers: tuple[Flask, Shop]) -> None:
    app, shop = customers
    here = Visitor(app, shop).pair("kiosk")
    here.client.set_cookie("kiosk-device", here.cookie("device"))
    token = token_of(here, "/kiosk")
    # Not the last letter: of that some bits mean nothing.
    said, _, seal = token.rpartition(".")
    forged = f"{said}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}"
    changes = [filled(rule) for method, rule, _ in doors(app) if method == "POST" and rule.endpoint not in kiosk.app.STAFF_ONLY]
    assert len(changes) >= 7
    before = shop.db.execute("SELECT max(id) FROM journal").fetchone()
    for path in changes:
        for form in ({}, {"csrf_token": "made-up"}, {"csrf_token": forged}):
            assert here.client.post(path, data={"service": "returns", "key": "0" * 32} | form).status_code == 400, path
        other = {"X-CSRFToken": token, "Sec-Fetch-Site": "cross-site"}
        assert here.client.post(path, headers=other).status_code == 403, path
    assert shop.db.execute("SELECT max(id) FROM journal").fetchone() == before
