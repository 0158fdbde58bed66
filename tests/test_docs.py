"""Docs that drift fail here: every topic, message, setting and command is on its page, and the drawings are the tables."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from enum import EnumType
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from broker.contract.messages import BODIES, CHANNELS, MAX_BYTES, Kind
from broker.contract.topics import TOPICS
from broker.domain.visit import MOVES, Move, State

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def between(text: str, mark: str) -> str:
    return text.split(f"<!-- {mark} -->\n")[1].split(f"<!-- /{mark} -->")[0]


def drawn_moves() -> str:
    lines = ["| state | move | becomes |", "|---|---|---|"]
    for state in State:
        for move in Move:
            if (state, move) in MOVES:
                lines.append(f"| {state} | {move} | {MOVES[state, move]} |")
    return "\n".join(lines) + "\n"


def listed_kinds() -> str:
    parts = []
    for kind, body in BODIES.items():
        parts.append(f"### `{kind}` on `{CHANNELS[kind]}`\n\n{_fields(body)}")
    parts.append("## Parts of a message\n\n")
    parts += [f"### {part.__name__}\n\n{_fields(part)}" for part in _inner(BODIES.values())]
    return "".join(parts)


def _fields(model: type[BaseModel]) -> str:
    rows = [f"| `{name}` | {_type(field)} | {_what(field)} |\n" for name, field in model.model_fields.items()]
    return f"{(model.__doc__ or '').strip()}\n\n| field | type | what |\n|---|---|---|\n{''.join(rows)}\n"


def _inner(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    """Return the models that stand inside *models*, each once, the outer before the inner."""
    found: list[type[BaseModel]] = []
    for model in models:
        for field in model.model_fields.values():
            for part in (field.annotation, *get_args(field.annotation)):
                if isinstance(part, type) and issubclass(part, BaseModel) and part not in found:
                    found += [part, *(inner for inner in _inner([part]) if inner not in found)]
    return found


def _type(field: FieldInfo) -> str:
    names = []
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    for part in get_args(field.annotation) or (field.annotation,):
        part = get_args(part)[0] if get_origin(part) is Annotated else part
        if isinstance(part, EnumType):
            names.append(", ".join(f"`{value.value}`" for value in part))
        elif isinstance(part, type) and issubclass(part, BaseModel):
            names.append(f"{'some ' if get_origin(field.annotation) is tuple else ''}{part.__name__}")
        elif get_origin(part) is tuple:
            names.append("points `[x, y]`, each 0 to 1")
        elif part not in (type(None), Ellipsis):
            names.append(_WORDS.get(getattr(part, "__name__", ""), str(part)))
    return " or ".join(dict.fromkeys(names))


_WORDS = {"str": "text", "int": "whole number", "float": "number", "AwareDatetime": "time", "bool": "true or false"}


def _what(field: FieldInfo) -> str:
    text = field.description or ""
    return text if field.is_required() else (text + " Optional.").strip()


def check(path: Path, mark: str, expected: str) -> None:
    text = path.read_text(encoding="utf-8")
    if between(text, mark) != expected and os.environ.get("GREETLINE_WRITE_DOCS"):
        path.write_text(
            text.replace(between(text, mark), expected)
            if between(text, mark)
            else text.replace(f"<!-- {mark} -->\n", f"<!-- {mark} -->\n{expected}")
        )
        text = path.read_text(encoding="utf-8")
    assert between(text, mark) == expected, f"{path.name}: run the tests once with GREETLINE_WRITE_DOCS=1 and look at the change"


def test_the_drawing_of_the_visit_machine_is_its_table() -> None:
    check(ROOT / "docs/architecture.md", "moves", drawn_moves())


def test_every_message_is_in_the_protocol_with_every_field() -> None:
    check(ROOT / "docs/protocol.md", "kinds", listed_kinds())


@pytest.mark.parametrize("topic", TOPICS.values())
def test_every_topic_is_in_the_protocol(topic: str) -> None:
    assert f"`{topic}`" in PROTOCOL


def test_the_protocol_gives_the_limit_that_holds() -> None:
    assert str(MAX_BYTES) in PROTOCOL
    assert set(BODIES) == set(Kind)


def test_every_module_of_broker_is_on_a_floor_of_the_house() -> None:
    for path in sorted((ROOT / "broker").iterdir()):
        if (path.is_dir() and (path / "__init__.py").exists()) or (
            path.suffix == ".py" and path.stem not in ("__init__", "__main__", "shop", "cli")
        ):
            assert f"`broker/{path.stem}`" in ARCHITECTURE, f"docs/architecture.md does not know broker/{path.stem}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_inside_the_project_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_a_page_names_is_there(page: Path) -> None:
    for name in re.findall(
        r"`((?:broker|edge|dashboard|deploy|kiosk|tests|docs|benchmarks)/[\w./-]+)`", page.read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists() or (ROOT / f"{name}.py").exists(), f"{page.name} names {name}"


def test_every_package_we_depend_on_has_its_reason() -> None:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(p for extra in project["optional-dependencies"].values() for p in extra)]
    for package in wanted:
        name = re.split(r"[\[>=<~! ]", package)[0]
        assert name == "greetline" or name in text, f"docs/dependencies.md does not say why {name}"
