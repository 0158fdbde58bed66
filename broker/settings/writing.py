"""greetline.toml is changed where it lies: comments and order stay, the models that read it judge it, it is never half written.

An edit names a place by its way, such as `("standards", "warn_seconds")` or `("services", "returns", "name")`: in a list of
tables the second part is the id of the row, and a list of ids at `("services", "order")` is the order of its rows. Whoever
edits says which text they looked at, by its digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.items import AoT

from broker.disk import to_disk
from broker.settings.reading import BadSettings, understand
from broker.settings.tables import Settings

MAX_FILE_BYTES: Final = 48 * 1024
"""A settings file is a few kilobytes; nothing longer is shown, kept or written."""

Way = tuple[str, ...]
Edits = Mapping[Way, Any]
"""By the way to it what is to stand there: a value, a dict for a table, or None for what is to go."""


class CannotWrite(Exception):
    """The file cannot be written. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """The file as it stands."""

    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is another one: the way to it, and both values; None where there is nothing."""

    way: Way
    was: Any
    became: Any

    @property
    def key(self) -> str:
        """The way as one word, such as `standards.warn_seconds`."""
        return ".".join(self.way)


def digest_of(text: str) -> str:
    """Return what tells this text from any other."""
    return hashlib.sha256(text.encode()).hexdigest()


def look(path: Path) -> Written:
    """Read the file at *path* as it stands, right or wrong. Raises BadSettings when it cannot be read."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
        text = body.decode()
    except OSError as wrong:
        raise BadSettings(f"{path}: cannot be read: {wrong.strerror}") from None
    except UnicodeDecodeError as wrong:
        raise BadSettings(f"{path}: this is not TOML: {wrong}") from None
    if len(body) > MAX_FILE_BYTES:
        raise BadSettings(f"{path}: is longer than {MAX_FILE_BYTES:,} bytes; settings are shorter.")
    return Written(text, digest_of(text))


def edited(text: str, edits: Edits) -> str:
    """Return *text* with *edits* made and all else as it is. Raises BadSettings for a text that is not TOML."""
    try:
        wished = tomllib.loads(text)
        document = tomlkit.parse(text)
    except (tomllib.TOMLDecodeError, tomlkit.exceptions.TOMLKitError) as wrong:
        raise BadSettings(f"this is not TOML: {wrong}") from None
    orders = {way[0]: list(value) for way, value in edits.items() if _is_order(way, value)}
    for way, value in edits.items():
        if not _is_order(way, value):
            _set(wished, way, value, dict, list)
            _set(document, way, value, tomlkit.table, tomlkit.aot)
    made = text if len(orders) == len(edits) else _airy(tomlkit.dumps(document), text)
    for table, ids in orders.items():
        stood = [str(row.get("id")) for row in wished.get(table, ())]
        wished[table] = sorted(wished.get(table, ()), key=lambda row: _place(ids, str(row.get("id"))))
        made = _reordered(made, table, stood, [str(row.get("id")) for row in wished[table]])
    # A library writes the file: what it wrote is read again by another one before anybody trusts it.
    if _filled(tomllib.loads(made)) != _filled(wished):
        raise BadSettings("this change cannot be made here; edit the file itself")
    return made


def _is_order(way: Way, value: Any) -> bool:
    return len(way) == 2 and way[0] in ROWS and way[1] == ORDER and isinstance(value, list | tuple)


def _place(ids: list[str], row: str) -> int:
    """Return where *row* stands in the order *ids*; what the order does not name stays behind all others."""
    return ids.index(row) if row in ids else len(ids)


def _reordered(text: str, table: str, stood: list[str], ids: list[str]) -> str:
    """Return *text* with the rows of *table* in the order *ids*, each with its own tables and the comment right above it."""
    lines = text.splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if re.match(r"\s*\[", line)]
    begins = [_above(lines, number) for number in heads]
    blocks: list[tuple[int, int]] = []
    for place, number in enumerate(heads):
        end = begins[place + 1] if place + 1 < len(heads) else len(lines)
        if re.match(rf"\s*\[\[\s*{table}\s*\]\]", lines[number]):
            blocks.append((begins[place], end))
        elif blocks and blocks[-1][1] == begins[place] and re.match(rf"\s*\[+\s*{table}\s*\.", lines[number]):
            blocks[-1] = (blocks[-1][0], end)
    if len(blocks) != len(stood):
        raise BadSettings("this change cannot be made here; edit the file itself")
    said = {row: "".join(lines[begin:end]).rstrip() for row, (begin, end) in zip(stood, blocks, strict=True)}
    for row, (begin, end) in reversed(list(zip(ids, blocks, strict=True))):
        was = "".join(lines[begin:end])
        lines[begin:end] = [said[row] + was[len(was.rstrip()) :]]
    return "".join(lines)


def _above(lines: list[str], number: int) -> int:
    """Return where the comment right above the line *number* begins."""
    while number and lines[number - 1].lstrip().startswith("#"):
        number -= 1
    return number


