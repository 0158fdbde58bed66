"""The office beyond its forms, in a real browser: health that follows by itself, a trial, a key, and every size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from broker.desk import devices, people, trials
from dashboard.app import create
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import LANGUAGES, OFFICE_TAP, at_every_size, looks_right
from tests.kiosk.voices import tone

pytestmark = pytest.mark.browser

OFFICE = ("/admin/health", "/admin/audit", "/admin/integrations", "/admin/privacy", "/admin/sound", "/admin/texts")
HOOK = {"id": "crm", "url": "https://example.com/greetline", "secret_file": "crm.secret"}
PHONE = {"id": "lead-phone", "url_file": "lead.url", "devices": True, "weekly_report": True, "quiet": "22:00-07:00"}
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 3840, "height": 2160}


@pytest.fixture
def house(make_house: Callable[..., House], tmp_path: Path) -> House:
    """A shop whose settings are a file, with a webhook, a phone and somebody who left."""
    file = tmp_path / "greetline.toml"
    file.write_text('[store]\nid = "oslo-city"\nname = "Oslo City"\ndata = "shop"\n', encoding="utf-8")
    house = make_house(webhooks=[HOOK], notify=[PHONE], opened=partial(create, file=file))
    house.person("Sofie", role="manager")
    people.deactivate(house.shop, house.person("Bartholomew-Alexander Featherstonehaugh").id, by="test")
    devices.heard(house.shop, "door", watch="blind", since=house.shop.clock(), zones=("entrance",))
    return house


@pytest.fixture
def office(house: House, watch: Watch) -> Callable[..., Page]:
    """Opens pages on which Sofie, the manager, is signed in: `office("/admin/health", language="lv")`."""

    def opened(path: str, *, language: str = "en", **wishes: object) -> Page:
        people.speak(house.shop, house.person("Sofie", role="manager").id, language)
        context = watch.context(reduced_motion="reduce", **wishes)
        house.sign_in(context, "Sofie", role="manager")
        page = context.new_page()
        page.goto(path)
        return page

    return opened


@pytest.mark.slow
def test_health_follows_what_happens_without_a_touch_and_says_when_it_is_cut_off(
    house: House, watch: Watch, office: Callable[..., Page]
) -> None:
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    page = office("/admin/health")
    service = page.locator("[data-part=service]")
    expect(service).to_contain_text("Does not work")
    devices.heard(house.shop, devices.SERVICE, kind="service", watch="watching", since=house.shop.clock(), figures={"mqtt": True})
    expect(service.locator("[data-is=word]")).to_have_text("Works")
    expect(service.locator("[data-is=do]")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()


def test_a_call_that_was_asked_for_is_heard_as_soon_as_it_is_there(house: House, office: Callable[..., Page]) -> None:
    page = office("/admin/sound")
    page.locator("#voice").get_by_label("Language").select_option("lv")
    page.get_by_role("button", name="Say a number").press("Enter")
    expect(page.locator("#voice")).to_contain_text("On its way")
    taken = trials.claim(house.shop)
    assert taken
    assert taken.language == "lv"
    trials.finish(house.shop, taken, sound=tone())
    expect(page.locator("#voice audio")).to_be_visible()
    expect(page.locator("#voice select")).to_have_value("lv")


def test_a_key_is_made_and_revoked_by_keyboard_alone(office: Callable[..., Page]) -> None:
    page = office("/admin/integrations")
    page.get_by_label("Name of the program").press_sequentially("web-shop")
    page.get_by_label("Read services").press("Space")
    page.get_by_role("button", name="Make the key").press("Enter")
    expect(page.locator("#secret")).to_contain_text("glk_")
    page.get_by_role("button", name="Revoke: web-shop").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("opens nothing any more")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("lv", "light")])
def test_every_page_is_accessible(office: Callable[..., Page], language: str, scheme: str) -> None:
    page = office(OFFICE[0], language=language, color_scheme=scheme)
    for path in OFFICE:
        page.goto(path)
        for fold in page.locator("details.told > summary").all():
            fold.click()
        accessible(page)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_every_screen_in_every_language(office: Callable[..., Page], language: str) -> None:
    page = office(OFFICE[0], language=language)
    for path in OFFICE:
        page.goto(path)
        at_every_size(page, OFFICE_TAP)
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)
            looks_right(page, OFFICE_TAP)
