"""GET /events and /events/board: one stream of server-sent events for each screen, of the floor or of who is called.

Order of a stream: `retry`, then what was missed since Last-Event-ID or a `snapshot` of the whole floor, then a heartbeat,
then `visit`, `cameras`, `pauses`, `alerts` and `queues` as they change, `hb` every ten seconds, `resync` before a fresh
snapshot when this screen was too slow, `replaced` when the same screen opened another stream. No connection to the store is held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

from flask import Response, current_app, request

from broker.web.access import current_screen, needs
from broker.web.hub import RESYNC, Hub, Listener, TooManyScreens
from broker.web.pages import web
from broker.web.problems import refuse

RETRY_MILLISECONDS: Final = 2000
HEARTBEAT_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 1.0
"""How often a quiet stream looks whether its screen is still there."""
STREAM_SECONDS: Final = 1800.0
"""Then a screen connects again, and what it may see is looked at anew."""
BUSY_SECONDS: Final = 5

log = logging.getLogger(__name__)


PLACES: Final = frozenset({"kiosk", "wall", "counter"})
"""Pages of one browser that may each have a stream of who is called."""


def hub(name: str = "greetline-hub") -> Hub:
    """Return the hub of this web process that shows the floor, or the one called *name*."""
    found: Hub = current_app.extensions[name]
    return found


@web.get("/events")
@needs("floor.see")
def events() -> Response:
    """Stream the floor to the screen that asks; 503 with Retry-After when too many are live."""
    return _streamed(hub())


@web.get("/events/board")
@needs("screen")
def board_events() -> Response:
    """Stream who is called to where, as `board` events and heartbeats, to any screen of the shop."""
    place = request.args.get("at", "")
    return _streamed(hub("greetline-board"), place if place in PLACES else "")


def _streamed(here: Hub, place: str = "") -> Response:
    asked_after = request.headers.get("Last-Event-ID", "")[:40]
    try:
        listener, missed = here.join(current_screen().id, asked_after, place=place)
    except TooManyScreens:
        answer = refuse(503)
        answer.headers["Retry-After"] = str(BUSY_SECONDS)
        return answer
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    answer = Response(stream(here, listener, missed, gone), content_type="text/event-stream; charset=utf-8")
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(lambda: here.leave(listener))
    return answer


def stream(here: Hub, listener: Listener, missed: bytes | None, gone: Callable[[], bool]) -> Iterator[bytes]:
    """Yield what *listener* is told, joined into few pieces, until it is gone, replaced or due to connect again."""
    begin = here.snapshot() if missed is None else missed
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS + begin + here.heartbeat()
    began = beat = monotonic()
    mood = here.mood()
    last = False
    while not last and not gone():
        # Looked at before what waits is taken: a last word that was put beside it is still told.
        last = listener.ended or monotonic() - began > STREAM_SECONDS
        told, lost = listener.take(LOOK_SECONDS)
        if lost:
            told = RESYNC + told + here.snapshot()
        if monotonic() - beat >= HEARTBEAT_SECONDS or here.mood() != mood:
            beat, mood = monotonic(), here.mood()
            told += here.heartbeat()
        if told:
            yield told
