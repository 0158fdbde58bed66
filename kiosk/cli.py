"""The command of the customers' screens.

Exit codes: 0 done, 2 wrong use, 3 cannot start (settings, store, port).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from broker import anew, lifeline, log
from broker.settings import BadSettings, Settings, read
from broker.shop import StoreError
from broker.web.server import CannotListen, Server
from kiosk.app import create
from kiosk.printing.spool import printing
from kiosk.trials import trying

SETTINGS_FILE: Final = "greetline.toml"
EXIT_CANNOT_START: Final = 3


@click.command(epilog="Example: greetline kiosk --settings greetline.toml --port 8090")
@click.option(
    "--settings", "path", type=click.Path(path_type=Path), help=f"Settings of the shop. [default: ./{SETTINGS_FILE}]"
)  # fmt: skip
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of the settings'.")
@click.option("-v", "--verbose", count=True, help="Write more.")
@click.option("-q", "--quiet", count=True, help="Write less.")
def main(path: Path | None, host: str | None, port: int | None, verbose: int, quiet: int) -> None:
    """Serve the customers' screens, touch screen and wall, until SIGTERM or Ctrl-C."""
    lifeline.watch()
    path = path or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).exists() else None)
    watch = anew.Watch(path)
    try:
        settings = read(Settings, path)
        log.set_up(settings.log.level, settings.log.form, louder=verbose - quiet)
        chosen = settings.kiosk
        app = create(settings)
        server = Server(
            app, host=host or chosen.host, port=port or chosen.port, max_streams=chosen.max_streams,
            behind_proxy=chosen.behind_proxy,
        )  # fmt: skip
    except (BadSettings, StoreError, CannotListen, OSError) as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(EXIT_CANNOT_START)
    server.stop_on_signals()
    watch.begin(server.stop)
    with printing(app), trying(app):
        server.run_alone()
    sys.exit(watch.exit_code(0))
