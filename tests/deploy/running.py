"""Commands of ours run as a person would run them, and ended by their process ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

PATIENCE_S = 60.0
"""Longer than anything here may take on a busy machine."""


class Running:
    """One command and what it has said so far, both streams together."""

    def __init__(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            list(command), cwd=cwd, env={**os.environ, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, *, since: int = 0) -> str:
        """Return the first line from the *since*-th on that holds *text*."""
        return wait_until(
            lambda: next((line for line in self.lines[since:] if text in line), None), f"{text!r} in:\n{self.said}", self
        )

    def ends(self, within: float = PATIENCE_S) -> int:
        """Wait for the end and for the last line; return the exit code."""
        code = self.process.wait(within)
        self._reader.join(5)
        return code

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))


def wait_until(found: Callable[[], T | None], what: object = "", running: Running | None = None, within: float = PATIENCE_S) -> T:
    """Return what *found* returns once it is true."""
    end = time.monotonic() + within
    while True:
        value = found()
        if value:
            return value
        ended = running is not None and running.process.poll() is not None
        if time.monotonic() > end or ended:
            if ended and (value := found()):
                return value
            raise AssertionError(f"{'it ended' if ended else 'not in time'}: {what}\n{running.said if running else ''}")
        time.sleep(0.02)


@contextmanager
def run(*command: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run `python ...` and see that it and everything it started is gone at the end."""
    running = Running([sys.executable, *command], cwd, environment or {})
    try:
        yield running
    finally:
        family = running.descendants() if running.process.poll() is None else []
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
            try:
                running.process.wait(30)
            except subprocess.TimeoutExpired:
                running.process.kill()
        for one in family:
            if one.is_running():
                try:
                    one.wait(3)
                except psutil.TimeoutExpired:
                    one.kill()


@contextmanager
def greetline(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run `greetline ...`."""
    with run("-m", "deploy", *arguments, cwd=cwd, environment=environment) as running:
        yield running


def outlived(family: list[psutil.Process], seconds: float = 30) -> list[psutil.Process]:
    """Return which of *family* still run after *seconds*; they are ended, so that a failed test leaves nobody behind."""
    _, alive = psutil.wait_procs(family, timeout=seconds)
    for process in alive:
        process.kill()
    return alive
