"""`greetline edge audit` and `calibrate`: how well a camera is counted, and how it should be set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edge.audit import Audited, How, Tell
    from edge.calibration import Calibration

VIEWS = click.Choice(["auto", "overhead", "angled"])


@click.command()
@click.argument("truths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TRUTH.json...")
@click.option("--model", type=click.Path(path_type=Path), help="Model file for clips at an angle.")
@click.option("--models", type=click.Path(path_type=Path), help="Folder of model files; the best one there is taken.")
@click.option("--view", type=VIEWS, default="auto", show_default=True, help="auto: told from each clip's first seconds.")
@click.option("--fps", type=click.FloatRange(1, 60), default=10, show_default=True, help="Frames looked at in a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(truths: tuple[Path, ...], model: Path | None, models: Path | None, view: Any, fps: float, as_json: bool) -> None:
    """Count the clips beside TRUTH.json files and compare with what was counted by eye.

    Ends with 3 when a clip could not be judged; the others are judged all the same.

    \b
    greetline edge audit footage/*.json --models models
    greetline edge audit footage/stairs.json --view angled --model yolox_nano_416.onnx --json
    """
    from edge import audit as auditing
    from edge.detectors import BadDetector

    try:
        how = _how(model, models, None if view == "auto" else view, fps)
    except BadDetector as wrong:
        raise click.BadParameter(str(wrong), param_hint="--models") from None
    with _progress() as tell:
        audited = [auditing.audit(file, how, tell) for file in truths]
    sums = auditing.totals(audited)
    if as_json:
        click.echo(json.dumps({"clips": [one.as_json() for one in audited], "totals": sums}))
    else:
        _table(audited, sums)
    if sums["errors"]:
        raise SystemExit(3)


@click.command()
@click.argument("source")
@click.option("--seconds", type=click.FloatRange(5, 3600), default=60, show_default=True, help="How long to look.")
@click.option("--model", type=click.Path(path_type=Path), help="Model file to tell the view with.")
@click.option("--models", type=click.Path(path_type=Path), help="Folder of model files; the best one there is taken.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write one picture here (JPEG). Without it none is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(source: str, seconds: float, model: Path | None, models: Path | None, out: Path | None, as_json: bool) -> None:
    """Look at SOURCE for a minute and propose `view`, detector and model. No picture is kept unless --out says where.

    \b
    greetline edge calibrate rtsp://10.0.0.7/door --models models
    greetline edge calibrate door.mp4 --models models --out door.jpg --json
    """
    from edge import calibration
    from edge.detectors import BadDetector
    from edge.source import NoPictures

    try:
        how = _how(model, models, None, 10)
        with _progress() as tell:
            seen = calibration.calibrate(source, seconds, how.model, lambda so_far: tell(f"{so_far:.0f} s looked at"))
        if out is not None:
            calibration.keep(seen.picture, out)
    except (NoPictures, BadDetector) as wrong:
        raise _Refused(str(wrong)) from None
    except OSError as wrong:
        raise _Refused(f"{out} cannot be written: {wrong.strerror}. Give --out a place that can.") from None
    click.echo(json.dumps(seen.as_json()) if as_json else _proposed(seen, how.no_model))


class _Refused(click.ClickException):
    exit_code = 3


def _proposed(seen: Calibration, no_model: str) -> str:
    told = seen.as_json()
    rows = [f'view = "{told["view"]}"'] + ([f'model = "{told["model"]}"'] if told["view"] == "angled" else [])
    sure = f"{told['sure']:.0%} sure after {told['seconds']:.0f} s: {told['why']}"
    remedy = [f"{no_model.partition(':')[0].capitalize()}; give --models FOLDER to tell the view."] if no_model else []
    more = ["Look for longer, at a time when people come and go."] if told["sure"] < 0.5 and not no_model else []
    return "\n".join([*rows, sure, *remedy, *more])


def _how(model: Path | None, models: Path | None, view: Any, fps: float) -> How:
    from edge.audit import How
    from edge.viewing import model_in

    if model is not None:
        return How(view, model, "", fps)
    found, why = model_in(models) if models else (None, "no model was given: blobs for everything")
    return How(view, found, why, fps)


@contextmanager
def _progress() -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda doing: progress.update(task, description=doing)


def _table(audited: list[Audited], sums: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = [one.as_json() for one in audited]
    lines, zones = [row for row in rows if "right" in row], [row for row in rows if "visits" in row]
    console = Console()
    for title, names, chosen in (
        ("Lines", ("right", "false", "missed", "net_error"), lines),
        ("Zones", ("visits", "visits_truth", "dwell_error_s", "queue_length_right"), zones),
    ):
        if not chosen:
            continue
        table = Table(title=title, title_justify="left")
        for name in ("clip", *names, "view", "detector"):
            table.add_column(name.replace("_", " "), justify="right" if name in names else "left")
        for row in (*chosen, sums | {"clip": "together", "view": "", "detector": ""}):
            table.add_row(*("-" if row[name] is None else str(row[name]) for name in ("clip", *names, "view", "detector")))
        console.print(table)
    for row in rows:
        for said in (row.get("error"), row.get("warning")):
            if said:
                console.print(f"{row['clip']}: {said}", markup=False, highlight=False)
