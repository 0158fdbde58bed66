"""`greetline`: one command. Each part is loaded only when it is asked for, so a camera box needs no web framework."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
from dataclasses import dataclass
from typing import Any, Final

import click

from deploy.fault import Fault

OURS: Final = frozenset({"broker", "edge", "kiosk", "dashboard", "deploy"})


@dataclass(frozen=True, slots=True)
class _Door:
    """Where a command is, what must be installed for it, and what `greetline --help` says of it."""

    module: str
    name: str
    extra: str
    says: str


COMMANDS: Final[dict[str, _Door]] = {
    "up": _Door("deploy.up", "up", "all", "Start every part of one shop on this machine, and keep them running."),
    "demo": _Door("deploy.demo", "demo", "all", "Show all of it on a rendered door with made-up staff."),
    "doctor": _Door("deploy.doctor", "doctor", "", "Say what is missing on this machine, and what to do."),
    "install": _Door("deploy.install.cli", "install", "", "Make this machine a shop, a camera box or a screen, for good."),
    "upgrade": _Door(
        "deploy.upgrade", "command", "", "Change an installed shop or camera box to another version, and back if it fails."
    ),
    "uninstall": _Door("deploy.install.cli", "uninstall", "", "Take away what `install` made, and nothing else."),
    "config": _Door("deploy.config", "config", "", "Show and check the settings."),
    "edge": _Door("edge.cli", "main", "edge", "The eyes: watch a door, or count on a clip."),
    "models": _Door("edge.cli_models", "main", "edge", "Person detectors: what there is, fetch them, check them."),
    "broker": _Door("broker.cli", "main", "shop", "The memory: run the service, check and back up the store."),
    "check": _Door("broker.cli", "check", "shop", "Say whether the store is sound; --deep looks at every row."),
    "backup": _Door("deploy.cli_store", "backup", "shop", "Copy the store and the settings into one file, while the shop is open."),
    "restore": _Door("deploy.cli_restore", "restore", "shop", "Put a backup, or the store of a moment, in its place."),
    "prune": _Door("deploy.cli_store", "prune", "shop", "Take away now what is older than [retention] says."),
    "privacy": _Door("deploy.cli_store", "privacy", "shop", "What is stored about whom and until when; forget somebody who left."),
    "notice": _Door("dashboard.cli_notice", "notice", "shop", "The camera notice to put up at the door, in five languages."),
    "export": _Door("deploy.cli_rows", "export", "shop", "Write visits, tickets, alerts or the journal to a file."),
    "import": _Door("deploy.cli_rows", "import_", "shop", "Take in rows that `export` wrote."),
    "dashboard": _Door("dashboard.cli", "main", "shop", "The staff's screens."),
    "kiosk": _Door("kiosk.cli", "main", "shop", "The customers' screens: take a ticket, and the wall."),
    "print-test": _Door("kiosk.printing.cli", "main", "shop", "Print a test number, or say what is wrong with the printer."),
    "say": _Door("kiosk.voice.cli", "main", "shop", "Hear how a call sounds, and what the voice lacks."),
    "people": _Door("dashboard.cli_people", "people", "shop", "Who works here."),
    "screens": _Door("dashboard.cli_screens", "screens", "shop", "Tablets that are paired."),
    "keys": _Door("dashboard.cli_keys", "keys", "shop", "Programs that may use the HTTP API."),
    "mqtt": _Door("deploy.mqtt_cli", "mqtt", "all", "Devices that come in by TLS: let in, thrown out, renewed."),
    "join": _Door("deploy.joining", "join", "edge", "On a camera box: be let in by the shop, with a code."),
    "audit": _Door("dashboard.cli_audit", "audit", "shop", "Who changed what, and whether the log of it is whole."),
    "webhooks": _Door(
        "deploy.cli_webhooks", "webhooks", "shop", "Programs that are told what happens: try them, look what they were told."
    ),
    "notify": _Door(
        "deploy.cli_notify", "notify", "shop", "Phones and chats that are told of alerts: try them, look what they were told."
    ),
    "simulate": _Door("deploy.queues", "simulate", "shop", "Queues of a shop that never was, to try rules on."),
    "wait": _Door("deploy.queues", "wait", "shop", "Whether the waits that customers are told are true."),
    "report": _Door("dashboard.cli_report", "report", "shop", "How the shop kept its promises."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, not when they are listed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the table."""
        return [*COMMANDS, *super().list_commands(context)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the command called *name*. Raises Fault when what it needs is not installed."""
        door = COMMANDS.get(name)
        if door is None:
            return super().get_command(context, name)
        try:
            found = getattr(importlib.import_module(door.module), door.name)
        except ModuleNotFoundError as missing:
            raise _missing(name, door, missing) from None
        assert isinstance(found, click.Command)
        return found

    def invoke(self, context: click.Context) -> Any:
        """Run the command. Raises Fault when what it needs, and imports only now, is not installed."""
        try:
            return super().invoke(context)
        except ModuleNotFoundError as missing:
            name = context.invoked_subcommand or ""
            if name not in COMMANDS:
                raise
            raise _missing(name, COMMANDS[name], missing) from None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, without importing anything."""
        own = {name: self.commands[name].get_short_help_str(80) for name in sorted(self.commands)}
        with formatter.section("Commands"):
            formatter.write_dl([*((name, door.says) for name, door in COMMANDS.items()), *own.items()])


def _missing(command: str, door: _Door, missing: ModuleNotFoundError) -> Exception:
    package = (missing.name or "").split(".")[0]
    if package in OURS or not door.extra:
        return missing
    return Fault(f"`greetline {command}` needs {package}, which is not installed: pip install 'greetline[{door.extra}]'")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Nobody who comes in is left without a hello.

    \b
    greetline demo                         see it, on a rendered door
    greetline config show > greetline.toml begin a shop of your own
    greetline doctor                       what is missing on this machine
    greetline up                           start the shop

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something must be set right first.
    """


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def version(as_json: bool) -> None:
    """Say which Greetline this is."""
    found = {"greetline": importlib.metadata.version("greetline"), "python": sys.version.split()[0]}
    click.echo(json.dumps(found) if as_json else f"greetline {found['greetline']}, Python {found['python']}")
