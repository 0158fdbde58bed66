"""The floor as an app: it can be installed, it opens without a connection, and it keeps nothing that is news."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from broker.desk import visits
from tests.browser.floor_parts import came_in, card, moves_of, stands, tablet, until
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser

OFFLINE = "ERR_INTERNET_DISCONNECTED"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const each of await (await caches.open(name)).keys()) found.push(new URL(each.url).pathname);
  return found;
}"""


def kept(page: Page) -> list[str]:
    found: list[str] = page.evaluate(KEPT)
    return found


def opened_again(page: Page) -> None:
    """Load the page once more, so that the worker has it."""
    until(page, "navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.locator("#shift [data-part=quiet]").click()
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "document.querySelector('#link').textContent.includes(':')")


def test_the_manifest_has_an_id_a_start_and_icons_that_may_be_cut(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    manifest = page.evaluate("fetch('/manifest.webmanifest').then((said) => said.json())")
    assert (manifest["id"], manifest["display"], manifest["start_url"]) == ("/", "standalone", "/")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            picture = Image.open(io.BytesIO(page.request.get(icon["src"]).body()))
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            corner = picture.convert("RGBA").getpixel((0, 0))
            assert (corner[3] == 255) == (icon["purpose"] == "maskable")  # type: ignore[index]
    errors = page.context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}


def test_only_the_shell_is_kept_never_news_and_never_answers(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    opened_again(page)
    card(page, came_in(floor_house.shop)).get_by_role("button", name="I’m going").click()
    assert stands(lambda: "/floor" in kept(page))
    found = kept(page)
    assert [path for path in found if not path.startswith(("/static/", "/dashboard-static/")) and path != "/floor"] == []


def test_without_a_connection_the_page_opens_and_says_since_when(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error(OFFLINE)
    page = tablet(floor_house, eyes)
    opened_again(page)
    assert stands(lambda: "/floor" in kept(page))
    page.context.set_offline(True)
    page.reload()
    page.locator("#shift [data-part=quiet]").click()
    expect(page.locator("#link")).to_contain_text("No connection since")
    expect(page.locator("body.off")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#link")).to_contain_text("Live", timeout=20_000)


def test_an_answer_without_a_connection_survives_a_reload_and_is_given_once(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error(OFFLINE)
    visit = came_in(floor_house.shop)
    page = tablet(floor_house, eyes)
    opened_again(page)
    expect(card(page, visit)).to_be_visible()
    page.context.set_offline(True)
    card(page, visit).get_by_role("button", name="I’m going").click()
    expect(page.locator("#link")).to_contain_text("1 answer", timeout=20_000)
    page.reload()
    page.locator("#shift [data-part=quiet]").click()
    expect(page.locator("#link")).to_contain_text("1 answer", timeout=20_000)
    page.context.set_offline(False)
    expect(card(page, visit)).to_have_attribute("data-s", "mine", timeout=20_000)
    assert stands(lambda: "claim" in moves_of(floor_house, visit))
    expect(page.locator("#link")).not_to_contain_text("answer")
    assert moves_of(floor_house, visit).count("claim") == 1


def test_whoever_signs_out_leaves_no_page_behind(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    opened_again(page)
    page.locator(".who").click()
    page.get_by_role("button", name="Sign out or switch person").click()
    page.wait_for_url("**/signin")
    assert stands(lambda: "/floor" not in kept(page))


def test_an_open_page_lives_through_a_restart_of_the_service(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error("ERR_")
    visit = came_in(floor_house.shop)
    page = tablet(floor_house, eyes)
    expect(card(page, visit)).to_be_visible()
    port = floor_house.server.port
    floor_house._stop()
    card(page, visit).get_by_role("button", name="I’m going").click()
    expect(page.locator("#link")).to_contain_text("No connection since", timeout=20_000)
    floor_house._serve(port)
    expect(page.locator("#link")).to_contain_text("Live", timeout=40_000)
    expect(card(page, visit)).to_have_attribute("data-s", "mine", timeout=20_000)
    kari = floor_house.person("Kari").id
    assert stands(lambda: visits.find(floor_house.shop, visit.id).claimed_by == kari)
