"""The page on which a camera is set up, and the hands on it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from broker.contract.plan import Plan
from broker.desk import people, plans
from tests.browser.house import House, Watch

PAGE = "/admin/cameras/entrance"


def opened(house: House, watch: Watch, path: str = PAGE, *, language: str = "en", seen: bool = True, **wishes: object) -> Page:
    """The page in the office, with Sofie, the manager, signed in."""
    people.speak(house.shop, house.person("Sofie", role="manager").id, language)
    context = watch.context(**wishes)
    house.sign_in(context, "Sofie", role="manager")
    page = context.new_page()
    page.goto(path)
    if seen and path == PAGE:
        page.locator("#still.seen").wait_for()
    return page


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the picture, in fractions, on the screen."""
    box = page.locator("#still").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*place(page, *end))
    page.mouse.up()


def tool(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def shape(page: Page, name: str) -> Locator:
    return page.locator("#items button").filter(has=page.get_by_text(name, exact=True))


def saved(house: House) -> Plan:
    plan = plans.current(house.shop, "entrance")
    assert plan
    return plan


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def changed(page: Page, *lines: str) -> None:
    """Wait until the page says that these differ from what is saved, and nothing else."""
    expect(page.locator("#diff :is(ins, del)")).to_have_text(list(lines))
