"""RTSP servers for the tests of the eyes: the real one of the system's packages, as a process that can be stopped and killed."""

from __future__ import annotations

import signal
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.service.parts import Process, free_port

PYTHON = "/usr/bin/python3"
PROGRAM = Path(__file__).with_name("rtsp_server.py")
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer, Gst; Gst.init(None); "
NEEDED += "raise SystemExit(not all(map(Gst.ElementFactory.find, ('videotestsrc', 'x264enc', 'rtph264pay'))))"


@cache
def available() -> bool:
    """Whether this machine has the server's packages; .ci/run installs them."""
    try:
        return subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


class RtspCamera:
    """A camera at rtsp://127.0.0.1:PORT/door that can be cut, stalled and begun again, with other pictures too."""

    def __init__(self, *, sign_in: str = "", size: tuple[int, int] = (320, 192), frames_per_second: int = 25) -> None:
        if not available():
            pytest.skip("no GStreamer RTSP server here: apt-get install what .ci/run installs")
        self.port = free_port()
        self.sign_in = sign_in
        self._frames_per_second = frames_per_second
        self.begin(size)

    def address(self, sign_in: str = "", path: str = "door") -> str:
        return f"rtsp://{f'{sign_in}@' if sign_in else ''}127.0.0.1:{self.port}/{path}"

    def begin(self, size: tuple[int, int] = (320, 192)) -> None:
        told = [str(self.port), *map(str, size), str(self._frames_per_second)]
        self._process = Process(PYTHON, str(PROGRAM), *told, *([self.sign_in] if self.sign_in else []))
        self._process.wait_for("serving")

    def cut(self) -> None:
        self._process.kill()

    def stall(self) -> None:
        self._process._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process._process.send_signal(signal.SIGCONT)
