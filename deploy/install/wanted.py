"""`python -m deploy.install.wanted cameras|services [FILE]`: whether the settings have any. Exit code 0: yes; 1: none.

What systemd asks before it starts the eyes or the customers' screens. Settings that cannot be read count as yes: then the
program itself says what is wrong with them.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Final

SETTINGS: Final = Path("/etc/greetline/greetline.toml")
NONE: Final = 1


def wanted(what: str, file: Path = SETTINGS) -> bool:
    """Return whether the settings *file* has a table [[*what*]]."""
    try:
        return bool(tomllib.loads(file.read_text(encoding="utf-8")).get(what))
    except (OSError, ValueError):
        return True


if __name__ == "__main__":
    sys.exit(0 if wanted(sys.argv[1], *map(Path, sys.argv[2:3])) else NONE)
