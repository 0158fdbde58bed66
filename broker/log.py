"""How every program of ours writes its log, set up in one place: text on a terminal, one JSON object a line elsewhere.

What must not be read by whoever reads logs is taken out before a line is written: PINs, tokens, cookies, passwords in
addresses. A camera box may have no structlog; there the same lines are written by `logging` alone.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import re
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

HIDDEN: Final = "[hidden]"
LEVELS: Final = ("debug", "info", "warning", "error")
PLAIN: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MAX_LETTERS: Final = 16_384
"""Letters of one line; what a device sends must not fill the disk by way of the log."""

_NAMES: Final = (
    r"pins?|passwords?|passwd|secrets?|tokens?|cookies?|authorization|api[_-]?keys?|csrf|x-csrftoken|set-cookie|pepper|"
    r"private[_-]?key"
)
_RULES: Final = (
    # name=value, "name": "value", name: value; a value in quotes may hold blanks.
    (re.compile(rf"""(?i)(["']?\b(?:{_NAMES})\b["']?\s*[:=]\s*)(?:Bearer\s+)?("[^"]*"|'[^']*'|[^\s,;&}})\]]+)"""), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}"), rf"\1{HIDDEN}"),
    # user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s@/]+@"), rf"\1{HIDDEN}@"),
    # the cookies of ours, the keys of programs, links that let somebody in, and the pages of customers
    (re.compile(r"(?i)\b((?:__Host-)?(?:kiosk-)?(?:device|shift|pairing|form|ticket)=)[^\s;,]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bgl?k_[A-Za-z0-9_-]{8,}"), f"glk_{HIDDEN}"),
    (re.compile(r"(/(?:enter|t|j)/)[A-Za-z0-9_-]{16,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\$argon2id?\$[^\s\"']+"), HIDDEN),
)
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor, colours, or reorders a line on a terminal; a line break is looked at apart."""
_SECRET_NAME: Final = re.compile(rf"(?i)^(?:{_NAMES})$")

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


def about(**names: str) -> Callable[[], None]:
    """Let every line from here on name the request or the device it is about; returns what ends that."""
    token = _about.set({**_about.get(), **names})
    return lambda: _about.reset(token)


def clean(text: str) -> str:
    """Return *text* without the values of secrets, at most MAX_LETTERS of it."""
    for rule, instead in _RULES:
        text = rule.sub(instead, text)
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}... ({len(text):,} letters)"


def shown(text: str, *, lines: bool = False) -> str:
    """Return *text* with what would act on a terminal written out, as `\\x1b`; with *lines* it may have lines, each set in."""
    text = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return text.replace("\n", "\n  " if lines else "\\n")


def set_up(level: str = "info", form: str = "auto", *, louder: int = 0) -> None:
    """Write the log of this program to the standard error from now on.

    *form* is text, json, or auto by whether a terminal reads it. *louder* is the number of -v given, below nought of -q.
    """
    place = min(max(LEVELS.index(level) - louder, 0), len(LEVELS) - 1)
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(text))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(LEVELS[place].upper())


def _formatter(text: bool) -> logging.Formatter:
    if importlib.util.find_spec("structlog") is None:
        return _Text() if text else _Json()
    from structlog import dev, processors, stdlib

    # Colours are for a terminal; whoever asks for text elsewhere gets it plain.
    last: Any = (
        dev.ConsoleRenderer(colors=sys.stderr.isatty()) if text else processors.JSONRenderer(sort_keys=False, ensure_ascii=False)
    )
    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[_told, processors.TimeStamper(fmt="iso", utc=True), stdlib.add_log_level, stdlib.add_logger_name],
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.format_exc_info,
            _hidden,
            *([_shown] if text else []),
            last,
        ],
    )


def _told(_: Any, __: str, event: Any) -> Any:
    return {**event, **_about.get()}


def _hidden(_: Any, __: str, event: Any) -> Any:
    """Take secrets out of every text of a line, and the value of every field that is called like one."""
    return {
        name: HIDDEN if _SECRET_NAME.match(str(name)) else clean(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _shown(_: Any, __: str, event: Any) -> Any:
    """Let no text of a line act on the terminal, or look like a line of its own."""
    return {name: shown(v, lines=name == "exception") if isinstance(v, str) else v for name, v in event.items()}


class _Text(logging.Formatter):
    """Lines for a terminal, where there is no structlog."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without secrets."""
        named = "".join(f" {name}={value}" for name, value in _about.get().items())
        record = copy(record)
        record.msg, record.args = shown(record.getMessage()), ()
        return clean(super().format(record)) + shown(named)

    def formatException(self, told: Any) -> str:  # noqa: N802 - the name of the standard library
        """Return the lines of an error, each set in."""
        return shown(f"\n{super().formatException(told)}", lines=True).lstrip("\n")


class _Json(logging.Formatter):
    """One JSON object a line, with the names structlog gives, where there is none."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without secrets."""
        said: dict[str, Any] = {
            "event": clean(record.getMessage()), **_about.get(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(), "logger": record.name,
        }  # fmt: skip
        if record.exc_info:
            said["exception"] = clean(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)
