"""What the tests of certificates share: a moment, a shop's places, and what openssl says."""

from __future__ import annotations

import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.certs import Reach

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
SHOP = Reach.of(["shop.local", "192.168.1.10", "fd00::10"])
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def verified(authority_file: Path, certificate: Path, *, server: str = "", at: datetime = NOW, crl: Path | None = None) -> str:
    """What openssl says of *certificate*, as strictly as it can."""
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(at.timestamp())), "-CAfile", str(authority_file)]
    by = "-verify_ip" if server.replace(".", "").isdigit() else "-verify_hostname"
    command += ["-purpose", "sslserver", by, server] if server else ["-purpose", "sslclient"]
    command += ["-crl_check", "-CRLfile", str(crl)] if crl else []
    done = subprocess.run([*command, str(certificate)], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr
