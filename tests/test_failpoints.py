"""A failpoint does nothing until it is armed, ends the process where it stands, and every one of them is on the way."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker.failpoints import POINTS, VARIABLE, passing

ROOT = Path(__file__).resolve().parents[1]
PASSED = re.compile(r"\bpassing\((.*?)\)")


def run(program: str, armed: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), VARIABLE: armed}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30, check=False)
    print(done.stderr)
    return done


PASS_THREE_TIMES = """
from broker.failpoints import passing
for n in range(3):
    passing("inbox.told")
    passing("inbox.taken")
    print(n, flush=True)
"""


@pytest.mark.parametrize(("armed", "printed"), [("inbox.taken", ""), ("inbox.taken:1", ""), ("inbox.taken:3", "0\n1\n")])
def test_an_armed_point_ends_the_process_at_once_as_kill_does(armed: str, printed: str) -> None:
    done = run(PASS_THREE_TIMES, armed)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, printed)
    assert "ended at the failpoint inbox.taken" in done.stderr


@pytest.mark.parametrize("armed", ["", "inbox.taken:4", "spool.kept"])
def test_nothing_happens_where_nothing_is_armed(armed: str) -> None:
    done = run(PASS_THREE_TIMES, armed)
    assert (done.returncode, done.stdout) == (0, "0\n1\n2\n")


@pytest.mark.parametrize(("armed", "said"), [("inbox.takn", "there is no point 'inbox.takn'"), ("inbox.taken:no", "'no' is not")])
def test_a_point_that_does_not_exist_is_refused_at_the_start(armed: str, said: str) -> None:
    done = run(PASS_THREE_TIMES, armed)
    assert done.returncode == 1
    assert said in done.stderr


def test_every_point_is_passed_somewhere_and_no_other() -> None:
    named = [
        found.strip('"')
        for package in ("broker", "edge", "kiosk", "dashboard", "deploy")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "failpoints.py"
        for found in PASSED.findall(path.read_text(encoding="utf-8"))
    ]
    assert set(named) == set(POINTS)


def test_no_point_is_armed_here() -> None:
    for point in POINTS:
        passing(point)
