"""A child does not outlive its supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from broker import lifeline

PROGRAM = "from broker import lifeline; lifeline.watch(); print('up', flush=True); import time; time.sleep(60)"


def test_the_process_stops_itself_when_the_other_end_is_gone() -> None:
    read, write = os.pipe()
    environment = os.environ | {lifeline.FD: str(read)}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, pass_fds=[read], env=environment, stdout=subprocess.PIPE, text=True) as child:
        os.close(read)
        assert child.stdout
        assert child.stdout.readline() == "up\n"
        assert child.poll() is None
        os.close(write)
        assert child.wait(10) == -signal.SIGTERM


def test_without_a_lifeline_nothing_is_watched() -> None:
    environment = {key: value for key, value in os.environ.items() if key != lifeline.FD}
    program = "import threading; from broker import lifeline; lifeline.watch(); print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=20)
    assert done.stdout == "1\n"
