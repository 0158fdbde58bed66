"""What must outlast a power cut. Standard library only: the installer needs it before any package is there."""

from __future__ import annotations

import os
from pathlib import Path


def to_disk(place: Path) -> None:
    """Let the kernel write *place* down: of a file what it holds, of a folder the names in it. Raises OSError.

    A name that is not down may be gone after a power cut, and a file that was renamed before it was down may come back empty.
    """
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
