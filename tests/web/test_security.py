"""What somebody with time and a browser would try: cookies, planted secrets, other shops, logs, and how we compare secrets."""

from __future__ import annotations

import ast
import json
import logging
import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

import kiosk.app
from broker import log
from broker.desk import apikeys, audit, joining, pairing, people, shifts, tickets
from broker.desk.apikeys import SCOPES
from broker.settings import DashboardSettings, KioskSettings
from broker.shop import Shop
from broker.store import tickets as stored
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.kiosk.parts import COUNTERS, SERVICES
from tests.web.parts import PASSWORD, PIN, WRONG, Visitor, paired, person

New = Callable[[], Visitor]
ROOT = Path(__file__).parents[2]
PUBLIC_BASE = "https://q.shop.example"
Both = tuple[Shop, Flask, Flask]


@pytest.fixture
def open_shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Callable[..., Both]]:
    """Makes a shop with both its web programs: `open_shop("a", https=True)`."""
    opened: list[Flask] = []

    def make(name: str, *, https: bool = False) -> Both:
        folder = tmp_path / name
        folder.mkdir()
        shop = make_shop(
            folder, clock, services=SERVICES, counters=COUNTERS, join={"enabled": True},
            dashboard=DashboardSettings(https=https), kiosk=KioskSettings(https=https, public_base_url=PUBLIC_BASE),
        )  # fmt: skip
        opened.extend((create(shop.settings, shop=shop), kiosk.app.create(shop.settings, shop=shop)))
        return shop, opened[-2], opened[-1]

    yield make
    for app in opened:
        for name in ("greetline-hub", "greetline-board", "greetline-stores", "greetline-voice"):
            if name in app.extensions:
                app.extensions[name].close()


def token_of(page: str) -> str:
    found = re.search(r'<meta name="csrf" content="([^"]+)">', page) or re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("https", [True, False])
def test_every_cookie_of_both_programs_is_marked_with_tls_and_without(open_shop: Callable[..., Both], https: bool) -> None:
    """From a stranger to a shift, and a number on a phone: every cookie that is ever set is looked at."""
    shop, staff, customers = open_shop("a", https=https)
    base = "https://shop.example" if https else "http://shop.example"
    seen: dict[str, str] = {}
    for app, links in ((staff, ["/pair"]), (customers, ["/pair", f"/j/{joining.secret(shop)}"])):
        link = f"/enter/{pairing.make_entrance(shop, reusable=True, name='Office', role='manager')}"
        client = app.test_client()
        answers = []
        for path in (*links, link):
            answers.append(client.get(path, base_url=base))
            form = {"name": "Ada", "pin": PIN, "password": PASSWORD, "csrf_token": token_of(answers[-1].get_data(as_text=True))}
            post = f"{path}/take" if path.startswith("/j/") else path
            answers.append(client.post(post, base_url=base, data=form | {"service": "returns", "key": "0" * 32}))
        seen |= {line.split("=")[0]: line for answer in answers for line in answer.headers.getlist("Set-Cookie")}
    prefix = "__Host-" if https else ""
    expected = {"form", "pairing", "device", "shift", "kiosk-pairing", "kiosk-device", "kiosk-ticket"}
    assert set(seen) == {prefix + name for name in expected}
    for name, line in seen.items():
        marks = {mark.strip() for mark in line.split(";")[1:]}
        assert "HttpOnly" in marks, line
        assert "Path=/" in marks, line
        assert ("Secure" in marks) is https, line
        assert not any(mark.startswith("Domain") for mark in marks), line
        assert ("SameSite=Lax" if name.endswith("kiosk-ticket") else "SameSite=Strict") in marks, line


