"""waitress in this process. Live screens hold a thread each; a number of threads is always left for everything else."""

from __future__ import annotations

import errno
import gc
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from flask import Flask
from waitress.server import create_server
from waitress.wasyncore import close_all, loop

from broker.watchdog import Watchdog
from broker.web.hub import Hub

SPARE_THREADS: Final = 24
"""Threads that no live screen can take."""
GONE_SECONDS: Final = 20
"""A screen that walked out of the wireless network says no goodbye: the kernel gives up after this."""
HIGH_WATER_BYTES: Final = 64 * 1024
QUIET_SECONDS: Final = 120
TURN_SECONDS: Final = 1.0
"""The loop turns at least so often."""
SILENT_CONNECTIONS: Final = 2_000
"""Connections that may stand open and say nothing. With fewer, anybody on the network could hold every place for QUIET_SECONDS
and no screen would be served."""
OTHER_FILES: Final = 500
"""Open files of this process besides its connections: the store of each thread, and the log."""
MAX_HEADER_BYTES: Final = 32 * 1024
MAX_BODY_BYTES: Final = 1024 * 1024

log = logging.getLogger(__name__)


class CannotListen(Exception):
    """The address cannot be listened on. The text says what to do."""


class Server:
    """One listening waitress. Made in the thread that calls `run`; `stop` may come from any thread or a signal."""

    def __init__(self, app: Flask, *, host: str, port: int, max_streams: int, behind_proxy: object = None) -> None:
        """Listen on *host* and *port* (0: any that is free). Raises CannotListen.

        Who asks through a proxy at the address *behind_proxy* is known by the address that it tells; nobody else is believed.
        """
        self._hubs = [part for part in app.extensions.values() if isinstance(part, Hub)]
        self._stores = app.extensions["greetline-stores"]
        listening = _listening(host, port)
        most = max_streams * 2 + 100 + SILENT_CONNECTIONS
        _allow_files(most + OTHER_FILES)
        self._waitress: Any = create_server(
            app, sockets=[listening], threads=max_streams + SPARE_THREADS, connection_limit=most,
            channel_request_lookahead=1, outbuf_high_watermark=HIGH_WATER_BYTES, channel_timeout=QUIET_SECONDS,
            max_request_header_size=MAX_HEADER_BYTES, max_request_body_size=MAX_BODY_BYTES, asyncore_use_poll=True, ident="",
            **_believing(behind_proxy),
        )  # fmt: skip
        # waitress takes these from its adjustments for every accepted socket, but not as an argument.
        self._waitress.adj.socket_options = [
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_SECONDS * 1000),
        ]
        self.port: int = listening.getsockname()[1]

    def run_alone(self) -> None:
        """Serve until `stop`, as the one purpose of this process.

        What has been loaded by now stays: looking through all of it for what is no longer needed held every request up for
        0.1 s at a time. The second look finds next to nothing: without it a quarter of all that was loaded has to come
        together again before the next.
        """
        gc.collect()
        gc.freeze()
        gc.collect()
        self.run()

    def run(self) -> None:
        """Serve until `stop`."""
        alive = _Alive(self._waitress.task_dispatcher.add_task)
        with suppress(SystemExit, KeyboardInterrupt):
            while self._waitress._map:
                loop(TURN_SECONDS, use_poll=True, map=self._waitress._map, count=1)
                alive.look()
        self._waitress.task_dispatcher.shutdown()
        self._stores.close()

    def stop(self) -> None:
        """End every stream and let `run` return."""
        # The loop of waitress ends when nothing is left in its map; only its own thread may empty it.
        threading.Thread(target=self._stop, name="stopping", daemon=True).start()

    def _stop(self) -> None:
        for hub in self._hubs:
            hub.close()
        # The loop may be awake already: then it takes the order and closes the trigger before we have pulled it.
        with suppress(OSError):
            self._waitress.trigger.pull_trigger(lambda: close_all(self._waitress._map))

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and SIGINT. Call in the main thread."""

        def stop(number: int, _: FrameType | None) -> None:
            log.info("%s: stopping", signal.Signals(number).name)
            self.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)


class _Alive:
    """Tells the watchdog that requests are answered: asked for in the loop, said by a thread that has time for it.

    A loop that turns while every thread hangs would look well and serve nobody.
    """

    def __init__(self, give: Callable[[object], None]) -> None:
        self._give = give
        self._watchdog = Watchdog()
        self._asked = False

    def look(self) -> None:
        """Ask for a thread when the watchdog waits to hear of us."""
        if self._watchdog.due and not self._asked:
            self._asked = True
            self._give(self)

    def service(self) -> None:
        """What waitress calls in a thread of its own."""
        self._watchdog.turned()
        self._asked = False

    def cancel(self) -> None:
        """What waitress calls instead, at the end."""


def _believing(proxy: object) -> dict[str, Any]:
    """Return what waitress is told of a *proxy* in front: its own word on who asks counts, what a stranger writes does not."""
    if proxy is None:
        return {}
    return {
        "trusted_proxy": str(proxy), "trusted_proxy_count": 1, "trusted_proxy_headers": {"x-forwarded-for"},
        "clear_untrusted_proxy_headers": True,
    }  # fmt: skip


def _allow_files(wanted: int) -> None:
    """Let this process open so many files, as far as the machine allows: a service begins with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as wrong:
        raise CannotListen(_why(host, port, wrong)) from wrong
    made.setblocking(False)
    return made


def _why(host: str, port: int, wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program. Stop that, or set another port for it in the settings."
    return f"{host}:{port} cannot be listened on: {wrong.strerror or wrong}. Set another host and port for it in the settings."
