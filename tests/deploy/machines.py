"""A machine's files in a folder, an installation into it, and the authority of a shop."""

from __future__ import annotations

import ssl
from pathlib import Path

from deploy import certs
from deploy.install import job, program
from deploy.install.machine import Machine
from deploy.install.plan import Kind

DEBIAN = Machine(system="debian", release="12", title="Debian 12", processor="x86_64", python=(3, 11), timezone="Europe/Riga")
PAGE = "https://192.168.1.10:8443/kiosk"


def a_bare_debian(folder: Path) -> Path:
    """Write what says that *folder* is a bare Debian 12; return it."""
    (folder / "etc").mkdir()
    (folder / "etc/os-release").write_text('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n')
    (folder / "etc/timezone").write_text("Europe/Riga\n")
    return folder


def installed(root: Path, kind: Kind = "shop", **more: object) -> list[str]:
    """Install a machine of *kind* below *root*; return what was said."""
    said: list[str] = []
    job.install(job.Order(kind=kind, root=root, **more), said.append)  # type: ignore[arg-type]
    return said


def a_release(folder: Path) -> Path:
    """Write to *folder* what makes it an unpacked release, as far as an installer looks; return it."""
    for name in (*program.PACKAGES, str(program.LOCKS)):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in program.BESIDE:
        (folder / name).write_text('[project]\nversion = "7.1"\n')
    return folder


def tree(root: Path) -> dict[str, bytes | None]:
    """Return the content of every file below *root*, and None of every folder."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))}


def an_authority(folder: Path) -> Path:
    """Make a shop's authority in *folder*, and a certificate of its for this machine; return the folder."""
    certs.make_authority(folder, shop="Oslo City")
    certs.make_server(folder, "web", certs.Reach.of(["shop.local", "127.0.0.1"]))
    return folder


def der(folder: Path) -> bytes:
    """Return the certificate of the authority in *folder* as Chromium's rules want it."""
    return ssl.PEM_cert_to_DER_cert((folder / "authority.crt").read_text())
