"""A real Chromium that was told to trust the shop, as a tablet is: the screens by HTTPS, and the page that says how."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, expect

from broker.desk import visits
from deploy import certs
from tests.browser.house import accessible
from tests.deploy.caddy_parts import NAME, Behind, behind_caddy, needs_caddy

needs_certutil = pytest.mark.skipif(not shutil.which("certutil"), reason="no certutil here: libnss3-tools")
LEADS_HERE = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
LANGUAGES = ("en-GB", "nb", "nl", "ms", "lv")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind_caddy(tmp_path_factory.mktemp("trust")) as made:
        yield made


@pytest.fixture(scope="module")
def trusting(chromiums: Callable[..., Browser], behind: Behind, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A Chromium in whose home the shop's root was installed."""
    home = tmp_path_factory.mktemp("home")
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "shop", "-i", str(behind.root)]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True, timeout=60)
    return chromiums(LEADS_HERE, home=str(home))


def signed_in(context: BrowserContext, behind: Behind) -> None:
    address = f"https://{NAME}:{behind.tls}"
    context.add_cookies([
        {"name": name, "value": value, "url": address, "secure": True, "httpOnly": True, "sameSite": "Strict"}
        for name, value in behind.tablet().items()
    ])  # fmt: skip


@needs_caddy
@needs_certutil
@pytest.mark.slow
def test_a_tablet_that_trusts_the_shop_has_the_whole_app(trusting: Browser, behind: Behind) -> None:
    context = trusting.new_context()
    try:
        signed_in(context, behind)
        page = context.new_page()
        page.goto(f"https://{NAME}:{behind.tls}/floor")
        assert page.evaluate("window.isSecureContext")
        page.wait_for_function("navigator.serviceWorker.getRegistration().then(found => Boolean(found && found.active))")
        names = {cookie["name"] for cookie in context.cookies()}
        assert {"__Host-device", "__Host-shift"} <= names
        with behind.shop() as shop:
            added = visits.add(shop, zone="entrance", by="test")
        assert added, "the tablet hears of it by the stream, without asking"
        expect(page.locator("article", has_text="Just came in")).to_have_count(1, timeout=15_000)
    finally:
        context.close()


@needs_caddy
def test_a_tablet_that_was_not_told_goes_no_further(chromiums: Callable[..., Browser], behind: Behind) -> None:
    context = chromiums(LEADS_HERE).new_context()
    try:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            context.new_page().goto(f"https://{NAME}:{behind.tls}/floor")
    finally:
        context.close()


@needs_caddy
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_trust_is_everybodys(
    chromiums: Callable[..., Browser], behind: Behind, language: str, scheme: str, tmp_path: Path
) -> None:
    context = chromiums(LEADS_HERE).new_context(
        locale=language, color_scheme=scheme, viewport={"width": 320, "height": 640}, accept_downloads=True
    )  # fmt: skip
    try:
        page = context.new_page()
        page.goto(f"http://{NAME}:{behind.plain}/root")
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than a phone"
        shown = "".join(page.locator("[data-part=fingerprint]").inner_text().split())
        assert shown == certs.fingerprint(behind.root).replace(":", "")
        accessible(page)
        with page.expect_download() as taken:
            page.locator("a[href='/root.crt']").click()
        assert Path(taken.value.path()).read_bytes() == behind.root.read_bytes()
    finally:
        context.close()
