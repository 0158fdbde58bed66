"""`greetline edge badge`: a badge to print and cut out."""

from __future__ import annotations

from pathlib import Path

import click


class NotWritten(click.ClickException):
    """The badge has no place to be. Exit code 3."""

    exit_code = 3


@click.command()
@click.argument("number", type=click.IntRange(0, 49))
@click.option("--out", type=click.Path(path_type=Path), help="PNG or PDF to write. Default: badge-NUMBER.png.")
@click.option(
    "--size-mm", type=click.FloatRange(15, 180), default=60, show_default=True, help="Side of the black square, in millimetres."
)
def badge(number: int, out: Path | None, size_mm: float) -> None:
    """Draw badge NUMBER (0 to 49) for somebody who works here, to be printed at its true size and cut out.

    Print it matt and without scaling, keep the white around it, and wear it where the camera sees it: on the back or the
    chest for a camera at an angle, on a cap or a shoulder for one that looks straight down. The number says nothing about
    who wears it; two people may wear the same.

    \b
    greetline edge badge 7
    greetline edge badge 12 --out badge-12.pdf --size-mm 80
    """
    from edge import badges

    target = out or Path(f"badge-{number}.png")
    drawn = {".png": badges.as_png, ".pdf": badges.as_pdf}.get(target.suffix.lower())
    if drawn is None:
        raise click.BadParameter(f"{target.name} is neither .png nor .pdf", param_hint="--out")
    try:
        target.write_bytes(drawn(number, f"Greetline staff badge {number} ({size_mm:g} mm)", size_mm=size_mm))
    except OSError as wrong:
        raise NotWritten(f"{target} cannot be written: {wrong.strerror}. Give another place with --out.") from None
    click.echo(f"{target}: print it without scaling; the black square is then {size_mm:g} mm a side.")
