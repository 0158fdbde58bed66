"""Every answer carries the same guard, whoever asks and whatever becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from broker.settings import DashboardSettings
from broker.shop import Shop
from broker.web.access import needs
from broker.web.app import MAX_BODY_BYTES, create
from tests.builders import TurnableClock, make_shop
from tests.web.parts import Visitor

WANTED = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; media-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FILLED = {
    "filename": "ui.css", "secret": "x", "visit_id": "x", "alert_id": "x", "zone": "moon", "person_id": "x", "screen_id": "x",
    "camera_id": "x", "tally_id": "x", "ticket": "x", "counter": "x", "problem_id": "x", "service": "moon",
    "about": "x", "size": "192", "what": "greetings", "name": "x", "int:number": "7",
}  # fmt: skip


def guarded(answer: TestResponse) -> None:
    if answer.mimetype in ("text/css", "text/javascript") and "static" in answer.request.path:
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.request.path
        assert answer.headers["Referrer-Policy"] == "no-referrer", answer.request.path
        assert not {"Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"} & set(answer.headers.keys())
        return
    for header, value in WANTED.items():
        assert answer.headers.getlist(header) == [value], f"{answer.request.path}: {header}"
    policy = answer.headers["Permissions-Policy"]
    for device in ("camera=()", "microphone=()", "geolocation=()", "payment=()", "usb=()", "screen-wake-lock=(self)"):
        assert device in policy
    assert "Server" not in answer.headers


def path_of(rule: Rule) -> str:
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule.replace("<path:filename>", "ui.css"))
    path = re.sub(r"<any\((\w+),[^>]*>", r"\1", path)
    for name, value in FILLED.items():
        path = path.replace(f"<{name}>", value)
    return path


def test_every_answer_to_everybody_is_guarded_and_no_page_is_kept(app: Flask, visitor: Callable[[], Visitor]) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    for who in (visitor(), visitor().pair(), office):
        for rule in app.url_map.iter_rules():
            path = path_of(rule)
            assert "<" not in path, f"say how {rule.rule} is filled in"
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                answer = who.client.open(path, method=method, buffered=False)
                guarded(answer)
                if not rule.endpoint.endswith((".static", ".favicon")):
                    assert answer.headers["Cache-Control"] == "no-store", f"{method} {path}"
                answer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/no-such-page", 404), ("DELETE", "/pair", 405), ("POST", "/pair", 400), ("GET", "/static/no-such-file.css", 404)],
)
def test_a_refusal_is_guarded_like_a_page(visitor: Callable[[], Visitor], method: str, path: str, status: int) -> None:
    answer = visitor().client.open(path, method=method)
    assert answer.status_code == status
    guarded(answer)
    assert "max-age=3" not in answer.headers["Cache-Control"]


def test_a_body_that_is_too_large_is_refused(visitor: Callable[[], Visitor]) -> None:
    answer = visitor().post("/pair", {"name": "x" * (MAX_BODY_BYTES + 1)})
    assert answer.status_code == 413
    guarded(answer)


def test_a_mistake_of_ours_tells_nothing_and_is_guarded(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    broken = Blueprint("broken", __name__)

    @broken.get("/broken")
    @needs("public")
    def view() -> str:
        raise RuntimeError("the secret is 2580")

    app = create(shop.settings, name="test", blueprints=[broken], shop=shop)
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    guarded(answer)
    page = answer.get_data(as_text=True)
    assert "2580" not in page
    assert "Traceback" not in page
    assert "RuntimeError" in caplog.text
    app.extensions["greetline-stores"].close()


def test_a_file_is_kept_for_a_year_by_its_version_and_asked_for_again_without(app: Flask, visitor: Callable[[], Visitor]) -> None:
    with app.test_request_context():
        versioned = app.url_for("web.static", filename="ui.css")
    assert "?v=" in versioned
    assert visitor().get(versioned).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = visitor().get("/static/ui.css")
    assert plain.headers["Cache-Control"] == "no-cache"
    guarded(plain)


def test_every_file_a_page_names_has_its_version(visitor: Callable[[], Visitor]) -> None:
    page = visitor().pair().sign_in().get("/floor").get_data(as_text=True)
    named = [part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:] if "static/" in part.split('"')[0]]
    assert named
    assert all("?v=" in each for each in named), named


def test_no_page_has_a_script_or_a_style_inside(visitor: Callable[[], Visitor]) -> None:
    office = visitor().pair("manager").sign_in("Ada", "admin")
    for path in ("/signin", "/floor", "/reports", "/admin/people", "/admin/screens", "/no-such-page"):
        page = office.get(path).get_data(as_text=True)
        assert " style=" not in page, path
        assert " onclick=" not in page, path
        for script in page.split("<script")[1:]:
            assert " src=" in script.split(">")[0] or 'type="application/json"' in script.split(">")[0], path


@pytest.fixture
def secure(tmp_path: Path, clock: TurnableClock) -> Iterator[tuple[Flask, Shop]]:
    shop = make_shop(tmp_path, clock, dashboard=DashboardSettings(https=True))
    app = create(shop.settings, name="test", blueprints=[], shop=shop)
    yield app, shop
    app.extensions["greetline-stores"].close()


def test_behind_tls_cookies_are_bound_to_this_host_and_browsers_stay_with_https(secure: tuple[Flask, Shop]) -> None:
    app, _ = secure
    answer = app.test_client().get("/pair", base_url="https://greet.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-pairing", "__Host-form"}
    for cookie in cookies:
        for mark in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            assert mark in cookie.split("; "), cookie
        assert "Domain" not in cookie


def test_without_tls_cookies_are_still_out_of_reach_of_scripts_and_other_sites(visitor: Callable[[], Visitor]) -> None:
    answer = visitor().get("/pair")
    assert "Strict-Transport-Security" not in answer.headers
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"pairing", "form"}
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; ")), cookie
