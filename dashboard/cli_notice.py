"""`greetline notice`: the camera notice of this shop, to print and put up before people enter the camera's view."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from broker.desk.people import LANGUAGES
from broker.settings import BadSettings, Settings, read
from broker.shop import now
from dashboard import notice as notices
from dashboard.which_shop import EXIT_CANNOT_START, SETTINGS_FILE, file_of
from dashboard.wording import Words


@click.command()
@click.option("--language", type=click.Choice(LANGUAGES), help="Default: the store's.")
@click.option(
    "--contact", default="", help="Whom to ask: name, telephone, address. Absent: a line to write it in by hand."
)  # fmt: skip
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write, PDF if it ends so; absent: the terminal."
)
@click.option(
    "--settings", "settings_file", type=click.Path(path_type=Path), help=f"Settings of the shop. [default: ./{SETTINGS_FILE}]"
)
def notice(language: str | None, contact: str, out: Path | None, settings_file: Path | None) -> None:
    """Make the notice that says a camera counts here: what for, what is kept and how long, by the settings as they are.

    \b
    greetline notice --language nb --out notice.pdf
    greetline notice --contact "Sofie Berg, privacy@shop.example" --out notice.pdf

    Exit codes: 0 done, 1 the file cannot be written, 2 wrong use, 3 the settings cannot be used.
    """
    if len(contact) > notices.LONGEST_CONTACT:
        raise click.BadParameter(f"at most {notices.LONGEST_CONTACT} characters fit", param_hint="--contact")
    try:
        settings = read(Settings, file_of(settings_file))
    except BadSettings as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(EXIT_CANNOT_START)
    words = Words.of(language or settings.store.language, settings.store.zone)
    said = notices.notice(settings, words, contact=contact)
    if out is None:
        click.echo(notices.markdown(said), nl=False)
        return
    body = notices.pdf(said, words, made=now()) if out.suffix.lower() == ".pdf" else notices.markdown(said).encode()
    try:
        # Nobody prints half a notice: the file has its name when it is whole.
        half = out.with_name(f".{out.name}.part")
        half.write_bytes(body)
        half.replace(out)
    except OSError as wrong:
        click.echo(f"{out} cannot be written: {wrong.strerror}", err=True)
        sys.exit(1)
