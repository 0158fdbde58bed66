"""The supervisor, on real processes that are quick to start."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.deploy.running import Running, outlived, run, wait_until
from tests.service.parts import in_quiet

LASTS = "import broker.lifeline, time; broker.lifeline.watch(); print('lasts', flush=True); time.sleep(600)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('stubborn', flush=True)
time.sleep(600)
"""
FAULTY = "import sys; print('Error: the camera is not plugged in', flush=True); sys.exit(3)"
TELLS = (
    "import broker.lifeline, signal, sys, time; broker.lifeline.watch()\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye', flush=True), sys.exit(0)))\n"
    "print('tells', flush=True)\n"
    "time.sleep(600)"
)
SUPERVISED = """
import sys
from deploy.supervisor import Part, Supervisor
parts = [Part(name=name, command=[sys.executable, "-c", code], stage=int(stage), vital=vital == "vital")
         for name, stage, vital, code in zip(*[iter(sys.argv[2:])] * 4)]
supervisor = Supervisor(parts, lambda part, line: print(f"{part or 'we'}: {line}", flush=True))
if sys.argv[1] == "stands":
    supervisor.stands()
sys.exit(supervisor.run())
"""


@contextmanager
def supervised(cwd: Path, *parts: tuple[str, int, str, str], stands: bool = False) -> Iterator[Running]:
    words = [str(word) for part in parts for word in part]
    with run("-c", SUPERVISED, "stands" if stands else "begins", *words, cwd=cwd) as running:
        yield running


def only_child(running: Running) -> psutil.Process:
    return wait_until(lambda: next(iter(running.descendants()), None), "a child", running)


def test_a_part_that_is_killed_is_started_again(tmp_path: Path):
    with supervised(tmp_path, ("door", 0, "vital", LASTS)) as running:
        running.wait_for("door: lasts")
        first = only_child(running)
        first.kill()
        running.wait_for("door ended (by SIGKILL); it is started again in 0.2 s")
        wait_until(lambda: [line for line in running.lines if line == "door: lasts"][1:], "a second life", running)
        assert only_child(running).pid != first.pid


def test_a_part_that_keeps_dying_is_tried_ever_more_seldom(tmp_path: Path):
    with supervised(tmp_path, ("door", 0, "vital", "raise SystemExit(7)")) as running:
        for wait in ("0.2 s", "0.4 s", "0.8 s"):
            running.wait_for(f"door ended (exit code 7); it is started again in {wait}")


def test_the_parts_are_gone_after_kill_9_of_the_supervisor(tmp_path: Path):
    with supervised(tmp_path, ("door", 0, "vital", LASTS), ("service", 1, "vital", LASTS)) as running:
        running.wait_for("door: lasts")
        running.wait_for("service: lasts")
        children = running.descendants()
        assert len(children) == 2
        running.process.kill()
        assert not outlived(children)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_the_parts_in_order_and_ends_with_0(tmp_path: Path, number: signal.Signals):
    with supervised(tmp_path, ("mqtt", 3, "vital", TELLS), ("service", 1, "vital", TELLS), ("door", 0, "no", TELLS)) as running:
        for name in ("mqtt", "service", "door"):
            running.wait_for(f"{name}: tells")
        running.process.send_signal(number)
        assert running.ends() == 0
        assert [line for line in running.lines if "goodbye" in line] == ["door: goodbye", "service: goodbye", "mqtt: goodbye"]


def test_a_part_that_will_not_stop_is_killed_in_time(tmp_path: Path):
    in_quiet(lambda: _is_killed_in_time(tmp_path))


def _is_killed_in_time(tmp_path: Path) -> None:
    with supervised(tmp_path, ("door", 0, "no", STUBBORN), ("service", 1, "vital", TELLS)) as running:
        running.wait_for("door: stubborn")
        running.wait_for("service: tells")
        children = running.descendants()
        began = time.monotonic()
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.ends() == 0
        assert time.monotonic() - began < 5
        assert "door did not stop by itself and was killed" in running.said
        assert "service: goodbye" in running.said
        assert not any(child.is_running() for child in children)


def test_a_vital_part_that_cannot_be_set_up_ends_the_start_with_its_own_words(tmp_path: Path):
    with supervised(tmp_path, ("service", 1, "vital", FAULTY), ("door", 0, "no", LASTS)) as running:
        assert running.ends() == 3
        assert "we: service cannot start: the camera is not plugged in" in running.lines


def test_a_camera_that_cannot_be_set_up_leaves_the_others_running(tmp_path: Path):
    with supervised(tmp_path, ("door", 0, "no", FAULTY), ("service", 1, "vital", LASTS)) as running:
        running.wait_for("we: door cannot work: the camera is not plugged in; it is started again in 15 s")
        running.wait_for("service: lasts")
        assert running.process.poll() is None


def test_once_the_shop_stands_a_fault_of_a_vital_part_is_tried_again(tmp_path: Path):
    with supervised(tmp_path, ("service", 1, "vital", FAULTY), stands=True) as running:
        running.wait_for("service cannot work: the camera is not plugged in; it is started again in 15 s")
        assert running.process.poll() is None


def test_a_line_without_an_end_and_bytes_that_are_no_text_are_passed_on_in_pieces(tmp_path: Path):
    noisy = "import sys, time; sys.stdout.buffer.write(b'\\xff' * 20000); sys.stdout.flush(); time.sleep(600)"
    with supervised(tmp_path, ("door", 0, "no", noisy)) as running:
        line = running.wait_for("door: \ufffd")
        assert len(line) < 8300


ONCE_ANEW = """
import pathlib, sys, time
mark = pathlib.Path('anew')
print('life', flush=True)
if not mark.exists():
    mark.touch()
    sys.exit(75)
time.sleep(600)
"""
RENEWED = """
import pathlib, sys, threading, time
from deploy.supervisor import Part, Supervisor
def part(name, code):
    return Part(name=name, command=[sys.executable, "-c", code], stage=1)
lasts, tells = sys.argv[1:]
say = lambda part, line: print(f"{part or 'we'}: {line}", flush=True)
supervisor = Supervisor([part("stays", lasts), part("goes", tells)], say)
def change():
    while not pathlib.Path('now').exists():
        time.sleep(0.01)
    supervisor.renew([part("stays", lasts), part("comes", lasts)])
threading.Thread(target=change, daemon=True).start()
sys.exit(supervisor.run())
"""


def test_a_part_whose_settings_changed_begins_anew_at_once(tmp_path: Path):
    with supervised(tmp_path, ("door", 0, "vital", ONCE_ANEW)) as running:
        running.wait_for("door begins anew with the changed settings")
        wait_until(lambda: [line for line in running.lines if line == "door: life"][1:], "a second life", running)
        assert "ended" not in running.said


def test_a_part_that_the_settings_ask_for_is_started_and_one_they_no_longer_ask_for_is_stopped(tmp_path: Path):
    with run("-c", RENEWED, LASTS, TELLS, cwd=tmp_path) as running:
        running.wait_for("stays: lasts")
        running.wait_for("goes: tells")
        pids = {child.pid for child in running.descendants()}
        (tmp_path / "now").touch()
        running.wait_for("goes: goodbye")
        running.wait_for("we: goes was stopped: the settings no longer ask for it")
        running.wait_for("comes: lasts")
        left = {child.pid for child in running.descendants()}
        assert len(left) == 2
        assert len(left & pids) == 1
        assert "started again" not in running.said
