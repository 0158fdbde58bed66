"""Which shop a command means, and how the command ends when it cannot be had."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from broker.desk.pins import BadPin
from broker.desk.roles import Refused
from broker.settings import BadSettings, Settings, read
from broker.shop import Shop, open_shop
from broker.store.database import StoreError

SETTINGS_FILE: Final = "greetline.toml"
EXIT_CANNOT_START: Final = 3
BY: Final = "terminal"
"""Who did it, in the journal: whoever may use this machine."""

_SETTINGS: Final = f"Settings of the shop. [default: ./{SETTINGS_FILE}]"
_DATA: Final = "Directory of the store file, instead of the settings'."

C = TypeVar("C", bound=Callable[..., Any])


def which_shop(command: C) -> C:
    """Give *command* the options `--settings` and `--data`, as `settings_file` and `data`."""
    settings = click.option("--settings", "settings_file", type=click.Path(path_type=Path), help=_SETTINGS)
    return settings(click.option("--data", type=click.Path(path_type=Path), help=_DATA)(command))


def file_of(settings_file: Path | None) -> Path | None:
    """Return the settings file a command means: *settings_file*, else the one here, if there is one."""
    return Path(SETTINGS_FILE) if settings_file is None and Path(SETTINGS_FILE).exists() else settings_file


def settings_of(settings_file: Path | None, data: Path | None) -> Settings:
    """Return the settings a command means: of *settings_file*, or of the file here, or the defaults. Raises BadSettings."""
    settings = read(Settings, file_of(settings_file))
    if data is not None:
        settings = settings.model_copy(update={"store": settings.store.model_copy(update={"data": data.resolve()})})
    return settings


@contextmanager
def opened_shop(settings_file: Path | None, data: Path | None) -> Iterator[Shop]:
    """Open the store for one command. What a person can put right ends it with a sentence: exit code 3, or 1 for a no."""
    try:
        shop = open_shop(settings_of(settings_file, data), create=False)
        with closing(shop.db.conn):
            yield shop
    except (BadSettings, StoreError, OSError) as wrong:
        _end(str(wrong), EXIT_CANNOT_START)
    except sqlite3.Error as wrong:
        _end(f"The store cannot be used: {wrong}. `greetline broker check` tells more.", EXIT_CANNOT_START)
    except (Refused, BadPin) as no:
        _end(str(no), 1)


def _end(sentence: str, code: int) -> None:
    click.echo(sentence, err=True)
    sys.exit(code)
