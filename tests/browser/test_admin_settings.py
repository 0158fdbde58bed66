"""The settings in a real Chromium: by keyboard alone, in every language, light and dark, on a telephone and on a wide screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from broker.desk import settings_changes
from broker.store.database import change
from tests.browser.house import accessible
from tests.builders import TurnableClock
from tests.dashboard.office import Office
from tests.web.parts import Visitor, served

pytestmark = pytest.mark.browser

PAGES = ("/admin", "/admin/shop", "/admin/opening", "/admin/services", "/admin/counters", "/admin/history", "/admin/file")


class Seen:
    """The office on a port, and browsers that somebody is signed in on."""

    def __init__(self, office: Office, port: int, chromium: Browser) -> None:
        self.office, self._port, self._chromium = office, port, chromium
        self._open: list[BrowserContext] = []

    def page(self, who: Visitor, **wishes: object) -> Page:
        address = f"http://127.0.0.1:{self._port}"
        context = self._chromium.new_context(base_url=address, **wishes)
        context.add_cookies([{"name": name, "value": who.cookie(name), "url": address} for name in ("device", "shift")])
        self._open.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._open:
            context.close()


@pytest.fixture
def seen(tmp_path: Path, clock: TurnableClock, chromium: Browser) -> Iterator[Seen]:
    office = Office(tmp_path, clock)
    settings_changes.note(office.shop, office.path)
    with served(office.app) as server:
        made = Seen(office, server.port, chromium)
        yield made
        made.close()
    office.close()


def test_a_promise_is_changed_by_keyboard_alone(seen: Seen) -> None:
    page = seen.page(seen.office.mia)
    page.goto("/admin/standards")
    page.get_by_label("The card turns amber").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What changes when you save")
    expect(page.locator(".lines li")).to_contain_text("12 s")
    accessible(page)
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved")
    assert seen.office.settings().standards.warn_seconds == 12


def test_going_back_from_what_changes_keeps_what_was_typed(seen: Seen) -> None:
    page = seen.page(seen.office.mia)
    page.goto("/admin/shop")
    page.get_by_label("Name of the shop").fill("Oslo Vest")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Go on changing").click()
    expect(page.get_by_label("Name of the shop")).to_have_value("Oslo Vest")
    page.get_by_label("Language of the screens").select_option("nb")
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator(".lines li")).to_have_count(2)


def test_what_is_wrong_is_said_beside_its_field_and_to_who_does_not_see_it(seen: Seen) -> None:
    page = seen.page(seen.office.mia, color_scheme="dark")
    page.goto("/admin/standards")
    page.get_by_label("The card turns amber").fill("0")
    page.get_by_role("button", name="See what changes").click()
    field = page.get_by_label("The card turns amber")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("This needs to be at least 1. 1 to 3600")
    accessible(page)


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("en", "light", 1280), ("lv", "dark", 320),
        pytest.param("nb", "light", 320, marks=pytest.mark.slow), pytest.param("nl", "dark", 1280, marks=pytest.mark.slow),
        pytest.param("ms", "light", 320, marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_every_page_is_whole_and_accessible(seen: Seen, language: str, scheme: str, width: int) -> None:
    ada = seen.office.another("Ada", "admin")
    with change(seen.office.shop.db):
        seen.office.shop.db.execute("UPDATE people SET language = ?", [language])
    page = seen.page(ada, color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in PAGES:
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", {"en": "en-GB"}.get(language, language))
        page.evaluate("for (const row of document.querySelectorAll('details')) row.open = true")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        accessible(page)


def test_services_are_put_in_order_by_keys_and_the_key_stays_where_it_was(seen: Seen) -> None:
    page = seen.page(seen.office.mia, viewport={"width": 390, "height": 844})
    page.goto("/admin/services")
    page.get_by_role("button", name="Move Collect up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Collect now stands in place 1 of 2")
    expect(page.get_by_role("button", name="Move Collect up")).to_be_disabled()
    expect(page.get_by_role("button", name="Move Collect down")).to_be_focused()
    accessible(page)
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved")
    assert [service.id for service in seen.office.settings().services] == ["collect", "returns"]
