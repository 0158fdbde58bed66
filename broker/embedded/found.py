"""Where mosquitto is on this machine."""

from __future__ import annotations

import os
import shutil
from typing import Final

_OF_ROOT: Final = ("/usr/local/sbin", "/usr/sbin")


def mosquitto() -> str | None:
    """Return the path of mosquitto, or None. Debian lays it where only root's PATH leads."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(_OF_ROOT))
