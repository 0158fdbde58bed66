"""The wall: who is called to where, readable from ten metres. Nobody touches it, so it must know when it is not live."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, render_template

from broker.desk import board
from broker.desk.people import LANGUAGES
from broker.shop import Shop
from broker.web.access import needs
from broker.web.languages import say, texts, texts_of
from broker.web.polled import polled
from broker.web.stores import current_shop
from kiosk import speech, words

bp = Blueprint("display", __name__, template_folder="templates")

SPOKEN: Final = ("turn.goto", "turn.goto_named", "desk.name", "desk.gen")
"""What is said in the language of the ticket beside that of the shop."""
SHOWN_RECENT: Final = 4


@bp.get("/display")
@needs("screen")
def page() -> str:
    """Show the wall as it stands now; the script keeps it true."""
    shop = current_shop()
    row = board.display(shop)
    counters = {each.id: {"name": each.name, "number": each.number} for each in shop.settings.counters}
    said: dict[str, Any] = {
        "texts": texts([*texts("display."), "shop.closes"]),
        "languages": {language: texts_of(language, SPOKEN) for language in LANGUAGES},
        "sound": _sound(shop),
        "counters": counters, "shop": shop.settings.store.language, "timezone": shop.settings.store.timezone, "row": row,
    }  # fmt: skip
    calls = [call | {"desk": words.desk(shop.settings, call["counter"])} for call in row["calls"]]
    return render_template(
        "kiosk/display.html", calls=calls, row=row, said=said, recent=SHOWN_RECENT,
        time=words.hour(row["now"]), opens=words.moment(row["opens_at"], now=shop.clock()),
    )  # fmt: skip


def _sound(shop: Shop) -> dict[str, Any]:
    """What the wall needs to know to be heard, and when not to be."""
    sound = shop.settings.sound
    return {"speaks": speech.voice().speaks, "volume": sound.volume, "quiet": sound.quiet_spans, "text": say("audio.quiet")}


@bp.get("/api/v1/board")
@needs("screen")
def whole() -> Response:
    """Answer with the board, for a screen that has no stream; unchanged it is 304 with `Greetline-Now`."""
    return polled(board.display(current_shop()))
