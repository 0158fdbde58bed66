"""The parent of the reader processes: small, with OpenCV loaded, it forks one for each camera.

It is a program of its own, begun before it has any thread. What it has loaded its children share, so a further camera
costs little more than its decoder's memory; and forking the box itself, with its threads, would not be safe. When the
box dies, however it dies, the kernel closes the line to it, and everybody here ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from dataclasses import asdict
from typing import Final

from edge.reader import Order, read

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""So often the nursery looks which children have ended."""
END_S: Final = 0.5
"""So long the nursery has to end when the box does; then it is killed."""
MAX_ORDER_BYTES: Final = 8 * 1024

_PR_SET_PDEATHSIG: Final = 1
_LEAN: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "OPENCV_FFMPEG_LOGLEVEL": "16"}
"""One thread, one heap; and FFmpeg says why it cannot open a camera (edge/reader.py listens)."""
_FFMPEG_OPTIONS: Final = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp"}
"""One cable that loses packets makes pictures of mud over UDP."""


class Nursery:
    """The box's side: begins readers, and kills those that hang. A nursery that has died is begun anew."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._number = 0

    def begin(self, order: Order) -> tuple[int, socket.socket]:
        """Begin to read as *order* says; return the reader's number and the line to it. Raises OSError."""
        self._number += 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            said = json.dumps({"number": self._number, **asdict(order)}).encode()
            try:
                socket.send_fds(self._awake(), [said], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        return self._number, ours

    def kill(self, number: int) -> None:
        """End reader *number* at once, whatever it hangs in."""
        # Where there is no nursery there is no reader either: it took all of them with it.
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(json.dumps({"kill": number}).encode())

    def close(self) -> None:
        """End all of them."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._line = self._process = None

    @property
    def pid(self) -> int | None:
        """The nursery's process id, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _awake(self) -> socket.socket:
        if self._line is not None and self.pid is not None:
            return self._line
        if self._process is not None:
            log.error("the parent of the readers has died; another one is begun")
        self.close()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(END_S)
        with theirs:
            command = [sys.executable, "-m", "edge.nursery", str(theirs.fileno())]
            lean = {**_FFMPEG_OPTIONS, **os.environ, **_LEAN}
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env=lean)
        return self._line


def main() -> None:
    """Run the nursery on the line whose descriptor is the first argument."""
    # Ctrl-C reaches a whole terminal, and SIGTERM a whole service: the box stops in order, and we end with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as line:
        children: dict[int, int] = {}
        gc.freeze()
        try:
            while _serve(line, children):
                _forget_ended(children)
        finally:
            for pid in children.values():
                os.kill(pid, signal.SIGKILL)


def _serve(line: socket.socket, children: dict[int, int]) -> bool:
    """Do what the box says next, if anything; return whether there still is a box."""
    if not select.select([line], [], [], LOOK_S)[0]:
        return True
    said, files, _, _ = socket.recv_fds(line, MAX_ORDER_BYTES, 1)
    if not said:
        return False
    told = json.loads(said)
    if "kill" in told:
        # Our own child, not yet waited for: the number can be nobody else's.
        if (pid := children.get(told["kill"])) is not None:
            os.kill(pid, signal.SIGKILL)
        return True
    number, order = told.pop("number"), Order(**told)
    if order.film:
        import edge.showing  # noqa: F401 - loaded here once, and not in each child.

        gc.freeze()
    pid = os.fork()
    if pid == 0:
        _live(order, line, files[0])
    children[number] = pid
    os.close(files[0])
    return True


def _forget_ended(children: dict[int, int]) -> None:
    ended = set()
    while children:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            break
        ended.add(pid)
        for number in [number for number, child in children.items() if child in ended]:
            del children[number]


def _live(order: Order, nursery: socket.socket, file: int) -> None:
    """Be the reader, in the child, to the end."""
    code = 1
    try:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return
        gc.disable()
        nursery.close()
        with socket.socket(fileno=file) as line:
            read(order, line)
        code = 0
    finally:
        # Never back into the nursery's loop, whatever happened; and its buffers are not ours to flush.
        os._exit(code)


if __name__ == "__main__":
    main()
