"""`greetline edge`: the eyes on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from broker.settings import CameraSettings


class World(click.ClickException):
    """The world does not allow it: a file, a camera, a disk. Exit code 3."""

    exit_code = 3


@click.group(name="edge", context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The eyes: count who comes in and goes out.

    \b
    greetline edge count door.mp4 --line 20,150,300,150 --in up
    greetline edge run --camera scene:door --mqtt-host 127.0.0.1
    """


class _Numbers(click.ParamType[tuple[float, ...]]):
    """Four numbers with commas between them."""

    name = "x1,y1,x2,y2"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(float(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != 4:
            self.fail(f"{value!r} is not four numbers such as 20,150,300,150", param, ctx)
        return numbers


INSIDES = click.Choice(["up", "down", "left", "right"])
VIEWS = click.Choice(["overhead", "angled"])


@main.command()
@click.argument("clip")
@click.option("--line", type=_Numbers(), help="Both ends in pixels of the picture as shown. Default: across the middle.")
@click.option("--in", "inside", type=INSIDES, help="Where the shop is. Default: up; left for an upright line.")
@click.option("--view", type=VIEWS, default="overhead", show_default=True, help="Straight down, or at an angle.")
@click.option("--model", type=click.Path(path_type=Path), help="Model file; needed for an angled view.")
@click.option("--fps", type=click.FloatRange(1, 60), default=10, show_default=True, help="Frames looked at in a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def count(clip: str, line: Any, inside: Any, view: Any, model: Path | None, fps: float, as_json: bool) -> None:
    """Count who crosses the line in CLIP, as fast as this machine can.

    \b
    greetline edge count door.mp4 --line 20,150,300,150 --in up
    greetline edge count stairs.mp4 --line 28,220,596,220 --view angled --model yolox_nano_416.onnx --json
    """
    from edge import counting
    from edge.detectors import BadDetector
    from edge.geometry import BadGeometry
    from edge.source import NoPictures

    try:
        across = counting.line_in_pixels(clip, line, inside)
        camera = CameraSettings(id="clip", source=clip, view=view, model=model, frames_per_second=fps, lines=(across,))
        counted = counting.count(camera) if as_json else _with_progress(camera)
    except (counting.BadLine, BadGeometry) as wrong:
        raise click.BadParameter(str(wrong), param_hint="--line") from None
    except (NoPictures, BadDetector) as wrong:
        raise World(str(wrong)) from None
    click.echo(json.dumps(counted.as_json()) if as_json else _in_words(counted.as_json()))


def _with_progress(camera: CameraSettings) -> Any:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from edge import counting

    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} s of video counted"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("counting", total=None)
        return counting.count(camera, tell=lambda seconds: progress.update(task, completed=seconds))


def _in_words(counted: dict[str, Any]) -> str:
    rows = [f"{crossing['t']:8.2f} s  frame {crossing['frame']:6d}  {crossing['direction']}" for crossing in counted["crossings"]]
    ratio = counted["cpu_seconds"] / max(counted["decode_cpu_seconds"], 1e-3)
    return "\n".join(
        [
            *rows,
            f"{counted['in']} in, {counted['out']} out in {counted['seconds_of_video']:.1f} s of video",
            f"{counted['cpu_seconds']:.2f} s of processor time, {ratio:.2f} times what decoding alone takes",
        ]
    )
