"""The paper itself: compared as a picture in every language, with every letter there and nothing cut off."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import font_roboto
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from broker.desk import prints, tickets
from broker.desk.tickets import Wish
from broker.settings import PrinterSettings
from broker.shop import Shop
from kiosk import qr
from kiosk.printing.fonts import BadFont, Fonts
from kiosk.printing.paper import Paper, speaking, written
from kiosk.printing.receipt import CODE_MILLIMETRES, MARGIN, drawn
from kiosk.printing.wrapping import lines
from tests.browser.kiosk_parts import LANGUAGES, SERVICES
from tests.builders import TurnableClock, make_shop

PICTURES = Path(__file__).parent / "pictures"
WRITE = os.environ.get("GREETLINE_WRITE_PICTURES")
MOST_DIFFERENT = 0.002
"""Share of dots that may differ: another build of the same letters, never another word."""
DESKS = ((2, "returns"), (3, "returns"), (4, "advice"))
COUNTERS = tuple({"id": f"d{n}", "name": f"Desk {n}", "number": n, "services": (service,)} for n, service in DESKS)
LETTERS = "ĀČĒĢĪĶĻŅŠŪŽāčēģīķļņšūžÆØÅæøåÉËÏÖÜéëïöüÀàô–…„“”’0123456789"
FONTS = Fonts.of(PrinterSettings())


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(
        tmp_path, clock, services=SERVICES, counters=COUNTERS, kiosk={"public_base_url": "https://go.nordlys.example"}
    )  # fmt: skip


@pytest.fixture
def context(shop: Shop) -> Iterator[None]:
    app = speaking(shop.settings)
    app.add_url_rule("/t/<token>", qr.PHONE_PAGE, lambda token: token)
    with app.app_context():
        yield


def paper(shop: Shop, language: str, *, ahead: int = 3) -> Paper:
    for _ in range(3):
        tickets.issue(shop, Wish(service="returns"))
    ticket = replace(tickets.issue(shop, Wish(service="returns", told=(300, 600))), token="0123456789abcdefABCDEF")
    return written(shop, ticket, language=language, ahead=prints.ahead(shop, ticket) if ahead == 3 else ahead)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_printed_number_looks_as_it_did(shop: Shop, language: str) -> None:
    """The words are those of when the picture was made: what is compared is how they are drawn."""
    dots = 512 if language == "ms" else 576
    stored, words = PICTURES / f"paper-{language}-{dots}.png", PICTURES / f"paper-{language}.json"
    if WRITE:
        words.write_text(json.dumps(asdict(paper(shop, language)), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    now = drawn(Paper(**json.loads(words.read_text(encoding="utf-8"))), FONTS, dots)
    if WRITE:
        now.save(stored, optimize=True)
    with Image.open(stored) as opened:
        known = opened.copy()
    assert now.mode == known.mode == "1"
    assert now.size == known.size, "look at it, then GREETLINE_WRITE_PICTURES=1 makes it the new one"
    different = ImageChops.logical_xor(now, known).histogram()[-1] / (now.width * now.height)
    assert different <= MOST_DIFFERENT, f"{different:.2%} of the dots differ; look at it, then GREETLINE_WRITE_PICTURES=1"


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_every_text_is_in_the_font(shop: Shop, language: str) -> None:
    said = paper(shop, language).said() + LETTERS
    for weight in ("Roboto-Regular.ttf", "Roboto-Bold.ttf"):
        known = TTFont(Path(font_roboto.font_directory) / weight).getBestCmap()
        assert [letter for letter in said if not letter.isspace() and ord(letter) not in known] == []
    assert FONTS.lacking(said) == ""


def test_a_letter_that_the_font_lacks_is_noticed() -> None:
    assert FONTS.lacking("Kø 東京 Rīga 東") == "東京"


@pytest.mark.usefixtures("context")
def test_the_paper_says_what_was_told_and_nothing_that_was_not(shop: Shop) -> None:
    said = paper(shop, "en").said().splitlines()
    assert said == [
        "Oslo City", "Returns and exchange", "Your number", "R\u00a0004", "3 people ahead of you", "About 5–10 min",
        "Thank you. We will call you.", "You will be called to: Desk 2 or Desk 3", "Scan to follow your place on your phone",
        "Taken on Saturday 21\u00a0November at 12:00", said[-1],
    ]  # fmt: skip
    assert "name" in said[-1]
    unknown = written(shop, tickets.issue(shop, Wish(service="advice")), language="lv", ahead=0)
    assert unknown.ahead == "Pirms jums neviena nav"
    assert unknown.people == 0
    assert "minū" not in unknown.wait
    assert paper(shop, "nb", ahead=12).people is None


def test_there_is_a_code_only_where_a_phone_could_open_it(shop: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    with speaking(shop.settings).app_context():
        assert paper(shop, "en").address == "", "there is no page behind it"
    folder = tmp_path / "other"
    folder.mkdir()
    hidden = make_shop(folder, clock, services=SERVICES)
    app = speaking(hidden.settings)
    app.add_url_rule("/t/<token>", qr.PHONE_PAGE, lambda token: token)
    with app.app_context():
        assert paper(hidden, "en").scan == ""


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("dots", [512, 576])
def test_the_code_is_25_millimetres_with_white_around_it(shop: Shop, dots: int) -> None:
    with_code = paper(shop, "en")
    picture = drawn(with_code, FONTS, dots).convert("L")
    rows = qr.squares(with_code.address)
    ink = [[not dark for dark in row] for row in rows]
    size = len(rows) - 2 * qr.QUIET_MODULES
    wide = next(n for n in range(2, 30) if size * n * 72 / dots >= CODE_MILLIMETRES)
    left = round(MARGIN * dots / 576)
    top = _first_row_of_finder(picture, left, wide)
    for y in range(-qr.QUIET_MODULES, size):
        for x in range(-1, size):
            at = picture.getpixel((left + x * wide + wide // 2, top + y * wide + wide // 2))
            assert bool(at) == ink[y + qr.QUIET_MODULES][x + qr.QUIET_MODULES] or y < 0, (x, y)
    right_of_it = picture.crop((left + size * wide, top, left + (size + qr.QUIET_MODULES) * wide, top + size * wide))
    assert right_of_it.getextrema() == (255, 255)


def _first_row_of_finder(picture: Image.Image, left: int, wide: int) -> int:
    """Return where the first of seven dark squares in a row, which are followed by a light one, stands."""
    for y in range(picture.height // 3, picture.height):
        row = [picture.getpixel((left + x, y)) for x in range(8 * wide)]
        if not any(row[: 7 * wide]) and all(row[7 * wide :]):
            return y
    raise AssertionError("no code")


def paper_of(**texts: str) -> Paper:
    words = dict.fromkeys(Paper.__dataclass_fields__, "") | {"number": "R\u00a0047", "people": 3} | texts
    return Paper(**words)  # type: ignore[arg-type]


NAMES = st.one_of(
    st.text(alphabet=LETTERS + " abcdefgWM", min_size=1, max_size=60), st.text(alphabet="WMÆŽ", min_size=60, max_size=60)
)


@settings(max_examples=25, deadline=None)
@given(name=NAMES, dots=st.sampled_from([512, 576]))
def test_no_name_of_sixty_letters_is_ever_cut(name: str, dots: int) -> None:
    picture = drawn(paper_of(shop=name, service=name, where=name, scan=name, address="https://x.example/t/abc"), FONTS, dots)
    assert picture.width == dots
    margin = round(MARGIN * dots / 576) // 2
    ink = ImageChops.invert(picture.convert("L")).getbbox()
    assert ink is not None
    assert ink[0] >= margin
    assert ink[2] <= dots - margin
    assert ink[3] <= picture.height


TEXTS = st.text(alphabet=LETTERS + "WMil \n\u00a0", max_size=120)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, room=st.integers(60, 576), size=st.sampled_from([24, 36, 44]))
def test_lines_hold_every_letter_in_order_and_fit(text: str, room: int, size: int) -> None:
    width = FONTS.at(size).getlength
    found = lines(text, room, width)
    assert "".join(found).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(width(line) <= room for line in found if len(line) > 1)


def test_lines_are_even_so_that_no_word_stands_alone() -> None:
    width = FONTS.at(36, bold=True).getlength
    found = lines("Bedankt. We roepen u als u aan de beurt bent.", 556, width)
    assert len(found) == 2
    assert min(map(width, found)) > 0.6 * max(map(width, found))


@pytest.mark.parametrize("number", ["A\u00a01", "R\u00a0047", "W\u00a01234", "WW\u00a0123456"])
def test_a_number_is_as_large_as_the_paper_is_wide_and_not_larger(number: str) -> None:
    picture = drawn(paper_of(number=number), FONTS, 576)
    left, _, right, _ = ImageChops.invert(picture.convert("L")).getbbox() or (0, 0, 0, 0)
    assert right - left <= 576 - 2 * (MARGIN - 1)


def test_a_font_that_is_none_says_which_file_and_what_to_do(tmp_path: Path) -> None:
    wrong = tmp_path / "letters.ttf"
    wrong.write_text("no letters")
    with pytest.raises(BadFont, match=r"letters\.ttf is no font we can read .* Set font in \[printer\]"):
        Fonts.of(PrinterSettings(font=wrong))
    own = Path(font_roboto.font_directory) / "Roboto-Light.ttf"
    assert Fonts.of(PrinterSettings(font=own)) == Fonts(own, own)
