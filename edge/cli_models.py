"""`greetline models`: which person detectors there are, how they come here, and whether what is here is right."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from broker.settings import MODELS, BadSettings
from edge import fetching, holdings, models
from edge.cli import World
from edge.fetching import SITE, NotFetched, Patience
from edge.models import Model, ModelFile

Progress = Callable[[ModelFile, int], None]


class _Known(click.ParamType[Model]):
    """The name of a model of the catalogue."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Model:
        found = value if isinstance(value, Model) else models.named(str(value))
        if not found:
            names = [model.name for model in models.CATALOGUE]
            near = difflib.get_close_matches(str(value).lower(), names, n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]}? " if near else ""
            self.fail(f"there is no model {value!r}. {hint}There is: {', '.join(names)}.", param, ctx)
        return found


_dir = click.option(
    "--dir", "folder", type=click.Path(path_type=Path), help="Where models lie. Default: models/ in the shop's `[store] data`."
)
_settings = click.option(
    "--settings", type=click.Path(path_type=Path), help="The settings file. Default: greetline.toml or edge.toml, if it is here."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(name="models", context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Person detectors: none is part of Greetline, each is fetched from its makers' address and checked.

    \b
    greetline models list
    greetline models fetch lwpd
    greetline models check
    """


@main.command("list")
@_dir
@_settings
@_json
def list_(folder: Path | None, settings: Path | None, as_json: bool) -> None:
    """Say which models there are, what each is good for, and which are here.

    \b
    greetline models list
    greetline models list --dir models --json
    """
    folder = _folder(folder, settings)
    held = [holdings.look(model, folder) for model in models.CATALOGUE]
    if as_json:
        _print(folder, held)
    else:
        _say(folder, held)


@main.command()
@click.argument("names", nargs=-1, required=True, type=_Known(), metavar="NAME...")
@_dir
@_settings
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="A file, or a folder of files, to copy instead of fetching."
)
@click.option("--base-url", default=SITE, show_default=True, help="A mirror, laid out as the default is.")
@_json
def fetch(
    names: tuple[Model, ...], folder: Path | None, settings: Path | None, source: Path | None, base_url: str, as_json: bool
) -> None:
    """Bring models here: from the Internet, a mirror, or a file on disk. Only the right file is kept.

    What breaks off is gone on with, also in another run. Proxies are taken from the environment (HTTPS_PROXY, NO_PROXY).
    Ends with 3 when one of them could not be had; the others are fetched all the same.

    \b
    greetline models fetch lwpd
    greetline models fetch yolox-nano lwpd --dir models
    greetline models fetch yolox-nano --from /media/stick
    greetline models fetch lwpd --base-url http://mirror.example/models
    """
    _check_address(base_url)
    folder = _folder(folder, settings)
    said = []
    with _progress() as tell:
        for model in dict.fromkeys(names):
            try:
                said.append(_brought(model, folder, source, base_url, tell))
            except NotFetched as wrong:
                said.append({"name": model.name, "state": "failed", "error": str(wrong)})
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "models": said}))
    else:
        for one in said:
            click.echo(_in_words(one), err="error" in one)
    if any("error" in one for one in said):
        raise SystemExit(World.exit_code)


@main.command()
@click.argument("names", nargs=-1, type=_Known(), metavar="[NAME]...")
@_dir
@_settings
@_json
def check(names: tuple[Model, ...], folder: Path | None, settings: Path | None, as_json: bool) -> None:
    """Check the digests of what is here, and that each model loads and answers as it should.

    Ends with 1 when one is wrong, or one that was named is not here.

    \b
    greetline models check
    greetline models check lwpd --dir models --json
    """
    folder = _folder(folder, settings)
    held = [holdings.check(model, folder) for model in dict.fromkeys(names or models.CATALOGUE)]
    if as_json:
        _print(folder, held)
    else:
        for one in held:
            click.echo(f"{one.model.name}: {one.says}")
    if any(one.wrong or (names and not one.here) for one in held):
        raise SystemExit(1)


def _folder(folder: Path | None, settings: Path | None) -> Path:
    """Return where models lie. Raises World when the settings file cannot be used."""
    if folder:
        return folder
    try:
        return holdings.kept_in(settings) / MODELS
    except BadSettings as wrong:
        raise World(str(wrong)) from None


def _check_address(base: str) -> None:
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{base!r} is not an address such as https://mirror.example/models", param_hint="--base-url")


def _brought(model: Model, folder: Path, source: Path | None, base: str, tell: Progress) -> dict[str, Any]:
    """Bring what is missing of *model*. Raises NotFetched."""
    missing = holdings.missing(model, folder)
    for file in missing:
        if source:
            fetching.copy(file, folder, holdings.same(file, source))
        else:
            fetching.fetch(file, folder, base, Patience(), partial(tell, file))
    held = holdings.look(model, folder)
    state = "here" if not missing else "copied" if source else "fetched"
    return {"name": model.name, "state": state, "file": str(held.file), "bytes": sum(file.size for file in model.files)}


def _in_words(said: dict[str, Any]) -> str:
    if "error" in said:
        return f"{said['name']}: {said['error']}"
    done = {"here": "was here already", "copied": "copied and checked", "fetched": "fetched and checked"}[said["state"]]
    return f'{said["name"]}: {done}, {said["file"]}. In a camera: model = "{said["name"]}"'


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def tell(file: ModelFile, here: int) -> None:
            if file.name not in tasks:
                tasks[file.name] = progress.add_task(file.name, total=file.size)
            progress.update(tasks[file.name], completed=here)

        yield tell


def _print(folder: Path, held: Sequence[holdings.Held]) -> None:
    click.echo(json.dumps({"folder": str(folder), "models": [one.as_json() for one in held]}))


def _say(folder: Path, held: Sequence[holdings.Held]) -> None:
    click.echo(f"Models in {folder}")
    for one in held:
        model, size = one.model, sum(file.size for file in one.model.files) / 1e6
        click.echo(f"\n{model.name}  {one.state}, {size:.1f} MB, {model.licence}, detector {model.detector}")
        click.echo(f"  {model.good_for}")
        if not one.here:
            click.echo(f"  {one.says[0].upper()}{one.says[1:]}")
