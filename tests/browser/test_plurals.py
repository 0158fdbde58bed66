"""The browser and the server count alike: Intl.PluralRules and the compiled catalogues name the same form for every number."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.support import Translations
from playwright.sync_api import Page, expect

import broker.web
from broker.desk import people
from tests.browser.house import House, Watch

FOLDER = Path(broker.web.__path__[0]) / "translations"
NUMBERS = (0, 1, 2, 10, 11, 21, 22, 100, 101)
FORMS = {1: ["other"], 2: ["one", "other"], 3: ["zero", "one", "other"]}
LANGUAGES = {"en": "en-GB", "nb": "nb", "nl": "nl", "ms": "ms", "lv": "lv"}


@pytest.mark.parametrize(("language", "tag"), LANGUAGES.items())
def test_the_browser_takes_the_form_that_the_server_takes(page: Page, language: str, tag: str) -> None:
    compiled = Translations.load(FOLDER, [language])
    forms = [compiled._catalog["queue.ahead", n] for n in range(6) if ("queue.ahead", n) in compiled._catalog]
    numbers = [*NUMBERS, *range(200)]
    named = page.evaluate("([tag, numbers]) => numbers.map((n) => new Intl.PluralRules(tag).select(n))", [tag, numbers])
    for n, name in zip(numbers, named, strict=True):
        here = FORMS[len(forms)]
        by_browser = forms[here.index(name) if name in here else len(forms) - 1]
        assert by_browser == compiled.ungettext("queue.ahead", "queue.ahead", n), (language, n, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_script_says_a_number_as_the_server_would(house: House, watch: Watch, language: str) -> None:
    context = watch.context()
    kari = house.sign_in(context, "Kari")
    people.speak(house.shop, kari.id, language)
    page = context.new_page()
    page.goto("/floor")
    expect(page.locator("#link")).to_contain_text(":")
    address = page.evaluate("document.querySelector('script[src*=\"floor/main.js\"]').src.replace(/main\\.js.*/, 'here.js')")
    said = page.evaluate(
        "async ([from, numbers]) => { const { tn } = await import(from); return numbers.map((n) => tn('people', n)); }",
        [address, list(NUMBERS)],
    )
    compiled = Translations.load(FOLDER, [language])
    assert said == [compiled.ungettext("floor.people", "floor.people", n) % {"n": n} for n in NUMBERS]
