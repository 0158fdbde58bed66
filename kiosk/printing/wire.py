"""A line to a printer on which nothing waits longer than it may: a socket, or the node of a printer of this machine.

python-escpos has such lines too. Its socket bounds each call and not the job, its file waits for ever on a printer
that has stopped taking bytes; so it makes the bytes here and these lines carry them.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

from broker.domain.printing import Trouble
from broker.settings import PrinterSettings

STILL_SECONDS: Final = 2.0
"""Nobody waits longer than this for the next byte to be taken, or for an answer."""
WHOLE_SECONDS: Final = 12.0
"""A whole ticket takes no longer than this; over a serial line of 115,200 baud it takes six."""
PIECE_BYTES: Final = 4096
ON_THE_WAY_BYTES: Final = 8192
"""What the kernel may hold back: a printer that takes no more is noticed, though a ticket would fit into larger buffers."""
BREATH_SECONDS: Final = 0.02
USB_PRINTERS: Final = Path("/sys/class/usbmisc")


class PrinterError(Exception):
    """The printer did not do it. `trouble` is what is wrong, the text what was seen."""

    def __init__(self, trouble: Trouble, seen: str) -> None:
        super().__init__(seen)
        self.trouble = trouble


class Line:
    """An open line. All of its waiting together ends WHOLE_SECONDS after it was opened."""

    def __init__(self, fd: int, *, speaks: bool = True) -> None:
        """Take over *fd*, which must not block; one that cannot *speak* is only written to."""
        self._fd = fd
        self._speaks = speaks
        self._ends = monotonic() + WHOLE_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        # A socket that is closed with answers unread makes the other end forget what it has not read either.
        with suppress(PrinterError):
            self.forget_answers()
        os.close(self._fd)

    def send(self, content: bytes) -> None:
        """Send all of *content*. Raises PrinterError when the printer takes no more, or is gone."""
        rest = memoryview(content)
        while rest:
            if not self._ready(select.POLLOUT, STILL_SECONDS):
                raise PrinterError(Trouble.STALLED, f"it took {len(content) - len(rest)} of {len(content)} bytes and no more")
            with suppress(BlockingIOError), _hung_up():
                rest = rest[os.write(self._fd, rest[:PIECE_BYTES]) :]

    def ask(self, question: bytes, *, within: float = STILL_SECONDS) -> int | None:
        """Send *question* and return the byte that comes back, or None when none does."""
        if not self._speaks:
            return None
        self.send(question)
        if self._ready(select.POLLIN, within):
            with suppress(BlockingIOError), _hung_up():
                return next(iter(os.read(self._fd, 1)), None)
        return None

    def forget_answers(self) -> None:
        """Throw away what the printer said unasked. Raises PrinterError when it has hung up on us."""
        while self._speaks and self._ready(select.POLLIN, 0):
            with suppress(BlockingIOError), _hung_up():
                if os.read(self._fd, PIECE_BYTES):
                    continue
            return

    def settle(self) -> None:
        """Wait until the other end has taken everything. Raises PrinterError when it does not, or hangs up in between."""
        before, since = self._held_back(), monotonic()
        while before:
            self._ready(0, BREATH_SECONDS)
            now = self._held_back()
            if now < before:
                before, since = now, monotonic()
            elif monotonic() > min(self._ends, since + STILL_SECONDS):
                raise PrinterError(Trouble.STALLED, f"the last {now} bytes were not taken")
        self.forget_answers()

    def _held_back(self) -> int:
        """Return how many bytes have left us and are not taken yet; 0 where the kernel cannot tell."""
        try:
            return int(struct.unpack("i", fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4)))[0])
        except OSError:
            return 0

    def _ready(self, what: int, within: float) -> bool:
        poll = select.poll()
        poll.register(self._fd, what)
        return bool(poll.poll(max(0.0, min(within, self._ends - monotonic())) * 1000))


@contextmanager
def _hung_up() -> Iterator[None]:
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as wrong:
        raise PrinterError(Trouble.STALLED, f"it hung up: {wrong.strerror or wrong}") from wrong


def opened(printer: PrinterSettings) -> Line:
    """Open a line to *printer*. Raises PrinterError with what is in the way."""
    if printer.kind == "network":
        return Line(_socket(printer.host or "", printer.port))
    path = usb_node(printer.vendor, printer.product) if printer.kind == "usb" else printer.device or Path()
    # What is no device says nothing of itself: a file would answer with what was written to it.
    speaks = path.is_char_device()
    return Line(_node(path, os.O_RDWR if speaks else os.O_WRONLY), speaks=speaks)


def _socket(host: str, port: int) -> int:
    try:
        made = socket.create_connection((host, port), timeout=STILL_SECONDS)
    except (OSError, UnicodeError) as wrong:
        raise PrinterError(Trouble.UNREACHABLE, f"{host}:{port}: {getattr(wrong, 'strerror', None) or wrong}") from wrong
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ON_THE_WAY_BYTES)
    made.setblocking(False)
    return made.detach()


def _node(path: Path, how: int) -> int:
    try:
        return os.open(path, how | os.O_NONBLOCK | os.O_NOCTTY | os.O_APPEND | os.O_CLOEXEC)
    except PermissionError as wrong:
        seen = f"{path}: permission denied; the user of the kiosk belongs in the group {_group(path)}"
        raise PrinterError(Trouble.SET_UP, seen) from wrong
    except OSError as wrong:
        raise PrinterError(Trouble.NOT_THERE, f"{path}: {wrong.strerror or wrong}") from wrong


def _group(path: Path) -> str:
    with suppress(KeyError, OSError):
        return path.group()
    return "lp"


def usb_node(vendor: str | None, product: str | None, *, known: Path = USB_PRINTERS) -> Path:
    """Return the node of the USB printer with these numbers, the first of any where they are None. Raises PrinterError.

    The kernel's own driver (usblp) knows every USB printer; no library is needed to find one.
    """
    for found in sorted(known.glob("lp*")):
        usb = (found / "device").resolve().parent
        with suppress(OSError):
            numbers = [(usb / f"id{what}").read_text().strip() for what in ("Vendor", "Product")]
            if all(wanted in (None, number) for wanted, number in zip((vendor, product), numbers, strict=True)):
                return Path("/dev/usb") / found.name
    raise PrinterError(Trouble.NOT_THERE, f"no USB printer {vendor or 'any'}:{product or 'any'} is connected")
