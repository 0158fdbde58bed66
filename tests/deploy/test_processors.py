"""A Raspberry Pi has another processor than the machines the rest is tried on: every package must come ready made for it too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.install import machine, program
from tests.deploy.bare import rows_for

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = {"Debian 12": ("3.11", 36), "Ubuntu 24.04": ("3.12", 39), "Debian 13": ("3.13", 41), "Ubuntu 26.04": ("3.14", 42)}
"""Their Python, and the minor version of their C library 2: a wheel for a newer one does not run there."""
FROM_SOURCE = ("font-roboto==", "http-ece==")
"""Nothing but Python and fonts; there are no wheels of them for any processor."""
LOCKS = ("camera.lock", "shop.lock", "voice.lock", "oidc.lock", "notify.lock")
PI = "aarch64"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_package_comes_ready_made_for_a_raspberry_pi_and_is_the_pinned_one(system: str, tmp_path: Path) -> None:
    assert PI in machine.PROCESSORS
    python, libc = SYSTEMS[system]
    asked = tmp_path / "asked"
    texts = ((ROOT / program.LOCKS / lock).read_text() for lock in LOCKS)
    rows = {row for text in texts for row in rows_for(python, text, PI).splitlines()}
    asked.write_text("\n".join(sorted(row for row in rows if not row.startswith(FROM_SOURCE))))
    platforms = [*(f"manylinux_2_{minor}_{PI}" for minor in range(17, libc + 1)), f"manylinux2014_{PI}", "any"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--ignore-installed"),
            *("--only-binary", ":all:", "--require-hashes", "--target", str(tmp_path / "nowhere"), "-r", str(asked)),
            *("--python-version", python, "--implementation", "cp"),
            *("--abi", f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none"),
            *(word for platform in platforms for word in ("--platform", platform)),
        ],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "opencv-python-headless" in done.stdout
