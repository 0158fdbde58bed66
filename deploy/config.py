"""`greetline config`: the settings as they are, whether they are right, and what each of them means."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import click

from broker.settings import Settings, read
from deploy import own_words, settings_page
from deploy.fault import faults_said

SETTINGS_FILE: Final = Path("greetline.toml")

settings_option = click.option(
    "--settings",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The settings file. Without it {SETTINGS_FILE} in this directory, if there is one.",
)


def here(path: Path | None) -> Path | None:
    """Return *path*, else the settings file of this directory, else None."""
    return path or (SETTINGS_FILE if SETTINGS_FILE.exists() else None)


@click.group()
def config() -> None:
    """Show and check the settings: the file, with GREETLINE_SECTION__KEY from the environment laid over it."""


@config.command()
@settings_option
@click.option("--origin", is_flag=True, help="Say where each value comes from: file, environment or default.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(path: Path | None, origin: bool, as_json: bool) -> None:
    """Print the settings in force as TOML. Without a file: one to begin with.

    \b
    greetline config show > greetline.toml
    greetline config show --origin
    """
    path = here(path)
    with faults_said():
        settings = read(Settings, path)
    base = (path.parent if path else Path()).resolve()
    origins = settings_page.origins(settings, path, os.environ) if origin else {}
    if as_json:
        values = settings_page.plain(settings, base)
        click.echo(json.dumps({"settings": values, "origin": origins} if origin else values, indent=2))
    else:
        click.echo(settings_page.toml(settings, base, origins), nl=False)


@config.command()
@settings_option
def check(path: Path | None) -> None:
    """Say whether the settings can be used; exit code 3 when they cannot."""
    path = here(path)
    with faults_said():
        settings = read(Settings, path)
    cameras = len(settings.cameras)
    for each in own_words.advice(settings):
        click.echo(f"Kinder words: {each}.")
    click.echo(f"{path or 'No file, all defaults'}: right. {settings.store.name}, {cameras} camera{'s' * (cameras != 1)}.")


@config.command()
def schema() -> None:
    """Print the JSON schema of the file, for editors."""
    click.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}, indent=2))


@config.command()
def docs() -> None:
    """Print docs/settings.md."""
    click.echo(settings_page.markdown(), nl=False)
