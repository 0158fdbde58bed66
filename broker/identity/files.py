"""Files of keys and certificates: whole or not there at all, and owned by whoever owns their folder."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from broker.disk import to_disk

SECRET: Final = 0o600
SHARED: Final = 0o640
"""Readable by the group of the folder too: by the MQTT broker, which is a user of its own where Greetline is installed."""
PUBLIC: Final = 0o644


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Write *content* to *path* in one step, safely on the disk. Raises OSError.

    A file that is there keeps its mode and its owner: somebody else may have to read it. A new one has *mode* and belongs to
    the owner and group of its folder, also when root writes it.
    """
    if path.exists():
        like = path.stat()
        mode = stat.S_IMODE(like.st_mode)
    else:
        like = path.parent.stat()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    to_disk(path.parent)


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make the folder *path* if it is not there, owned as the one it lies in. Raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent, mode)
    path.mkdir(mode=mode, exist_ok=True)
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.chown(path, above.st_uid, above.st_gid)