def test_nothing_a_thief_planted_becomes_a_secret_of_ours(shop: Shop, app: Flask, visitor: New) -> None:
    """Fixation: whatever stood in the cookies before, after pairing and after signing in there is a fresh secret."""
    person(shop, "Ada", "admin")
    here, kari = visitor(), person(shop, "Kari")
    for name in ("device", "shift", "pairing"):
        here.client.set_cookie(name, "planted" * 6)
    here.get("/pair")
    assert here.cookie("pairing") not in ("", "planted" * 6)
    link = f"/enter/{pairing.make_entrance(shop, reusable=True, name='Tablet', role='staff')}"
    assert here.post(link).status_code == 303
    device = here.cookie("device")
    assert here.type_pin(kari, PIN).headers["Location"] == "/floor"
    shift = here.cookie("shift")
    assert here.post("/signout").status_code == 303
    here.type_pin(kari, PIN)
    assert len({device, shift, here.cookie("shift"), "planted" * 6}) == 4
    thief = visitor()
    for name in ("device", "shift"):
        thief.client.set_cookie(name, "planted" * 6)
    assert thief.get("/floor").headers["Location"] == "/pair"


def test_a_stolen_shift_is_worth_nothing_on_another_paired_screen(shop: Shop, visitor: New) -> None:
    here, thief = visitor().pair().sign_in(), visitor().pair(name="Another")
    thief.client.set_cookie("shift", here.cookie("shift"))
    assert thief.get("/floor").headers["Location"] == "/signin"


def test_the_numbers_screens_and_keys_of_one_shop_mean_nothing_in_the_other(open_shop: Callable[..., Both]) -> None:
    (ours, staff, customers), (theirs, _, _) = open_shop("ours"), open_shop("theirs")
    person(theirs, "Ada", "admin")
    ticket = tickets.issue(theirs, tickets.Wish(service="returns"))
    _, key = apikeys.add(theirs, "wall", list(SCOPES), by="test")
    _, device = paired(theirs, "Wall", "kiosk")
    person(ours, "Ada", "admin")
    phone = customers.test_client()
    assert phone.get(f"/t/{ticket.token}").status_code == 404
    assert phone.get(f"/j/{joining.secret(theirs)}").status_code == 410
    phone.set_cookie("kiosk-device", device)
    assert phone.get("/kiosk").headers["Location"] == "/pair"
    program = staff.test_client()
    mine = {"Authorization": f"Bearer {key}"}
    assert program.get(f"/api/v1/tickets/{ticket.id}", headers=mine).status_code == 401
    _, own = apikeys.add(ours, "wall", list(SCOPES), by="test")
    for path in (f"/api/v1/tickets/{ticket.id}", f"/api/v1/tickets/{ticket.token}"):
        assert program.get(path, headers={"Authorization": f"Bearer {own}"}).status_code == 404
    moves = {"Authorization": f"Bearer {own}", "Idempotency-Key": "12345678"}
    assert program.post(f"/api/v1/tickets/{ticket.id}/cancel", json={}, headers=moves).status_code == 404
    assert stored.get(theirs.db, ticket.id) == ticket


def test_an_id_is_no_key_and_ids_and_keys_are_random(open_shop: Callable[..., Both]) -> None:
    """A number on the wall, an id in a log or the page of somebody else leads to no customer's page."""
    shop, _, customers = open_shop("a")
    given = [tickets.issue(shop, tickets.Wish(service="returns")) for _ in range(30)]
    assert len({ticket.token for ticket in given}) == 30
    for ticket in given:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ticket.token), "128 bits"
        assert re.fullmatch(r"[0-9a-f]{16}", ticket.id), "not a counter"
    phone = customers.test_client()
    page = phone.get(f"/t/{given[0].token}").get_data(as_text=True)
    for other in given:
        assert other.id not in page
        assert other is given[0] or other.token not in page
        assert phone.get(f"/t/{other.id}").status_code == 404
        assert phone.get(f"/kiosk/tickets/{other.id}").headers["Location"] == "/pair", "only screens of the shop show one"
    assert phone.get(f"/t/{given[0].token.swapcase()}").status_code == 404
    assert phone.get(f"/t/{given[0].number}").status_code == 404