def _airy(made: str, was: str) -> str:
    """Return *made* with an empty line above each table that is new."""
    stood = set(pairwise(was.splitlines()))
    lines = made.splitlines(keepends=True)
    for number in range(len(lines) - 1, 0, -1):
        above, line = lines[number - 1].rstrip("\r\n"), lines[number].rstrip("\r\n")
        if line.startswith("[") and above and not above.startswith("#") and (above, line) not in stood:
            lines.insert(number, "\n")
    return "".join(lines)


def _set(document: Any, way: Way, value: Any, table: Callable[[], Any], rows: Callable[[], Any]) -> None:
    inner, last = document, way[-1]
    for part in way[:-1]:
        if isinstance(inner, list):
            inner = next((row for row in inner if row.get("id") == part), None)
            if inner is None:
                return  # What is to be changed in it went with it.
        else:
            if part not in inner:
                is_list = inner is document and part in ROWS
                if value is None or (is_list and len(way) > 2):
                    return  # There is nothing to take away, or no such row to change.
                inner[part] = rows() if is_list else table()
            inner = inner[part]
    if isinstance(inner, list):
        _set_row(inner, last, value, table)
    elif value is None:
        inner.pop(last, None)
    else:
        inner[last] = list(value) if isinstance(value, tuple) else value


def _set_row(rows: Any, name: str, value: dict[str, Any] | None, table: Callable[[], Any]) -> None:
    place = next((number for number, row in enumerate(rows) if row.get("id") == name), None)
    if value is None:
        if place is not None:
            del rows[place]
        return
    made = table() if isinstance(rows, AoT) or table is dict else tomlkit.inline_table()
    made.update({"id": name} | value)
    if place is None:
        rows.append(made)
    else:
        rows[place] = made


ROWS: Final = frozenset(
    name for name, field in Settings.model_fields.items() if str(field.annotation).startswith("tuple[") and name != "models"
)
"""The lists of tables of the file, such as `services`."""


ORDER: Final = "order"
"""Where the order of the rows of a list stands, for an edit and for a difference."""


def _filled(values: Any) -> Any:
    """Return *values* without tables and lists that hold nothing: a list of tables without a row cannot be written down."""
    if isinstance(values, dict):
        return {key: inner for key, value in values.items() if (inner := _filled(value)) not in ({}, []) or value == []}
    return [_filled(value) for value in values] if isinstance(values, list) else values


def differences(was: Settings, becomes: Settings) -> tuple[Difference, ...]:
    """Return what is set otherwise in *becomes*, in the order of the models. A whole row that comes or goes is one difference."""
    return tuple(_between((), was.model_dump(mode="json"), becomes.model_dump(mode="json")))


def _between(way: Way, was: Any, becomes: Any) -> Iterator[Difference]:
    if was == becomes:
        return
    before, after = _named(was), _named(becomes)
    if before is None or after is None:
        yield Difference(way, was, becomes)
        return
    for name in dict.fromkeys([*before, *after]):
        yield from _between((*way, name), before.get(name), after.get(name))
    stayed = [name for name in before if name in after]
    if isinstance(was, list) and stayed != [name for name in after if name in before]:
        yield Difference((*way, ORDER), list(before), list(after))


def _named(value: Any) -> dict[str, Any] | None:
    """Return the parts of a table, or of a list whose rows have ids, by name; None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in value):
        return {row["id"]: row for row in value}
    return None


def hidden(value: Any) -> Any:
    """Return *value* without the name and password of an address in it, for lists, logs and screens."""
    if isinstance(value, str):
        return re.sub(r"(?<=://)[^/@\s]+@", "…@", value)
    if isinstance(value, dict):
        return {key: hidden(inner) for key, inner in value.items()}
    return [hidden(inner) for inner in value] if isinstance(value, list | tuple) else value


def judged(text: str, path: Path) -> Settings:
    """Return the settings that *text* would be at *path*, with the environment over it. Raises BadSettings."""
    if len(text.encode()) > MAX_FILE_BYTES:
        raise BadSettings(f"{path}: is longer than {MAX_FILE_BYTES:,} bytes; settings are shorter.")
    return understand(Settings, text, str(path))


def put(path: Path, text: str) -> None:
    """Let the file at *path* be *text*, all of it or nothing, with the mode and the owner it has. Raises CannotWrite."""
    path = path.resolve()  # A link stays a link.
    aside = path.with_name(f".{path.name}.new")
    try:
        stands = path.stat()
        # Whoever may read the old file and no more: it is given its mode before its name.
        with open(aside, "wb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600)) as file:
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), stands.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):  # Only root gives files away; ours then.
                os.fchown(file.fileno(), stands.st_uid, stands.st_gid)
            os.fsync(file.fileno())
        aside.replace(path)
        to_disk(path.parent)
    except OSError as wrong:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise CannotWrite(f"{path} cannot be written: {wrong.strerror}.") from wrong
