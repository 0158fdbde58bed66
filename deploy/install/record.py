"""What an installation has made on a machine, written down so that exactly that can be taken away."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from broker.disk import to_disk
from deploy.install.plan import ETC, SCREEN, VAR, Kind
from deploy.install.program import PREFIX, Unfit

RECORD: Final = PREFIX / "installed.json"
KNOWN_BY: Final[dict[Kind, str]] = {"shop": "greetline-broker.service", "camera": "greetline-camera.service", "screen": SCREEN}
"""The unit by which a machine of each kind is known."""


@dataclass(slots=True)
class Record:
    """What an installation has made on this machine."""

    files: dict[str, str] = field(default_factory=dict)
    """Path to SHA-256 as we wrote it; "" for the shop's own, which are never taken away without being asked for."""
    folders: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    on: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    """Units of the system that were switched off."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the machine is. It may be several, such as a shop with a screen of its own, or nothing of ours any more."""
        return tuple(kind for kind, unit in KNOWN_BY.items() if unit in self.on)

    @property
    def irreplaceable(self) -> bool:
        """Whether settings, a store or keys are among it: what a purge takes and no installation makes again."""
        return "" in self.files.values() or not {str(ETC), str(VAR)}.isdisjoint(self.folders)

    @classmethod
    def read(cls, file: Path) -> Record:
        """Return the record in *file*, an empty one when there is none. Raises Unfit for one that cannot be read."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as wrong:
            raise Unfit(f"{file}: the record of what was installed cannot be read: {wrong}") from None

    def write(self, file: Path) -> None:
        """Write it whole to *file*, safely on the disk."""
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".fresh")
        with fresh.open("w", encoding="utf-8") as opened:
            json.dump(asdict(self), opened, indent=1)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
        to_disk(file.parent)
