"""docs/settings.md is what the settings say of themselves, and no setting is without its sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from broker.settings import EdgeSettings, Settings, read
from deploy import settings_page

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/settings.md"


def every_section() -> list[type[BaseModel]]:
    outer = [model for _, model, _ in settings_page.sections(Settings)]
    return [*outer, *(inner for model in outer for _, inner, _ in settings_page.sections(model))]


@pytest.mark.parametrize("section", every_section(), ids=lambda section: section.__name__)
def test_every_setting_has_its_sentence_and_stands_on_the_page(section: type[BaseModel]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for key, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{key} has no description"
        assert f"| `{key}` |" in page or f".{key}]]`" in page or f".{key}]`" in page, (
            f"docs/settings.md does not know {key}: `greetline config docs`"
        )


def test_the_page_is_what_greetline_config_docs_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page.markdown(), "run `greetline config docs > docs/settings.md`"


@pytest.mark.parametrize(
    ("name", "model"),
    [("greetline.example.toml", Settings), ("edge.example.toml", EdgeSettings)],
    ids=["a whole shop", "a camera box"],
)
def test_the_examples_can_be_used(name: str, model: type[EdgeSettings]) -> None:
    settings = read(model, ROOT / "deploy" / name, environment={})
    assert settings.cameras
    assert all(camera.lines for camera in settings.cameras)
    assert tomllib.loads((ROOT / "deploy" / name).read_text(encoding="utf-8"))