def test_who_guesses_addresses_learns_nothing_from_the_answer_or_its_time(open_shop: Callable[..., Both]) -> None:
    shop, _, customers = open_shop("a")
    token = tickets.issue(shop, tickets.Wish(service="returns")).token
    near = token[:-1] + ("A" if token[-1] not in "Aw" else "Q")
    guesses = {"near": near, "far": "x" * 22, "first letter": token[0] + "x" * 21, "not a token": "x" * 21 + "!"}
    phone, took, pages = customers.test_client(), {name: [] for name in guesses}, {name: set() for name in guesses}
    for turn in range(60):
        for name in sorted(guesses, key=lambda name: hash((turn, name))):
            began = time.process_time()
            answer = phone.get(f"/t/{guesses[name]}")
            took[name].append(time.process_time() - began)
            assert answer.status_code == 404
            pages[name].add(re.sub(r'content="[^"]{60,}"|value="[^"]{60,}"', "", answer.get_data(as_text=True)))
    assert len(set.union(*pages.values())) == 1, "one page for all"
    typical = {name: statistics.median(times) for name, times in took.items()}
    assert max(typical.values()) < 2 * min(typical.values()), typical


def test_an_unknown_name_and_a_wrong_pin_cost_the_same_and_a_stranger_locks_nobody_out(shop: Shop, visitor: New) -> None:
    """Names stand on the sign-in page of a paired screen; a stranger is not even shown them."""
    kari = person(shop, "Kari")
    stranger = visitor()
    assert "Kari" not in stranger.get("/pair").get_data(as_text=True)
    assert stranger.get("/signin").headers["Location"] == "/pair"
    for _ in range(7):
        assert stranger.type_pin(kari, WRONG).status_code == 401
    assert shifts.waits_until(shop, paired(shop)[0], kari) is None


