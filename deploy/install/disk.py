"""What must outlast a power cut: a file that is renamed before it is on the disk may come back empty. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path


def to_disk(place: Path) -> None:
    """Let the kernel write *place* down: of a file what it holds, of a folder the names in it. Raises OSError."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
