"""Run our own MQTT broker until SIGTERM: `python -m broker.embedded mosquitto|amqtt --data DIR --port N`."""

from __future__ import annotations

import argparse
import ctypes
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from broker import lifeline
from broker.embedded import found

HOST: Final = "127.0.0.1"
EXIT_CANNOT_START: Final = 3
_PR_SET_PDEATHSIG: Final = 1


def main() -> int:
    """Run the MQTT broker; 3 when it cannot start, else its own exit code."""
    parser = argparse.ArgumentParser(prog="python -m broker.embedded", description=__doc__)
    parser.add_argument("program", choices=("mosquitto", "amqtt"))
    parser.add_argument("--data", type=Path, required=True, help="directory in which its files were made")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    asked = parser.parse_args()
    folder: Path = asked.data / "mqtt"
    if trouble := _trouble(asked.port):
        print(f"The MQTT broker cannot listen on {HOST}:{asked.port}: {trouble}. Set another port in [mqtt].", file=sys.stderr)
        return EXIT_CANNOT_START
    if asked.program == "mosquitto":
        return _run_mosquitto(folder)
    from broker.embedded.amqtt import run

    lifeline.watch()
    return run(folder, HOST, asked.port)


def _trouble(port: int) -> str | None:
    """Return why *port* cannot be listened on, or None. mosquitto itself would only say so to its log."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as wrong:
            return wrong.strerror or str(wrong)
    return None


def _run_mosquitto(folder: Path) -> int:
    """Run mosquitto as a child: it knows no lifeline, so this small process watches ours for it."""
    child = subprocess.Popen([found.mosquitto() or "mosquitto", "-c", str(folder / "mosquitto.conf")], preexec_fn=_die_with_parent)

    def stop(number: int, frame: object) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    lifeline.watch()
    code = child.wait()
    return 0 if code in (0, -signal.SIGTERM) else EXIT_CANNOT_START if code == 1 else 1


def _die_with_parent() -> None:
    """Ask Linux to end mosquitto when we are killed, or it would keep the port from our successor."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