def test_no_secret_of_any_flow_comes_into_a_log_even_when_everything_is_logged(
    open_shop: Callable[..., Both], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shop, staff, customers = open_shop("a")
    link = pairing.make_entrance(shop, reusable=True, name="Office", role="manager")
    client = staff.test_client()
    page = client.get(f"/enter/{link}").get_data(as_text=True)
    form = {"name": "Ada", "pin": PIN, "password": PASSWORD, "csrf_token": token_of(page)}
    client.post(f"/enter/{link}", data=form)
    client.post(f"/enter/{link}", data={"name": "Ada", "pin": WRONG})
    key, secret = apikeys.add(shop, "wall", list(SCOPES), by="test")
    ticket = tickets.issue(shop, tickets.Wish(service="returns"))
    code = joining.secret(shop)
    client.get("/api/v1/line", headers={"Authorization": f"Bearer {secret}"})
    client.get("/api/v1/line", headers={"Authorization": f"Bearer {secret}x"})
    phone = customers.test_client()
    for path in (f"/t/{ticket.token}", f"/t/{ticket.token}/here", f"/j/{code}"):
        phone.get(path)
        phone.post(path, data={"csrf_token": "made-up"})
    cookies = [client.get_cookie(name) for name in ("device", "shift", "form")]
    secrets = [link, secret, ticket.token, code, *(cookie.value for cookie in cookies if cookie)]
    assert len(secrets) == 7
    for each in (*secrets, key.digest):
        assert each not in caplog.text
    assert f'"{PIN}"' not in caplog.text
    assert PASSWORD not in caplog.text
    lines = (
        f"GET /enter/{link}", f"GET /j/{code} 410", f"GET /t/{ticket.token}/leave", f"{secret} was used", f"token={secret}",
        f"Cookie: device={link}; kiosk-ticket={ticket.token}; x", f"__Host-kiosk-ticket={ticket.token}",
    )  # fmt: skip
    for line in lines:
        assert not any(each in log.clean(line) for each in secrets), f"what is hidden from {line} in what is written"


SECRET_WORDS = {"token", "secret", "digest", "signature", "pin", "password", "pepper", "claim", "csrf", "mac", "hmac"}
NO_SECRETS = {
    ("broker.desk.shifts", "PIN"): "a word for how somebody came in",
    ("broker.web.access", "PASSWORD"): "a word for how somebody came in",
    ("kiosk.sheet", "digest"): "the version of a style sheet, in every page for everybody",
    ("broker.desk.standards_page", "digest"): "the version of the standards, which everybody may read",
    ("broker.desk.settings_changes", "digest"): "the version of the settings file, which the office page carries",
    ("dashboard.admin.history", "digest"): "the version of the settings file, which the office page carries",
    ("deploy.install.run", "_digest"): "whether a file is still as the installation wrote it",
    ("edge.fetching", "digest"): "the published checksum of a model file",
    ("edge.fetching", "_digest"): "the published checksum of a model file",
}


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every `==` and `!=` with a secret by name on one of its sides, and no constant on the other."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            for side in sides:
                called = side.func if isinstance(side, ast.Call) else side
                name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
                if set(name.lower().split("_")) & SECRET_WORDS:
                    yield node.lineno, name


@pytest.mark.parametrize("package", ["broker", "dashboard", "kiosk", "deploy", "edge"])
def test_no_secret_is_compared_letter_by_letter(package: str) -> None:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{module}:{line}: {name}" for line, name in compared(tree) if (module, name) not in NO_SECRETS]
    assert found == [], "use hmac.compare_digest, or say in NO_SECRETS why it is no secret"


def test_the_search_for_such_comparisons_finds_one() -> None:
    assert [name for _, name in compared(ast.parse("ok = key.digest == asked\nno = key.digest == ''\nx = digest(a) != b"))] == [
        "digest", "digest",
    ]  # fmt: skip


NEVER_SERVED = {"report_file.html": "a report as one file for a mail, whose drawing is ours"}


def test_no_template_switches_the_escaping_off_and_no_script_writes_markup() -> None:
    for path in (*ROOT.glob("*/templates/**/*.html"), *ROOT.glob("broker/web/templates/**/*.html")):
        text = path.read_text(encoding="utf-8")
        if path.name in NEVER_SERVED:
            continue
        assert not re.search(r"\|\s*safe\b|autoescape\s+false|Markup\(", text), path.name
    scripts = [*ROOT.glob("*/static/**/*.js"), *ROOT.glob("broker/web/static/**/*.js")]
    assert len(scripts) > 10
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(", text), path.name


def test_there_is_no_password_before_somebody_chose_one(shop: Shop, visitor: New) -> None:
    """A new shop has nobody in it, and nobody gets in without the link that was printed on its console."""
    assert people.everybody(shop, inactive=True) == []
    assert pairing.screens(shop, revoked=True) == []
    stranger = visitor()
    assert stranger.get("/admin/people").headers["Location"] == "/pair"
    assert stranger.post("/signin", {"person": "admin", "pin": "0000"}).status_code == 401


def test_a_wrong_pin_is_in_the_audit_log_and_a_refused_door_in_the_log(
    shop: Shop, visitor: New, caplog: pytest.LogCaptureFixture
) -> None:
    here, kari = visitor().pair(), person(shop, "Kari")
    for _ in range(5):
        here.type_pin(kari, WRONG)
    assert here.screen
    rows = audit.newest(shop, limit=9, what="signin")
    assert [(row.what, row.subject, row.screen) for row in rows] == [("signin.wrong-pin", kari.id, here.screen.id)] * 5
    assert [json.loads(row.after)["must_wait"] for row in rows] == [True, False, False, False, False]
    here = visitor().pair().sign_in("Ola")
    assert here.get("/admin/people").status_code == 403
    assert "asked for what needs people.change" in caplog.text
