"""Sounds for the customers' screens: the calls of the wall, and what stands on a page that is read aloud.

An address is the digest of something that this server wrote. Nobody can have it say other words.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request, url_for
from flask_babel import force_locale
from markupsafe import Markup

from broker.desk import board
from broker.desk.calls import foreseen
from broker.shop import Shop
from broker.web.access import current_screen, needs
from broker.web.app import STATIC_SECONDS
from broker.web.languages import say
from broker.web.problems import problem
from broker.web.stores import current_shop, stores
from kiosk.pace import Pace
from kiosk.voice import phrases
from kiosk.voice.page import one_line, pieces
from kiosk.voice.speaker import Voice
from kiosk.voice.ways import Busy, Mute
from kiosk.words import language_here

bp = Blueprint("speech", __name__)

SOUNDS_A_MINUTE: Final = 400
"""New sounds that one screen may have made; ten pages read aloud from beginning to end."""
FORESEEN: Final = 6
"""Counters whose next call is spoken ahead of time."""
RETRY_SECONDS: Final = 1


@bp.record_once
def _set_up(state: Any) -> None:
    app: Flask = state.app
    app.extensions["greetline-voice"] = Voice(app.extensions["greetline-stores"].settings)
    app.extensions["greetline-voice-pace"] = Pace(SOUNDS_A_MINUTE)


def voice() -> Voice:
    """Return the voice of this web process."""
    found: Voice = current_app.extensions["greetline-voice"]
    return found


@bp.get("/voice/<digest>.wav")
@needs("screen")
def sound(digest: str) -> Response:
    """Give a sound: one that was made before, or one of a text that this server offered. It never changes."""
    body = voice().kept(digest) if len(digest) == 32 and digest.isalnum() and digest.isascii() and digest.islower() else None
    return _wav(body) if body else _made(digest)


def _made(digest: str) -> Response:
    pace: Pace = current_app.extensions["greetline-voice-pace"]
    if not pace.allows(current_screen().id):
        return _later(HTTPStatus.TOO_MANY_REQUESTS)
    try:
        return _wav(voice().made(digest))
    except KeyError:
        return problem(HTTPStatus.NOT_FOUND, say("web.error_404"))
    except Busy:
        return _later(HTTPStatus.SERVICE_UNAVAILABLE)
    except Mute as wrong:
        current_app.logger.warning("not spoken: %s", wrong)
        return problem(HTTPStatus.NOT_FOUND, say("web.error_404"))


def _later(status: HTTPStatus) -> Response:
    answer = problem(status, say(f"web.error_{status.value}"))
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _wav(body: bytes) -> Response:
    answer = Response(body, content_type="audio/wav")
    answer.headers["Cache-Control"] = f"private, max-age={STATIC_SECONDS}, immutable"
    return answer


@bp.get("/voice/calls/<int:number>")
@needs("screen")
def call(number: int) -> Response:
    """Answer with the sounds of a call: in the shop's language, then in the ticket's. The likely next calls are made ready."""
    shop = current_shop()
    row = next((each for each in board.display(shop)["calls"] if each["id"] == number), None)
    if row is None:
        return problem(HTTPStatus.NOT_FOUND, say("web.error_404"))
    digests = offered_call(shop, row["shown"], row["counter"], row["language"])
    voice().warm([*digests, *_likely(shop)])
    return jsonify(say=[address(digest) for digest in digests])


def _likely(shop: Shop) -> list[str]:
    calls = foreseen(shop, limit=FORESEEN)
    return [digest for each in calls for digest in offered_call(shop, each.shown, each.counter, each.language)]


def offered_call(shop: Shop, shown: str, counter: str | None, language: str) -> list[str]:
    """Return the digests of the call of the ticket *shown* to *counter*: the shop's language first, then *language*."""
    digests = []
    for each in dict.fromkeys((shop.settings.store.language, language)):
        with force_locale(each):
            digests.append(voice().offer(phrases.call(shop.settings, shown, counter, each)))
    return [digest for digest in digests if digest]


def address(digest: str) -> str:
    """Return where the sound of *digest* is."""
    return url_for("speech.sound", digest=digest)


def read_out(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the address of the sound of each of *texts*, (text, language); nothing unless this page is read aloud."""
    choices = g.get("choices")
    if not choices or not choices.aloud or not voice().reads:
        return {}
    found: dict[str, str] = {}
    for text, language in texts:
        with force_locale(language):
            digest = voice().offer(phrases.of_page(text, language))
        if digest:
            found[text] = address(digest)
    return found


def read_out_words(words: Iterable[object]) -> dict[str, str]:
    """Return the address of the sound of each text in *words*, what a script is told anew about its page."""
    here = language_here()
    return read_out((one_line(each), here) for each in words if isinstance(each, str) and each)


@bp.app_template_global("read_out_page")
def read_out_page(page: Markup) -> dict[str, str]:
    """Return the address of the sound of each piece of *page*, and of the hints that are only heard."""
    hints = ((say("audio.keys"), language_here()),)
    return read_out((*pieces(str(page), language_here()).items(), *hints))


@bp.app_template_global("voice_here")
def voice_here() -> dict[str, Any]:
    """Return what a page needs to know of the voice: whether there is one, how loud, and what invites to it."""
    sound, choices = stores().settings.sound, g.get("choices")
    spoken = voice()
    invitation = None
    if spoken.reads and request.path == "/kiosk" and not (choices and choices.aloud):
        here = language_here()
        text = f"{say('a11y.speak')}. {say('audio.start')}"
        invitation = spoken.offer(phrases.Phrase(here, text))
    return {
        "reads": spoken.reads and language_here() in spoken.languages,
        "volume": min(choices.volume or sound.volume, sound.max_volume) if choices else sound.volume, "most": sound.max_volume,
        "invitation": address(invitation) if invitation else "",
    }  # fmt: skip
