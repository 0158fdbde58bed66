"""`python -m deploy.install.wanted cameras|services|backup.archive_to [FILE]`: whether the settings have it: exit code 0, else 1.

What systemd asks before it starts the eyes, the customers' screens or the archive. Settings that cannot be read count as
yes: then the program itself says what is wrong with them.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Final

SETTINGS: Final = Path("/etc/greetline/greetline.toml")
NONE: Final = 1


def wanted(what: str, file: Path = SETTINGS) -> bool:
    """Return whether the settings *file* has a table [[*what*]], or in the table of that name what stands behind its dot."""
    table, _, key = what.partition(".")
    try:
        there = tomllib.loads(file.read_text(encoding="utf-8")).get(table)
        return bool(there.get(key) if key and isinstance(there, dict) else there)
    except (OSError, ValueError):
        return True


if __name__ == "__main__":
    sys.exit(0 if wanted(sys.argv[1], *map(Path, sys.argv[2:3])) else NONE)
