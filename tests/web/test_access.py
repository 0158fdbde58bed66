"""Who may do what: every door says whom it lets in, and lets in nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Blueprint, Flask

from broker.desk import pairing, people, shifts, visits
from broker.desk.apikeys import SCOPES
from broker.desk.roles import Role
from broker.shop import Shop
from broker.store import visits as stored
from broker.web.access import OFFICE_ONLY, PERMISSIONS, needs, permission_of
from broker.web.app import create
from tests.builders import TurnableClock
from tests.web.parts import PIN, Visitor, paired, person

PUBLIC = {
    ("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/version"), ("GET", "/metrics"),
    ("GET", "/favicon.ico"), ("GET", "/pair"), ("GET", "/pair/state"), ("POST", "/pair"),
    ("GET", "/enter/<secret>"), ("POST", "/enter/<secret>"), ("GET", "/static/<path:filename>"),
    ("GET", "/dashboard-static/<path:filename>"), ("GET", "/api/v1/openapi.json"),
    ("GET", "/manifest.webmanifest"), ("GET", "/worker.js"), ("GET", "/icon-<size>.png"), ("GET", "/icon-mask-<size>.png"),
    ("GET", "/oidc/back"), ("GET", "/root"), ("GET", "/root.crt"), ("POST", "/box/join"),
}  # fmt: skip
"""The doors that are open to the whole network. A new one is a decision: write it here."""

MAY = {
    "staff": {"floor.see", "visit.answer", "zone.pause", "ticket.serve", *SCOPES},
    "lead": {"floor.see", "visit.answer", "zone.pause", "ticket.serve", "report.see", "lead.see", "lead.act", *SCOPES},
    "manager": set(PERMISSIONS) - {"settings.file"},
    "admin": set(PERMISSIONS),
}
DOORS = {
    "floor.see": ("GET", "/api/v1/floor"), "visit.answer": ("POST", "/api/v1/visits/no-such-visit/claim"),
    "zone.pause": ("POST", "/api/v1/zones/moon/resume"), "report.see": ("GET", "/reports"),
    "ticket.serve": ("GET", "/api/v1/counters/moon"),
    "lead.see": ("GET", "/lead"), "lead.act": ("POST", "/api/v1/lead/services/moon/resume"),
    "people.change": ("GET", "/admin/people"), "screens.change": ("GET", "/admin/screens"),
    "settings.change": ("GET", "/admin/standards"), "settings.file": ("GET", "/admin/file"),
    "cameras.change": ("GET", "/admin/cameras/moon"), "cameras.count": ("GET", "/admin/cameras"),
    "office.see": ("GET", "/admin/health"),
    "tickets.take": ("POST", "/api/v1/tickets/none/come_back"), "tickets.read": ("GET", "/api/v1/line"),
    "counters.serve": ("POST", "/api/v1/tickets/none/start"), "display.read": ("GET", "/api/v1/display"),
}  # fmt: skip
"""One door of each permission; the answer behind it is 200 or 404."""


def knock(visitor: Visitor, permission: str) -> int:
    method, path = DOORS[permission]
    if method == "GET":
        return visitor.get(path).status_code
    headers = {"Idempotency-Key": "12345678", "X-CSRFToken": visitor.token()}
    return visitor.client.post(path, json={}, headers=headers).status_code


def test_every_door_says_whom_it_lets_in(app: Flask) -> None:
    silent = [rule.rule for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None]
    assert silent == [], "give these views @needs(...)"


def test_the_doors_open_to_everybody_are_these_and_no_others(app: Flask) -> None:
    found = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if permission_of(app, rule.endpoint) == "public"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found == PUBLIC


def test_a_door_that_says_nothing_is_shut_for_an_admin_too(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    forgotten = Blueprint("forgotten", __name__)
    forgotten.get("/forgotten")(lambda: "secret")
    app = create(shop.settings, name="test", blueprints=[forgotten], shop=shop)
    admin = Visitor(app, shop).pair("manager").sign_in("Ada", "admin")
    answer = admin.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.get_data(as_text=True)
    assert "does not say what it needs" in caplog.text
    app.extensions["greetline-stores"].close()


def test_a_permission_that_is_not_one_is_a_mistake_at_once() -> None:
    with pytest.raises(ValueError, match="not a permission"):
        needs("floor.sea")


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_what_each_role_may_do_in_the_office(visitor: Callable[[], Visitor], role: str, permission: str) -> None:
    here = visitor().pair("manager").sign_in("Kari", role)
    assert knock(here, permission) in ((200, 404) if permission in MAY[role] else (403,))


@pytest.mark.parametrize("role", ["manager", "admin"])
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_on_a_tablet_of_the_floor_nobody_changes_people_or_screens(
    visitor: Callable[[], Visitor], role: str, permission: str
) -> None:
    here = visitor().pair("staff").sign_in("Kari", role)
    assert knock(here, permission) in ((403,) if permission in OFFICE_ONLY else (200, 404))
    if permission == "people.change":
        assert "office" in here.get("/admin/people").get_data(as_text=True)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_who_is_not_paired_is_sent_to_pair_and_who_is_not_signed_in_to_sign_in(
    visitor: Callable[[], Visitor], permission: str
) -> None:
    method, path = DOORS[permission]
    for here, where in ((visitor(), "/pair"), (visitor().pair("manager"), "/signin")):
        answer = here.client.open(path, method=method)
        if method == "GET" and not path.startswith("/api/"):
            assert (answer.status_code, answer.headers["Location"]) == (302, where)
        else:
            assert answer.status_code == 401
            assert answer.json
            assert answer.json["go"] == where


def test_the_first_page_leads_to_where_one_stands(visitor: Callable[[], Visitor]) -> None:
    here = visitor()
    assert here.get("/").headers["Location"] == "/pair"
    assert here.get("/signin").headers["Location"] == "/pair"
    assert here.pair().get("/").headers["Location"] == "/signin"
    assert here.sign_in().get("/").headers["Location"] == "/floor"


@pytest.mark.parametrize("role", ["display", "kiosk"])
def test_nobody_signs_in_on_a_display_or_a_kiosk(shop: Shop, visitor: Callable[[], Visitor], role: str) -> None:
    here = visitor().pair(role)
    assert here.type_pin(person(shop, "Ada", "admin"), PIN).headers["Location"] == "/signin"
    assert here.cookie("shift") == ""
    assert here.get("/floor").headers["Location"] == "/signin"


def test_a_revoked_screen_is_out_at_once_and_so_is_who_was_on_it(shop: Shop, visitor: Callable[[], Visitor]) -> None:
    here = visitor().pair().sign_in()
    assert here.get("/floor").status_code == 200
    assert here.screen
    pairing.revoke(shop, here.screen.id, by="test")
    assert here.get("/floor").headers["Location"] == "/pair"
    assert here.get("/api/v1/floor").status_code == 401
    assert knock(here, "visit.answer") == 401


def test_who_no_longer_works_here_is_out_at_once(shop: Shop, visitor: Callable[[], Visitor]) -> None:
    here = visitor().pair().sign_in("Kari")
    people.deactivate(shop, person(shop, "Kari").id, by="test")
    assert here.get("/floor").headers["Location"] == "/signin"
    assert "Kari" not in here.get("/signin").get_data(as_text=True)


def test_a_shift_counts_on_its_own_screen_only(visitor: Callable[[], Visitor]) -> None:
    kari, other = visitor().pair(name="One").sign_in("Kari"), visitor().pair(name="Two")
    other.client.set_cookie("shift", kari.cookie("shift"))
    assert other.get("/floor").headers["Location"] == "/signin"
    assert kari.get("/floor").status_code == 200


@pytest.mark.parametrize("cookie", ["device", "shift"])
@pytest.mark.parametrize("value", ["", "x", "æ" * 10, "0" * 4000, "' OR 1=1 --"])
def test_a_made_up_secret_opens_nothing(visitor: Callable[[], Visitor], cookie: str, value: str) -> None:
    here = visitor().pair().sign_in()
    here.client.set_cookie(cookie, value)
    assert here.get("/floor").status_code == 302


def test_the_digest_from_the_store_is_no_secret_to_come_in_with(visitor: Callable[[], Visitor]) -> None:
    here, thief = visitor().pair().sign_in(), visitor()
    assert here.screen
    thief.client.set_cookie("device", here.screen.token)
    assert thief.get("/signin").headers["Location"] == "/pair"


def test_the_objects_of_another_shop_are_not_there(shop: Shop, visitor: Callable[[], Visitor], other_shop: Shop) -> None:
    """Two shops, each with its own store: ids and secrets of one mean nothing in the other."""
    office = visitor().pair("manager").sign_in("Ada", "admin")
    theirs, token = paired(other_shop, "Theirs")
    stranger = person(other_shop, "Eve", "manager")
    visit = visits.add(other_shop, zone="entrance", by="door")
    assert visit is not None
    assert office.post(f"/admin/screens/{theirs.id}/revoke").status_code == 422
    assert office.post(f"/admin/people/{stranger.id}/pin").status_code == 422
    assert office.post(f"/admin/people/{stranger.id}/deactivate").status_code == 422
    headers = {"Idempotency-Key": "12345678", "X-CSRFToken": office.token()}
    assert office.client.post(f"/api/v1/visits/{visit.id}/greet", json={}, headers=headers).status_code == 404
    outsider = visitor()
    outsider.client.set_cookie("device", token)
    assert outsider.get("/").headers["Location"] == "/pair"
    assert pairing.recognised(other_shop, token) == theirs
    assert stored.get(other_shop.db, visit.id) == visit
    assert people.find(other_shop, stranger.id) == stranger


def test_a_shift_ends_after_twelve_idle_hours_and_after_seven_days_in_any_case(
    shop: Shop, clock: TurnableClock, visitor: Callable[[], Visitor]
) -> None:
    here = visitor().pair().sign_in()
    clock.turn(seconds=12 * 3600 - 1)
    assert here.get("/floor").status_code == 200, "an opened page is a sign of life"
    clock.turn(seconds=12 * 3600 + 1)
    assert here.get("/floor").headers["Location"] == "/signin"
    here.sign_in()
    for _ in range(7 * 3):
        assert here.get("/floor").status_code == 200
        clock.turn(seconds=8 * 3600)
    clock.turn(seconds=1)
    assert here.get("/floor").headers["Location"] == "/signin"
    assert here.screen
    assert shifts.on(shop, here.screen) is None


def test_what_a_screen_asks_by_itself_keeps_no_shift_alive(clock: TurnableClock, visitor: Callable[[], Visitor]) -> None:
    here = visitor().pair().sign_in()
    for _ in range(12 * 6):
        assert here.get("/api/v1/floor").status_code == 200
        clock.turn(seconds=600)
    clock.turn(seconds=1)
    assert here.get("/api/v1/floor").status_code == 401


def test_roles_stand_in_one_order() -> None:
    assert [str(role) for role in Role] == ["display", "kiosk", "staff", "lead", "manager", "admin"]
    assert all(role.reaches(role) for role in Role)
    assert not any(Role.STAFF.reaches(above) for above in (Role.LEAD, Role.MANAGER, Role.ADMIN))
