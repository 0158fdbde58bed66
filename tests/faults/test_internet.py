"""The line to the Internet is gone, in the worst way: nothing says no, everything is swallowed, the search for a name as well."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.rows import Row

pytestmark = [pytest.mark.slow, pytest.mark.fault]

NAMESERVER = "198.51.100.53"
"""An address for documentation (RFC 5737): nobody is there."""
CLOSED = f"""set -e
ip link set lo up
ip route add default dev lo
echo nameserver {NAMESERVER} > "$1"
mount --bind "$1" /etc/resolv.conf
shift
exec "$@"
"""
APART = ["unshare", "--net", "--mount", "--map-root-user", "sh", "-c", CLOSED, "sh"]


def apart(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run *command* with no network but its own loopback, where whatever goes outside vanishes."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [*APART, str(folder / "resolv.conf"), *command], capture_output=True, text=True, timeout=240, check=False, env=environment
    )


@pytest.mark.skipif(not shutil.which("unshare") or not shutil.which("ip"), reason="util-linux or iproute2 is not installed")
def test_without_a_line_to_the_outside_numbers_calls_and_alerts_go_on_as_if_it_were_there(
    tmp_path: Path, found: Callable[..., Row], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    pytest.importorskip("authlib", reason="the extra oidc is not installed")
    if (tried := apart(tmp_path, "true")).returncode:
        pytest.skip(f"no network of our own can be made here: {tried.stderr.strip()}")
    ended = apart(tmp_path, sys.executable, "-m", "tests.faults.without_internet", str(tmp_path / "shop"))
    assert ended.returncode == 0, ended.stderr[-3000:] + ended.stdout[-1000:]
    was = json.loads(ended.stdout.splitlines()[-1])
    with capsys.disabled():
        print(f"\n{was['taken']} numbers and {was['calls']} calls, the slowest {was['slowest_ticket_s']:.2f} s")
        print(f"tried in vain: {was['tried']}")
    found("internet", lost=was["lost"], doubled=was["doubled"])
    assert (was["lost"], was["doubled"], was["refused"], was["again"]) == (0, 0, [], 0)
    assert was["taken"] > 20, "numbers were taken all the while"
    assert was["slowest_ticket_s"] < 2, "nobody waits for what is outside"
    assert was["lead_s"] < 10, "nobody is told late"
    assert len(was["pressed_s"]) == was["pressed"], "whoever pressed was told"
