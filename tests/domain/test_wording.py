"""How this shop speaks: what is refused with a suggestion, that facts stay facts, and that every shipped text keeps to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from broker.domain.bad_news import BAD_NEWS
from broker.domain.wording import LANGUAGES, Fault, findings

FOLDER = Path(__file__).parents[2] / "broker/web/translations"


def texts(language: str) -> Iterator[tuple[str, str]]:
    """Every shipped text of a language with its key, each plural form for itself."""
    with (FOLDER / language / "LC_MESSAGES/messages.po").open("rb") as file:
        for message in read_po(file, locale=language):
            if message.id:
                key = message.id if isinstance(message.id, str) else message.id[0]
                forms = (message.string,) if isinstance(message.string, str) else message.string
                yield from ((key, form) for form in forms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_text_is_kind_and_honest(language: str) -> None:
    refused = [
        f"{key}: {finding.fault} ({finding.found!r}); {finding.instead}"
        for key, text in texts(language)
        for finding in findings(text, language, bad_news=key in BAD_NEWS)
    ]
    assert refused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_bad_news_has_the_fact_and_the_next_step(language: str) -> None:
    here = {key: text.lower() for key, text in texts(language)}
    for key, needs in BAD_NEWS.items():
        assert needs.fact[language] in here[key], f"{key} no longer says the fact"
        if needs.then is not None:
            assert needs.then[language] in here[key], f"{key} no longer says what happens next"
        else:
            assert needs.beside in here, f"{key}: {needs.beside} stands beside it"


def test_the_table_of_bad_news_knows_every_language() -> None:
    for key, needs in BAD_NEWS.items():
        assert set(needs.fact) == set(LANGUAGES), key
        assert needs.then is None or set(needs.then) == set(LANGUAGES), key
        assert (needs.then is None) == bool(needs.beside), key


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We cannot say how long right now."),
        ("en", "Sorry, we can’t print."),
        ("en", "“Can't be printed here”"),
        ("en", "Unfortunately the shop is full."),
        ("nb", "Vi kan ikke anslå ventetiden akkurat nå."),
        ("nb", "Dessverre er det fullt."),
        ("nb", "Det går ikke nå."),
        ("nl", "We kunnen de wachttijd nu niet inschatten."),
        ("nl", "Helaas lukt dat niet."),
        ("nl", "Dat gaat nu niet."),
        ("ms", "Kami tidak dapat mencetak."),
        ("ms", "Maaf, tidak boleh."),
        ("lv", "Šobrīd nevaram izsniegt numurus."),
        ("lv", "Diemžēl tas nav iespējams."),
    ],
)
def test_a_text_does_not_begin_with_what_is_not_possible(language: str, text: str) -> None:
    [finding] = findings(text, language)
    assert finding.fault is Fault.NEGATIVE_OPENING
    assert finding.found.lower() in text.lower()
    assert finding.instead


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "You missed your turn."),
        ("en", "Perhaps you've forgotten your number."),
        ("nb", "Du gikk glipp av tallet ditt."),
        ("nl", "U hebt uw beurt gemist."),
        ("ms", "Anda terlepas giliran."),
        ("lv", "Jūs nokavējāt savu kārtu."),
    ],
)
def test_nobody_is_blamed(language: str, text: str) -> None:
    assert [finding.fault for finding in findings(text, language)] == [Fault.BLAME]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Please be patient."),
        ("nb", "Vær tålmodig."),
        ("nl", "Even geduld a.u.b."),
        ("ms", "Sila bersabar."),
        ("lv", "Lūdzu, esiet pacietīgi."),
    ],
)
def test_nobody_is_asked_for_patience(language: str, text: str) -> None:
    assert [finding.fault for finding in findings(text, language)] == [Fault.PATIENCE]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Served in no time."),
        ("nb", "Garantert rask hjelp."),
        ("nl", "Geen wachttijd."),
        ("ms", "Tanpa menunggu."),
        ("lv", "Bez gaidīšanas."),
    ],
)
def test_nothing_is_promised_that_nobody_can_keep(language: str, text: str) -> None:
    assert [finding.fault for finding in findings(text, language)] == [Fault.FALSE_PROMISE]


@pytest.mark.parametrize(
    "text", ["About 0 min", "0 minutes", "0–0 min", "Omtrent 0 minutter", "Apmēram 0 minūšu", "Kira-kira 0 minit"]
)
def test_a_wait_is_never_nought_minutes(text: str) -> None:
    assert [finding.fault for finding in findings(text, "en")] == [Fault.NOUGHT_MINUTES]


@pytest.mark.parametrize("text", ["About 10 min", "10:00", "100 minutes", "1.0 min", "Open 9:00–20:00", "%(n)d0 min"])
def test_other_noughts_are_nothing_to_find(text: str) -> None:
    assert findings(text, "en") == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No numbers are given right now. Please ask our staff."),
        ("en", "It could not be printed. Please take a photo of your number."),
        ("en", "Thank you for your patience."),
        ("nb", "Numrene deles ikke ut nå. Spør en ansatt."),
        ("nl", "Bedankt voor uw geduld."),
        ("ms", "Terima kasih atas kesabaran anda."),
        ("lv", "Numuri šobrīd netiek izsniegti."),
        ("en", "Welcome! How can we help?"),
    ],
)
def test_a_fact_is_a_fact_and_thanks_are_thanks(language: str, text: str) -> None:
    assert findings(text, language) == []


def test_bad_news_does_not_shout() -> None:
    assert [finding.fault for finding in findings("We are closed!", "en", bad_news=True)] == [Fault.SHOUT]
    assert findings("Laipni lūdzam!", "lv") == []


def test_a_language_nobody_here_knows_is_only_looked_at_for_numbers() -> None:
    assert findings("Wir können nicht", "de") == []
    assert [finding.fault for finding in findings("noch 0 min", "de")] == [Fault.NOUGHT_MINUTES]


@pytest.mark.parametrize("text", ["", " ", "!!!", "0" * 10_000, "kan " * 5_000, "you " * 5_000])
def test_odd_texts_are_looked_at_quickly(text: str) -> None:
    for language in LANGUAGES:
        assert len(findings(text, language)) <= len(Fault)
