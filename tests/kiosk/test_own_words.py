"""A shop's own words: in place of ours on the customers' screens, in their language, and only as plain text."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from pydantic import ValidationError

from broker.settings import Settings
from broker.web.languages import texts_of
from broker.web.own_words import OURS
from dashboard.app import create as create_dashboard
from deploy.own_words import advice
from tests.kiosk.parts import Screen

OWN = {"welcome": "Hello & welcome – 100 % for you", "thanks": "We are glad you came."}


def test_own_words_stand_where_ours_did_and_only_in_their_language(made: Callable[..., Screen]) -> None:
    kiosk = made(texts={"en": OWN, "lv": {"welcome": "Sveiki pie mums!"}})
    assert OWN["welcome"] in unescape(kiosk.page())
    assert "How can we help?" not in kiosk.page()
    assert OWN["thanks"] in unescape(kiosk.page(kiosk.take().location))
    with kiosk.app.app_context():
        assert texts_of("lv", ["kiosk.welcome"]) == {"kiosk.welcome": "Sveiki pie mums!"}
        assert texts_of("nb", ["kiosk.welcome"]) != {"kiosk.welcome": OWN["welcome"]}


def test_a_shop_without_own_words_says_ours_also_beside_one_that_has_some(made: Callable[..., Screen]) -> None:
    made(texts={"en": OWN})
    assert "Welcome. How can we help?" in made().page()


def test_the_staff_read_what_ships_so_that_both_can_be_compared(made: Callable[..., Screen]) -> None:
    kiosk = made(texts={"en": OWN})
    staff = create_dashboard(kiosk.shop.settings, shop=kiosk.shop)
    with staff.app_context():
        assert texts_of("en", ["kiosk.welcome"]) == {"kiosk.welcome": "Welcome. How can we help?"}
    for name in ("greetline-hub", "greetline-board", "greetline-stores"):
        staff.extensions[name].close()


def test_no_text_that_can_be_replaced_has_a_placeholder(kiosk: Screen) -> None:
    with kiosk.app.app_context():
        for language in ("en", "nb", "nl", "ms", "lv"):
            assert not [text for text in texts_of(language, OURS.values()).values() if "%" in text]


@pytest.mark.parametrize(
    "text", ["<b>Hello</b>", "Hello &lt;b&gt;", "Hello %(name)s", "Hello {name}", "x" * 61, "Hello\u202eolleH", "", "&copy"]
)
def test_what_is_not_plain_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"texts": {"en": {"welcome": text}}})


def test_own_words_are_looked_at_as_kindly_as_ours_each_in_its_language() -> None:
    unkind = {"help": "Unfortunately you wait."}
    settings = Settings.model_validate({"texts": {"en": unkind, "nb": unkind}})
    assert {found.where for found in advice(settings)} == {"texts.en.help"}
