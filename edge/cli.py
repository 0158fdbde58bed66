"""`greetline edge`: the eyes on the command line."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from broker import anew, lifeline, log
from broker.settings import BadSettings, CameraSettings, model_at
from edge import cli_audit, cli_badge


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


main.add_command(cli_audit.audit)
main.add_command(cli_audit.calibrate)
main.add_command(cli_badge.badge)


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
@click.option("--view", type=cli_audit.VIEWS, default="overhead", show_default=True, help="auto: told from the first seconds.")
@click.option("--model", type=click.Path(path_type=Path), help="Model, a file or a name; needed for an angled view.")
@click.option("--fps", type=click.FloatRange(1, 60), default=10, show_default=True, help="Frames looked at in a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def count(clip: str, line: Any, inside: Any, view: Any, model: Path | None, fps: float, as_json: bool) -> None:
    """Count who crosses the line in CLIP, as fast as this machine can.

    \b
    greetline edge count door.mp4 --line 20,150,300,150 --in up
    greetline edge count stairs.mp4 --line 28,220,596,220 --view angled --model yolox-nano --json
    """
    from edge import counting, holdings, viewing
    from edge.detectors import BadDetector
    from edge.geometry import BadGeometry
    from edge.source import NoPictures

    try:
        across = counting.line_in_pixels(clip, line, inside)
        model = model_at(model, Path(), holdings.kept_in(None)) if model else None
        if view == "auto":
            proposal = viewing.propose(clip, model)
            view = proposal.view
            click.echo(f"view {view}: {proposal.why}", err=True)
        camera = CameraSettings(id="clip", source=clip, view=view, model=model, frames_per_second=fps, lines=(across,))
        counted = counting.count(camera) if as_json else _with_progress(camera)
    except (counting.BadLine, BadGeometry) as wrong:
        raise click.BadParameter(str(wrong), param_hint="--line") from None
    except (NoPictures, BadDetector, BadSettings) as wrong:
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


@main.command()
@click.option("--settings", "file", type=click.Path(path_type=Path), help="edge.toml, or the greetline.toml of a shop.")
@click.option("--camera-id", help="Only this camera of the file; without a file, the name of this one. Default: door.")
@click.option("--camera", "source", help="rtsp://..., a device number, a video file, or scene:door. Before the file's.")
@click.option("--line", type=_Numbers(), help="Both ends in fractions of the picture. Default: across the middle.")
@click.option("--inside", type=INSIDES, help="Where the shop is, seen from the line. Default: up; left if upright.")
@click.option("--zone", help="The zone of the shop the door opens into. Default: entrance.")
@click.option("--view", type=VIEWS, help="Straight down, or at an angle. Default: overhead.")
@click.option("--detector", type=click.Choice(["auto", "blobs", "onnx", "openvino", "cv2dnn"]), help="Default: by view and model.")
@click.option("--model", type=click.Path(path_type=Path), help="Model: a file, or a name of `greetline models list`.")
@click.option("--fps", type=click.FloatRange(0, 60, min_open=True), help="Frames looked at in a second. Default: 10.")
@click.option("--store", help="Name of the store on the wire. Default: shop.")
@click.option("--mqtt-host", help="Address of the MQTT broker. Default: 127.0.0.1.")
@click.option("--mqtt-port", type=click.IntRange(1, 65535), help="Its port. Default: 1883.")
@click.option("--mqtt-username", help="Name to sign in with.")
@click.option("--mqtt-password-file", type=click.Path(path_type=Path), help="File whose first line is the password.")
@click.option("--spool", type=click.Path(path_type=Path), help="File of the events that wait. Default: in --data.")
@click.option("--data", type=click.Path(path_type=Path), help="Directory of what is kept. Default: ./var.")
def run(file: Path | None, camera_id: str | None, spool: Path | None, **given: Any) -> None:
    """Watch one camera, or all of a file, and say on MQTT who comes in and goes out, until told to stop.

    \b
    greetline edge run --camera scene:door --mqtt-host 127.0.0.1
    greetline edge run --camera rtsp://10.0.0.7/door --line 0.1,0.5,0.9,0.5 --inside up --zone entrance
    greetline edge run --settings edge.toml
    greetline edge run --settings edge.toml --camera-id door
    """
    from edge import starting
    from edge.eyes import REFUSALS

    log.set_up()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lifeline.watch()
    watch = anew.Watch(file, model=starting.kind(file), matters=starting.used)
    try:
        told = starting.settings(file, camera_id, {**given, "spool": spool})
        log.set_up(told.settings.log.level, told.settings.log.form)
        watch.begin(stop.set)
        starting.watch(told, spool, stop)
    except (BadSettings, *REFUSALS) as wrong:
        raise World(str(wrong)) from None
    sys.exit(watch.exit_code(0))
