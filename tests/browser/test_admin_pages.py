"""The office: who works here and which screens are paired; every page of it reaches the others."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from broker.desk import pairing, people, shifts
from tests.browser.house import PIN, House, Watch, accessible
from tests.browser.looks import LANGUAGES, OFFICE_TAP, at_every_size, open_own_menu

pytestmark = pytest.mark.browser

OFFICE = ("/admin/people", "/admin/screens")


def office(house: House, watch: Watch, path: str = "/admin/people", **wishes: object) -> Page:
    """A page of the office, on whose screen Sofie, the manager, is signed in."""
    context = watch.context(**wishes)
    house.sign_in(context, "Sofie", role="manager")
    page = context.new_page()
    page.goto(path)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator(".rows > li").filter(has=page.get_by_text(name, exact=True))


def pin_on(page: Page) -> str:
    expect(page.get_by_role("status")).to_have_text(re.compile(r"\b\d{4}\b"))
    found = re.search(r"\b\d{4}\b", page.get_by_role("status").inner_text())
    assert found, "no PIN is shown"
    return found[0]


def can_sign_in(house: House, name: str, pin: str) -> bool:
    person, screen = people.named(house.shop, name), pairing.screens(house.shop)[0]
    assert person is not None
    try:
        shifts.sign_in(house.shop, screen, person.id, pin)
    except shifts.WrongPin:
        return False
    return True


def test_somebody_who_is_added_without_a_pin_gets_one_that_works(house: House, watch: Watch) -> None:
    page = office(house, watch)
    page.get_by_label("Name").fill("Nora")
    page.get_by_label("Role").select_option("lead")
    page.get_by_label("Language").select_option("nb")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("Nora can sign in now.")
    expect(row(page, "Nora")).to_contain_text("Lead · Norsk")
    pin = pin_on(page)
    page.goto("/admin/people")
    assert pin not in page.locator("main").inner_text()
    assert can_sign_in(house, "Nora", pin)


def test_what_cannot_be_added_is_said_and_stays_in_the_form(house: House, watch: Watch) -> None:
    watch.expect_error("422")
    page = office(house, watch)
    page.get_by_label("Name").fill("sofie")
    page.get_by_label("Role").select_option("lead")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_have_text("Somebody with this name works here already. Add a letter.")
    expect(page.get_by_label("Name")).to_have_value("sofie")
    expect(page.get_by_label("Role")).to_have_value("lead")


def test_a_new_pin_takes_the_place_of_the_old_one(house: House, watch: Watch) -> None:
    page = office(house, watch)
    expect(page.get_by_role("button", name="New PIN for Kari")).to_be_hidden()
    row(page, "Kari").locator("summary").click()
    expect(row(page, "Kari")).to_contain_text("The old PIN stops working at once")
    page.get_by_role("button", name="New PIN for Kari").click()
    pin = pin_on(page)
    assert can_sign_in(house, "Kari", pin)
    assert pin == PIN or not can_sign_in(house, "Kari", PIN)


def test_who_no_longer_works_here_is_off_the_list_and_nobody_removes_themselves(house: House, watch: Watch) -> None:
    page = office(house, watch)
    row(page, "Kari").locator("summary").press("Enter")
    page.get_by_role("button", name="Kari no longer works here").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Kari is signed out everywhere")
    expect(page.locator(".rows > li")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("Only you so far.")
    row(page, "Sofie").locator("summary").click()
    expect(page.get_by_role("button", name="New PIN for Sofie")).to_be_visible()
    expect(page.get_by_role("button", name="no longer works here")).to_have_count(0)


def test_a_revoked_screen_has_to_be_paired_again(house: House, watch: Watch) -> None:
    page = office(house, watch, "/admin/screens")
    expect(page.locator("main")).to_contain_text("Only this screen so far.")
    lost = watch.context()
    house.pair(lost, name="Lost tablet", zone="shoes")
    tablet = lost.new_page()
    tablet.goto("/")
    expect(tablet).to_have_url(re.compile("/signin$"))
    page.reload()
    expect(row(page, "Lost tablet")).to_contain_text("Tablet of the floor · Shoes")
    row(page, "Lost tablet").locator("summary").click()
    page.get_by_role("button", name="Revoke Lost tablet").click()
    expect(page.get_by_role("status")).to_contain_text("Lost tablet has to be paired again")
    tablet.reload()
    expect(tablet).to_have_url(re.compile("/pair$"))


def test_a_code_that_no_screen_shows_is_refused_and_what_was_typed_stays(house: House, watch: Watch) -> None:
    watch.expect_error("422")
    page = office(house, watch, "/admin/screens")
    page.get_by_label("Code on the screen").fill("ABCD2345")
    page.get_by_label("Name of the screen").fill("Tablet")
    page.get_by_label("Zone").select_option("kids")
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("alert")).to_contain_text("No screen shows this code now.")
    expect(page.get_by_label("Name of the screen")).to_have_value("Tablet")
    expect(page.get_by_label("Zone")).to_have_value("kids")


def test_every_page_of_the_office_reaches_the_others_and_the_floor_reaches_them_all(house: House, watch: Watch) -> None:
    page = office(house, watch)
    for shown in ("Screens", "Cameras and zones", "People"):
        setup = page.get_by_role("navigation", name="Set-up")
        setup.get_by_role("link", name=shown).click()
        expect(setup.locator("[aria-current=page]")).to_have_text(shown)
        page.wait_for_load_state()
        assert [text.strip() for text in setup.get_by_role("link").all_inner_texts() if text.strip()][-10:] == [
            "Screens", "Camera boxes", "People", "Own texts", "Printing and sound", "Privacy and retention", "Integrations",
            "System health", "Audit log", "Changes",
        ]  # fmt: skip
        nav = page.get_by_role("navigation", name="Pages")
        assert nav.get_by_role("link").all_inner_texts() == ["Floor", "Lead", "Standards", "Reports", "Set-up"]
        expect(page.locator(".who .name")).to_have_text("Sofie")
    nav.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")).to_have_text("Reports")
    for shown in ("People", "Screens", "Cameras", "Reports"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Floor").click()
        expect(page).to_have_url(re.compile("/floor$"))
        open_own_menu(page)
        page.locator("#sheet").get_by_role("link", name=shown).click()
        expect(page.locator(".nav [aria-current=page]")).to_have_text("Cameras and zones" if shown == "Cameras" else shown)


def test_a_lead_sees_the_leads_page_and_reports_and_staff_see_neither(house: House, watch: Watch) -> None:
    for name, role, offered in (("Maria", "lead", ["Lead", "Reports"]), ("Kari", "staff", [])):
        context = watch.context()
        house.sign_in(context, name, role=role)
        page = context.new_page()
        page.goto("/floor")
        open_own_menu(page)
        links = [text.strip() for text in page.locator("#sheet").get_by_role("link").all_inner_texts()]
        assert links == [*offered, "Standards", "Problems", "Your sign-in"]
    page = context.new_page()
    watch.expect_error("403")
    page.goto("/reports")
    expect(page.get_by_role("heading", name="Not on this screen")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    expect(page).to_have_url(re.compile("/floor$"))


def test_on_a_tablet_of_the_floor_a_manager_is_told_where_the_office_is(house: House, watch: Watch) -> None:
    watch.expect_error("403")
    context = watch.context()
    house.pair(context)
    house.sign_in(context, "Sofie", role="manager")
    page = context.new_page()
    page.goto("/admin/people")
    expect(page.locator("main")).to_contain_text("People, screens and cameras are changed on an office screen")
    accessible(page)


@pytest.mark.parametrize("language", ["en", "lv"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_office_is_accessible(house: House, watch: Watch, scheme: str, language: str) -> None:
    watch.expect_error("422")
    people.speak(house.shop, house.person("Sofie", role="manager").id, language)
    house.pair(watch.context(), name="Tablet by the door")
    page = office(house, watch, color_scheme=scheme, reduced_motion="reduce")
    for path in OFFICE:
        page.goto(path)
        page.locator(".rows summary").first.click()
        accessible(page)
        page.locator("form.panel input:required").first.fill("Sofie")
        if path == "/admin/screens":
            page.locator("#name").fill("Tablet")
        page.locator("form.panel .btn.main").click()
        expect(page.get_by_role("alert")).to_be_visible()
        accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_every_screen(house: House, watch: Watch, language: str) -> None:
    people.speak(house.shop, house.person("Sofie", role="manager").id, language)
    house.person("Bartholomew-Alexander Featherstonehaugh", role="lead", language="lv")
    house.pair(watch.context(), name="The tablet that hangs beside the lift", zone="entrance")
    page = office(house, watch)
    for path in OFFICE:
        page.goto(path)
        page.locator(".rows summary").first.click()
        at_every_size(page, OFFICE_TAP)
