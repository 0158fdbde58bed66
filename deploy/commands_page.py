"""docs/commands.md: every command with what its `--help` says."""

from __future__ import annotations

from collections.abc import Iterator

import click


def commands(group: click.Group, context: click.Context, path: str) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield (path, command, context) of every command below *group*, in the order of its help."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield f"{path} {name}", command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner, f"{path} {name}")


def options(command: click.Command) -> list[str]:
    """Return the spellings of the options and arguments of *command*."""
    return [spelling for each in command.params for spelling in each.opts if isinstance(each, click.Option)]


def markdown(main: click.Group) -> str:
    """Return the page for *main*, the whole command line."""
    root = click.Context(main, info_name="greetline", max_content_width=110, terminal_width=110)
    out = [
        "# Commands",
        "",
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something must be set right first (settings, a port, a disk, a camera).",
        "What a program would read goes to the standard output, what a person reads to the standard error.",
    ]
    for path, command, context in commands(main, root, "greetline"):
        context.max_content_width = context.terminal_width = 110
        out += ["", f"## `{path}`", "", "```", command.get_help(context).rstrip(), "```"]
    return "\n".join(out) + "\n"
