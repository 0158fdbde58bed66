"""A file of one line that is written over where it stands: that needs no room, so it can be said on a full disk too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LINE_BYTES: Final = 80
"""Every line is as long as any, so that nothing of an older one is left behind it."""


def write_over(path: Path, line: str) -> None:
    """Make *line*, shorter than LINE_BYTES, all that stands in *path*; a new file is its owner's alone. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(handle, (line.ljust(LINE_BYTES - 1) + "\n").encode(), 0)
    finally:
        os.close(handle)
