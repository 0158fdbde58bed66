"""Notices in a real Chromium: offered on the own page, shown by the worker, and a tap leads to the floor."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import CDPSession, Page, expect

from broker.desk import push
from broker.desk.people import Person
from broker.store import people as rows
from broker.store import subscriptions
from broker.store.database import change
from tests.browser.floor_parts import stands, until
from tests.browser.house import House, Watch
from tests.notify.push_parts import Browser, raw

pytest.importorskip("pywebpush", reason="the extra `notify` is not installed")
pytestmark = pytest.mark.browser

OFFER = '[data-part="push"]'
SAYS = {"title": "Oslo City: Rīga", "text": "14:02 Kāds gaida.", "tag": "a1", "lang": "lv"}
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, lang }) => ({ title, text: body, tag, lang }))"""


GIVES = """
  const given = %s;
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    globalThis.asked = { userVisibleOnly, key: [...applicationServerKey] };
    return { toJSON: () => ({ endpoint: given.endpoint, keys: { p256dh: given.p256dh, auth: given.auth } }) };
  };
"""
TAPS = """async () => {
  const [notification] = await registration.getNotifications();
  return new Promise((done) => {
    // A window opens only for a finger; whoever taps here is a script.
    clients.openWindow = async (path) => done(path);
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  });
}"""
"""Taps the one notice there is; gives the page that this opens."""


@pytest.fixture(scope="module")
def chromium(chromiums: Callable[..., Chromium]) -> Chromium:
    """One that shows notices."""
    return chromiums(whole=True)


@pytest.fixture
def noticing(make_house: Callable[..., House]) -> House:
    """A shop that sends notices."""
    return make_house(push={"enabled": True, "contact": "mailto:it@shop.example"})


def own_page(house: House, watch: Watch, *, allowed: bool = True, language: str = "en") -> Page:
    context = watch.context()
    person: Person = house.sign_in(context, "Kari")
    with change(house.shop.db):
        rows.save(house.shop.db, Person(**{name: getattr(person, name) for name in Person.__slots__} | {"language": language}))
    if allowed:
        context.grant_permissions(["notifications"], origin=house.url)
    page = context.new_page()
    page.goto("/me")
    return page


def delivered(page: Page, house: House, said: str, shown: str) -> None:
    """Hand *said* to the worker as the browser does with a push, until *shown* is true of the notices.

    What is handed to a worker that the browser has just put to sleep is lost now and then; a push service says it again, too.
    """
    for _ in range(3):
        _hand_over(page, house, said)
        with suppress(AssertionError):
            return until(page, f"({SHOWN})().then({shown})", seconds=6)
    raise AssertionError(f"not shown: {page.evaluate(SHOWN)}")


def _hand_over(page: Page, house: House, said: str) -> None:
    cdp: CDPSession = page.context.new_cdp_session(page)
    found: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(r["registrationId"] for r in event["registrations"])
    )
    cdp.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then(found => found.active.state === 'activated')")
    for _ in range(400):
        if found:
            break
        page.wait_for_timeout(50)
    cdp.send("ServiceWorker.deliverPushMessage", {"origin": house.url + "/", "registrationId": found[-1], "data": said})


def test_the_worker_shows_what_the_shop_sends_in_the_language_it_says(
    noticing: House, watch_over: Callable[[House], Watch]
) -> None:
    page = own_page(noticing, watch_over(noticing))
    expect(page.locator(OFFER)).to_be_visible()
    delivered(page, noticing, json.dumps(SAYS), "all => all.length === 1")
    assert page.evaluate(SHOWN) == [SAYS]
    delivered(page, noticing, json.dumps(SAYS | {"text": "14:03 Visi."}), "all => all[0]?.text === '14:03 Visi.'")
    assert len(page.evaluate(SHOWN)) == 1, "one alert is one notice, and the newer one stands in its place"
    delivered(page, noticing, "not what we say", "all => all.some(one => one.title === 'Greetline')")


def test_it_is_offered_where_it_works_and_a_browser_that_does_not_let_us_says_what_to_do(
    noticing: House, watch_over: Callable[[House], Watch], assert_accessible: Callable[[Page], None]
) -> None:
    page = own_page(noticing, watch_over(noticing), allowed=False)
    page.get_by_role("button", name="Tell me on this tablet too").click()
    expect(page.locator(OFFER).get_by_role("status")).to_contain_text("Allow notifications")
    assert_accessible(page)


def test_a_tap_turns_it_on_and_another_one_off(noticing: House, watch_over: Callable[[House], Watch]) -> None:
    """This Chromium has no maker's push service behind it, so what that would answer is put in its place."""
    page = own_page(noticing, watch_over(noticing))
    page.add_init_script(GIVES % json.dumps(Browser().allows()))
    page.reload()
    page.get_by_role("button", name="Tell me on this tablet too").click()
    expect(page.locator(OFFER).get_by_role("status")).to_have_text("This tablet tells you, also when the page is closed.")
    [kept] = subscriptions.every(noticing.shop.db)
    assert (kept.person, kept.endpoint) == (noticing.person("Kari").id, Browser().endpoint)
    assert page.evaluate("asked") == {"userVisibleOnly": True, "key": list(raw(push.public_key(noticing.shop)))}
    page.reload()
    page.get_by_role("button", name="Tell me on the page only").click()
    expect(page.get_by_role("button", name="Tell me on this tablet too")).to_be_visible()
    assert stands(lambda: subscriptions.every(noticing.shop.db) == [])


def test_where_the_browser_has_no_push_service_the_page_says_that_it_did_not_work(
    noticing: House, watch_over: Callable[[House], Watch]
) -> None:
    page = own_page(noticing, watch_over(noticing))
    page.add_init_script("PushManager.prototype.subscribe = async () => { throw new DOMException('none', 'AbortError'); };")
    page.reload()
    page.get_by_role("button", name="Tell me on this tablet too").click()
    expect(page.locator(OFFER).get_by_role("status")).to_contain_text("did not work")
    assert subscriptions.every(noticing.shop.db) == []


def test_a_tap_on_a_notice_opens_the_floor(noticing: House, watch_over: Callable[[House], Watch]) -> None:
    page = own_page(noticing, watch_over(noticing))
    delivered(page, noticing, json.dumps(SAYS), "all => all.length === 1")
    [worker] = page.context.service_workers
    assert worker.evaluate(TAPS) == "/floor"
    until(page, f"({SHOWN})().then(all => all.length === 0)")


def test_it_is_not_offered_where_the_shop_does_not_send_them(house: House, watch: Watch) -> None:
    page = own_page(house, watch)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(OFFER)).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
def test_the_offer_fits_every_language_and_a_phone(noticing: House, watch_over: Callable[[House], Watch], language: str) -> None:
    page = own_page(noticing, watch_over(noticing), language=language)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator(OFFER)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "push." not in page.locator(OFFER).inner_text()
