"""What ends a command: a fault of the set-up, said in one clear sentence, with exit code 3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

EXIT_FAULT: Final = 3
"""Something on this machine or in its settings is not as it must be; trying again without a change cannot help."""


class Fault(click.ClickException):
    """The set-up does not allow what was asked. The text says what is wrong and what to do."""

    exit_code = EXIT_FAULT


@contextmanager
def faults_said() -> Iterator[None]:
    """Turn what the settings and the store say about a bad set-up into a Fault."""
    from broker.settings import BadSettings

    try:
        yield
    except BadSettings as wrong:
        raise Fault(str(wrong)) from None
