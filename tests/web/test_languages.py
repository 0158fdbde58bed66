"""Five languages that say the same: keys, placeholders, plurals. What the code says of them is in tests/test_texts.py."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from babel.support import Translations
from flask_babel import force_locale

from broker.desk.people import LANGUAGES
from broker.shop import Shop
from broker.web import languages
from dashboard.app import create

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "broker/web/translations"
NUMBERS = (0, 1, 2, 10, 11, 21, 22, 100, 101)
ZERO, ONE, OTHER = 0, 1, 2
LATVIAN = {0: ZERO, 1: ONE, 2: OTHER, 10: ZERO, 11: ZERO, 21: ONE, 22: OTHER, 100: ZERO, 101: ONE}
"""CLDR: zero for 0, 10-20, 30...; one for 1, 21, 31... but not 11; other for the rest."""


@cache
def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def messages(language: str) -> dict[str, Message]:
    return {key(message): message for message in catalogue(language) if message.id}


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_messages_and_says_each(language: str) -> None:
    english, here = messages("en"), messages(language)
    assert here.keys() == english.keys()
    empty = [name for name, message in here.items() if not all(form.strip() for form in forms(message))]
    assert empty == []
    assert [name for name, message in here.items() if message.fuzzy] == []
    plural = {name for name, message in english.items() if message.pluralizable}
    assert {name for name, message in here.items() if message.pluralizable} == plural
    assert {len(forms(here[name])) for name in plural} == {catalogue(language).num_plurals}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_puts_the_same_things_in(language: str) -> None:
    for name, message in messages(language).items():
        wanted = set().union(*(placeholders(form) for form in forms(messages("en")[name])))
        for form in forms(message):
            # "one visit" may do without the number; nothing may ask for what is not given.
            missing = wanted - placeholders(form)
            assert placeholders(form) <= wanted, (language, name, form)
            assert not missing or (message.pluralizable and missing <= {"%(n)s", "%(n)d"}), (language, name, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_filled_in(language: str) -> None:
    for name, message in messages(language).items():
        for form in forms(message):
            values = {part[2:-2]: 3 if part.endswith("d") else "x" for part in placeholders(form)}
            assert form % values, (language, name)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_nothing_is_left_in_english(language: str) -> None:
    """A short word may be the same in two languages; a sentence is not."""
    english = messages("en")
    same = [name for name, message in messages(language).items() if message.string == english[name].string]
    assert [name for name in same if sum(letter.isalpha() for letter in "".join(forms(english[name]))) > 24] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = Translations.load(FOLDER, [language])
    for name, message in messages(language).items():
        if not message.pluralizable:
            assert compiled.ugettext(name) == message.string
        else:
            assert {compiled.ungettext(name, name, n) for n in range(200)} <= set(forms(message))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n", NUMBERS)
def test_the_compiled_plurals_are_those_of_the_language(language: str, n: int) -> None:
    compiled = Translations.load(FOLDER, [language])
    form = {"lv": LATVIAN[n], "ms": 0}.get(language, 0 if n == 1 else 1)
    for name, message in messages(language).items():
        if message.pluralizable:
            assert compiled.ungettext(name, name, n) == forms(message)[form], (language, name, n)


def test_latvian_says_21_visits_as_it_says_1_and_11_as_10() -> None:
    latvian = Translations.load(FOLDER, ["lv"])
    visits = [latvian.ungettext("report.visits", "report.visits", n) for n in NUMBERS]
    said = dict(zip(NUMBERS, visits, strict=True))
    assert said[1] == said[21] == said[101]
    assert said[0] == said[10] == said[11] == said[100]
    assert said[2] == said[22]
    assert len({said[0], said[1], said[2]}) == 3


def test_the_heads_of_the_files_carry_the_plurals_that_gettext_gets_wrong() -> None:
    assert "nplurals=3; plural=(n%10==0 ||" in catalogue("lv").plural_forms
    assert catalogue("ms").plural_forms.startswith("nplurals=1; plural=0")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en_GB", "Saturday 21 November"),
        ("nb", "lørdag 21. november"),
        ("nl", "zaterdag 21 november"),
        ("ms", "Sabtu, 21 November"),
        ("lv", "sestdiena, 21. novembris"),
    ],
)
def test_a_day_is_said_whole_in_every_language(shop: Shop, language: str, words: str) -> None:
    app = create(shop.settings, shop=shop)
    with app.test_request_context("/"), force_locale(language):
        assert languages.day(shop.clock()) == words
    app.extensions["greetline-stores"].close()


def test_no_style_sheet_knows_left_from_right() -> None:
    """A language from right to left is `dir="rtl"` and nothing else."""
    sides = re.compile(
        r"(?:margin|padding|border|inset)-(?:left|right)|(?:text-align|float): *(?:left|right)|[{;] *(?:left|right) *:"
    )
    sheets = [path for part in ("broker", "dashboard", "kiosk") for path in (ROOT / part).rglob("*.css")]
    assert len(sheets) > 5
    assert {path.name: sides.findall(path.read_text(encoding="utf-8")) for path in sheets} == {path.name: [] for path in sheets}
