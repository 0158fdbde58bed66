"""Printers that stand in a network, as a shop meets them: one that prints, and all the ways in which one does not."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from time import monotonic

PAPER_LOW, NO_PAPER, COVER_OPEN, CUTTER = "paper low", "no paper", "cover open", "cutter"
WELL = 0x12
ACCEPTED_BYTES = 4096


class Sink:
    """A printer on a free port of 127.0.0.1; `how` may be changed at any time and counts from the next byte on.

    "mute" prints and never answers, "answers" answers status questions too, "stalls" takes no more bytes after the
    first few, "dies" hangs up in the middle, "freezes" takes everything and stops answering before the end. `wrong` is
    what an answering one has to say.
    """

    def __init__(self, how: str = "answers", wrong: str = "", *, slow: float = 0) -> None:
        self.how, self.wrong, self.slow = how, wrong, slow
        self.tickets: list[bytes] = []
        self.at_once = self.most_at_once = self.visits = 0
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ACCEPTED_BYTES)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(8)
        self.port: int = self._listening.getsockname()[1]
        self._closing = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="sink", daemon=True).start()

    @property
    def settings(self) -> dict[str, object]:
        return {"kind": "network", "host": "127.0.0.1", "port": self.port}

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def printed(self, count: int, *, within: float = 10) -> bool:
        """Wait until *count* tickets came out."""
        end = monotonic() + within
        while len(self.tickets) < count and monotonic() < end:
            self._closing.wait(0.01)
        return len(self.tickets) >= count

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), name="sink line", daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with self._lock:
            self.visits += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        with line, suppress(OSError):
            self._listen(line)
        with self._lock:
            self.at_once -= 1

    def _listen(self, line: socket.socket) -> None:
        taken = b""
        while not self._closing.is_set():
            if self.how == "stalls" and len(taken) > ACCEPTED_BYTES:
                self._closing.wait(0.02)
                continue
            part = line.recv(1024)
            if not part:
                break
            taken = self._read(line, taken + part)
            if self.how == "dies" and len(taken) > 3 * ACCEPTED_BYTES:
                return
        if len(taken) > ACCEPTED_BYTES:
            self.tickets.append(taken)

    def _read(self, line: socket.socket, taken: bytes) -> bytes:
        """Answer what is asked in *taken* and return the rest, which is printed."""
        for asked in (b"\x10\x04\x02", b"\x10\x04\x03", b"\x10\x04\x04"):
            while asked in taken:
                taken = taken.replace(asked, b"", 1)
                if self.how == "answers" or (self.how in ("freezes", "stalls", "dies") and len(taken) < ACCEPTED_BYTES):
                    line.sendall(bytes([self._status(asked[2])]))
        if taken.endswith(b"\x1dr\x01"):
            taken = taken[:-3]
            if self.how == "answers":
                self._closing.wait(self.slow)
                self.tickets.append(taken)
                taken = b""
                line.sendall(bytes([{PAPER_LOW: 0x03, NO_PAPER: 0x0C}.get(self.wrong, 0)]))
        return taken

    def _status(self, which: int) -> int:
        wrong = {
            (2, COVER_OPEN): 0x04, (2, NO_PAPER): 0x20, (3, CUTTER): 0x08, (4, NO_PAPER): 0x60, (4, PAPER_LOW): 0x0C,
        }  # fmt: skip
        return WELL | wrong.get((which, self.wrong), 0)
