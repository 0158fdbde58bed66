"""The settings as a person reads them: TOML with a sentence for each key, and the page of docs/."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from tomlkit.items import Table

from broker.settings import ENVIRONMENT, Settings

STARTER_CAMERA: Final = """
# A camera at the door. Take the # away, and set `source`: rtsp://user:password@address/path, a device number such as
# "0", a video file, or "scene:door", a rendered door that needs no camera.
#[[cameras]]
#id = "door"
#source = "scene:door"
#
#[[cameras.lines]]
#zone = "entrance"
#points = [[0.1, 0.5], [0.9, 0.5]]
#inside = "down"
"""


def sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel], bool]]:
    """Yield (name, model, whether there may be several) of each section of *model*, in the order of the file."""
    for name, field in model.model_fields.items():
        inner = _inner_model(field.annotation)
        if inner is not None:
            yield name, inner, get_origin(field.annotation) is tuple


def plain(settings: Settings, base: Path) -> dict[str, Any]:
    """Return *settings* as plain JSON values; paths below *base* are given as the file would give them."""
    values: dict[str, Any] = _relative(settings.model_dump(mode="json"), settings.model_dump(), base)
    return values


def toml(settings: Settings, base: Path, origins: Mapping[str, str]) -> str:
    """Return *settings* as TOML, a comment above each key; *origins* says where each `section.key` comes from."""
    values = plain(settings, base)
    document = tomlkit.document()
    document.add(tomlkit.comment("Settings of one shop. Every key may be left out; these are the values in force."))
    document.add(tomlkit.comment(f"{ENVIRONMENT}SECTION__KEY in the environment goes before what stands here."))
    for name, model, many in sections(Settings):
        if many:
            tables = tomlkit.aot()
            for each in values[name]:
                tables.append(_table(model, each, "", {}))
            if tables:
                document.add(name, tables)
        else:
            document.add(name, _table(model, values[name], name, origins))
    return tomlkit.dumps(document) + ("" if settings.cameras else STARTER_CAMERA)


def origins(settings: Settings, path: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return where each `section.key` comes from: `file`, `environment` or `default`."""
    written = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    found = {}
    for name, model, many in sections(type(settings)):
        if many:
            found[name] = "file" if name in written else "default"
            continue
        for key in model.model_fields:
            set_outside = f"{ENVIRONMENT}{name}__{key}".upper() in environment
            found[f"{name}.{key}"] = "environment" if set_outside else "file" if key in written.get(name, {}) else "default"
    return found


def markdown() -> str:
    """Return docs/settings.md: every setting, its kind, its default and its sentence."""
    out = [
        "# Settings",
        "",
        "Every key of `greetline.toml`. A key that is not here ends the start. `greetline config docs` prints this page,",
        "`greetline config show` the values in force, `greetline config check` says whether a file is right.",
        "",
        f"`{ENVIRONMENT}SECTION__KEY` in the environment goes before the file: `{ENVIRONMENT}DASHBOARD__PORT=9000`.",
    ]
    for heading, model in _headings():
        out += ["", f"## `{heading}`", "", _first_upper((model.__doc__ or "").split(": ", 1)[-1].strip()), ""]
        out += ["| key | kind | default | what it is |", "|---|---|---|---|"]
        for key, field in model.model_fields.items():
            if _inner_model(field.annotation) is None:
                out.append(f"| `{key}` | {_kind(field)} | {_default(field)} | {field.description} |")
    return "\n".join(out) + "\n"


def _headings() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, model, many in sections(Settings):
        yield (f"[[{name}]]" if many else f"[{name}]"), model
        for inner_name, inner, several in sections(model):
            yield (f"[[{name}.{inner_name}]]" if several else f"[{name}.{inner_name}]"), inner


def _table(model: type[BaseModel], values: Mapping[str, Any], section: str, origins: Mapping[str, str]) -> Table:
    table = tomlkit.table()
    inner = {name: (kind, several) for name, kind, several in sections(model)}
    for key, field in model.model_fields.items():
        if key in inner:
            continue
        if field.description:
            table.add(tomlkit.comment(field.description))
        if values[key] is None:
            table.add(tomlkit.comment(f"{key} ="))
            continue
        item = tomlkit.item(values[key])
        if origin := origins.get(f"{section}.{key}"):
            item.comment(f"from {'the ' if origin != 'default' else ''}{origin}")
        table.add(key, item)
    for key, (kind, several) in inner.items():
        if not several:
            table.add(key, _table(kind, values[key], "", {}))
            continue
        tables = tomlkit.aot()
        for each in values[key]:
            tables.append(_table(kind, each, "", {}))
        if tables:
            table.add(key, tables)
    return table


def _relative(values: Any, typed: Any, base: Path) -> Any:
    if isinstance(values, dict):
        return {key: _relative(value, typed[key], base) for key, value in values.items()}
    if isinstance(values, list):
        return [_relative(value, each, base) for value, each in zip(values, typed, strict=True)]
    if isinstance(typed, Path) and typed.is_relative_to(base):
        return str(typed.relative_to(base))
    return values


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _kind(field: FieldInfo) -> str:
    kind, numbers = (
        _named(field.annotation),
        [getattr(limit, side) for limit in field.metadata for side in _SIDES if hasattr(limit, side)],
    )
    return f"{kind}, {' to '.join(f'{number:g}' for number in numbers)}" if len(numbers) == 2 else kind


_SIDES: Final = ("ge", "gt", "le", "lt")
_LISTS: Final = {"text": "list of texts", "whole number": "list of whole numbers"}
_NAMES: Final = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}


def _named(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in inside)
    if origin in (Union, UnionType):
        return _named(next(each for each in inside if each is not NoneType))
    if origin is tuple:
        return _LISTS.get(_named(inside[0]), "list of points `[x, y]`, each 0 to 1")
    if origin is dict:
        return f"table of {_named(inside[1])}"
    if origin is not None and inside:
        return _named(inside[0])
    if hasattr(annotation, "__members__"):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return _NAMES.get(getattr(annotation, "__name__", ""), "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.default
    return "none" if value in (None, ()) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
