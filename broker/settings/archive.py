"""The table of greetline.toml that says where the archive is: what is needed to go back to any moment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from broker.settings.section import Section


class BackupSettings(Section):
    """`[backup]`: the archive, from which the store of any moment can be had again. Off unless a folder is named."""

    archive_to: Path | None = Field(
        default=None, description="Folder that is there, best on another disk; what was committed goes into one of its own in it."
    )
    archive_days: int = Field(
        default=7, ge=2, le=90, description="So many days the archive keeps, what was taken away or forgotten since as well."
    )
    archive_megabytes: int = Field(
        default=4000, ge=100, le=10_000_000, description="The oldest goes when the archive is larger, in megabytes."
    )
    archive_every_seconds: float = Field(
        default=1.0, ge=0.2, le=60, description="What was committed is in the archive after at most so long."
    )

    def folder(self, store: str) -> Path | None:
        """Return the archive of the store with the id *store*, None where there is none."""
        return self.archive_to / f"greetline-{store}" if self.archive_to else None
