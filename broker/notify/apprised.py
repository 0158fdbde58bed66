"""The program that sends one message by apprise: `python -m broker.notify.apprised`, asked and answering in JSON.

apprise knows a hundred services and how each is reached; where its connections lead is therefore looked at by the interpreter
itself, at the very address that is connected to, so that no name, redirect or service is a way around. It runs by itself so that
a service that stalls can be ended, and no address, which is a secret, is ever in its arguments.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from broker.notify.reach import may_go
from broker.settings.telling import Network, networks_of

NOT_INSTALLED: Final = "apprise is not installed: pip install 'greetline[notify]'"
NOT_KNOWN: Final = "the address in the file is not one that apprise knows: see its list of services"
_TALKS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS: Final = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"})
_SECRET_LETTERS: Final = 4
"""A part of the address of so many letters or more is in no reason that is given."""


class Guard:
    """Refuses connections to where a message may not go, and the start of other programs. It cannot be taken out again."""

    def __init__(self, allow: Sequence[Network]) -> None:
        """Let connections go to the Internet and to *allow*."""
        self._allow = allow
        self.refused = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit *event* of the interpreter. Raises PermissionError."""
        if event in _STARTS:
            self._refuse("it would start another program of this machine")
        elif event in _TALKS and arguments[1] is not None and not self._may(arguments[1]):
            host = arguments[1][0] if isinstance(arguments[1], tuple) else "a program of this machine"
            self._refuse(f"it leads to {host}, which is not on the Internet; name it in `allow` if it is meant")

    def _may(self, place: Any) -> bool:
        if not isinstance(place, tuple):
            return False
        try:
            return may_go(ipaddress.ip_address(place[0]), self._allow)
        except ValueError:
            return False

    def _refuse(self, why: str) -> None:
        self.refused = self.refused or why
        raise PermissionError(why)


class Heard(logging.Handler):
    """Keeps the last thing that apprise complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what *record* says, on one line."""
        self.last = " ".join(record.getMessage().split())


def without(url: str, said: str) -> str:
    """Return *said* without any part of *url*, which is a secret."""
    parts = {unquote(part) for part in re.split(r"[^\w.%-]+", url)} | set(re.split(r"[^\w.%-]+", url))
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SECRET_LETTERS:
            said = said.replace(part, "…")
    return said


def sent(url: str, title: str, text: str, *, allow: Sequence[Network], seconds: int) -> str:
    """Send *title* and *text* to *url* within *seconds*. Return nothing when it was taken, or why not."""
    try:
        import apprise
    except ModuleNotFoundError:
        return NOT_INSTALLED
    guard, heard = Guard(allow), Heard()
    complaints = logging.getLogger("apprise")
    complaints.addHandler(heard)
    complaints.propagate = False
    # One attempt and no way elsewhere: when to try again is our own matter.
    asset = apprise.AppriseAsset(
        async_mode=False, http_redirects=False, app_id="Greetline", app_desc="Greetline", service_timeout=seconds
    )
    way = apprise.Apprise(asset=asset)
    sys.addaudithook(guard)
    if not way.add(url):
        return NOT_KNOWN
    if way.notify(body=text, title=title, body_format="text"):
        return ""
    return guard.refused or without(url, heard.last) or "it was not taken"


def main() -> None:
    """Send what the standard input asks for, and say on the standard output what came of it."""
    asked = json.load(sys.stdin)
    # When whoever started us is gone, nobody else ends us.
    signal.alarm(asked["seconds"])
    wrong = sent(asked["url"], asked["title"], asked["text"], allow=networks_of(tuple(asked["allow"])), seconds=asked["seconds"])
    json.dump({"wrong": wrong[:300]}, sys.stdout)


if __name__ == "__main__":
    main()
