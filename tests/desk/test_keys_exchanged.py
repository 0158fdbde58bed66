"""What docs/security.md says of exchanging keys is what comes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broker.desk import audit, joining, passwords, people, pins, push
from broker.desk.joining import KEY_FILE as JOIN
from broker.settings import KioskSettings
from broker.settings.join import JoinSettings
from broker.shop import Shop
from broker.web.app import KEY_FILE as FORMS
from tests.builders import TurnableClock, make_shop
from tests.web.parts import PIN

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock)


def away(shop: Shop, name: str) -> None:
    """What whoever exchanges a key does: its file is moved away."""
    (shop.settings.store.data / name).rename(shop.settings.store.data / f"{name}-of-before")


def test_the_page_names_every_key() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8").split("## Keys and how to exchange them")[1]
    named = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert named == {FORMS, pins.PEPPER_FILE, audit.KEY_FILE, push.KEY_FILE, JOIN}


def test_with_another_pepper_no_pin_fits_and_the_machine_lets_the_first_manager_in(made: Shop) -> None:
    mia = people.add(made, "Mia", role="manager", pin=PIN, by="test")
    password = passwords.make(made, mia, by="terminal")
    assert passwords.right(made, mia, password)
    away(made, pins.PEPPER_FILE)
    assert not pins.matches(PIN, mia.pin, made.settings.store.data)
    assert not passwords.right(made, mia, password)
    assert passwords.right(made, mia, passwords.make(made, mia, by="terminal"))
    again = people.reset_pin(made, mia.id, pin=PIN, by=mia.id)
    assert pins.matches(PIN, again.pin, made.settings.store.data)


def test_with_another_key_of_the_audit_log_its_rows_are_not_believed(made: Shop) -> None:
    people.add(made, "Mia", role="manager", pin=PIN, by="test")
    assert audit.verify(made).whole
    away(made, audit.KEY_FILE)
    assert not audit.verify(made).whole


def test_with_another_key_of_posters_the_codes_of_before_are_over(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(
        tmp_path, clock, join=JoinSettings(enabled=True), kiosk=KioskSettings(public_base_url="https://q.shop.example")
    )
    before = joining.secret(shop)
    assert joining.is_good(shop, before)
    away(shop, JOIN)
    assert not joining.is_good(shop, before)
    assert joining.is_good(shop, joining.secret(shop))
