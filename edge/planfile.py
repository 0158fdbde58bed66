"""The plan in force, kept beside the spool: a camera box that starts again looks as it did, service or no service."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from broker.contract.plan import Plan
from broker.disk import to_disk

log = logging.getLogger(__name__)

MAX_FILE_BYTES: Final = 64 * 1024
"""A larger file is none of ours."""


class PlanFile:
    """The file of one camera's plan. Only a drawn plan is in it; that of the settings file is in the settings file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Plan | None:
        """Return the kept plan. None, said in the log, when there is a file and it cannot be read: the service sends it again."""
        try:
            with self._path.open("rb") as file:
                written = file.read(MAX_FILE_BYTES + 1)
            if len(written) > MAX_FILE_BYTES:
                raise ValueError(f"it is larger than {MAX_FILE_BYTES} bytes")
            return Plan.model_validate_json(written)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as wrong:
            log.warning(
                "%s cannot be read; the settings file's plan is used until the service sends the drawn one: %s", self._path, wrong
            )
            return None

    def keep(self, plan: Plan) -> str:
        """Write *plan* so that a power cut leaves the old or the new one. Return why that failed, or nothing.

        Version 0 is the settings file's own: it is kept there, and the file here goes away.
        """
        fresh = self._path.with_name(f".{self._path.name}-{os.getpid()}")
        try:
            if plan.version == 0:
                self._path.unlink(missing_ok=True)
            else:
                with fresh.open("wb") as file:
                    file.write(plan.model_dump_json(exclude_none=True).encode())
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
            to_disk(self._path.parent)
        except OSError as wrong:
            log.warning("the plan cannot be kept in %s: %s", self._path, wrong)
            fresh.unlink(missing_ok=True)
            return f"the plan is in force and could not be kept: {wrong.strerror}"
        return ""
