"""Printers as they are: what they are sent, what they answer, and each way to fail within its time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from PIL import Image

from broker.domain.printing import LEASE, Trouble
from broker.settings import PrinterSettings
from kiosk.printing import printer, wire
from kiosk.printing.wire import PrinterError
from tests.kiosk.sinks import COVER_OPEN, CUTTER, NO_PAPER, PAPER_LOW, Sink
from tests.service.parts import free_port

TICKET = printer.encoded(Image.new("1", (576, 1000), 0), cut=True)


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    made: list[Sink] = []

    def make(*how: str, **more: float) -> Sink:
        made.append(Sink(*how, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def settings(sink: Sink, **more: object) -> PrinterSettings:
    return PrinterSettings.model_validate(sink.settings | more)


def test_a_ticket_is_one_raster_picture_and_a_cut(capsys: pytest.CaptureFixture[str]) -> None:
    content = printer.encoded(Image.new("1", (576, 1000), 0), cut=True)
    assert content.startswith(b"\x1dv0\x00" + bytes([72, 0]))
    assert content.endswith(b"\x1dV\x00")
    assert 72_000 < len(content) < 72_100
    assert b"\x1dV" not in printer.encoded(Image.new("1", (512, 10), 1), cut=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("how", ["answers", "mute"])
def test_a_printer_that_works_gets_every_byte_once(sink: Callable[..., Sink], how: str) -> None:
    there = sink(how)
    assert printer.send(settings(there), TICKET) is None
    assert there.printed(1)
    assert there.tickets == [TICKET]


def test_a_printer_that_is_not_asked_gets_nothing_but_the_ticket(sink: Callable[..., Sink]) -> None:
    there = sink("mute")
    printer.send(settings(there, ask_status=False), TICKET)
    assert there.printed(1)
    assert there.tickets == [TICKET]


@pytest.mark.parametrize(
    ("wrong", "trouble"), [(NO_PAPER, Trouble.NO_PAPER), (COVER_OPEN, Trouble.COVER_OPEN), (CUTTER, Trouble.FAULT)]
)
def test_a_printer_that_says_it_cannot_is_sent_nothing(sink: Callable[..., Sink], wrong: str, trouble: Trouble) -> None:
    there = sink("answers", wrong)
    with pytest.raises(PrinterError) as refused:
        printer.send(settings(there), TICKET)
    assert refused.value.trouble is trouble
    assert there.tickets == []
    assert printer.look(settings(there)).trouble is trouble


def test_little_paper_is_said_with_the_ticket(sink: Callable[..., Sink]) -> None:
    there = sink("answers", PAPER_LOW)
    assert printer.send(settings(there), TICKET) is Trouble.PAPER_LOW
    assert len(there.tickets) == 1
    assert printer.look(settings(there)) == printer.Look(True, Trouble.PAPER_LOW)


@pytest.mark.parametrize("how", ["stalls", "dies", "freezes"])
def test_a_printer_that_stops_in_the_middle_is_noticed_in_time(sink: Callable[..., Sink], how: str) -> None:
    there, began = sink(how), monotonic()
    with pytest.raises(PrinterError) as stopped:
        printer.send(settings(there), TICKET)
    assert stopped.value.trouble is Trouble.STALLED
    assert monotonic() - began < wire.WHOLE_SECONDS
    assert there.tickets == [] or how == "freezes"


def test_a_mute_printer_that_takes_no_more_is_noticed_too(sink: Callable[..., Sink]) -> None:
    there, began = sink("stalls"), monotonic()
    with pytest.raises(PrinterError, match="bytes"):
        printer.send(settings(there, ask_status=False), TICKET[:16_000])
    assert monotonic() - began < wire.WHOLE_SECONDS


def test_the_longest_try_ends_before_the_lease_of_the_job() -> None:
    longest = wire.STILL_SECONDS + wire.WHOLE_SECONDS  # to connect, and then everything
    assert longest < LEASE.total_seconds()


def test_a_printer_that_nobody_answers_for_is_unreachable_at_once() -> None:
    gone = PrinterSettings(kind="network", host="127.0.0.1", port=free_port())
    with pytest.raises(PrinterError, match="refused") as refused:
        printer.send(gone, TICKET)
    assert refused.value.trouble is Trouble.UNREACHABLE
    nobody = PrinterSettings(kind="network", host="printer.invalid")
    assert printer.look(nobody).trouble is Trouble.UNREACHABLE


def test_a_node_of_this_machine_is_written_to(tmp_path: Path) -> None:
    node = tmp_path / "lp0"
    os.mkfifo(node)
    other_end = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
    held_open = os.open(node, os.O_WRONLY)
    os.set_blocking(other_end, True)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(os.fdopen(other_end, "rb").read()), daemon=True)
    reader.start()
    assert printer.send(PrinterSettings(kind="file", device=node), TICKET) is None
    os.close(held_open)
    reader.join(5)
    assert read == [TICKET]


def test_a_node_that_takes_no_more_does_not_hold_anybody(tmp_path: Path) -> None:
    node = tmp_path / "lp0"
    os.mkfifo(node)
    holding = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
    began = monotonic()
    with pytest.raises(PrinterError) as stopped:
        printer.send(PrinterSettings(kind="file", device=node), TICKET * 2)
    os.close(holding)
    assert stopped.value.trouble is Trouble.STALLED
    assert monotonic() - began < wire.WHOLE_SECONDS


def test_a_node_that_is_not_there_or_not_ours_says_which(tmp_path: Path) -> None:
    assert printer.look(PrinterSettings(kind="file", device=tmp_path / "lp9")).trouble is Trouble.NOT_THERE
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    node = tmp_path / "lp0"
    node.touch(mode=0o000)
    with pytest.raises(PrinterError, match="belongs in the group") as refused:
        printer.send(PrinterSettings(kind="file", device=node), TICKET)
    assert refused.value.trouble is Trouble.SET_UP


def test_a_usb_printer_is_found_by_its_numbers(tmp_path: Path) -> None:
    for number, (vendor, product) in enumerate((("04b8", "0202"), ("0519", "0003"))):
        usb = tmp_path / f"usb{number}"
        (usb / "interface").mkdir(parents=True)
        (usb / "idVendor").write_text(f"{vendor}\n")
        (usb / "idProduct").write_text(f"{product}\n")
        known = tmp_path / "usbmisc" / f"lp{number}"
        known.mkdir(parents=True)
        (known / "device").symlink_to(usb / "interface")
    found = lambda vendor, product: wire.usb_node(vendor, product, known=tmp_path / "usbmisc")  # noqa: E731
    assert found("0519", "0003") == Path("/dev/usb/lp1")
    assert found(None, None) == Path("/dev/usb/lp0")
    with pytest.raises(PrinterError, match="no USB printer 04b8:9999") as missing:
        found("04b8", "9999")
    assert missing.value.trouble is Trouble.NOT_THERE
