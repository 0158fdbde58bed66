"""The page of devices in the office: whole, accessible, and a code that can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from broker.desk import boxes
from broker.desk.boxes import Kind
from broker.settings.tls import TlsSettings
from deploy import certs
from tests.browser.house import House, Watch, accessible


@pytest.fixture
def opened(make_house: Callable[..., House], watch_over: Callable[[House], Watch], tmp_path: Path) -> Callable[..., Page]:
    """Opens the page in a language, a scheme and a width, in a shop with a lamp and a camera box."""

    def open_page(language: str, scheme: str, width: int) -> Page:
        house = make_house(tls=TlsSettings(folder=tmp_path / "tls", names=("shop.local",)))
        certs.make_authority(tmp_path / "tls")
        boxes.issue(house.shop, "cam-door", Kind.CAMERA, by="test")
        boxes.issue(house.shop, "lamp", Kind.LIGHT, by="test", zones=["entrance"])
        context = watch_over(house).context(color_scheme=scheme, viewport={"width": width, "height": 900})
        house.person("Sofie", role="manager", language=language)
        house.sign_in(context, "Sofie", role="manager")
        page = context.new_page()
        page.goto("/admin/devices")
        return page

    return open_page


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("lv", "dark", 320), pytest.param("en", "light", 1280, marks=pytest.mark.slow),
        pytest.param("nb", "light", 320, marks=pytest.mark.slow), pytest.param("nl", "dark", 1280, marks=pytest.mark.slow),
        pytest.param("ms", "light", 320, marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_the_page_and_its_code_are_whole_and_accessible(
    opened: Callable[..., Page], language: str, scheme: str, width: int
) -> None:  # fmt: skip
    page = opened(language, scheme, width)
    page.locator("summary").first.click()
    accessible(page)
    page.locator("#name").fill("cam-back")
    page.locator("form[action='/admin/devices'] button").click()
    expect(page.locator("p.code")).to_contain_text("-")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    accessible(page)
