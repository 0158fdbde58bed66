"""Signing in with the company's identity provider, against a real small one: in as it should be, and refused for the rest."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from broker.desk import audit, passwords, people, vouching
from broker.desk.keys import new_token
from broker.settings import BadSettings, Settings, read
from broker.shop import Shop
from broker.web import provider as talk
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.web.parts import PASSWORD, PIN, Visitor, person, said, words
from tests.web.provider import CLIENT, SECRET, IdentityProvider, identity_provider

pytest.importorskip("authlib", reason="the extra oidc is not installed")
NAME = "Butikkene AS"


@pytest.fixture
def other(clock: TurnableClock) -> Iterator[IdentityProvider]:
    with identity_provider(clock.at.timestamp()) as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock, other: IdentityProvider) -> Iterator[Shop]:
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    made = make_shop(tmp_path, clock, oidc={
        "name": NAME, "issuer": other.url, "client_id": CLIENT, "client_secret_file": tmp_path / "secret",
        "screens_url": "https://screens.shop.example", "timeout_seconds": 10,
        "groups": {"shop-managers": "manager", "shop-leads": "lead", "it": "admin"},
    })  # fmt: skip
    yield made
    made.db.conn.close()


@pytest.fixture
def app(shop: Shop) -> Iterator[Flask]:
    made = create(shop.settings, shop=shop)
    yield made
    made.extensions["greetline-hub"].close()
    made.extensions["greetline-stores"].close()


@pytest.fixture
def office(app: Flask, shop: Shop) -> Visitor:
    return Visitor(app, shop).pair("manager", name="Office")


def away(here: Visitor) -> str:
    """Press the button; the address at which the provider is to ask."""
    page = here.post("/oidc/go").get_data(as_text=True)
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def comes_back(here: Visitor, query: str):
    return here.get(f"/oidc/back?{query}", headers={"Sec-Fetch-Site": "cross-site"})


def signs_in(here: Visitor, other: IdentityProvider):
    return comes_back(here, other.agrees(away(here)))


def test_whom_the_provider_vouches_for_is_signed_in_with_the_role_of_their_group(
    shop: Shop, office: Visitor, other: IdentityProvider
) -> None:
    assert words("oidc.go", name=NAME) in office.get("/signin").get_data(as_text=True)
    address = away(office)
    asked = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{other.url}/authorize?")
    assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
    assert asked["redirect_uri"] == "https://screens.shop.example/oidc/back"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert "openid" in asked["scope"].split()
    answer = comes_back(office, other.agrees(address))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert office.get("/floor").status_code == 200
    assert office.get("/admin/people").status_code == 200, "no password is asked for besides"
    ingrid = people.named(shop, "Ingrid")
    assert ingrid
    assert (ingrid.role, ingrid.pin) == ("manager", "")
    assert other.handed_in[0]["code_verifier"] not in address
    assert office.cookie("oidc") == ""
    office.post("/signout")
    signs_in(office, other)
    assert [each.name for each in people.everybody(shop)].count("Ingrid") == 1, "the same person comes again"


def test_the_cookie_of_the_way_there_opens_nothing_else(office: Visitor) -> None:
    answer = office.post("/oidc/go")
    [line] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("oidc=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= {mark.strip() for mark in line.split(";")}
    assert office.cookie("shift") == ""


TOKEN = "the token is not meant for this sign-in: "


@pytest.mark.parametrize(("wrong", "sentence"), [
    pytest.param({"nonce": "another"}, f"{TOKEN}nonce", id="nonce"),
    pytest.param({"aud": "another-shop"}, f"{TOKEN}aud", id="audience"),
    pytest.param({"aud": [CLIENT, "b"], "azp": "b"}, f"{TOKEN}azp", id="authorised party"),
    pytest.param({"iss": "https://elsewhere.example"}, f"{TOKEN}iss", id="issuer"),
    pytest.param({"exp": 1_000_000_000}, "the token has expired; compare the clocks of both machines", id="expired"),
    pytest.param({"iat": 4_000_000_000}, f"{TOKEN}iat", id="from the future"),
    pytest.param({"sub": ""}, "the token does not say of whom it is", id="nobody"),
    pytest.param({"groups": ["everybody"]}, "none of their groups has a role here; looked in 'groups'", id="unknown group"),
    pytest.param({"groups": "shop"}, "none of their groups has a role here; looked in 'groups'", id="a group as a word"),
    pytest.param({"groups": {"shop-managers": 1}}, "none of their groups has a role here; looked in 'groups'", id="no list"),
])  # fmt: skip
def test_a_token_that_says_something_else_signs_nobody_in(
    shop: Shop, office: Visitor, other: IdentityProvider, caplog: pytest.LogCaptureFixture, wrong: dict[str, object], sentence: str
) -> None:
    other.wish.claims = wrong
    refused(shop, office, signs_in(office, other), caplog, sentence, "oidc.no_group" if "groups" in wrong else "oidc.no_token")


def refused(shop: Shop, office: Visitor, answer, caplog: pytest.LogCaptureFixture, sentence: str, key: str) -> None:
    assert answer.status_code == 403
    assert said(answer.get_data(as_text=True)) == words(key, name=NAME)
    assert sentence in caplog.text
    assert office.cookie("shift") == ""
    assert people.named(shop, "Ingrid") is None


@pytest.mark.parametrize("claim", ["nonce", "aud", "iss", "exp", "iat", "sub"])
def test_a_token_that_leaves_something_out_signs_nobody_in(
    shop: Shop, office: Visitor, other: IdentityProvider, caplog: pytest.LogCaptureFixture, claim: str
) -> None:
    other.wish.drops = {claim}
    refused(shop, office, signs_in(office, other), caplog, "the token", "oidc.no_token")


def test_a_token_that_is_not_signed_or_signed_by_somebody_else_signs_nobody_in(
    shop: Shop, office: Visitor, other: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    other.wish.header = {"alg": "none"}
    refused(shop, office, signs_in(office, other), caplog, "not signed as it must be", "oidc.no_token")
    other.wish.header, other.signs = {}, other.other_key
    refused(shop, office, signs_in(office, other), caplog, "not signed as it must be: BadSignatureError", "oidc.no_token")
    other.wish.header, other.signs = {"kid": "unknown"}, other.key
    refused(shop, office, signs_in(office, other), caplog, "a key that the provider does not show", "oidc.no_token")
    rows = audit.newest(shop, limit=9, what="signin.wrong-provider")
    assert len(rows) == 3
    assert '"why": "token"' in rows[0].after


def test_a_way_back_works_once_within_ten_minutes_and_for_the_browser_that_went(
    app: Flask, shop: Shop, office: Visitor, other: IdentityProvider, clock: TurnableClock
) -> None:
    thief = Visitor(app, shop).pair("manager")
    query = other.agrees(away(office))
    secret = office.cookie("oidc")
    away(thief)
    for here in (thief, Visitor(app, shop)):
        answer = comes_back(here, query)
        assert answer.status_code == 403, "another browser with the same code and state"
        assert here.cookie("shift") == ""
    assert comes_back(office, query).status_code == 200
    office.post("/signout")
    office.client.set_cookie("oidc", secret)
    answer = comes_back(office, query)
    assert said(answer.get_data(as_text=True)) == words("oidc.no_again")
    late = other.agrees(away(office))
    clock.turn(seconds=601)
    assert said(comes_back(office, late).get_data(as_text=True)) == words("oidc.no_again")
    assert office.cookie("shift") == ""


def test_strangers_who_make_up_ways_back_hold_up_nobody_who_writes(shop: Shop, app: Flask, other: IdentityProvider) -> None:
    office, stranger = Visitor(app, shop).pair("manager", name="Office"), Visitor(app, shop)
    query = other.agrees(away(office))
    shop.db.execute("BEGIN IMMEDIATE")
    try:
        for secret in ("", "x", new_token()):
            stranger.client.set_cookie("oidc", secret)
            assert comes_back(stranger, query).status_code == 403
    finally:
        shop.db.execute("ROLLBACK")
    assert comes_back(office, query).status_code == 200, "the way of whoever was sent is still theirs"


def test_the_provider_may_say_no_and_is_not_asked_anything_then(office: Visitor, other: IdentityProvider) -> None:
    address = away(office)
    state = parse_qs(urlsplit(address).query)["state"][0]
    asked = len(other.asked)
    answer = comes_back(office, f"error=access_denied&state={state}")
    assert said(answer.get_data(as_text=True)) == words("oidc.no_denied", name=NAME)
    assert len(other.asked) == asked


ELSEWHERE = (302, {"Location": "https://elsewhere.example/keys"}, b"")


@pytest.mark.parametrize(("path", "answer"), [
    ("/.well-known/openid-configuration", ELSEWHERE), ("/keys", ELSEWHERE), ("/token", ELSEWHERE),
    ("/.well-known/openid-configuration", (200, {}, b"[1]")), ("/keys", (200, {}, b"x" * (talk.MOST_BYTES + 1))),
    ("/token", (200, {}, b"<html>")), ("/keys", (500, {}, b"")), ("/.well-known/openid-configuration", (200, {}, b"\xff")),
])  # fmt: skip
def test_a_provider_that_answers_nonsense_or_leads_elsewhere_signs_nobody_in(
    shop: Shop, office: Visitor, other: IdentityProvider, path: str, answer: tuple[int, dict[str, str], bytes]
) -> None:
    other.wish.answers = {path: answer}
    first = office.post("/oidc/go")
    if first.status_code == 200:
        address = unescape(re.findall(r"0;url=([^\"]+)", first.get_data(as_text=True))[0])
        first = comes_back(office, other.agrees(address))
    assert first.status_code == 403
    assert said(first.get_data(as_text=True)) == words("oidc.no_away", name=NAME)
    assert office.cookie("shift") == ""


@pytest.mark.parametrize("said_of_itself", [
    {"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"}, {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": None},
])  # fmt: skip
def test_what_the_provider_says_of_itself_is_looked_at(
    office: Visitor, other: IdentityProvider, said_of_itself: dict[str, object]
) -> None:
    other.wish.metadata = said_of_itself
    assert office.post("/oidc/go").status_code == 403


def test_a_slow_provider_holds_nobody_up_and_the_password_of_the_house_still_opens_the_office(
    shop: Shop, other: IdentityProvider
) -> None:
    ada = person(shop, "Ada", "admin")
    passwords.choose(shop, ada, PASSWORD)
    hasty = shop.settings.model_copy(update={"oidc": shop.settings.oidc.model_copy(update={"timeout_seconds": 1})})
    made = create(hasty, shop=replace(shop, settings=hasty))
    office = Visitor(made, shop).pair("manager", name="Office")
    other.wish.slow_seconds = 1.5
    answer = office.post("/oidc/go")
    assert said(answer.get_data(as_text=True)) == words("oidc.no_away", name=NAME)
    assert office.post("/signin", {"person": ada.id, "password": PASSWORD}).headers["Location"] == "/floor"
    assert office.get("/admin/people").status_code == 200
    made.extensions["greetline-hub"].close()
    made.extensions["greetline-stores"].close()


def test_the_provider_is_asked_about_itself_once_an_hour(
    office: Visitor, other: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        signs_in(office, other)
        office.post("/signout")
    assert [other.asked.count(path) for path in ("/.well-known/openid-configuration", "/keys", "/token")] == [1, 1, 3]
    monkeypatch.setattr(talk, "KEPT_SECONDS", 0.0)
    signs_in(office, other)
    assert other.asked.count("/keys") == 2


def test_new_keys_of_the_provider_are_found_and_unknown_ones_ask_no_more_than_once_a_minute(
    app: Flask, office: Visitor, other: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs_in(office, other)
    office.post("/signout")
    other.wish.header = {"kid": "second"}
    for _ in range(3):
        assert signs_in(office, other).status_code == 403
    assert other.asked.count("/keys") == 1
    monkeypatch.setattr(talk, "NEW_KEYS_SECONDS", 0.0)
    other.key = other.signs = type(other.key).import_key({**other.key.as_dict(private=True), "kid": "second"})
    assert signs_in(office, other).status_code == 200


def test_a_group_that_changes_changes_the_role_and_ends_what_was_open(
    app: Flask, shop: Shop, office: Visitor, other: IdentityProvider
) -> None:
    signs_in(office, other)
    there = Visitor(app, shop).pair("manager", name="Back office")
    other.wish.claims = {"groups": ["shop-leads"]}
    signs_in(there, other)
    assert people.named(shop, "Ingrid").role == "lead"  # type: ignore[union-attr]
    assert office.get("/floor").headers["Location"] == "/signin"
    assert there.get("/admin/people").status_code == 403
    other.wish.claims = {"groups": ["shop-leads", "it", "shop-managers"]}
    signs_in(there, other)
    assert people.named(shop, "Ingrid").role == "admin"  # type: ignore[union-attr]
    assert audit.newest(shop, limit=1, what="people.role")[0].after == '{"role": "admin"}'


def test_nobody_becomes_somebody_who_is_here_by_having_their_name_and_who_left_stays_out(
    shop: Shop, office: Visitor, other: IdentityProvider
) -> None:
    ingrid = person(shop, "Ingrid", "admin")
    signs_in(office, other)
    assert {"Ingrid", "Ingrid 2"} <= {each.name for each in people.everybody(shop)}
    second = people.named(shop, "Ingrid 2")
    assert second
    assert second.id != ingrid.id
    people.deactivate(shop, second.id, by="test")
    assert said(signs_in(office, other).get_data(as_text=True)) == words("oidc.no_gone")
    assert office.get("/floor").headers["Location"] == "/signin"


def test_only_screens_in_the_office_have_the_button_and_the_way(app: Flask, shop: Shop, other: IdentityProvider) -> None:
    tablet = Visitor(app, shop).pair("staff")
    assert "/oidc/go" not in tablet.get("/signin").get_data(as_text=True)
    assert tablet.post("/oidc/go").status_code == 404
    assert Visitor(app, shop).post("/oidc/go").status_code == 401
    assert other.asked == []


def test_without_a_provider_there_is_no_button_and_no_way(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock)
    made = create(shop.settings, shop=shop)
    here = Visitor(made, shop).pair("manager")
    assert "oidc" not in here.get("/signin").get_data(as_text=True)
    assert here.post("/oidc/go").status_code == 404
    assert here.get("/oidc/back?code=x&state=y").status_code == 404
    made.extensions["greetline-hub"].close()
    made.extensions["greetline-stores"].close()
    shop.db.conn.close()


def test_without_the_packages_of_the_extra_the_start_says_what_to_install(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "authlib.integrations.requests_client", None)
    with pytest.raises(BadSettings, match=r"greetline\[oidc\]"):
        create(shop.settings, shop=shop)


def test_who_came_by_the_provider_proves_it_there_again_before_people_are_changed(
    shop: Shop, office: Visitor, other: IdentityProvider, clock: TurnableClock
) -> None:
    signs_in(office, other)
    clock.turn(seconds=16 * 60)
    page = office.post("/admin/people", {"name": "Ola", "role": "staff"}).get_data(as_text=True)
    assert "/oidc/go" in page
    assert 'name="again"' not in page
    address = away(office)
    assert "prompt=login" in address
    old = comes_back(office, other.agrees(address))
    assert old.status_code == 403, "the provider did not ask again: auth_time is from before"
    other.now = clock.at.timestamp()
    assert comes_back(office, other.agrees(away(office))).status_code == 200
    assert office.post("/admin/people", {"name": "Ola", "role": "staff"}).status_code == 200
    assert people.named(shop, "Ola")
    kari = person(shop, "Kari")
    assert PIN
    assert kari.pin


def test_so_many_may_be_away_at_a_time(shop: Shop, office: Visitor, clock: TurnableClock) -> None:
    assert office.screen
    for _ in range(vouching.MOST_TRIES):
        vouching.begin(shop, office.screen.id)
    assert said(office.post("/oidc/go").get_data(as_text=True)) == words("oidc.no_busy")
    clock.turn(seconds=601)
    assert office.post("/oidc/go").status_code == 200


@pytest.mark.parametrize(("line", "told"), [
    ('issuer = "http://login.example"', "https"), ('issuer = "https://u:p@login.example"', "not an address"),
    ('issuer = "https://login.example"', "client_id"), ('scopes = ["profile"]', "openid"),
    ('groups = { a = "owner" }', "staff"), ('clock_skew_seconds = 3600', "300"),
])  # fmt: skip
def test_settings_that_cannot_be_are_named(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "greetline.toml"
    file.write_text(f"[oidc]\n{line}\n", encoding="utf-8")
    with pytest.raises(BadSettings, match=told):
        read(Settings, file)
