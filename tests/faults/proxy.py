"""A TCP line on loopback that can be spoiled: cut, black hole, half-open, late, dripping.

    with Proxy(1883) as line:            # clients connect to line.port
        line.black_hole()                # nothing passes, nobody is told
        line.mend()                      # what was held arrives, as TCP would send it again

As a process of its own it takes the same words from its standard input, one a line, and ends with it:

    python -m tests.faults.proxy TARGET_PORT [PORT]
    delay 0.2
    mend
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

CHUNK_BYTES: Final = 16 * 1024
HELD_CHUNKS: Final = 64
"""Chunks on the way in one direction; more stay with the sender, as on a line that is full."""
MOST_CONNECTIONS: Final = 1_000
DRIP_SECONDS: Final = 0.05
"""How often a dripping line lets some bytes through."""
STOP_SECONDS: Final = 5.0
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)
_Part = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(eq=False)
class _Way:
    """One direction of every connection: whether it passes, how late, how fast."""

    opened: asyncio.Event
    delay: float = 0.0
    bytes_a_second: float | None = None


@dataclass(eq=False)
class _Pair:
    """A client's connection and ours to the target in its name."""

    client: _Part
    target: _Part
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def end(self, *, reset: bool) -> None:
        for task in self.tasks:
            task.cancel()
        for _, writer in (self.client, self.target):
            _close(writer, reset=reset)


class Proxy:
    """Passes bytes between clients and *target* on loopback, as well or badly as it is told. Every word is safe from any thread."""

    def __init__(self, target: int, port: int = 0) -> None:
        """Prepare a line to the port *target*; it listens on *port*, or on a free one, from `start` on."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self.taken = 0
        """Connections taken since the start."""
        self._pairs: set[_Pair] = set()
        self._orphans: list[_Part] = []
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        self._there, self._back = _Way(asyncio.Event()), _Way(asyncio.Event())
        self._thread = threading.Thread(target=self._run, name=f"proxy {self.port}", daemon=True)

    def start(self) -> Self:
        """Begin to listen, and return when clients may connect."""
        self._thread.start()
        self._do(lambda: None)
        return self

    def close(self) -> None:
        """End every connection and the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS)
        self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._pairs)

    def mend(self) -> None:
        """Let everything pass at once again, what was held first; connections that were cut stay cut."""
        self._do(self._mend)

    def cut(self) -> None:
        """Reset the connections there are; new ones pass."""
        self._do(self._cut)

    def refuse(self) -> None:
        """Reset the connections there are and every new one, until `mend`: the cable is out, and the machine knows it."""
        self._do(self._refuse)

    def black_hole(self) -> None:
        """Let nothing pass and tell nobody: connections stay, new ones are taken and never answered."""
        self._do(lambda: [way.opened.clear() for way in (self._there, self._back)])

    def deaf(self) -> None:
        """Let nothing pass to the target; what it says still arrives."""
        self._do(self._there.opened.clear)

    def mute(self) -> None:
        """Let nothing pass from the target; what it is told still arrives."""
        self._do(self._back.opened.clear)

    def half_open(self) -> None:
        """Reset every client, while the target goes on believing in it; new connections pass."""
        self._do(self._half_open)

    def delay(self, seconds: float) -> None:
        """Let everything arrive *seconds* late, both ways."""
        self._do(lambda: [setattr(way, "delay", seconds) for way in (self._there, self._back)])

    def drip(self, bytes_a_second: float) -> None:
        """Let so many bytes a second pass, each way of each connection."""
        self._do(lambda: [setattr(way, "bytes_a_second", bytes_a_second) for way in (self._there, self._back)])

    def _do(self, word: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            word()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(STOP_SECONDS), "the proxy does not answer"

    def _mend(self) -> None:
        self._refusing = False
        for way in (self._there, self._back):
            way.delay, way.bytes_a_second = 0.0, None
            way.opened.set()
        for _, writer in self._orphans:
            _close(writer, reset=True)
        self._orphans.clear()

    def _cut(self) -> None:
        for pair in list(self._pairs):
            pair.end(reset=True)
        self._pairs.clear()

    def _refuse(self) -> None:
        self._refusing = True
        self._cut()

    def _half_open(self) -> None:
        for pair in list(self._pairs):
            for task in pair.tasks:
                task.cancel()
            _close(pair.client[1], reset=True)
            self._orphans.append(pair.target)
        self._pairs.clear()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._mend()
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, sock=self._listener))
        self._loop.run_forever()
        server.close()
        self._cut()
        self._mend()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        if self._refusing or len(self._pairs) >= MOST_CONNECTIONS:
            _close(writer, reset=True)
            return
        try:
            target = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _close(writer, reset=True)
            return
        pair = _Pair((reader, writer), target)
        self._pairs.add(pair)
        ways = ((reader, target[1], self._there), (target[0], writer, self._back))
        pair.tasks = [asyncio.create_task(_pass_on(*way)) for way in ways]
        # One end that says goodbye is heard by the other; then both are done.
        await asyncio.wait(pair.tasks, return_when=asyncio.FIRST_COMPLETED)
        if pair in self._pairs:
            self._pairs.discard(pair)
            pair.end(reset=False)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: _Way) -> None:
    line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(HELD_CHUNKS)
    taking = asyncio.create_task(_take(reader, line))
    try:
        while True:
            came, chunk = await line.get()
            await asyncio.sleep(came + way.delay - asyncio.get_running_loop().time())
            await way.opened.wait()
            if not chunk:
                return
            await _give(writer, chunk, way)
    except OSError:
        return
    finally:
        taking.cancel()


async def _take(reader: asyncio.StreamReader, line: asyncio.Queue[tuple[float, bytes]]) -> None:
    chunk = b"first"
    while chunk:
        try:
            chunk = await reader.read(CHUNK_BYTES)
        except OSError:
            chunk = b""
        await line.put((asyncio.get_running_loop().time(), chunk))


async def _give(writer: asyncio.StreamWriter, chunk: bytes, way: _Way) -> None:
    while chunk:
        await way.opened.wait()
        some = len(chunk)
        if way.bytes_a_second is not None:
            some = max(1, int(way.bytes_a_second * DRIP_SECONDS))
            await asyncio.sleep(some / way.bytes_a_second)
        writer.write(chunk[:some])
        await writer.drain()
        chunk = chunk[some:]


def _close(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    made = writer.get_extra_info("socket")
    if reset and made is not None:
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        writer.transport.abort()
    else:
        writer.close()


WORDS: Final = ("mend", "cut", "refuse", "black_hole", "deaf", "mute", "half_open", "delay", "drip")


def main(target: str, port: str = "0") -> None:
    """Listen, say on which port, and do what the standard input says until it ends."""
    with Proxy(int(target), int(port)) as line:
        print(line.port, flush=True)
        for said in sys.stdin:
            word, *figures = said.split() or [""]
            if word not in WORDS:
                print(f"{word!r} is none of: {', '.join(WORDS)}", file=sys.stderr, flush=True)
                continue
            getattr(line, word)(*map(float, figures))
            print(word, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
