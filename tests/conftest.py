"""What every test may ask for. There is one Chromium a process, whichever folder a test is in."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from werkzeug.routing import Rule

from broker.desk import pins
from broker.shop import Shop
from hatch_build import CATALOGUES, compile_translations
from tests.builders import TurnableClock, make_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
BARE = "chromium-headless-shell"
"""The same browser without windows, menus and the processes of those: every page costs two thirds. It has no notices."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", BARE)
DEAR = pins._argon2
# How long one example takes says how busy the machine is.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")
LOUD_FLAG = "--autoplay-policy=no-user-gesture-required"
ABSENT = re.compile(
    r"(?<!iproute2 is )not installed|no (mosquitto|mosquitto-clients|caddy|openssl) here|no (Chromium|GStreamer|mosquitto_sub) "
)
"""Reasons to skip a test that are of what `.ci/run` installs."""
PATIENCE_MS = 20_000
"""Of whoever waits for what a page shows: a machine that does much else draws late. It costs nothing where it comes."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What `.ci/run` installs must be there: without it a test of what it is for would be passed over for ever."""
    report = yield
    _need_what_is_installed(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same, of a whole file."""
    report = yield
    _need_what_is_installed(report)
    return report


def _need_what_is_installed(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if os.environ.get("CI") and ABSENT.search(reason):
        report.outcome = "failed"
        report.longrepr = f"{reason}. Continuous integration has it, and passes over nothing for the want of it."


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """The catalogues are compiled once they have changed, whoever is first."""
    sources = list(ROOT.glob(CATALOGUES))
    compiled = [source.with_suffix(".mo") for source in sources]
    if any(not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime for po, mo in zip(sources, compiled, strict=True)):
        compile_translations(ROOT)


@pytest.fixture(scope="session", autouse=True)
def quick_pins() -> Iterator[None]:
    """Who only signs in need not pay for what a thief would pay: that costs 20 MB and 25 ms each time. See `dear_pins`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pins, "_argon2", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture
def dear_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """PINs and passwords cost what they cost in a shop."""
    monkeypatch.setattr(pins, "_argon2", DEAR)


@pytest.fixture(scope="session", autouse=True)
def quick_routes() -> Iterator[None]:
    """Each address is compiled once a process, and not for every application of every test: it was three quarters of one."""
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_ = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compile_(rule, append_unknown)
        # What is made knows no rule: it is bound to one afterwards.
        known = (rule.rule, *rule._trace, append_unknown)
        if known not in compiled:
            compiled[known] = compile_(rule, append_unknown)
        return compiled[known]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock)


@pytest.fixture(scope="session")
def chromiums() -> Iterator[Callable[..., Browser]]:
    """Begins Chromiums: `chromiums("--a-flag")`; one for all tests of this process that want the same.

    With a *home* it trusts what the database of certificates in there does; with *whole* it has all that a person's has.
    """
    asked = os.environ.get("GREETLINE_CHROMIUM")
    found = asked or next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on the PATH; set GREETLINE_CHROMIUM to one")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        begun: dict[tuple[str, ...], Browser] = {}

        def begin(*flags: str, home: str = "", whole: bool = False) -> Browser:
            path = found if asked or home or whole else shutil.which(BARE) or found
            if (path, home, *flags) not in begun:
                there = {"env": {**os.environ, "HOME": home}} if home else {}
                begun[path, home, *flags] = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags], **there)
            return begun[path, home, *flags]

        yield begin
        for browser in begun.values():
            browser.close()


@pytest.fixture(scope="session")
def chromium(chromiums: Callable[..., Browser]) -> Browser:
    """One Chromium for all tests of this process."""
    return chromiums()


@pytest.fixture(scope="session")
def loud(chromiums: Callable[..., Browser]) -> Browser:
    """One that may sound without a touch, as a wall is set up."""
    return chromiums(LOUD_FLAG)
