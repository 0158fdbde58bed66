"""The commands of the staff screens.

Exit codes: 0 done, 2 wrong use, 3 cannot start (settings, store, port).
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from broker import anew, lifeline, log
from broker.desk import settings_changes, standards_page
from broker.settings import BadSettings
from broker.shop import open_shop
from broker.store.database import StoreError
from broker.web.server import CannotListen, Server
from broker.web.stores import current_shop
from dashboard.app import create
from dashboard.reports.post import Postman
from dashboard.which_shop import EXIT_CANNOT_START, file_of, settings_of, which_shop


@click.command(epilog="Example: greetline dashboard --settings greetline.toml --port 8080")
@which_shop
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of the settings'.")
@click.option("-v", "--verbose", count=True, help="Write more.")
@click.option("-q", "--quiet", count=True, help="Write less.")
def main(
    settings_file: Path | None, data: Path | None, host: str | None, port: int | None, verbose: int, quiet: int
) -> None:  # fmt: skip
    """Serve the staff screens until SIGTERM or Ctrl-C."""
    lifeline.watch()
    file = file_of(settings_file)
    watch = anew.Watch(file)
    try:
        settings = settings_of(file, data)
        log.set_up(settings.log.level, settings.log.form, louder=verbose - quiet)
        chosen = settings.dashboard
        app = create(settings, file=file)
        with app.app_context():
            standards_page.keep_at_start(current_shop())
            if file is not None:
                settings_changes.note(current_shop(), file)
        server = Server(
            app, host=host or chosen.host, port=port or chosen.port, max_streams=chosen.max_streams,
            behind_proxy=chosen.behind_proxy,
        )  # fmt: skip
    except (BadSettings, StoreError, CannotListen, OSError) as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(EXIT_CANNOT_START)
    server.stop_on_signals()
    postman = Postman(lambda: open_shop(settings, create=False)) if settings.reports.weekday is not None else None
    if postman:
        postman.start()
    watch.begin(server.stop)
    server.run_alone()
    if postman:
        postman.stop()
    sys.exit(watch.exit_code(0))
