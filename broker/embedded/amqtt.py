"""amqtt with a configuration of ours: 127.0.0.1, nobody without the secret, nothing of what is said in a log.

Its own defaults listen on every address, let everybody in and log each packet.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any, Final

from amqtt.broker import Broker
from amqtt.errors import BrokerError

MAX_CONNECTIONS: Final = 200
SESSION_SECONDS: Final = 120
"""How long the messages of a client that is away are kept; the cameras' spools keep them anyway."""
KEEPALIVE_GRACE_SECONDS: Final = 5


def run(folder: Path, host: str, port: int) -> int:
    """Run until SIGTERM. Returns 0, or 3 when it cannot start."""
    logging.basicConfig(level=logging.WARNING)
    for noisy in ("amqtt", "transitions", "asyncio"):
        # A client that goes away without a goodbye is an "error" to amqtt; to us it is Tuesday.
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    return asyncio.run(_serve(_configuration(folder, host, port)))


async def _serve(configuration: dict[str, Any]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    broker = Broker(configuration)
    try:
        await broker.start()
    except BrokerError as wrong:
        logging.getLogger(__name__).error("%s", wrong)
        return 3
    await stop.wait()
    await broker.shutdown()
    return 0


def _configuration(folder: Path, host: str, port: int) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}", "max_connections": MAX_CONNECTIONS}},
        "timeout_disconnect_delay": KEEPALIVE_GRACE_SECONDS,
        "session_expiry_interval": SESSION_SECONDS,
        "plugins": {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(folder / "amqtt.passwd")}},
    }
