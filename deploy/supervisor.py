"""Keeps the parts of one shop running: starts them, starts a dead one again, stops them in order.

Each part is a process of its own that holds the read end of a pipe, the lifeline: when we are gone, however we went,
the kernel closes our end and the part ends itself (`broker.lifeline`).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Final

from broker import lifeline
from deploy.fault import EXIT_FAULT
from deploy.part import FIRST_RETRY_SECONDS, Child, how, output_of, sentence, signal_to
from deploy.part import Part as Part

LAST_RETRY_SECONDS: Final = 10.0
FAULT_RETRY_SECONDS: Final = 15.0
"""A part that says its set-up is wrong is tried again after so long: somebody may be plugging the camera in."""
SETTLED_SECONDS: Final = 30.0
"""A part that has run for so long begins its next retries from the first one."""
LATER_SECONDS: Final = 5.0
STOP_SECONDS: Final = 1.2
"""What each of the four stages has to stop by itself; then it is killed. All of it stays under five seconds."""
MAX_LINE_BYTES: Final = 8 * 1024
TICK_SECONDS: Final = 0.1

Say = Callable[[str, str], None]
"""Takes the name of a part, or "" for ourselves, and a line."""


class Supervisor:
    """Runs *parts* until `stop`; *say* gets their lines and ours."""

    def __init__(self, parts: Sequence[Part], say: Say) -> None:
        later = time.monotonic() + LATER_SECONDS
        self._children = [Child(part, again_at=later if part.later else 0.0) for part in parts]
        self._say = say
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._wanted: Sequence[Part] | None = None
        self._standing = threading.Event()
        self._code = 0
        self._watched = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._watched.register(self._woken, selectors.EVENT_READ)
        self._lifeline, self._held = os.pipe()

    @property
    def stopping(self) -> bool:
        """Whether the shop is being stopped."""
        return self._stopping.is_set()

    def stands(self) -> None:
        """Say that everything answers: from now on a fault of a vital part is mended by trying again."""
        self._standing.set()
        self._wake_up()

    def stop(self, code: int = 0) -> None:
        """Begin to stop; `run` then returns *code*. May be called from any thread and from a signal handler."""
        if not self._stopping.is_set():
            self._code = code
            self._stopping.set()
        self._wake_up()

    def _wake_up(self) -> None:
        with contextlib.suppress(OSError):  # The buffer is full or the end is closed: we are awake or gone.
            self._wake.send(b".")

    def renew(self, parts: Sequence[Part]) -> None:
        """Run *parts* from now on: those that are new are started, those that are no longer among them are stopped.

        A part that goes on under its name is not touched; it begins anew by itself. May be called from any thread.
        """
        with self._changing:
            self._wanted = tuple(parts)
        self._wake_up()

    def _take_over(self) -> None:
        """Do what `renew` asked for, in the thread of `run`."""
        with self._changing:
            wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        names = {part.name for part in wanted}
        gone = [child for child in self._children if child.part.name not in names]
        for child in gone:
            child.leaving = True
        self._stop_some(gone)
        self._children = [child for child in self._children if child not in gone]
        for part in wanted:
            here = next((child for child in self._children if child.part.name == part.name), None)
            if here:
                here.part = part
            else:
                self._say("", f"{part.name} is started: the settings ask for it now")
                self._children.append(Child(part))
        for child in gone:
            self._say("", f"{child.part.name} was stopped: the settings no longer ask for it")

    def pids(self) -> dict[str, int]:
        """Return the process id of every part that runs now."""
        return {child.part.name: child.process.pid for child in self._children if child.process is not None}

    def run(self) -> int:
        """Run until `stop`, a signal or a fault at the start. Return 0, or the exit code of what ended it."""
        if threading.current_thread() is threading.main_thread():
            self._stop_at_signals()
        try:
            while not self._stopping.is_set():
                self._take_over()
                for child in self._children:
                    self._look_after(child)
                self._listen(TICK_SECONDS)
        finally:
            self._stop_all()
            self._close()
        return self._code

    def _stop_at_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # As nohup asks.
            signal.signal(signal.SIGHUP, lambda *_: self.stop())

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if self._is_due(child) and not (child.leaving or self._stopping.is_set()):
                self._start(child)
        elif (code := child.process.poll()) is not None:
            self._drain(child)
            self._ended(child, code)

    def _is_due(self, child: Child) -> bool:
        waits_for_others = child.part.later and child.began == 0.0
        return time.monotonic() >= child.again_at or (waits_for_others and self._standing.is_set())

    def _start(self, child: Child) -> None:
        part = child.part
        child.began, child.rest = time.monotonic(), b""
        child.tail.clear()
        # A process group of its own: Ctrl-C in the terminal reaches us alone, and we stop the parts in order.
        # PYTHONSAFEPATH: a folder of the shop that is called `edge` must not be taken for the package.
        child.process = subprocess.Popen(
            part.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._lifeline,),
            process_group=0,
            env={
                **os.environ,
                **part.environment,
                lifeline.FD: str(self._lifeline),
                "PYTHONUNBUFFERED": "1",
                "PYTHONSAFEPATH": "1",
            },
        )
        output = output_of(child)
        os.set_blocking(output.fileno(), False)
        self._watched.register(output, selectors.EVENT_READ, child)

    def _ended(self, child: Child, code: int) -> None:
        alive = time.monotonic() - child.began
        child.process = None
        if child.leaving or self._stopping.is_set():
            return
        if code == lifeline.SETTINGS_CHANGED:
            self._say("", f"{child.part.name} begins anew with the changed settings")
            child.again_at, child.pause = 0.0, FIRST_RETRY_SECONDS
            return
        if alive >= SETTLED_SECONDS:
            child.pause = FIRST_RETRY_SECONDS
        fault = code == EXIT_FAULT
        if fault and child.part.vital and not self._standing.is_set():
            self._say("", f"{child.part.name} cannot start: {sentence(child)}")
            self.stop(EXIT_FAULT)
            return
        wait = FAULT_RETRY_SECONDS if fault else child.pause
        why = f"cannot work: {sentence(child)}" if fault else f"ended ({how(code)})"
        self._say("", f"{child.part.name} {why}; it is started again in {wait:g} s")
        child.again_at = time.monotonic() + wait
        child.pause = min(child.pause * 2, LAST_RETRY_SECONDS)

    def _listen(self, timeout: float) -> None:
        for key, _ in self._watched.select(timeout):
            if key.data is None:
                self._woken.recv(4096)
            else:
                self._hear(key.data)

    def _hear(self, child: Child) -> bool:
        """Take what a part has written; return whether there may be more."""
        output = output_of(child)
        try:
            piece = os.read(output.fileno(), 64 * 1024)
        except BlockingIOError:
            return False
        if not piece:
            self._forget(output)
            return False
        *lines, child.rest = (child.rest + piece).split(b"\n")
        if len(child.rest) > MAX_LINE_BYTES:
            lines, child.rest = [*lines, child.rest], b""
        for line in lines:
            self._pass_on(child, line)
        return True

    def _pass_on(self, child: Child, line: bytes) -> None:
        text = line[:MAX_LINE_BYTES].decode(errors="replace").rstrip()
        if text:
            child.tail.append(text)
            self._say(child.part.name, text)

    def _drain(self, child: Child) -> None:
        output = output_of(child)
        if output.closed:
            return
        # What a grandchild may still write is not waited for.
        while self._hear(child):
            pass
        if child.rest:
            self._pass_on(child, child.rest)
        self._forget(output)

    def _forget(self, output: IO[bytes]) -> None:
        if not output.closed:
            self._watched.unregister(output)
            output.close()

    def _stop_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for stage in sorted({child.part.stage for child in running}):
            self._stop_some([child for child in running if child.part.stage == stage])

    def _stop_some(self, some: Sequence[Child]) -> None:
        for child in some:
            signal_to(child, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(child.process is not None for child in some):
            if time.monotonic() > until:
                for child in some:
                    if child.process is not None:
                        self._say("", f"{child.part.name} did not stop by itself and was killed")
                        signal_to(child, signal.SIGKILL)
                until += STOP_SECONDS
            self._listen(0.02)
            for child in some:
                self._look_after(child)

    def _close(self) -> None:
        os.close(self._held)
        os.close(self._lifeline)
        self._watched.close()
        self._wake.close()
        self._woken.close()
