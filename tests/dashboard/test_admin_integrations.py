"""Integrations in the office: webhooks told again, keys shown once, a mail to try the mail server; each written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask

from broker.desk import apikeys, audit, webhooks
from broker.shop import Shop
from broker.store import deliveries
from broker.store.database import change
from broker.store.deliveries import Delivery, DeliveryState
from dashboard.app import create
from tests.builders import TurnableClock, make_shop
from tests.dashboard.test_report_mail import Sink, settings_of, sink  # noqa: F401 - a mail server
from tests.web.parts import Visitor, said, words

HOOK = {"id": "crm", "url": "https://example.com/greetline", "secret_file": "crm.secret"}


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock, sink: Sink) -> Iterator[Shop]:  # noqa: F811 - the fixture
    made = make_shop(tmp_path, clock, webhooks=[HOOK], mail=settings_of(sink.port), home_assistant={"enabled": True})
    yield made
    made.db.conn.close()


@pytest.fixture
def office(app: Flask, shop: Shop) -> Visitor:
    return Visitor(app, shop).pair("manager").sign_in("Mia", "manager")


def page(office: Visitor) -> str:
    answer = office.get("/admin/integrations")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def disable(shop: Shop) -> None:
    found = webhooks.known(shop, "crm")
    with change(shop.db):
        off = deliveries.Target(
            id="crm", read_to=found.read_to, since=shop.clock(), disabled_at=shop.clock(), reason="answered 410"
        )
        deliveries.save_target(shop.db, off)


def delivered(shop: Shop, state: DeliveryState) -> int:
    with change(shop.db):
        one = Delivery(
            target="crm", fact=7, event="visit.started", at=shop.clock(), body="{}", state=state, tries=7, reason="<b>no</b>"
        )
        deliveries.add(shop.db, [one])
    return deliveries.newest(shop.db, "crm", limit=1)[0].id


def written(shop: Shop) -> tuple[str, str]:
    row = audit.newest(shop, limit=1)[0]
    assert row.by
    return row.what, row.subject


def test_a_webhook_that_is_told_nothing_says_why_and_is_told_again(office: Visitor, shop: Shop) -> None:
    assert words("adminout.on") in page(office)
    disable(shop)
    assert "answered 410" in page(office)
    assert "/webhooks/crm/test" not in page(office), "what is told nothing is first told again"
    assert office.post("/admin/integrations/webhooks/crm/test").status_code == 409
    answer = office.post("/admin/integrations/webhooks/crm/enable", {"from_now": "1"})
    assert answer.headers["Location"] == "/admin/integrations?done=enabled"
    assert written(shop) == ("webhooks.enabled", "crm")
    found = deliveries.target(shop.db, "crm")
    assert found
    assert found.disabled_at is None


def test_a_test_event_waits_for_the_service_and_stands_in_the_log(office: Visitor, shop: Shop) -> None:
    assert office.post("/admin/integrations/webhooks/crm/test").status_code == 303
    [one] = deliveries.newest(shop.db, "crm", limit=9)
    assert (one.event, one.aside, one.due_at, one.fact < 0) == ("greetline.test", True, shop.clock(), True)
    assert written(shop) == ("webhooks.tested", "crm")
    assert "greetline.test" in page(office)
    assert office.post("/admin/integrations/webhooks/moon/test").status_code == 404


def test_what_was_given_up_is_sent_again(office: Visitor, shop: Shop) -> None:
    webhooks.known(shop, "crm")
    number = delivered(shop, DeliveryState.FAILED)
    text = page(office)
    assert "<b>no</b>" in text
    assert "<b>no</b>" not in office.get("/admin/integrations").get_data(as_text=True), "what the other side says is only text"
    assert office.post(f"/admin/integrations/deliveries/{number}/again").status_code == 303
    one = deliveries.find(shop.db, number)
    assert one
    assert (one.state, one.tries) == (DeliveryState.WAITING, 0)
    assert written(shop) == ("webhooks.sent-again", "crm")
    assert office.post("/admin/integrations/deliveries/99/again").status_code == 404


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(office: Visitor, shop: Shop) -> None:
    answer = office.post("/admin/integrations/keys", {"name": "web-shop", "scope": "tickets.read"})
    found = re.search(r'<output id="secret"[^>]*>(glk_[^<]+)</output>', answer.get_data(as_text=True))
    assert found
    key = apikeys.recognised(shop, found[1])
    assert key
    assert key.scopes == ("tickets.read",)
    assert found[1] not in page(office)
    assert found[1] not in str([(row.before, row.after) for row in audit.every(shop)])
    assert office.post("/admin/integrations/keys/web-shop/revoke").status_code == 200
    assert apikeys.recognised(shop, found[1]) is None
    assert office.post("/admin/integrations/keys/web-shop/revoke").status_code == 404


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({"name": "Web Shop", "scope": "tickets.read"}, "adminout.no_name"), ({"name": "web-shop"}, "adminout.no_scope"),
        ({"name": "there", "scope": "tickets.read"}, "adminout.no_taken"), ({"name": "web", "scope": "all"}, "adminout.no_scope"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    office: Visitor, shop: Shop, form: dict[str, str], key: str
) -> None:
    apikeys.add(shop, "there", ["tickets.read"], by="test")
    answer = office.post("/admin/integrations/keys", form)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert said(text) == words(key)
    assert f'value="{form["name"]}"' in text
    assert len(apikeys.every(shop)) == 1


def test_a_mail_to_try_goes_out_and_what_the_server_says_is_told(office: Visitor, shop: Shop, sink: Sink) -> None:  # noqa: F811
    assert office.post("/admin/integrations/mail").status_code == 200
    [letter] = sink.mails
    assert b"Oslo City" in letter
    assert written(shop) == ("mail.tested", "mail")
    sink.answers.append("550 no such <person>")
    answer = office.post("/admin/integrations/mail")
    assert answer.status_code == 503
    assert "no such &lt;person&gt;" in answer.get_data(as_text=True)
    assert len(sink.mails) == 1


def test_a_shop_without_any_of_it_says_what_each_is_for(tmp_path: Path, clock: TurnableClock) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    plain = make_shop(folder, clock)
    app = create(plain.settings, shop=plain)
    office = Visitor(app, plain).pair("manager").sign_in("Mia", "manager")
    text = page(office)
    for key in ("no_hooks", "mail_none", "home_off", "keys_hint"):
        assert words(f"adminout.{key}") in text
    assert office.post("/admin/integrations/mail").status_code == 409
    app.extensions["greetline-stores"].close()
    plain.db.conn.close()


def test_a_phone_has_its_state_a_trial_and_a_way_back_and_its_address_is_on_no_page(
    tmp_path: Path,
    clock: TurnableClock,
    sink: Sink,  # noqa: F811 - the fixture
) -> None:
    folder = tmp_path / "phones"
    folder.mkdir()
    (folder / "lead.url").write_text("ntfys://ntfy.sh/a-secret-topic")
    phone = {"id": "lead", "url_file": folder / "lead.url", "weekly_report": True, "quiet": "22:00-07:00"}
    shop = make_shop(folder, clock, notify=[phone])
    office = Visitor(create(shop.settings, shop=shop), shop).pair("manager").sign_in("Mia", "manager")
    shown = page(office)
    for text in ("alerts once the lead is called; the weekly report; quiet 22:00-07:00", "Send a test event: lead"):
        assert text in shown
    assert "a-secret-topic" not in shown
    assert office.post("/admin/integrations/webhooks/lead/test").status_code == 303
    assert deliveries.waiting(shop.db, "lead") == 1
    with change(shop.db):
        webhooks.disable(shop, "lead", "no answer within 20 s", shop.clock())
    assert "no answer within 20 s" in page(office)
    assert office.post("/admin/integrations/webhooks/lead/enable", {"from_now": "1"}).status_code == 303
    known = deliveries.target(shop.db, "lead")
    assert known is not None
    assert known.disabled_at is None
    shop.db.conn.close()
